import re
from collections.abc import Iterable

import pytest

from fuzz import contract, targets
from fuzz.contract import Target
from keysteward.problems import RecoveryUnreadable
from tests.architecture.documents import DOCS


def _target(run_into: Exception | None, seeds: Iterable[bytes] = ()) -> Target:
    def run(_data: bytes) -> None:
        if run_into is not None:
            raise run_into

    return Target("any", run, lambda: seeds, most_bytes=2)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_target_takes_a_seed(name: str) -> None:
    """Each seed ends in a value or a refusal, and one in a value: the target is behind the door."""
    target = targets.TARGETS[name]
    assert 0 < sum(contract.check(target, seed) for seed in target.started_from())


@pytest.mark.parametrize("name", targets.TARGETS)
def test_target_survives_nothing_and_zeros(name: str) -> None:
    """The emptiest inputs end in a value or a refusal as well."""
    for data in (b"", bytes(1), bytes(64)):
        contract.check(targets.TARGETS[name], data)


def test_refusal_is_no_finding() -> None:
    """A problem is an answer, and no value."""
    assert not contract.check(_target(RecoveryUnreadable("It is cut off.")), b"")
    assert contract.check(_target(None), b"")


def test_any_other_exception_is_a_finding() -> None:
    """Whatever is no problem goes through."""
    with pytest.raises(KeyError):
        contract.check(_target(KeyError()), b"")


def test_seeds_above_the_limit_are_left_out() -> None:
    """No seed is longer than what is tried."""
    assert [b"", b"ab"] == _target(None, (b"", b"abc", b"ab")).started_from()


def test_every_target_is_documented() -> None:
    """docs/fuzzing.md has a row for each target, in their order."""
    rows = re.findall(r"^\| `([\w-]+)` \|", (DOCS / "fuzzing.md").read_text(), re.MULTILINE)
    assert list(targets.TARGETS) == rows
