"""Text as it comes: byte order marks, UTF-16, white space, base64."""

import binascii
import re

from keysteward.formats import der
from keysteward.formats.responses.pieces import MOST_PIECES
from keysteward.problems import ResponseTooComplex

_UTF8_MARK = b"\xef\xbb\xbf"
WHITE = b" \t\r\n\v\f"
"""White space of every kind of text file."""

_BLANKS = re.compile(rb"(?:[ \t\r\n\v\f]++|\xef\xbb\xbf)*+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]*")
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\r\n"


def plain(data: bytes) -> bytes:
    """Return UTF-16 text as UTF-8; all other bytes as they are.

    UTF-16 is known by its mark or, without one, by every second byte of its start being zero.
    """
    encoding = _utf16(data)
    if encoding is None:
        return data
    return data.decode(encoding, "replace").encode("utf-8", "replace").removeprefix(_UTF8_MARK)


def _utf16(data: bytes) -> str | None:
    if data[:2] == b"\xff\xfe":
        return "utf-16-le"
    if data[:2] == b"\xfe\xff":
        return "utf-16-be"
    if len(data) < 8 or (data[0] and data[1]):
        return None
    start = data[:64]
    for encoding, letters, zeros in (
        ("utf-16-le", start[0::2], start[1::2]),
        ("utf-16-be", start[1::2], start[0::2]),
    ):
        if not zeros.strip(b"\0") and not letters.translate(None, _PRINTABLE):
            return encoding
    return None


def is_printable(data: bytes) -> bool:
    """Return whether the bytes are ASCII text; a byte order mark may stand before it."""
    return not data.removeprefix(_UTF8_MARK).translate(None, _PRINTABLE)


def skip_blanks(data: bytes, start: int) -> int:
    """Return where white space and byte order marks end."""
    match = _BLANKS.match(data, start)
    return match.end() if match else start


def decode_base64(encoded: bytes) -> bytes | None:
    """Return the bytes that base64 text stands for; None if it is no base64.

    White space means nothing and padding may be missing. Several texts in a row, each encoded by
    itself, give their bytes in a row.
    """
    compact = encoded.translate(None, WHITE)
    try:
        decoded = binascii.a2b_base64(compact, strict_mode=True)
    except binascii.Error:
        return _decode_several(compact)
    try:
        first = der.promised_length(decoded)
    except der.Damaged:
        return decoded
    if first is not None and first < len(decoded):  # a second object follows, or a second text
        return _decode_several(compact)
    return decoded


def _decode_several(compact: bytes) -> bytes | None:
    match = _BASE64.fullmatch(compact)
    if match is None:
        return None
    decoded = []
    parts = compact.split(b"=", MOST_PIECES)
    if len(parts) > MOST_PIECES:
        raise ResponseTooComplex(f"The file holds more than {MOST_PIECES} base64 texts.")
    for part in parts:
        start = 0
        while start < len(part):
            length = _encoded_length(part[start : start + 16])
            end = len(part)
            if length is not None and part[start + length : start + length + 2] == b"MI":
                end = start + length
            decoded.append(_decode_one(part[start:end]))
            if len(decoded) > MOST_PIECES:
                raise ResponseTooComplex(f"The file holds more than {MOST_PIECES} base64 texts.")
            start = end
    return b"".join(decoded)


def _decode_one(part: bytes) -> bytes:
    """Decode text of the right letters; one letter too many, which encodes no byte, is left out."""
    whole = part[: len(part) - (len(part) % 4 == 1)]
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _encoded_length(compact: bytes) -> int | None:
    """Return how many letters, without padding, the DER object takes that the text starts with."""
    try:
        start = binascii.a2b_base64(compact[:8])
        length = der.promised_length(start) if start[:1] == b"0" else None
    except (binascii.Error, der.Damaged):
        return None
    return None if length is None else -(-length * 4 // 3)
