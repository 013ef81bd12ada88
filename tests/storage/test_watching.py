"""Waiting for changes on both engines: told at once, or seen a little later, but never missed."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from keysteward.entries import Action
from keysteward.storage import lifecycle, watching
from keysteward.storage.store import Store
from keysteward.storage.watching import Watch
from tests import poolers
from tests.fresh import Fresh
from tests.postgresql import Server
from tests.storage.conftest import NOW, Bench, Pki

SECONDS = 30
"""How long a test waits for what it is sure to see."""


@pytest.fixture
def other(bench: Bench) -> Iterator[Store]:
    """Return the store of another process on the same database."""
    store = lifecycle.open_store(bench.settings)
    yield store
    store.close()


@pytest.fixture
def watch(bench: Bench) -> Iterator[Watch]:
    """Return a watch of the first process."""
    made = bench.store.sharing.watch()
    yield made
    made.close()


def _write(store: Store, keystore_id: int, alias: str, at: datetime = NOW) -> None:
    with store.writing(keystore_id, "other", at) as writing:
        writing.audit(Action.GENERATE, alias, None, None)


def _read(bench: Bench, after: int) -> list[str | None]:
    return [row.alias for row in bench.store.audit_log.read(bench.keystore_id, after=after)]


def test_change_of_another_process_ends_the_wait(bench: Bench, other: Store, watch: Watch) -> None:
    """The wait returns the number of the last row; those after the old one are what happened."""
    seen = watch.wait(0, SECONDS)
    assert seen > 0
    thread = threading.Timer(0.3, _write, (other, bench.keystore_id, "new"))
    thread.start()
    last = watch.wait(seen, SECONDS)
    thread.join()
    assert seen + 1 == last
    assert ["new"] == _read(bench, seen)


def test_wait_without_a_change_returns_what_was_known(bench: Bench, watch: Watch) -> None:
    """When its time is over it returns the number that it was given."""
    seen = watch.wait(0, SECONDS)
    assert seen == watch.wait(seen, 0.2)
    assert [] == _read(bench, seen)


def test_what_happened_between_two_waits_is_there_at_once(
    bench: Bench, other: Store, watch: Watch
) -> None:
    """Nobody has to be waiting while something happens."""
    seen = watch.wait(0, SECONDS)
    for number in range(3):
        _write(other, bench.keystore_id, f"new {number}")
    assert seen + 3 == watch.wait(seen, 0)
    assert ["new 0", "new 1", "new 2"] == _read(bench, seen)


def test_closed_watch_waits_no_more(watch: Watch) -> None:
    """Any thread can end a wait."""
    seen = watch.wait(0, SECONDS)
    thread = threading.Timer(0.2, watch.close)
    thread.start()
    assert seen == watch.wait(seen, SECONDS * 100)
    thread.join()
    assert seen == watch.wait(seen, SECONDS)


@pytest.fixture
def told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a keystore that nobody would see a change of in time without being told."""
    if bench.store._database.serial:
        pytest.skip("SQLite tells nobody")
    monkeypatch.setattr(watching, "POLL_SECONDS", SECONDS * 100)
    return bench


def test_notification_ends_the_wait(told: Bench, other: Store, watch: Watch) -> None:
    """On PostgreSQL whoever links the rows wakes all others."""
    seen = watch.wait(0, SECONDS)

    def change() -> None:
        _until(lambda: _listeners(told))
        _write(other, told.keystore_id, "new")
        other.sharing.link_waiting()

    assert seen + 1 == _woken(watch, seen, change)


def test_nothing_is_missed_when_the_connection_is_lost(
    bench: Bench, other: Store, watch: Watch
) -> None:
    """A change that nobody could tell of is found when the watch looks, or listens, again."""
    if bench.store._database.serial:
        pytest.skip("SQLite has no connections to lose")
    seen = watch.wait(0, SECONDS)
    for number in range(3):
        assert seen == watch.wait(seen, 0.1)
        _cut_listeners(bench)
        _write(other, bench.keystore_id, f"new {number}")
        assert seen + 1 == watch.wait(seen, SECONDS)
        seen += 1
    assert ["new 0", "new 1", "new 2"] == _read(bench, seen - 3)


def test_watch_listens_again_after_its_connection_was_lost(
    told: Bench, other: Store, watch: Watch
) -> None:
    """It is told of the next change, and not only when it looks."""
    seen = watch.wait(0, SECONDS)

    def change() -> None:
        _until(lambda: _cut_listeners(told))
        _until(lambda: _listeners(told))
        _write(other, told.keystore_id, "new")
        other.sharing.link_waiting()

    assert seen + 1 == _woken(watch, seen, change)


def _woken(watch: Watch, seen: int, change: Callable[[], None]) -> int | None:
    """Return what a wait returned that nothing but being told could end in time."""
    found: list[int] = []
    waiting = threading.Thread(
        target=lambda: found.append(watch.wait(seen, SECONDS * 1000)), daemon=True
    )
    waiting.start()
    change()
    waiting.join(SECONDS)
    return found[0] if found else None


def _until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


_LISTENING = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND starts_with(query, 'LISTEN')"
)


def _listeners(bench: Bench) -> int:
    return len(bench.execute(f"SELECT pid {_LISTENING}"))


def _cut_listeners(bench: Bench) -> int:
    """Have the server end every connection that listens; return how many there were."""
    return len(bench.execute(f"SELECT pg_terminate_backend(pid, 10000) {_LISTENING}"))


def test_changes_are_seen_through_a_pooler(
    fresh: Fresh, postgresql_server: Server, tmp_path: Path, pki: Pki, engine: str
) -> None:
    """Behind one in transaction mode nobody can listen, so the watch looks."""
    if engine != "postgresql":
        pytest.skip("SQLite has no pooler")
    with poolers.pooled(postgresql_server) as pooler, fresh.keystore(tmp_path / "data") as settings:
        name = make_url(settings.database or "").database or ""
        bench = Bench(replace(settings, database=pooler.url(name)), pki)
        direct = lifecycle.open_store(settings)
        watch = bench.store.sharing.watch()
        seen = watch.wait(0, SECONDS)
        assert seen == watch.wait(seen, 0.1)
        _write(direct, bench.keystore_id, "new")
        assert seen + 1 == watch.wait(seen, SECONDS)
        for each in (watch, direct, bench.store):
            each.close()
