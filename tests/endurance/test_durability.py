import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pysqlite3
import pysqlite3.dbapi2 as driver
import pytest

from keysteward import app
from keysteward.keystore import key_pairs
from keysteward.problems import KeystoreNotInitialised
from keysteward.settings import Settings
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import INSTALLATION
from keysteward.storage.links import Link
from tests import commands, pki_maker
from tests import steward as stewards
from tests.endurance import prepared, processes, soundness, traces
from tests.endurance.prepared import ALIAS, Prepared
from tests.endurance.traces import Call
from tests.steward import PLAIN

FULL = 2
"""What SQLite answers for ``synchronous=FULL`` (https://sqlite.org/pragma.html)."""

THREADS = 8


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A keystore with some responses."""
    return prepared.prepare(tmp_path_factory.mktemp("durability"), 6)


def _unsynced_at_confirmations(calls: list[Call], folder: Path) -> list[tuple[int, set[str]]]:
    """Return what was not safe at each write to standard output.

    That is how often the log was written since the last one, and which files of the folder were
    written and not synced until then.
    """
    found: list[tuple[int, set[str]]] = []
    writes, dirty = 0, set[str]()
    for call in calls:
        if call.confirms:
            found.append((writes, set(dirty)))
            writes = 0
        elif call.path.startswith(str(folder)) and not call.path.endswith("-shm"):
            dirty.add(call.path)
            if call.syncs:
                dirty.discard(call.path)
            writes += call.path.endswith("-wal") and not call.syncs
    return found


def test_worker_confirms_uploads_after_the_log_is_synced(few: Prepared, tmp_path: Path) -> None:
    """Between an upload's writes to the log and its confirmation lies a sync of the log.

    The worker keeps the database open, so that no closing syncs what the commit did not.
    """
    traces.require_strace()
    command = processes.worker_command("upload", few.settings, *few.files[:4])
    calls = traces.trace(tmp_path, command, few.settings.data, stdin=b"\n")
    ready, *confirmations = _unsynced_at_confirmations(calls, few.settings.data)
    assert (0, set()) == ready
    assert 4 == len(confirmations)
    assert [set()] * 4 == [dirty for _, dirty in confirmations]
    assert all(writes > 0 for writes, _ in confirmations)


def test_command_confirms_an_upload_after_everything_is_synced(
    few: Prepared, tmp_path: Path
) -> None:
    """What ``response upload`` prints comes after all that it wrote is on disk."""
    traces.require_strace()
    command = [*commands.COMMAND, "response", "upload", ALIAS, few.files[4], "--json"]
    calls = traces.trace(tmp_path, command, few.settings.data)
    writes, dirty = _unsynced_at_confirmations(calls, few.settings.data)[0]
    assert writes > 0
    assert set() == dirty


def test_init_syncs_the_sealing_key_before_anything_sealed(tmp_path: Path) -> None:
    """Key file, its folder and the folder above are on disk before the first page of the log."""
    traces.require_strace()
    data = tmp_path / "data"
    calls = traces.trace(tmp_path, [*commands.COMMAND, "init"], data)
    logged = next(i for i, c in enumerate(calls) if c.path == str(data / "keysteward.db-wal"))
    before = calls[:logged]
    (key,) = (data / "sealing").iterdir()
    written = before.index(Call("write", _descriptor(before, key), str(key)))
    synced = [call.path for call in before[written + 1 :] if call.syncs]
    assert [str(key), str(data / "sealing"), str(data)] == synced
    assert {str(data)} & {c.path for c in calls[logged:] if c.syncs}, "the log's own folder"


def test_init_confirms_after_everything_is_synced(tmp_path: Path) -> None:
    """Nothing that ``init`` wrote is still on its way when it says that the keystore is ready."""
    traces.require_strace()
    data = tmp_path / "above" / "data"
    calls = traces.trace(tmp_path, [*commands.COMMAND, "init"], data)
    writes, dirty = _unsynced_at_confirmations(calls, data)[0]
    assert writes > 0
    assert set() == dirty
    synced = {call.path for call in calls if call.syncs}
    assert {str(data), str(data.parent), str(tmp_path)} <= synced


def _descriptor(calls: list[Call], path: Path) -> int:
    return next(call.descriptor for call in calls if call.path == str(path))


# ---- every connection


def _pragmas(connection: Any) -> tuple[int, str]:  # noqa: ANN401 - the driver ships no types
    (synchronous,), (journal,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("synchronous", "journal_mode")
    )
    return synchronous, journal


def _write(database: Database) -> AbstractContextManager[Link]:
    return database.writing(INSTALLATION)


@pytest.mark.parametrize("lend", [Database.reading, _write], ids=["reading", "writing"])
def test_connections_of_all_threads_are_durable(
    few: Prepared, lend: Callable[[Database], AbstractContextManager[Link]]
) -> None:
    """Each thread's connection reads back ``synchronous=FULL`` and the log of WAL mode."""
    found: list[tuple[int, tuple[int, str]]] = []
    together = threading.Barrier(THREADS)

    with app.opened(few.settings) as steward:
        database = steward.store._database

        def look() -> None:
            with database.reading() as kept:
                # Everybody holds a connection now, so each one is another.
                together.wait(10)
                with lend(database) as link:
                    found.extend((id(link), _pragmas(one.connection)) for one in (kept, link))
                together.wait(10)

        threads = [threading.Thread(target=look) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {(FULL, "wal")} == {pragmas for _, pragmas in found}
    assert 2 * THREADS == len(found)


def test_every_connection_is_durable_until_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From ``init`` to a backup no connection is opened that confirms without a sync."""
    closed: list[tuple[str, tuple[int, str]]] = []
    opened: list[str] = []
    connect = driver.connect

    class Watched(pysqlite3.Connection):  # type: ignore[misc]  # the driver ships no types
        file = ""

        def close(self) -> None:
            closed.append((self.file, _pragmas(self)))
            super().close()

    def watched_connect(database: str, **options: object) -> Watched:
        connection: Watched = connect(database, factory=Watched, **options)
        connection.file = database
        opened.append(database)
        return connection

    monkeypatch.setattr(driver, "connect", watched_connect)
    worn = prepared.prepare(tmp_path, 1)
    with app.opened(worn.settings) as steward:
        stewards.upload(steward, ALIAS, *worn.chains["0000.pem"], consent=PLAIN)
        steward.store.backup(tmp_path / "copy.db")
    ours = str(worn.settings.data / "keysteward.db")
    # The copy is confirmed after a sync of its own, which SQLite knows nothing of.
    assert {ours, str(tmp_path / "copy.db")} == set(opened)
    assert sorted(opened) == sorted(file for file, _ in closed)
    assert {(FULL, "wal")} == {pragmas for file, pragmas in closed if file == ours}


# ---- init


def _assert_works(settings: Settings, *, committed: bool) -> None:
    """Make the keystore unless its making was committed, then seal a key and open it."""
    if not committed:
        app.create(settings)
    with app.opened(settings) as steward:
        stewards.add(steward, ALIAS, pki_maker.issue("client"))
        entry = steward.store.get_entry(steward.keystore_id, ALIAS)
        assert key_pairs.unseal_private_key(steward, entry.version).reveal()
    soundness.assert_sound(settings)


@pytest.mark.slow
@pytest.mark.parametrize(("call", "step"), [("fsync", 2), ("pwrite64", 40), ("unlink", 1)])
def test_init_can_be_repeated_wherever_it_was_killed(call: str, step: int, tmp_path: Path) -> None:
    """A kill before any sync, and at stages of the writing, leaves nothing that is in the way.

    Killed after its commit it has worked, and a repetition says that the keystore is there.
    """
    traces.require_strace()
    came_so_far, committed = [], []
    for when in range(1, 1000, step):
        data = tmp_path / str(when)
        if not traces.kill_at([*commands.COMMAND, "init"], data, call, when):
            break
        settings = stewards.settings_for(data)
        came_so_far.append(when)
        committed.append(_is_there(settings))
        _assert_works(settings, committed=committed[-1])
    assert len(came_so_far) >= 2
    assert sorted(committed) == committed, "once committed, it stays"
    assert not committed[0]


def _is_there(settings: Settings) -> bool:
    try:
        with app.opened(settings):
            return True
    except KeystoreNotInitialised:
        return False
