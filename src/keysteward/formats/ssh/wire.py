"""The data types of the SSH protocols (RFC 4251 section 5), read without trust in any length."""

MOST_NUMBER_BYTES = 2049
"""Longest number read: 16,384 bits, as the largest RSA modulus has, and the byte for its sign."""


class Damaged(ValueError):
    """The bytes are not what the format says; the text is a clause for people."""


class Cursor:
    """A position in bytes that are read value by value; each method raises Damaged at the end."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def uint32(self) -> int:
        """Return the next four bytes as a number, the most significant one first."""
        return int.from_bytes(self._take(4))

    def string(self) -> bytes:
        """Return the next bytes that follow their length."""
        return self._take(self.uint32())

    def mpint(self) -> int:
        """Return the next number; none here is negative."""
        content = self.string()
        if len(content) > MOST_NUMBER_BYTES:
            raise Damaged("a number is longer than any key's")
        if content[:1] >= b"\x80":
            raise Damaged("a number is negative")
        return int.from_bytes(content)

    def rest(self) -> bytes:
        """Return all that has not been read yet."""
        return self._take(len(self._data) - self._position)

    def _take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise Damaged("it is cut off")
        taken = self._data[self._position : end]
        self._position = end
        return taken


def uint32(number: int) -> bytes:
    """Return a number as four bytes."""
    return number.to_bytes(4)


def string(content: bytes) -> bytes:
    """Return bytes behind their length."""
    return uint32(len(content)) + content


def mpint(number: int) -> bytes:
    """Return a number that is not negative, in the fewest bytes that leave the first bit clear."""
    return string(number.to_bytes((number.bit_length() + 8) // 8) if number else b"")
