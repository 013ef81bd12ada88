"""Which promises were broken, told from what clients were told and what is stored.

1. What was confirmed is stored under the version and with the certificate that were named.
2. What was refused is not stored.
3. What is stored was asked for, and by somebody who was not told that it failed; once each.
4. Versions are numbered from 1 without gap and without fork, and the last one is current.
5. Every answer is a success, a refusal that says it is one, or "not known".
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from faults.attempts import Attempt, Outcome, Reading, Stored

_SHOWN = 12


def broken(
    attempts: Sequence[Attempt],
    readings: Sequence[Reading],
    stored: Sequence[Stored],
    current: Mapping[str, int],
    first: Mapping[str, int],
) -> list[str]:
    """Return each broken promise in a sentence; none if all were kept.

    Args:
        attempts: of all clients.
        readings: of all clients.
        stored: all versions of the entries.
        current: number of the current version of each entry, by alias.
        first: number of the last version that each entry had before the first attempt.
    """
    new = [one for one in stored if one.number > first[one.alias]]
    return [
        *_confirmed_but_missing(attempts, stored),
        *_refused_but_stored(attempts, new),
        *_stored_unasked(attempts, new),
        *_misnumbered(stored, current),
        *_unclear(attempts, readings),
    ]


def _confirmed_but_missing(attempts: Sequence[Attempt], stored: Sequence[Stored]) -> Iterator[str]:
    there = {(one.alias, one.number): one.sha256 for one in stored}
    for one in attempts:
        if one.outcome is Outcome.CONFIRMED:
            found = there.get((one.alias, one.version or 0))
            if found != one.sha256:
                what = "is not there" if found is None else f"is {found[:12]}"
                yield (
                    f"{one.node} confirmed {one.sha256[:12]} as version {one.version} of "
                    f"{one.alias}, which {what}"
                )


def _refused_but_stored(attempts: Sequence[Attempt], new: Sequence[Stored]) -> Iterator[str]:
    there = {one.sha256: one for one in new}
    for one in attempts:
        if one.outcome is Outcome.REFUSED and one.sha256 in there:
            number = there[one.sha256].number
            yield f"{one.node} answered {one.answer}, and it is version {number} of {one.alias}"


def _stored_unasked(attempts: Sequence[Attempt], new: Sequence[Stored]) -> Iterator[str]:
    asked = {(one.alias, one.sha256) for one in attempts}
    for one in new:
        if (one.alias, one.sha256) not in asked:
            yield f"nobody asked for version {one.number} of {one.alias}"
    for sha256, times in Counter(one.sha256 for one in new).items():
        if times > 1:
            yield f"{sha256[:12]} was stored {times} times"


def _misnumbered(stored: Sequence[Stored], current: Mapping[str, int]) -> Iterator[str]:
    for alias, last in current.items():
        numbers = sorted(one.number for one in stored if one.alias == alias)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the versions of {alias} have gaps or forks: {_odd(numbers)}"
        if not numbers or last != numbers[-1]:
            yield f"version {last} of {alias} is current, and not the last one"


def _odd(numbers: Sequence[int]) -> str:
    missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
    double = [number for number, times in Counter(numbers).items() if times > 1]
    return f"missing {missing[:_SHOWN]}, double {double[:_SHOWN]}"


def _unclear(attempts: Sequence[Attempt], readings: Sequence[Reading]) -> Iterator[str]:
    wrong = (one.answer for one in attempts if one.outcome is Outcome.WRONG)
    yield from _counted("an upload", wrong)
    yield from _counted("a reader", (one.answer for one in readings if not one.clear))


def _counted(who: str, answers: Iterable[str]) -> Iterator[str]:
    for answer, times in Counter(answers).items():
        yield f"{who} was answered {answer} ({times} times)"
