"""Keystore files: JKS, JCEKS and PKCS#12, each told by its first bytes."""

from keysteward.formats.keystores import jceks, jks, pkcs12
from keysteward.formats.keystores.contract import KeystoreFile, Opening, Reader
from keysteward.problems import NotAKeystore

READERS: tuple[Reader, ...] = (jks, jceks, pkcs12)

_CONVERT = "Convert it to PKCS#12 with the tool that made it, and import that."
_UNPACK = "Unpack it, and import the keystore in it."
_ADD = "Add a key with 'keysteward keypair add', a certificate with 'keysteward certificate add'."
_OTHERS = (
    (b"-----BEGIN ", "in PEM", _ADD),
    (b"PuTTY-User-Key-File", "a PuTTY key", "Add it with 'keysteward ssh add'."),
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (b"\x1f\x8b", "compressed (gzip)", _UNPACK),
    (b"\x00\x00\x00\x01", "perhaps a BKS keystore of Bouncy Castle", _CONVERT),
    (b"\x00\x00\x00\x02", "perhaps a BKS keystore of Bouncy Castle", _CONVERT),
    (b"\x30", "DER, but no PKCS#12", _ADD),
)
"""First bytes, what the file is then, and what to do with it."""


def read(data: bytes, opening: Opening) -> KeystoreFile:
    """Return what a keystore file holds, whatever its name.

    Raises NotAKeystore, KeystoreUnreadable, PasswordWrong, KeyDerivationTooCostly.
    """
    for reader in READERS:
        if reader.recognises(data):
            return reader.read(data, opening)
    if not data:
        raise NotAKeystore("empty", "Check how it was copied.")
    for start, found, remedy in _OTHERS:
        if data.startswith(start):
            raise NotAKeystore(found, remedy)
    raise NotAKeystore("neither JKS nor JCEKS nor PKCS#12", _CONVERT)
