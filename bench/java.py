"""Java in one process that stays: what a Java program does to a keystore, or to one of its keys.

The program lies in ``java/Keystores.java`` and is compiled for each run. Keystores are files,
so every update reads and writes the whole of them.
"""

import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.authority import Authority

SIZES = (10, 100, 1_000, 1_800)
TYPES = ("JKS", "PKCS12")
SAFE = "JKS, safe"
"""The faster type once more: response verified, file replaced in one step, folder synced."""
VARIANTS = ("JKS", SAFE, "PKCS12")
PASSWORD = "benchmark"  # noqa: S105  # of keystores that are thrown away with the run

_SOURCE = Path(__file__).parent / "java" / "Keystores.java"
_BITS = 4096
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Peers:
    """The folder of a run: distinct key pairs with their chains, and keystores of them.

    The first one, which is updated, has an RSA key as the product's entries have.
    """

    folder: Path
    authority: Authority
    keys: tuple[_Key, ...]

    def keystore(self, kind: str, size: int) -> Path:
        """Return where the keystore of a type and size lies."""
        return self.folder / f"{size}.{kind.lower()}"

    def response(self) -> Path:
        """Write a new signing response for the first key pair and return its file."""
        path = self.folder / "response.p7b"
        path.write_bytes(self.authority.respond(self.keys[0].public_key(), alias(0)))
        return path


def alias(number: int) -> str:
    """Return the alias of a key pair in the keystores that Java makes."""
    return f"partner-{number}"


def prepare(folder: Path, authority: Authority) -> Peers:
    """Make the key pairs and write them for Java.

    All but the first one have EC keys (P-256), because 1,800 of RSA would take half an hour.
    """
    updated = rsa.generate_private_key(65537, _BITS)
    others = (ec.generate_private_key(ec.SECP256R1()) for _ in range(1, SIZES[-1]))
    keys: tuple[_Key, ...] = (updated, *others)
    with (folder / "pairs").open("wb") as file:
        for number, key in enumerate(keys):
            leaf = authority.issue(key.public_key(), alias(number))
            chain = authority.chain(leaf)
            file.write(_block(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())))
            file.write(struct.pack(">i", len(chain)))
            file.writelines(_block(member.public_bytes(Encoding.DER)) for member in chain)
    return Peers(folder, authority, keys)


def absent() -> Sequence[str]:
    """Return the programs that are missing here."""
    return [name for name in ("java", "javac") if shutil.which(name) is None]


@dataclass(frozen=True, slots=True)
class Java:
    """A running Java process that takes commands by line."""

    peers: Peers
    version: str
    _process: "subprocess.Popen[str]" = field(repr=False)

    def make(self, kind: str, size: int) -> None:
        """Make a keystore file of the first ``size`` key pairs."""
        self._ask("make", kind, self.peers.keystore(kind, size), size, self.peers.folder / "pairs")

    def update(self, kind: str, size: int, *, safe: bool = False) -> float:
        """Update one key pair with a new response and return the seconds that Java measured."""
        response = self.peers.response()
        word = "safe" if safe else "update"
        return self._ask(word, kind, self.peers.keystore(kind, size), alias(0), response)

    def take(self, kind: str, file: Path, target: Path) -> float:
        """Move a keystore into a new JKS file and return the seconds that Java measured."""
        return self._ask("take", kind, file, target)

    def _ask(self, *words: object) -> float:
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("the process has no pipes")
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("Java gave up; its own words stand above.")
        return int(answer) / _NANOSECONDS


@contextmanager
def running(peers: Peers) -> Iterator[Java]:
    """Compile and start the Java program for the time of a context."""
    subprocess.run(["javac", "-d", str(peers.folder), str(_SOURCE)], check=True)
    command = ["java", "-cp", str(peers.folder), _SOURCE.stem]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Java(peers, _version(), process)
        if process.stdin is not None:
            process.stdin.close()


def _version() -> str:
    said = subprocess.run(["java", "-version"], check=True, capture_output=True, text=True).stderr
    return said.splitlines()[1] if len(said.splitlines()) > 1 else said.strip()


def _block(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content
