"""Samples and how they are taken: contestants in alternating rounds, medians, ratios with ranges.

A machine that is busy with something else for a second slows whoever runs just then. In alternating
rounds it slows everybody, and the ratio of two contestants is taken within each round.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = 4096

Once = Callable[[], float]
"""Does the work once and returns the seconds of its timed part; what it prepares is not timed."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Seconds of one contestant: a tuple per round."""

    rounds: tuple[tuple[float, ...], ...]

    @property
    def median(self) -> float:
        """Of all samples, in seconds."""
        return statistics.median(sample for one in self.rounds for sample in one)

    @property
    def range(self) -> tuple[float, float]:
        """Shortest and longest sample, in seconds."""
        every = [sample for one in self.rounds for sample in one]
        return min(every), max(every)

    @property
    def round_medians(self) -> tuple[float, ...]:
        """The median of each round, in seconds."""
        return tuple(statistics.median(one) for one in self.rounds)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One contestant's time over another's: of the medians, and the range over the rounds.

    ``of_shortest`` compares the two shortest samples: what is left on a machine that is busy with
    something else.
    """

    of_medians: float
    of_shortest: float
    lowest: float
    highest: float


def ratio(samples: Samples, against: Samples) -> Ratio:
    """Return how many times as long as ``against`` the first one takes."""
    pairs = zip(samples.round_medians, against.round_medians, strict=True)
    by_round = [one / other for one, other in pairs]
    shortest = samples.range[0] / against.range[0]
    return Ratio(samples.median / against.median, shortest, min(by_round), max(by_round))


def alternate(
    contestants: Mapping[str, Once], rounds: int, repeats: int | Mapping[str, int]
) -> dict[str, Samples]:
    """Run every contestant ``repeats`` times in each round; the order turns by one each round."""
    taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for name in order:
            times = repeats if isinstance(repeats, int) else repeats[name]
            taken[name].append(tuple(contestants[name]() for _ in range(times)))
        order = order[1:] + order[:1]
    return {name: Samples(tuple(samples)) for name, samples in taken.items()}


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def syncing(folder: Path) -> Iterator[Once]:
    """Lend what appends one page to a file in the folder and syncs it: the disk's own time."""
    path = folder / "sync"
    page = os.urandom(_PAGE_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append() -> None:
        os.write(descriptor, page)
        os.fdatasync(descriptor)

    try:
        yield lambda: timed(append)
    finally:
        os.close(descriptor)
        path.unlink()
