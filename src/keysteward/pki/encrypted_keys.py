"""Encrypted PKCS#8 (RFC 5958 section 3, RFC 8018): the work that opening one asks for.

And the encryption before it (RFC 1421), which asks for next to none.
"""

import re

ROUNDS_LIMIT = 10_000_000
"""Most rounds of key derivation that a file may ask for; a few seconds of work."""

_SCRYPT_LIMIT = 1 << 20
"""Largest product of scrypt's N, r and p (RFC 7914): 128 MiB at most, eight times the usual."""

_SEQUENCE, _INTEGER, _OID = 0x30, 0x02, 0x06

_CIPHER_LINE = re.compile(
    rb"^DEK-Info: *(?:AES-[0-9]+-CBC,[0-9A-Fa-f]{32}|(?!AES)[A-Z0-9-]+,[0-9A-Fa-f]+) *\r?$",
    re.MULTILINE,
)

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


def describes_its_cipher(text: bytes) -> bool:
    """Return whether old encrypted PEM names its cipher and vector in one line (RFC 1421, 4.6.1.3).

    The vector of AES has to be whole: cryptography 50 panics at a shorter one, and a panic is no
    exception that may be caught.
    """
    found = _CIPHER_LINE.findall(text)
    return len(found) == text.count(b"DEK-Info") == 1


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
