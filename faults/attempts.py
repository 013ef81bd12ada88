"""What clients tried and what they were told: plain values, so that a judge can be tested."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What an answer says of the change that was asked for."""

    CONFIRMED = "confirmed"
    REFUSED = "refused, nothing changed"
    UNKNOWN = "not known"
    WRONG = "no answer that a client may get"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One upload of a certificate that nobody else uploads, so one that can be found again."""

    node: str
    alias: str
    sha256: str
    """Of the end-entity certificate's DER, lower-case hexadecimal."""
    ended: float
    """By the monotonic clock."""
    outcome: Outcome
    version: int | None
    """What the answer named; only of a confirmed one."""
    answer: str
    """Status and slug, or what happened instead, for people."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of an entry or a list."""

    node: str
    ended: float
    answer: str
    """Status and slug, or what happened instead, for people."""

    @property
    def good(self) -> bool:
        """Whether something was read."""
        return self.answer == "200"

    @property
    def clear(self) -> bool:
        """Whether a client can tell from the answer what is the matter."""
        return self.good or self.answer == "503 database-unavailable"


@dataclass(frozen=True, slots=True)
class Stored:
    """A version that is in the database after all."""

    alias: str
    number: int
    sha256: str


def longest_pause(times: Iterable[float], begin: float, end: float) -> float:
    """Return the longest time between two moments of a stretch, its edges counted as such."""
    moments = [begin, *sorted(one for one in times if begin < one < end), end]
    return max(later - earlier for earlier, later in itertools.pairwise(moments))
