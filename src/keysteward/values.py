"""The smallest words: alias, fingerprint, secret, notice. This module imports nothing of ours."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Never, NewType

Alias = NewType("Alias", str)
"""A checked alias: 1 to 250 characters, unique among the living entries of a keystore."""

Fingerprint = NewType("Fingerprint", str)
"""SHA-256 over DER bytes, 64 lower-case hexadecimal digits."""


class Severity(StrEnum):
    """How much a notice matters: a warning changes the outcome, an info does not."""

    INFO = "info"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something accepted that is still worth saying.

    The slug names a page of the documentation and never changes once released; the detail is a
    sentence about this one case.
    """

    slug: str
    severity: Severity
    detail: str


class Secret:
    """Bytes that cannot be printed, compared or pickled by accident; ``reveal`` opens them."""

    __slots__ = ("__content",)

    def __init__(self, content: bytes) -> None:
        self.__content = content

    def reveal(self) -> bytes:
        """Return the bytes. Every call of this method is a place to look at in a review."""
        return self.__content

    def __repr__(self) -> str:
        return "Secret(********)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> Never:
        raise TypeError("a secret cannot be pickled")
