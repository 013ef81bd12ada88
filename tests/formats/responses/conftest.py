"""One PKI and one way to run other tools, shared by the tests of all readers."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests import pki_maker
from tests.pki_maker import Issued

Run = Callable[..., bytes]

_PACKAGES = {"openssl": "openssl", "keytool": "default-jre-headless"}


@dataclass(frozen=True, slots=True)
class Pki:
    """A chain of three with its request and revocation list, and where their files are."""

    leaf: Issued
    ca: Issued
    root: Issued
    request: bytes
    crl: bytes
    folder: Path

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """DER, end-entity first."""
        return (self.leaf.der, self.ca.der, self.root.der)

    @property
    def pem(self) -> bytes:
        """Three blocks, end-entity first."""
        return self.leaf.pem + self.ca.pem + self.root.pem


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a tool and return its standard output; skip if the tool is not installed."""

    def run_tool(*command: str | Path, given: bytes = b"") -> bytes:
        if shutil.which(str(command[0])) is None:
            pytest.skip(f"needs the Debian package {_PACKAGES[str(command[0])]}")
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout

    return run_tool


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """The PKI; ``folder`` has leaf.pem, leaf.key, chain.pem, issuers.pem and crl.pem."""
    leaf, ca, root = pki_maker.make_chain()
    folder = tmp_path_factory.mktemp("pki")
    crl = pki_maker.make_crl(ca, [1, 2, 3])
    made = Pki(
        leaf,
        ca,
        root,
        pki_maker.make_request("client", leaf.key).public_bytes(Encoding.DER),
        crl.public_bytes(Encoding.DER),
        folder,
    )
    (folder / "leaf.pem").write_bytes(leaf.pem)
    (folder / "leaf.key").write_bytes(leaf.key_pem())
    (folder / "chain.pem").write_bytes(made.pem)
    (folder / "issuers.pem").write_bytes(ca.pem + root.pem)
    (folder / "crl.pem").write_bytes(crl.public_bytes(Encoding.PEM))
    return made


@pytest.fixture(scope="session")
def pkcs7(pki: Pki, run: Run) -> bytes:
    """A certificates-only PKCS#7 file of the chain in DER, made by openssl."""
    chain = pki.folder / "chain.pem"
    return run("openssl", "crl2pkcs7", "-nocrl", "-certfile", chain, "-outform", "DER")


@pytest.fixture(scope="session")
def streamed(pki: Pki, run: Run) -> bytes:
    """Signed content with the chain, in BER with indefinite lengths, made by openssl."""
    leaf, key, issuers = (pki.folder / name for name in ("leaf.pem", "leaf.key", "issuers.pem"))
    signing = ("openssl", "cms", "-sign", "-stream", "-nodetach", "-binary", "-outform", "DER")
    return run(*signing, "-signer", leaf, "-inkey", key, "-certfile", issuers, given=b"content")
