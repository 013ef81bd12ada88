"""The contract of a reader of signing responses, and the bounds that all readers keep."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from keysteward.formats.responses.foreign import Foreign
from keysteward.problems import ResponseTooComplex

MOST_CERTIFICATES = 128
"""Most certificates of a file, duplicates counted.

OpenSSL refuses chains of more than 100 issuers unless told otherwise (X509_VERIFY_PARAM_set_depth),
and 30,720 bytes hold about 100 of the smallest certificates in use.
"""

MOST_PIECES = 1024
"""Most pieces of a file: what a reader takes at a time. Eight foreign things per certificate."""

MOST_NESTING = 2
"""How often text may have to be decoded: base64 of a PEM file of DER is two."""


TEXTS = frozenset({"PEM", "base64", "text"})
"""Containers around which other text is no noise."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one reader took: the bytes up to ``end``, which the next reader goes on from."""

    end: int
    container: str
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    foreign: tuple[Foreign, ...] = ()
    inner: bytes | None = field(default=None, repr=False)
    """Decoded bytes that are to be read in their turn; may hold a private key."""
    unless: Foreign | None = None
    """What the piece is if nothing is found in ``inner``; None refuses the file as damaged."""


class Reader(Protocol):
    """A format of signing responses: a module with these two functions."""

    def recognises(self, data: bytes, start: int) -> bool:
        """Return whether a piece of this format starts at ``start``, be it damaged or not."""

    def read(self, data: bytes, start: int) -> Piece:
        """Return the piece at ``start``, which was recognised; its ``end`` is above ``start``.

        Raises SigningResponseUnreadable for a damaged piece, ResponseTooComplex for a large one.
        """


def bounded(certificates: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the certificates as a tuple, and take no more of them than a file may hold.

    Raises ResponseTooComplex at the first one too many.
    """
    taken = tuple(islice(certificates, MOST_CERTIFICATES + 1))
    if len(taken) > MOST_CERTIFICATES:
        raise too_many_certificates()
    return taken


def too_many_certificates() -> ResponseTooComplex:
    """Return the problem of a file with more certificates than MOST_CERTIFICATES."""
    return ResponseTooComplex(f"The file holds more than {MOST_CERTIFICATES} certificates.")
