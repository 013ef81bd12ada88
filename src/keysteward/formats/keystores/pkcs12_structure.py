"""Steps through the ASN.1 of PKCS#12 files: few fields, strings in pieces, numbers of any size."""

from itertools import islice

from keysteward.formats import der
from keysteward.formats.der import Element

DATA = bytes.fromhex("2a864886f70d010701")  # 1.2.840.113549.1.7.1 (RFC 5652 section 4)

BMP_STRING = 0x1E
CONSTRUCTED = 0x20
OCTET_STRINGS = (der.OCTET_STRING, der.OCTET_STRING | CONSTRUCTED)

_MOST_FIELDS = 16
"""More than any SEQUENCE of PKCS#12 has that is no list."""

_MOST_OPEN_STRINGS = 8
"""Depth of octet strings in pieces; Microsoft's and NSS's have one."""

_MOST_ARC_BYTES = 32


def fields(data: bytes, parent: Element) -> list[Element]:
    """Return the elements of a SEQUENCE that is no list. Raises Damaged if it is none."""
    if not parent.tag & CONSTRUCTED:
        raise der.Damaged
    found = list(islice(der.children(data, parent), _MOST_FIELDS + 1))
    if len(found) > _MOST_FIELDS:
        raise der.Damaged
    return found


def leading(data: bytes, parent: Element, *tags: int) -> list[Element]:
    """Return the elements of a SEQUENCE, of which the first have these tags, or raise Damaged."""
    found = fields(data, parent)
    if tuple(part.tag for part in found[: len(tags)]) != tags:
        raise der.Damaged
    return found


def content(data: bytes, part: Element) -> bytes:
    """Return the content octets of a primitive element."""
    return data[part.content : part.stop]


def whole(data: bytes, part: Element) -> bytes:
    """Return an element with its header."""
    return data[part.start : part.end]


def inside(data: bytes, wrapper: Element) -> Element:
    """Return the only element of an explicitly tagged one."""
    parts = fields(data, wrapper)
    if len(parts) != 1:
        raise der.Damaged
    return parts[0]


def octets(data: bytes, string: Element) -> bytes:
    """Return an octet string's content, put together if it is in pieces (X.690 section 8.7.3).

    ``string`` may be implicitly tagged, so its own tag is the caller's to check.
    """
    if not string.tag & CONSTRUCTED:
        return content(data, string)
    pieces: list[bytes] = []
    open_strings = [der.children(data, string)]
    while open_strings:
        piece = next(open_strings[-1], None)
        if piece is None:
            open_strings.pop()
        elif piece.tag == der.OCTET_STRING:
            pieces.append(content(data, piece))
        elif piece.tag not in OCTET_STRINGS or len(open_strings) == _MOST_OPEN_STRINGS:
            raise der.Damaged
        else:
            open_strings.append(der.children(data, piece))
    return b"".join(pieces)


def octet_string(data: bytes, part: Element) -> bytes:
    """Return the content of an OCTET STRING, primitive or in pieces."""
    if part.tag not in OCTET_STRINGS:
        raise der.Damaged
    return octets(data, part)


def positive(data: bytes, part: Element) -> int:
    """Return an INTEGER of any size that has to be above zero."""
    number = int.from_bytes(content(data, part), "big", signed=True)
    if part.tag != der.INTEGER or number <= 0:
        raise der.Damaged
    return number


def dotted(identifier: bytes) -> str:
    """Return the content octets of an object identifier as people write it (X.690 8.19)."""
    if not identifier or len(identifier) > _MOST_ARC_BYTES:
        return "one without a name"
    arcs, arc = [], 0
    for byte in identifier:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2) if arcs else 0
    rest = [arcs[0] - 40 * first, *arcs[1:]] if arcs else []
    return ".".join(str(number) for number in (first, *rest))


def is_one_sequence(data: bytes) -> bool:
    """Return whether the bytes are one SEQUENCE from the first to the last."""
    try:
        found = der.element(data, 0)
    except der.Damaged:
        return False
    return found.tag == der.SEQUENCE and found.end == len(data)
