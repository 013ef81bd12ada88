"""Three machines of a guide on addresses of this one: its files as they stand, in other folders.

Folders of the guide lie below one of the machine's own, and each address becomes one of loopback,
another three in each run. Nothing else of the files is touched but what cannot be done here: other
users, and ports that only root may listen on.
"""

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults import processes, programs
from faults.processes import Processes
from tests import commands, pki_maker
from tests.architecture.documents import ROOT
from tests.pki_maker import Issued

NAMES = ("n1", "n2", "n3")
HTTPS = 8443
_FILE = re.compile(r"^```\w*\n([#;] (/\S+)\n.*?)^```", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"(?<![\w.:/*])/(?:etc|var)/[\w./-]*")
_PACKAGES = {"haproxy": "haproxy", "pgbouncer": "pgbouncer"}


def require() -> None:
    """Skip the test if a program of the guide is missing."""
    path = programs.search_path()
    absent = [p for name, p in _PACKAGES.items() if shutil.which(name, path=path) is None]
    missing = [*programs.missing(), *(f"Debian package {one}" for one in absent)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def files_of(page: Path) -> dict[str, str]:
    """Return the files that a page shows whole, by their paths."""
    return {path: content for content, path in _FILE.findall(page.read_text())}


def commands_of(page: Path) -> list[str]:
    """Return the command lines of a page that can be run without taking a machine over."""
    text = "".join(_COMMANDS.findall(page.read_text()))
    return [line.removeprefix("$ ") for line in text.splitlines()]


@dataclass(frozen=True, slots=True)
class Machine:
    """One of them."""

    running: Processes
    number: int
    network: str
    """The first three parts of all addresses."""
    passwords: dict[str, str]

    @property
    def name(self) -> str:
        """As the guide has it."""
        return NAMES[self.number]

    @property
    def address(self) -> str:
        """On which all its servers listen."""
        return f"{self.network}.{11 + self.number}"

    @property
    def root(self) -> Path:
        """What is the root of the file system on a real machine."""
        return self.running.folder / self.name

    def here(self, text: str) -> str:
        """Return what a file or a command of the guide says on this machine."""
        for word, password in self.passwords.items():
            text = text.replace(word, password)
        text = text.replace("OWN-NAME", self.name).replace("OWN-ADDRESS", self.address)
        text = text.replace("127.0.0.1", self.address).replace("10.0.0.0/24", "127.0.0.0/8")
        text = text.replace("10.0.0.", f"{self.network}.").replace(
            "bind :443", f"bind {self.address}:{HTTPS}"
        )
        text = re.sub(r"^    (user|group) haproxy\n", "", text, flags=re.MULTILINE)
        text = text.replace(" postgres peer\n", " postgres trust\n")
        text = text.replace("/usr/lib/postgresql/15/bin", str(programs.server_folder()))
        return _PATH.sub(lambda found: f"{self.root}{found[0]}", text)

    def write(self, files: dict[str, str]) -> None:
        """Write the guide's files, and make the folders that packages bring on a real machine."""
        for path in (
            *files,
            "/var/run/postgresql/",
            "/var/lib/postgresql/15/",
            "/var/backups/keysteward/",
        ):
            place = Path(f"{self.root}{path}")
            (place.parent if path in files else place).mkdir(parents=True, exist_ok=True)
        Path(f"{self.root}/var/lib/etcd").mkdir()
        Path(f"{self.root}/var/log/postgresql").mkdir(parents=True)
        for path, content in files.items():
            Path(f"{self.root}{path}").write_text(self.here(content))
        for place in (self.root, *self.root.rglob("*")):
            processes.give(place)
        pgpass = Path(f"{self.root}/etc/keysteward/pgpass")
        os.chown(pgpass, os.geteuid(), os.getegid())
        pgpass.chmod(0o600)

    def certify(self, ca: Issued) -> None:
        """Write the certificates that the guide speaks of."""
        folder = Path(f"{self.root}/etc/ssl/cluster")
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_bytes(ca.pem)
        # What one loopback address asks of another comes from the first of them all.
        names = (f"IP:{self.address}", "IP:127.0.0.1")
        usages = ("serverAuth", "clientAuth")
        node = pki_maker.issue(self.address, issuer=ca, san=names, eku=usages)
        (folder / "node.pem").write_bytes(node.pem)
        (folder / "node.key").write_bytes(node.key_pem())
        (folder / "node.key").chmod(0o600)
        proxy = Path(f"{self.root}/etc/haproxy/keysteward.pem")
        proxy.parent.mkdir(parents=True)
        proxy.write_bytes(node.pem + node.key_pem())

    @property
    def environment(self) -> dict[str, str]:
        """What programs of others get."""
        sockets = f"{self.root}/var/run/postgresql"
        return processes.environment(self.running.folder) | {"PGHOST": sockets}

    def start(self, program: str, *arguments: str, **environment: str) -> None:
        """Start a server of somebody else as the user that runs them."""
        self.running.start(
            f"{self.name}-{program}",
            *(program, *arguments),
            environment=self.environment | environment,
        )

    def variables(self, path: str) -> dict[str, str]:
        """Return the variables of a file of systemd's form."""
        lines = Path(f"{self.root}{path}").read_text().splitlines()
        found = (line.split("=", 1) for line in lines if not line.startswith("#"))
        return {name: value.strip("'") for name, value in found}

    def run(self, line: str) -> str:
        """Run a command line of the guide and return what it prints; fails if that fails."""
        line = self.here(line)
        bin_folder = self.running.folder / "bin"
        environment = commands.environment(None) | self.environment
        environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
        environment["PYTHONPATH"] = str(ROOT / "src")
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=environment,
            cwd=self.running.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert 0 == done.returncode, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def make(running: Processes, page: Path) -> Sequence[Machine]:
    """Write everything that a guide says onto three machines, and the command ``keysteward``."""
    network = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250) + 1}"
    words = re.findall(r"\b[A-Z]+-PASSWORD\b", page.read_text())
    passwords = {word: secrets.token_hex(24) for word in words}
    ca = pki_maker.issue("Cluster CA", ca=True)
    made = [Machine(running, number, network, passwords) for number in range(3)]
    for one in made:
        one.certify(ca)
        one.write(files_of(page))
    _write_commands(running.folder / "bin")
    return made


def _write_commands(folder: Path) -> None:
    """Write ``keysteward``, and a ``sudo`` that knows the user of PostgreSQL and ourselves."""
    folder.mkdir()
    interpreter, *code = commands.COMMAND
    identity = processes.server_identity()
    drop = "setpriv --reuid={user} --regid={group} --clear-groups" if identity else ""
    scripts = {
        "keysteward": f"exec '{interpreter}' {code[0]} '{code[1]}' \"$@\"",
        "sudo": f"""
[ "$1" = -u ] || exec "$@"
user=$2
shift 2
[ "$user" = postgres ] || exec "$@"
exec {drop.format_map(identity)} "$@"
""",
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
