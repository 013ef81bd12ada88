"""Keystore files to import: 1,800 key pairs as JKS and as PKCS#12, and 6,000 certificates.

They are written by the tests' own code, in the layout and with the protection that keytool has by
default. Every key is made for one run; see there why they are no keys for anything else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import Certificate

from bench.authority import Authority
from tests import keystore_files
from tests.keystore_files import KeyEntry

KEY_PAIRS = 1_800
CERTIFICATES = 6_000
AGAIN = 2_200
"""Certificates in a second truststore, under other aliases: all files together have 10,000."""
RENEWED = 1_000
"""Key pairs in a JKS with new certificates for them."""
ROUNDS = 10_000
"""Of PBKDF2 for each key, for the certificates and for the MAC: keytool's default."""

PASSWORD = "benchmark"  # noqa: S105  # of keystores that are thrown away with the run

_NAMES = ("pairs.jks", "pairs.p12", "trusted.jks", "again.jks", "renewed.jks")


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files lie."""

    jks: Path
    pkcs12: Path
    truststore: Path
    again: Path
    renewed: Path

    @property
    def certificates(self) -> tuple[Path, Path]:
        """The two truststores."""
        return self.truststore, self.again


def make(folder: Path, authority: Authority) -> Files:
    """Make the files: distinct RSA keys of 2,048 bits, each with its chain of three.

    The certificates of the truststore are as many leaves of the same authority.
    """
    keys = keystore_files.distinct_rsa_keys(CERTIFICATES)
    leaves = [
        authority.issue(key.public_key(), f"partner {number}") for number, key in enumerate(keys)
    ]
    files = Files(*(folder / name for name in _NAMES))
    pairs = list(_entries(authority, keys[:KEY_PAIRS], leaves))
    files.jks.write_bytes(keystore_files.write_jks(pairs, PASSWORD))
    files.pkcs12.write_bytes(keystore_files.write_pkcs12(pairs, PASSWORD, ROUNDS))
    _write_truststore(files.truststore, leaves, "trusted")
    _write_truststore(files.again, leaves[:AGAIN], "again")
    renewed = [authority.issue(key.public_key(), "renewed") for key in keys[:RENEWED]]
    pairs = list(_entries(authority, keys[:RENEWED], renewed))
    files.renewed.write_bytes(keystore_files.write_jks(pairs, PASSWORD))
    return files


def _entries(
    authority: Authority, keys: Sequence[rsa.RSAPrivateKey], leaves: Sequence[Certificate]
) -> Iterator[KeyEntry]:
    clear = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    for number, (key, leaf) in enumerate(zip(keys, leaves, strict=False)):
        chain = tuple(member.public_bytes(Encoding.DER) for member in authority.chain(leaf))
        yield KeyEntry(f"partner-{number:04}", key.private_bytes(*clear), chain)


def _write_truststore(path: Path, certificates: Sequence[Certificate], name: str) -> None:
    trusted = [
        (f"{name}-{number:04}", certificate.public_bytes(Encoding.DER))
        for number, certificate in enumerate(certificates)
    ]
    path.write_bytes(keystore_files.write_jks([], PASSWORD, trusted))
