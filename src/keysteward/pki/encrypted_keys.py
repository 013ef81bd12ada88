"""Encrypted PKCS#8 (RFC 5958 section 3, RFC 8018): the work that one asks for, and writing one."""

import secrets

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from keysteward.pki import pem_blocks
from keysteward.values import Secret

ROUNDS_LIMIT = 10_000_000
"""Most rounds of key derivation that a file may ask for; a few seconds of work."""

_SCRYPT_LIMIT = 1 << 20
"""Largest product of scrypt's N, r and p (RFC 7914): 128 MiB at most, eight times the usual."""

_SEQUENCE, _INTEGER, _OCTETS, _NULL, _OID = 0x30, 0x02, 0x04, 0x05, 0x06

_PBES2 = bytes.fromhex("2a864886f70d01050d")
_PBKDF2 = bytes.fromhex("2a864886f70d01050c")
_HMAC_SHA256 = bytes.fromhex("2a864886f70d0209")
_AES256_CBC = bytes.fromhex("60864801650304012a")
_SCRYPT = bytes.fromhex("2b06010401da47040b")


def is_encrypted(der: bytes) -> bool:
    """Return whether these bytes start as an EncryptedPrivateKeyInfo does, not as a clear key."""
    outer = _header(der, 0)
    if outer is None or outer[0] != _SEQUENCE:
        return False
    inner = _header(der, outer[1])
    return inner is not None and inner[0] == _SEQUENCE


def asks_too_much(der: bytes) -> bool:
    """Return whether deriving the key of an EncryptedPrivateKeyInfo would take unreasonably long.

    Only the algorithm identifier is walked: the first integer in it is the number of rounds
    (PBKDF2 and the schemes before it), or N, r and p follow each other (scrypt).
    """
    outer = _header(der, 0)
    inner = None if outer is None else _header(der, outer[1])
    if inner is None:
        return False
    position, end = inner[1], min(inner[2], len(der))
    numbers: list[int] = []
    scrypt = False
    while position < end and (element := _header(der, position)) is not None:
        tag, start, stop = element
        if tag == _INTEGER:
            numbers.append(int.from_bytes(der[start:stop][:64]))
        scrypt = scrypt or (tag == _OID and der[start:stop] == _SCRYPT)
        position = start if tag & 0x20 else stop
    if scrypt and len(numbers) >= 3:
        return numbers[0] * numbers[1] * numbers[2] > _SCRYPT_LIMIT
    return bool(numbers) and numbers[0] > ROUNDS_LIMIT


def _header(data: bytes, position: int) -> tuple[int, int, int] | None:
    """Return tag, start and end of the contents of the element there (X.690 section 8.1)."""
    if position + 2 > len(data):
        return None
    tag, length, start = data[position], data[position + 1], position + 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            return None
        length, start = int.from_bytes(data[start : start + count]), start + count
    return tag, start, start + length


def encrypt_for_tls(pkcs8: Secret, password: Secret) -> bytes:
    """Return a private key as encrypted PKCS#8 in PEM, for a TLS library that reads it at once.

    PBES2 with AES-256-CBC and one round of PBKDF2: the password has to be random with 256 bits, so
    rounds would cost time and add nothing. Never for a file that stays.

    Args:
        pkcs8: the clear key in DER, as ``private_keys.to_pkcs8`` returns it.
        password: used as it is; random, 32 bytes or more of entropy.
    """
    salt, vector = secrets.token_bytes(16), secrets.token_bytes(16)
    derived = PBKDF2HMAC(hashes.SHA256(), length=32, salt=salt, iterations=1).derive(
        password.reveal()
    )
    padder = padding.PKCS7(128).padder()
    clear = padder.update(pkcs8.reveal()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(derived), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(clear) + encryptor.finalize()
    rounds, prf = _tlv(_INTEGER, b"\x01"), _sequence(_tlv(_OID, _HMAC_SHA256), _tlv(_NULL, b""))
    derivation = _sequence(_tlv(_OID, _PBKDF2), _sequence(_tlv(_OCTETS, salt), rounds, prf))
    cipher = _sequence(_tlv(_OID, _AES256_CBC), _tlv(_OCTETS, vector))
    scheme = _sequence(_tlv(_OID, _PBES2), _sequence(derivation, cipher))
    return pem_blocks.write("ENCRYPTED PRIVATE KEY", _sequence(scheme, _tlv(_OCTETS, sealed)))


def _sequence(*elements: bytes) -> bytes:
    return _tlv(_SEQUENCE, b"".join(elements))


def _tlv(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + content
