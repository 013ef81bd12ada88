"""Running the tools of others, whose word decides; a tool that is not installed skips the test."""

import re
import shutil
import subprocess
from functools import lru_cache

import pytest

_PACKAGES = {
    "curl": "curl",
    "openssl": "openssl",
    "keytool": "default-jre-headless",
    "java": "default-jre-headless",
    "javac": "default-jdk-headless",
    "unzip": "unzip",
    "certtool": "gnutls-bin",
    "certutil": "libnss3-tools",
    "cmsutil": "libnss3-tools",
    "pk12util": "libnss3-tools",
    "vfychain": "libnss3-tools",
    "setsid": "util-linux",
    "puttygen": "putty-tools",
    "ssh-keygen": "openssh-client",
}


def run(*command: str, data: bytes = b"", fails: bool = False) -> bytes:
    """Return what a command wrote to standard output (with standard error, if it should fail).

    Skips the test if the tool is missing, and fails it if the exit status is not as expected.
    """
    require(command[0])
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=120)
    assert fails == (done.returncode != 0), done.stderr.decode("utf-8", "replace")
    return done.stdout + done.stderr if fails else done.stdout


def require(tool: str) -> None:
    """Skip the test if a tool is missing."""
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool} (Debian package {_PACKAGES[tool]})")


@lru_cache
def openssl_version() -> tuple[int, ...]:
    """Return the version of the openssl command, like (3, 0, 19)."""
    found = re.match(rb"OpenSSL (\d+)\.(\d+)\.(\d+)", run("openssl", "version"))
    assert found is not None
    return tuple(int(number) for number in found.groups())


def require_openssl_with_ml_dsa() -> None:
    """Skip the test if the openssl command is older than 3.5, the first one that knows ML-DSA."""
    if openssl_version() < (3, 5):
        found = ".".join(str(number) for number in openssl_version())
        pytest.skip(f"needs OpenSSL 3.5 or newer for ML-DSA; found {found}")
