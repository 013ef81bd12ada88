"""What a fuzz target is, and what it demands of its reader."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keysteward.problems import Problem
from keysteward.values import Secret

PASSWORD = "changeit"  # noqa: S105  # of everything that is made here, all of it test-only
SECRET = Secret(PASSWORD.encode())
WRONG = Secret(b"another one")


@dataclass(frozen=True, slots=True)
class Target:
    """One reader, and bytes to start from.

    ``run`` gives the bytes to the reader, in what a checksum or an encryption around them needs, so
    that changes are not all refused at the door. It returns the reader's value; what it raises
    besides ``refusals`` is a finding.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    most_bytes: int = 4096
    """Longest input that is tried; seeds above it are left out."""
    der: bool = False
    """Whether the bytes are DER: some changes then keep all lengths right."""
    words: tuple[str, ...] = ()
    """What its language is made of; some changes put them in."""
    refusals: tuple[type[Exception], ...] = (Problem,)

    def started_from(self) -> list[bytes]:
        """Return the seeds that are short enough."""
        return [seed for seed in self.seeds() if len(seed) <= self.most_bytes]


def check(target: Target, data: bytes) -> bool:
    """Return whether the reader took the bytes; raises for anything but a value or a refusal."""
    try:
        target.run(data)
    except target.refusals as refusal:
        str(refusal)  # The sentence for the user has to come out, too.
        return False
    return True


def with_and_without_password(read: Callable[[Secret | None], object]) -> object:
    """Return what is read without a password or else with one; raises the second refusal."""
    try:
        return read(None)
    except Problem:
        return read(SECRET)


def require(*, fact: bool, words: str) -> None:
    """Make a finding of a value that cannot be right."""
    if not fact:
        raise AssertionError(words)
