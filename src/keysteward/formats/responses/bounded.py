"""Reading an upload without trusting what it says about its size."""

from typing import Protocol

from keysteward.problems import SigningResponseTooLarge

_CHUNK_BYTES = 65_536


class Readable(Protocol):
    """A binary stream: a file, standard input, a socket's file."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most ``size`` bytes; none at the end."""


def read_bounded(stream: Readable, limit_bytes: int) -> bytes:
    """Return all bytes of the stream, counted while reading; short reads are read on.

    Raises SigningResponseTooLarge at the first byte above the limit.
    """
    chunks = []
    left = limit_bytes + 1
    while left > 0 and (chunk := stream.read(min(left, _CHUNK_BYTES))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise SigningResponseTooLarge(limit_bytes)
    return b"".join(chunks)
