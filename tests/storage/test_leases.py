"""Leases on both engines, with clocks that the tests move."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from keysteward.entries import Action
from keysteward.storage import lifecycle
from keysteward.storage.engines.contract import NOTHING
from keysteward.storage.leases import LEASE_SECONDS, Lease, LeaseLost, Leases
from keysteward.storage.store import Store
from tests.storage.conftest import NOW, Bench

NAME = "activation"


@dataclass(slots=True)
class Clock:
    """The monotonic clock of one process."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        """Return its time."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Process:
    """What one process has: a store, a clock, and its view of the leases."""

    store: Store
    clock: Clock
    leases: Leases


@pytest.fixture
def processes(bench: Bench) -> Iterator[tuple[Process, Process]]:
    """Return two that share a database, and nothing else."""
    other = lifecycle.open_store(bench.settings)
    yield _process(bench.store, 1000.0), _process(other, 77_000.0)
    other.close()


def _process(store: Store, seconds: float) -> Process:
    clock = Clock(seconds)
    return Process(store, clock, Leases(store._database, monotonic=clock))


def _taken(process: Process) -> Lease:
    lease = process.leases.seek(NAME)
    assert lease is not None
    return lease


def _write(process: Process, lease: Lease, bench: Bench) -> None:
    with process.store.fenced(lease).writing(bench.keystore_id, "job", NOW) as writing:
        writing.audit(Action.ACTIVATED, "a", None, None)


def test_one_of_two_gets_a_lease(processes: tuple[Process, Process]) -> None:
    """Whoever seeks second gets nothing, however often, while the first one renews in time."""
    one, two = processes
    lease = _taken(one)
    for _ in range(10):
        assert two.leases.seek(NAME) is None
        two.clock.seconds += LEASE_SECONDS - 1
        assert frozenset({lease}) == one.leases.renew([lease])
    assert one.leases.seek("retention") is not None


def test_lease_of_a_silent_holder_is_taken_over(
    processes: tuple[Process, Process], bench: Bench
) -> None:
    """After LEASE_SECONDS of the candidate's own clock; the old holder can neither renew nor write.

    The clocks of the two have nothing in common.
    """
    one, two = processes
    old = _taken(one)
    assert two.leases.seek(NAME) is None
    two.clock.seconds += LEASE_SECONDS - 0.1
    assert two.leases.seek(NAME) is None
    two.clock.seconds += 0.1
    new = _taken(two)
    assert old.token + 1 == new.token
    assert frozenset() == one.leases.renew([old])
    before = bench.written()
    with pytest.raises(LeaseLost):
        _write(one, old, bench)
    assert before == bench.written()
    _write(two, new, bench)
    assert before != bench.written()


def test_first_look_proves_nothing(processes: tuple[Process, Process]) -> None:
    """A process that just started waits as long as any other, whatever its clock says."""
    one, two = processes
    _taken(one)
    two.clock.seconds += 100 * LEASE_SECONDS
    assert two.leases.seek(NAME) is None


def test_renewal_is_a_sign_of_life(processes: tuple[Process, Process]) -> None:
    """A candidate counts from the last beat that it has not seen before."""
    one, two = processes
    lease = _taken(one)
    assert two.leases.seek(NAME) is None
    two.clock.seconds += LEASE_SECONDS
    one.leases.renew([lease])
    assert two.leases.seek(NAME) is None
    two.clock.seconds += LEASE_SECONDS
    assert two.leases.seek(NAME) is not None


def test_lease_that_was_given_back_is_free_at_once(
    processes: tuple[Process, Process], bench: Bench
) -> None:
    """The next one need not wait, and the one before cannot write any more."""
    one, two = processes
    old = _taken(one)
    assert two.leases.seek(NAME) is None
    one.leases.give_back([old])
    new = _taken(two)
    assert old.token + 1 == new.token
    with pytest.raises(LeaseLost):
        _write(one, old, bench)
    one.leases.give_back([old])
    assert frozenset({new}) == two.leases.renew([new])


def test_token_of_another_holder_is_worth_nothing(
    processes: tuple[Process, Process], bench: Bench
) -> None:
    """The same number counts for its holder alone, also if a restored database repeats it."""
    one, two = processes
    lease = replace(_taken(one), holder=_holder(two))
    assert frozenset() == two.leases.renew([lease])
    with pytest.raises(LeaseLost):
        _write(two, lease, bench)


def test_takeover_waits_for_a_transaction_that_was_let_through(
    processes: tuple[Process, Process],
) -> None:
    """Once the fence has let a transaction pass, nobody has the lease before it is committed."""
    one, two = processes
    lease = _taken(one)
    assert two.leases.seek(NAME) is None
    two.clock.seconds += LEASE_SECONDS
    happened: list[str] = []

    def take() -> None:
        _taken(two)
        happened.append("taken")

    thread = threading.Thread(target=take)
    with one.store._database.writing(NOTHING) as link:
        lease.require(link)
        thread.start()
        time.sleep(0.3)  # enough for a takeover that would not wait
        happened.append("written")
    thread.join()
    assert ["written", "taken"] == happened


def _holder(process: Process) -> str:
    other = process.leases.seek("another")
    assert other is not None
    return other.holder
