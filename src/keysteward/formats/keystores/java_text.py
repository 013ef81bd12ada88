"""Java's modified UTF-8 (java.io.DataInput): NUL takes two bytes, a surrogate pair six."""

import struct


def read(raw: bytes) -> str:
    """Return the text; half a surrogate pair becomes U+FFFD. Raises ValueError for no UTF-8."""
    if raw.isascii():
        return raw.decode("ascii")
    text = raw.replace(b"\xc0\x80", b"\0").decode("utf-8", "surrogatepass")
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def write(text: str) -> bytes:
    """Return the bytes without their count, of which Java allows 65,535."""
    units = text.encode("utf-16-be")
    characters = "".join(map(chr, struct.unpack(f">{len(units) // 2}H", units)))
    return characters.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80")
