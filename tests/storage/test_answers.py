from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from keysteward.keystore.steward import Steward
from keysteward.settings import Settings
from keysteward.storage import answers
from keysteward.storage.records import Repeatable
from tests import steward as steward_
from tests.fresh import Fresh
from tests.steward import START, TENANT


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of a fresh keystore."""
    with fresh.keystore(tmp_path / "data") as made:
        yield made


REQUEST = Repeatable(1, "key", b"digest", "attempt")


def test_answer_is_found_within_a_day_and_not_after(steward: Steward) -> None:
    """What is kept is kept for 24 hours."""
    assert steward.store.answers.remember(REQUEST, START)
    steward.store.answers.complete(REQUEST, 201, "{}", b"body")
    found = steward.store.answers.find(1, "key", START + answers.KEPT)
    assert found is not None
    assert (201, b"body") == (found.status, found.body)
    late = START + answers.KEPT + timedelta(microseconds=1)
    assert steward.store.answers.find(1, "key", late) is None


def test_other_attempt_is_told_that_it_comes_second(steward: Steward) -> None:
    """One attempt may have several transactions; another one has to be undone."""
    second = Repeatable(1, "key", b"digest", "another")
    assert steward.store.answers.remember(REQUEST, START)
    assert steward.store.answers.remember(REQUEST, START)
    assert not steward.store.answers.remember(second, START)


def _undone(steward: Steward) -> None:
    with steward.store.writing(steward.keystore_id, TENANT.name, START) as writing:
        assert writing.remember(REQUEST)
        raise KeyError


def test_key_goes_with_a_transaction_that_is_undone(steward: Steward) -> None:
    """The key is there exactly if what was done is."""
    with pytest.raises(KeyError):
        _undone(steward)
    assert steward.store.answers.find(1, "key", START) is None


def test_old_keys_are_forgotten_in_small_numbers(steward: Steward) -> None:
    """Each new key takes some old ones with it, so that the table does not grow."""
    for number in range(25):
        assert steward.store.answers.remember(Repeatable(1, f"{number}", b"", "a"), START)
    later = START + timedelta(days=2)
    for key in ("new", "newer"):
        assert steward.store.answers.remember(Repeatable(2, key, b"", "b"), later)
    kept = steward_.rows(steward.settings)["idempotency_keys"]
    assert 2 == len(kept)
