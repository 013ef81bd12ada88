"""Percent-encoding of addresses (RFC 3986 section 2.1), read strictly."""

import re

from keysteward.problems import RequestInvalid

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")


def decode(raw: bytes) -> str:
    """Return the text behind percent-encoded UTF-8. Raises RequestInvalid if it is none."""
    try:
        return _ESCAPE.sub(_byte, raw).decode()
    except UnicodeDecodeError as error:
        raise RequestInvalid("The address is not percent-encoded UTF-8.") from error


def decode_query(raw: bytes) -> str:
    """Return the same for a part of a query, where ``+`` is a blank."""
    return decode(raw.replace(b"+", b" "))


def _byte(escape: re.Match[bytes]) -> bytes:
    if escape[1] is None:
        raise RequestInvalid("In the address a '%' is not followed by two hexadecimal digits.")
    return bytes.fromhex(escape[1].decode())
