"""Base64 without armour, wrapped at any column or not, behind mail or HTTP headers or not."""

import re

from keysteward.formats.responses import foreign, text
from keysteward.formats.responses.pieces import Piece

_HEADERS = re.compile(
    rb"(?:HTTP/[0-9.]+ [^\r\n]*+\r?\n)?"
    rb"(?:[A-Za-z][A-Za-z0-9-]*+:[^\r\n]*+(?:\r?\n[ \t]+[^\r\n]++)*+\r?\n)++\s*+"
)
_NEVER = (b"-", b"0\x82")
"""A PEM line or a DER object: spares the most frequent pieces the search for headers."""
_START = re.compile(rb"[A-Za-z0-9+/][A-Za-z0-9+/\s]{0,200}+(?:=\s*){0,2}")
_RUN = re.compile(rb"[A-Za-z0-9+/ \t\r\n\v\f]*+(?:=[ \t\r\n\v\f]*+){0,2}")

_FEWEST_LETTERS = 24
"""Fewest letters of base64 whose bytes are text: so many letters of prose never decode to text."""


def recognises(data: bytes, start: int) -> bool:
    """Return whether base64 starts here whose bytes are DER, or text with a PEM file in it."""
    if data.startswith(_NEVER, start):
        return False
    match = _START.match(data, _behind_headers(data, start))
    if match is None:
        return False
    letters = b"".join(match.group().split())[:64].rstrip(b"=")
    decoded = text.decode_base64(letters[: len(letters) & ~3] or letters) or b""
    first, second = decoded[:1], decoded[1:2]
    if first == b"0":
        return b"\x80" <= second <= b"\x84" or decoded == b"0\0"
    return len(letters) >= _FEWEST_LETTERS and text.is_printable(text.plain(decoded))


def read(data: bytes, start: int) -> Piece:
    """Return the decoded bytes as the piece's inner ones."""
    match = _RUN.match(data, _behind_headers(data, start))
    run, end = (match.group(), match.end()) if match else (b"", len(data))
    decoded = text.decode_base64(run) or b""
    return Piece(end, "base64", inner=decoded, unless=foreign.name(text.plain(decoded)))


def _behind_headers(data: bytes, start: int) -> int:
    """Return where header lines end (RFC 5322 section 2.2), as "openssl cms" and EST write them."""
    match = _HEADERS.match(data, start)
    return match.end() if match else start
