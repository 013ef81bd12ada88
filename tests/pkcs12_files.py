"""PKCS#12 files as no tool at hand writes them; every key that goes in is for tests alone.

    from tests import pkcs12_files as files

    safe = files.data(files.contents(files.clear_key(pkcs8), files.certificate(der)))
    file = files.pfx([safe], mac=files.pbmac1(b"password"))

Nothing of the package under test is used: asn1crypto writes what it has types for, hashlib derives.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence

from asn1crypto import core
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.keystore_files import tlv

DATA, SIGNED, ENVELOPED, ENCRYPTED = (f"1.2.840.113549.1.7.{last}" for last in (1, 2, 3, 6))

KEY, SHROUDED, CERTIFICATE, CRL, SECRET, NESTED = (
    f"1.2.840.113549.1.12.10.1.{last}" for last in range(1, 7)
)

FRIENDLY_NAME, LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"

_X509, _SDSI = "1.2.840.113549.1.9.22.1", "1.2.840.113549.1.9.22.2"
_PBES2, _PBKDF2, _PBMAC1 = (f"1.2.840.113549.1.5.{last}" for last in (13, 12, 14))
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_AES_256_CBC = "2.16.840.1.101.3.4.1.42"
_SHA256 = "2.16.840.1.101.3.4.2.1"

_HMACS = {
    hash_name: f"1.2.840.113549.2.{last}"
    for last, hash_name in enumerate(("sha1", "sha224", "sha256", "sha384", "sha512"), 7)
}


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    written: bytes = core.ObjectIdentifier(dotted).dump()
    return written


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    written: bytes = core.Integer(number).dump()
    return written


# ---- bags


def bag(kind: str, value: bytes, *attributes: bytes) -> bytes:
    """Return a SafeBag."""
    return tlv(0x30, oid(kind), tlv(0xA0, value), tlv(0x31, *attributes))


def name(text: str) -> bytes:
    """Return the attribute friendlyName."""
    return attribute(FRIENDLY_NAME, tlv(0x1E, text.encode("utf-16-be")))


def key_id(content: bytes) -> bytes:
    """Return the attribute localKeyId."""
    return attribute(LOCAL_KEY_ID, tlv(4, content))


def attribute(kind: str, value: bytes) -> bytes:
    """Return an attribute with one value."""
    return tlv(0x30, oid(kind), tlv(0x31, value))


def clear_key(pkcs8: bytes, *attributes: bytes) -> bytes:
    """Return a keyBag."""
    return bag(KEY, pkcs8, *attributes)


def shrouded_key(scheme: tuple[bytes, bytes], *attributes: bytes) -> bytes:
    """Return a pkcs8ShroudedKeyBag of what ``pbes2`` gives."""
    algorithm, ciphertext = scheme
    return bag(SHROUDED, tlv(0x30, algorithm, tlv(4, ciphertext)), *attributes)


def certificate(der: bytes, *attributes: bytes, sdsi: bool = False) -> bytes:
    """Return a certBag."""
    held = tlv(0x30, oid(_SDSI if sdsi else _X509), tlv(0xA0, tlv(4, der)))
    return bag(CERTIFICATE, held, *attributes)


def contents(*bags: bytes) -> bytes:
    """Return SafeContents."""
    return tlv(0x30, *bags)


# ---- safes


def data(safe_contents: bytes) -> bytes:
    """Return ContentInfo with clear SafeContents."""
    return content_info(DATA, tlv(4, safe_contents))


def encrypted(scheme: tuple[bytes, bytes]) -> bytes:
    """Return ContentInfo with SafeContents that ``pbes2`` has encrypted."""
    algorithm, ciphertext = scheme
    inner = tlv(0x30, oid(DATA), algorithm, tlv(0x80, ciphertext))
    return content_info(ENCRYPTED, tlv(0x30, integer(0), inner))


def content_info(kind: str, value: bytes) -> bytes:
    """Return ContentInfo."""
    return tlv(0x30, oid(kind), tlv(0xA0, value))


def pfx(
    safes: Sequence[bytes], mac: Callable[[bytes], bytes] | None = None, kind: str = DATA
) -> bytes:
    """Return a whole file; ``mac`` gets the content and returns MacData."""
    authenticated = tlv(0x30, *safes)
    parts = [integer(3), content_info(kind, tlv(4, authenticated))]
    return tlv(0x30, *parts, *([] if mac is None else [mac(authenticated)]))


# ---- encryption and MACs


def pbkdf2(
    rounds: int, length: int | None = None, hash_name: str = "sha256", salt: bytes = b"salt" * 4
) -> bytes:
    """Return the AlgorithmIdentifier of PBKDF2 (RFC 8018 appendix A.2)."""
    prf = tlv(0x30, oid(_HMACS[hash_name]), tlv(5))
    sized = b"" if length is None else integer(length)
    return tlv(0x30, oid(_PBKDF2), tlv(0x30, tlv(4, salt), integer(rounds), sized, prf))


def scrypt(n: int, r: int, p: int, salt: bytes = b"salt" * 4) -> bytes:
    """Return the AlgorithmIdentifier of scrypt (RFC 7914 section 7.1)."""
    numbers = (integer(number) for number in (n, r, p))
    return tlv(0x30, oid(_SCRYPT), tlv(0x30, tlv(4, salt), *numbers))


def pbes2(
    clear: bytes, key: bytes, derivation: bytes, cipher: str = _AES_256_CBC
) -> tuple[bytes, bytes]:
    """Return AlgorithmIdentifier and ciphertext, encrypted with a derived key (AES-256-CBC)."""
    iv = os.urandom(16)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    hidden = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    encryption = tlv(0x30, oid(cipher), tlv(4, iv))
    return tlv(0x30, oid(_PBES2), tlv(0x30, derivation, encryption)), hidden


def by_pbkdf2(
    clear: bytes, password: bytes, rounds: int = 2, salt: bytes = b"salt" * 4
) -> tuple[bytes, bytes]:
    """Return what ``pbes2`` does with a key by PBKDF2 over SHA-256."""
    key = hashlib.pbkdf2_hmac("sha256", password, salt, rounds, 32)
    return pbes2(clear, key, pbkdf2(rounds, salt=salt))


def pbmac1(
    password: bytes,
    *,
    rounds: int = 3,
    length: int | None = 32,
    prf: str = "sha256",
    hash_name: str = "sha256",
) -> Callable[[bytes], bytes]:
    """Return what makes MacData by RFC 9579, whose outer salt and rounds mean nothing."""

    def mac(content: bytes) -> bytes:
        key = hashlib.pbkdf2_hmac(prf, password, b"salt" * 4, rounds, length or 32)
        scheme = tlv(0x30, oid(_HMACS[hash_name]), tlv(5))
        algorithm = tlv(
            0x30, oid(_PBMAC1), tlv(0x30, pbkdf2(rounds, length, hash_name=prf), scheme)
        )
        digest = hmac.digest(key, content, hash_name)
        return tlv(0x30, tlv(0x30, algorithm, tlv(4, digest)), tlv(4, b"NOT USED"), integer(1))

    return mac


def mac_of(rounds: bytes, digest: str = _SHA256) -> Callable[[bytes], bytes]:
    """Return what makes MacData that verifies nothing; ``rounds`` is a whole INTEGER."""

    def mac(_content: bytes) -> bytes:
        algorithm = tlv(0x30, oid(digest), tlv(5))
        return tlv(0x30, tlv(0x30, algorithm, tlv(4, bytes(32))), tlv(4, bytes(8)), rounds)

    return mac
