import pytest

from faults import attempts, judgement
from faults.attempts import Attempt, Outcome, Reading, Stored

_FIRST = {"shop": 2}
_BEFORE = [Stored("shop", 1, "generated"), Stored("shop", 2, "first")]


def _attempt(
    sha256: str, outcome: Outcome = Outcome.CONFIRMED, version: int | None = None
) -> Attempt:
    return Attempt("node", "shop", sha256, 0.0, outcome, version, outcome.name)


def _broken(tried: list[Attempt], new: list[Stored], current: int | None = None) -> list[str]:
    stored = _BEFORE + new
    last = max(one.number for one in stored) if current is None else current
    return judgement.broken(tried, [], stored, {"shop": last}, _FIRST)


def test_nothing_is_found_where_all_promises_were_kept() -> None:
    """Confirmed uploads are there, refused ones are not, unknown ones may be either."""
    tried = [
        _attempt("a", version=3),
        _attempt("b", Outcome.REFUSED),
        _attempt("c", Outcome.UNKNOWN),
        _attempt("d", Outcome.UNKNOWN),
        _attempt("e", version=5),
    ]
    new = [Stored("shop", 3, "a"), Stored("shop", 4, "d"), Stored("shop", 5, "e")]
    assert [] == _broken(tried, new)


@pytest.mark.parametrize(
    ("tried", "new", "finding"),
    [
        (
            [_attempt("a", version=3)],
            [],
            "node confirmed a as version 3 of shop, which is not there",
        ),
        (
            [_attempt("a", version=3), _attempt("b", Outcome.UNKNOWN)],
            [Stored("shop", 3, "b")],
            "node confirmed a as version 3 of shop, which is b",
        ),
        (
            [_attempt("a", Outcome.REFUSED)],
            [Stored("shop", 3, "a")],
            "node answered REFUSED, and it is version 3 of shop",
        ),
        ([], [Stored("shop", 3, "a")], "nobody asked for version 3 of shop"),
        (
            [_attempt("a", version=3)],
            [Stored("shop", 3, "a"), Stored("shop", 4, "a")],
            "a was stored 2 times",
        ),
        (
            [_attempt("a", version=4)],
            [Stored("shop", 4, "a")],
            "the versions of shop have gaps or forks: missing [3], double []",
        ),
        (
            [_attempt("a", version=3), _attempt("b", Outcome.UNKNOWN)],
            [Stored("shop", 3, "a"), Stored("shop", 3, "b")],
            "the versions of shop have gaps or forks: missing [], double [3]",
        ),
        ([_attempt("a", Outcome.WRONG)], [], "an upload was answered WRONG (1 times)"),
    ],
)
def test_broken_promise_is_found(tried: list[Attempt], new: list[Stored], finding: str) -> None:
    """Each way to break one is told in a sentence."""
    assert finding in _broken(tried, new)


def test_current_version_that_is_not_the_last_is_found() -> None:
    """A version that was confirmed and then left behind is a fork, too."""
    tried = [_attempt("a", version=3)]
    found = _broken(tried, [Stored("shop", 3, "a")], current=2)
    assert ["version 2 of shop is current, and not the last one"] == found


def test_readers_may_be_told_that_the_database_is_not_there_and_nothing_else() -> None:
    """A reader gets what it asked for or a reason that it understands."""
    told = ["200", "503 database-unavailable", "500", "TimeoutError", "500"]
    readings = [Reading("node", 0.0, one) for one in told]
    found = judgement.broken([], readings, _BEFORE, {"shop": 2}, _FIRST)
    expected = [
        "a reader was answered 500 (2 times)",
        "a reader was answered TimeoutError (1 times)",
    ]
    assert expected == found


@pytest.mark.parametrize(
    ("times", "pause"), [([], 10.0), ([12.0, 17.0, 18.0], 5.0), ([1.0, 18.5, 99.0], 8.5)]
)
def test_longest_pause_counts_from_the_edges_of_the_stretch(
    times: list[float], pause: float
) -> None:
    """What happened before and after the stretch makes it neither longer nor shorter."""
    assert pause == attempts.longest_pause(times, 10.0, 20.0)
