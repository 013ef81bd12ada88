"""Keystore files: JKS, JCEKS and PKCS#12, each told by its first bytes."""

from keysteward.formats.keystores import jceks, jks, pkcs12
from keysteward.formats.keystores.contract import KeystoreFile, Opening, Reader
from keysteward.formats.responses import shapes
from keysteward.formats.responses.shapes import Shape
from keysteward.pki import pem_blocks
from keysteward.pki.certificates import read_certificate
from keysteward.problems import CertificateUnreadable, NotAKeystore

READERS: tuple[Reader, ...] = (jks, jceks, pkcs12)

_CONVERT = "Convert it to PKCS#12 with the tool that made it, and import that."
_UNPACK = "Unpack it, and import the keystore in it."
_DECODE = "Decode it (with 'base64 -d'), and import the keystore in it."
_ADD = "Add a key in it as a key pair, a certificate as a certificate."
_ADD_SSH = "Add it as an SSH key."
_OF_PKCS7 = (
    "If it is a CA's answer, upload it to its key pair as the signing response; else add a "
    "certificate of it as a certificate."
)
_PEM = b"-----BEGIN "
_BLOCKS = (
    ("OPENSSH PRIVATE KEY", "an OpenSSH private key", _ADD_SSH),
    ("PKCS7", "PKCS#7 in PEM", _OF_PKCS7),
    ("CMS", "PKCS#7 in PEM", _OF_PKCS7),
)
"""Labels in PEM that are something of their own, what the file is then, and what to do with it."""
_STARTS = (
    (b"PuTTY-User-Key-File", "a PuTTY key", _ADD_SSH),
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (b"\x1f\x8b", "compressed (gzip)", _UNPACK),
    (b"\x00\x00\x00\x01", "perhaps a BKS keystore of Bouncy Castle", _CONVERT),
    (b"\x00\x00\x00\x02", "perhaps a BKS keystore of Bouncy Castle", _CONVERT),
    (b"MII", "perhaps a keystore in base64", _DECODE),
    (b"/u3+7Q", "a keystore in base64", _DECODE),
    (b"zs7Ozg", "a keystore in base64", _DECODE),
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
    raise NotAKeystore(*_named(data))


def _named(data: bytes) -> tuple[str, str]:
    """Return what a file is that is no keystore, and what to do with it."""
    if not data:
        return "empty", "Check how it was copied."
    if _PEM in data:
        labels = {block.label for block in pem_blocks.find(data)}
        of_one_kind = ((what, remedy) for label, what, remedy in _BLOCKS if labels == {label})
        return next(of_one_kind, ("in PEM", _ADD))
    if shapes.shape(data, 0) in (Shape.SIGNED_DATA, Shape.CERTIFICATE_SEQUENCE):
        return "PKCS#7 in DER", _OF_PKCS7
    try:
        read_certificate(data)
    except CertificateUnreadable:
        found = ((what, remedy) for start, what, remedy in _STARTS if data.startswith(start))
        return next(found, ("neither JKS nor JCEKS nor PKCS#12", _CONVERT))
    return "a certificate in DER", "Add it as a certificate."
