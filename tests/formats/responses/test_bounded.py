import io

import pytest

from keysteward.formats import responses
from keysteward.problems import SigningResponseTooLarge


class Dripping(io.RawIOBase):
    """A stream without end that gives one byte at a time, as a slow socket does."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        """Give one byte, and count it."""
        assert size > 0
        self.given += 1
        return b"x"


def test_read_bounded_returns_all_bytes_at_the_limit() -> None:
    """A file of exactly the limit is taken."""
    assert b"x" * 30_720 == responses.read_bounded(io.BytesIO(b"x" * 30_720), 30_720)


def test_read_bounded_refuses_one_byte_above_the_limit() -> None:
    """One byte more is refused, and the problem names the limit."""
    with pytest.raises(SigningResponseTooLarge) as raised:
        responses.read_bounded(io.BytesIO(b"x" * 30_721), 30_720)

    assert 30_720 == raised.value.limit_bytes


def test_read_bounded_stops_at_the_limit_when_a_stream_never_ends() -> None:
    """Short reads are read on, and no byte is asked for beyond the first that is too much."""
    stream = Dripping()

    with pytest.raises(SigningResponseTooLarge):
        responses.read_bounded(stream, 100)

    assert 101 == stream.given


def test_read_bounded_returns_nothing_of_an_empty_stream() -> None:
    """No bytes are no problem here: the readers name an empty file."""
    assert b"" == responses.read_bounded(io.BytesIO(), 30_720)
