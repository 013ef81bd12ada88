"""A walker over DER and BER (ITU-T X.690) that trusts no length, and writing one element.

The walker works with offsets into one bytes object: nothing is copied and nothing recurses.
Reading an element of definite length takes constant time; one of indefinite length is walked once
to find its end, over the headers alone.
"""

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, BIT_STRING, OCTET_STRING, OBJECT_IDENTIFIER = 0x02, 0x03, 0x04, 0x06
ENUMERATED, UTF8_STRING, UTC_TIME, GENERALIZED_TIME = 0x0A, 0x0C, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT_0, CONTEXT_1, CONTEXT_2, CONTEXT_3 = 0xA0, 0xA1, 0xA2, 0xA3

MOST_OPEN = 32
"""Most elements of indefinite length that may be open at once; openssl cms -stream writes six."""

MOST_STEPS = 100_000
"""Most elements that are stepped over to find one end. What is wrapped in many elements of
indefinite length is walked as often as there are wrappers; programs write pieces of a kilobyte."""

MOST_LENGTH_BYTES = 4
"""Most bytes of a length; four reach 4 GiB, far above every limit on a file."""

_CONSTRUCTED = 0x20
_INDEFINITE = -1


class Damaged(ValueError):
    """The bytes are no BER; ``cut_off`` says that they might be, were there more of them."""

    def __init__(self, *, cut_off: bool = False) -> None:
        super().__init__("cut off" if cut_off else "malformed")
        self.cut_off = cut_off


class Element(NamedTuple):
    """Offsets of one element: identifier octet at ``start``, content from ``content`` to ``stop``.

    ``end`` is where the next element starts: two bytes after ``stop`` for an indefinite length.
    """

    tag: int
    start: int
    content: int
    stop: int
    end: int


def write(tag: int, *contents: bytes) -> bytes:
    """Return one element of definite length, its contents one after the other."""
    length = sum(map(len, contents))
    if length < 0x80:
        header = bytes([tag, length])
    else:
        octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
        header = bytes([tag, 0x80 | len(octets)]) + octets
    return b"".join((header, *contents))


def element(data: bytes, start: int, limit: int | None = None) -> Element:
    """Return the element at ``start``, which has to end at or before ``limit``.

    Raises Damaged if it does not, or if its header or its indefinite length is malformed.
    """
    if limit is None:
        limit = len(data)
    tag, content, length = _header(data, start, limit)
    if length < 0:
        stop = _end_of_contents(data, tag, content, limit)
        return Element(tag, start, content, stop, stop + 2)
    stop = content + length
    if stop > limit:
        raise Damaged(cut_off=limit == len(data))
    return Element(tag, start, content, stop, stop)


def children(data: bytes, parent: Element) -> Iterator[Element]:
    """Yield the elements in the content of ``parent``, in order. Raises Damaged on the way."""
    position, stop = parent.content, parent.stop
    while position < stop:
        child = element(data, position, stop)
        if child.tag == 0:  # end-of-contents octets where none belong (X.690 section 8.1.5)
            raise Damaged
        yield child
        position = child.end


def header(data: bytes, start: int) -> tuple[int, int]:
    """Return the tag at ``start`` and where its content begins, be the content there or not.

    Raises Damaged for a header that is cut off or malformed.
    """
    tag, content, _ = _header(data, start, len(data))
    return tag, content


def promised_length(data: bytes) -> int | None:
    """Return how many bytes the element at the start says it takes; None for an indefinite length.

    Raises Damaged for a header that is cut off or malformed.
    """
    _, content, length = _header(data, 0, len(data))
    return None if length == _INDEFINITE else content + length


def _header(data: bytes, start: int, limit: int) -> tuple[int, int, int]:
    content = start + 2
    if content > limit:
        raise Damaged(cut_off=limit == len(data))
    tag, length = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:  # a tag number above 30, which no format read here has
        raise Damaged
    if length < 0x80:
        return tag, content, length
    if length == 0x80:
        return tag, content, _INDEFINITE
    count = length & 0x7F
    if count > MOST_LENGTH_BYTES:
        raise Damaged
    content += count
    if content > limit:
        raise Damaged(cut_off=limit == len(data))
    return tag, content, int.from_bytes(data[start + 2 : content], "big")


def _end_of_contents(data: bytes, tag: int, content: int, limit: int) -> int:
    """Return where the end-of-contents octets of an element stand (X.690 section 8.1.3.6).

    Elements of definite length are stepped over whole, so the open ones need no more than a number.
    """
    position, open_elements, length = content, 1, _INDEFINITE
    for _ in range(MOST_STEPS):
        if length == _INDEFINITE and not tag & _CONSTRUCTED:
            raise Damaged
        start = position
        tag, position, length = _header(data, start, limit)
        if tag == 0:
            if length != 0 or position != start + 2:
                raise Damaged
            open_elements -= 1
            if not open_elements:
                return start
        elif length == _INDEFINITE:
            open_elements += 1
            if open_elements > MOST_OPEN:
                raise Damaged
        else:
            position += length
            if position > limit:
                raise Damaged(cut_off=limit == len(data))
    raise Damaged
