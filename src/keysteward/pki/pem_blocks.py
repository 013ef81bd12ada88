"""PEM: the blocks of a file that the user brings, and writing one (RFC 7468)."""

import binascii
import codecs
from dataclasses import dataclass, field

_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"
_LABEL_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its label ("CERTIFICATE"), its text with both boundary lines, and its body."""

    label: str
    text: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def der(self) -> bytes | None:
        """The decoded body; None if it is no base64."""
        return decode_base64(self.body)


def find(data: bytes) -> tuple[Block, ...]:
    """Return the blocks in the order of the file; other text, and blocks cut off, are passed over.

    UTF-16 with a byte order mark is understood. The work grows with the length alone.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode("ascii", "replace")
    blocks = []
    position = 0
    while (end := data.find(_END, position)) >= 0:
        # The last BEGIN before an END is its own: those before it were cut off.
        begin = data.rfind(_BEGIN, position, end)
        position = end + len(_END)
        start = begin + len(_BEGIN)
        label_end = data.find(_DASHES, start, min(start + _LABEL_LIMIT, end))
        close = data.find(_DASHES, position, position + _LABEL_LIMIT)
        if begin < 0 or label_end < 0 or close < 0:
            continue
        position = close + len(_DASHES)
        label = data[start:label_end].decode("ascii", "replace").strip()
        text, body = data[begin:position] + b"\n", data[label_end + len(_DASHES) : end]
        blocks.append(Block(label, text, body))
    return tuple(blocks)


def write(label: str, der: bytes) -> bytes:
    """Return DER as one PEM block, in lines of 64 characters (RFC 7468 section 2)."""
    text = binascii.b2a_base64(der, newline=False)
    lines = (text[i : i + 64] for i in range(0, len(text), 64))
    name = label.encode("ascii")
    return b"\n".join((_BEGIN + name + _DASHES, *lines, _END + name + _DASHES, b""))


def decode_base64(text: bytes) -> bytes | None:
    """Return what base64 with any white space decodes to; None for text that is none, or empty."""
    try:
        return binascii.a2b_base64(b"".join(text.split()), strict_mode=True) or None
    except binascii.Error:
        return None
