"""The commands that administrators use today, as whole processes from start to exit.

``keytool -importcert`` takes a response into a keystore that holds the key. openssl knows no
keystore of several keys: its three commands take the certificates out of the response, verify the
chain, and write one PKCS#12 file with one key. Neither syncs what it writes.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench import java, measure
from bench.java import Peers


@dataclass(frozen=True, slots=True)
class Command:
    """What makes the response file, and the command lines that are timed together."""

    prepare: Callable[[], object]
    lines: Sequence[Sequence[str]]

    def once(self) -> float:
        """Run the command lines and return their seconds."""
        self.prepare()
        return measure.timed(self._run)

    def _run(self) -> None:
        for line in self.lines:
            subprocess.run(line, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def absent(name: str) -> bool:
    """Return whether a program is missing here."""
    return shutil.which(name) is None


def keytool(peers: Peers, kind: str, size: int) -> Command:
    """Return the import of a new response into a keystore of this type and size."""
    line = ["keytool", "-importcert", "-noprompt", "-storetype", kind]
    line += ["-keystore", str(peers.keystore(kind, size)), "-storepass", java.PASSWORD]
    line += ["-alias", java.alias(0), "-file", str(peers.folder / "response.p7b")]
    return Command(peers.response, [line])


def openssl(peers: Peers) -> Command:
    """Return reading, verifying and packing a new response for one key."""
    response, chain = str(peers.folder / "response.p7b"), str(peers.folder / "chain.pem")
    root, key = peers.folder / "root.pem", peers.folder / "key.pem"
    root.write_bytes(peers.authority.root.public_bytes(Encoding.PEM))
    key.write_bytes(peers.keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    read = ["openssl", "pkcs7", "-inform", "DER", "-in", response, "-print_certs", "-out", chain]
    verify = ["openssl", "verify", "-CAfile", str(root), "-untrusted", chain, chain]
    pack = ["openssl", "pkcs12", "-export", "-inkey", str(key), "-in", chain]
    pack += ["-passout", f"pass:{java.PASSWORD}", "-out", str(peers.folder / "openssl.p12")]
    return Command(peers.response, [read, verify, pack])


def version(*line: str) -> str:
    """Return the first line that a program says about its version."""
    said = subprocess.run(line, check=True, capture_output=True, text=True)
    return (said.stdout or said.stderr).splitlines()[0]
