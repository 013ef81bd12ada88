import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keysteward.entries import Action
from keysteward.problems import DatabaseUnusable, EntryChanged, KeystoreBusy, OutcomeUnknown
from keysteward.settings import Settings
from keysteward.storage import database, lifecycle, outcomes
from keysteward.storage.engines import postgresql, sqlite
from tests.postgresql import Server
from tests.storage.conftest import NOW, Bench

_HOLD = """
import sys
import pysqlite3.dbapi2 as driver
connection = driver.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""

_WRITE = """
import sys
from keysteward.entries import Action
from datetime import UTC, datetime
from pathlib import Path
from keysteward.settings import Settings
from keysteward.storage import lifecycle
data = Path(sys.argv[1])
url = sys.argv[4] or None
store = lifecycle.open_store(Settings(data=data, keyring=data / "sealing", database=url))
keystore = store.get_keystore("default")
for number in range(int(sys.argv[2])):
    with store.writing(keystore, sys.argv[3], datetime.now(UTC)) as writing:
        writing.audit(Action.RENAME, None, None, number)
store.close()
"""


def _python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.sqlite_alone
def test_writer_gives_up_when_another_process_holds_the_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait ends after the busy timeout with the problem; readers are never held up."""
    lifecycle.create(settings, "tester", NOW)
    monkeypatch.setattr(sqlite, "PRAGMAS", {**sqlite.PRAGMAS, "busy_timeout": (100, 100)})
    store = lifecycle.open_store(settings)
    keystore_id = store.get_keystore("default")
    with _python(_HOLD, str(settings.data / lifecycle.FILE_NAME)) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        with pytest.raises(KeystoreBusy), store.writing(keystore_id, "tester", NOW):
            pytest.fail("the transaction began")
        assert () == store.list_entries(keystore_id, limit=10)
        holder.communicate("\n")
    with store.writing(keystore_id, "tester", NOW) as writing:
        writing.audit(Action.RENAME, None, None, None)
    store.close()


@pytest.mark.sqlite_alone
def test_writer_gives_up_when_another_thread_holds_the_database(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads queue in their own process and give up in the same way."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    caught: list[Exception] = []

    def write() -> None:
        try:
            with bench.store.writing(bench.keystore_id, "other", NOW):
                pass
        except KeystoreBusy as error:
            caught.append(error)

    with bench.store.writing(bench.keystore_id, "tester", NOW):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert [KeystoreBusy] == [type(error) for error in caught]


def test_threads_and_processes_write_one_chain(bench: Bench) -> None:
    """Writers of two processes and three threads lose nothing, and the audit log is one chain."""

    def write() -> None:
        for number in range(40):
            with bench.store.writing(bench.keystore_id, "thread", NOW) as writing:
                writing.audit(Action.RENAME, None, None, number)

    where = str(bench.settings.data), "40", "process", bench.settings.database or ""
    others = [_python(_WRITE, *where) for _ in range(2)]
    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.communicate()
        assert 0 == other.returncode
    report = bench.store.verify_audit()
    assert (True, 1 + 5 * 40) == (report.clean, report.rows)


def test_one_writer_wins_when_several_planned_against_one_version(bench: Bench) -> None:
    """Of eight uploads against the same version one is stored; the others are told."""
    bench.add()
    base = bench.base()
    outcomes: list[object] = []
    start = threading.Barrier(8)

    def upload(number: int) -> None:
        start.wait()
        try:
            outcomes.append(bench.upload(number, base=base))
        except EntryChanged as problem:
            outcomes.append(type(problem))

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [2, *[EntryChanged] * 7] == sorted(outcomes, key=str)
    assert 2 == len(bench.store.list_versions(bench.entry()))


def test_reader_sees_the_old_chain_until_the_new_one_is_committed(bench: Bench) -> None:
    """No read ever sees a half-written change."""
    bench.add()
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.delete(bench.base())
        assert 1 == bench.entry().version.number
    assert bench.store.find_entry(bench.keystore_id, "a") is None


@pytest.mark.sqlite_alone
def test_full_disk_is_a_problem_and_changes_nothing(bench: Bench) -> None:
    """When the engine cannot write, the message says why and the entry is as it was."""
    bench.add()
    before = bench.entry()
    pages = bench.execute("PRAGMA page_count")[0][0]
    bench.execute(f"PRAGMA max_page_count = {pages}")

    def upload_all() -> None:
        for number in range(8):
            bench.upload(number)

    with pytest.raises(DatabaseUnusable, match="disk is full"):
        upload_all()
    bench.execute("PRAGMA max_page_count = 1000000")
    assert before.version in bench.store.list_versions(bench.entry())
    assert bench.store.verify_audit().clean


@pytest.mark.sqlite_alone
def test_connections_are_closed_with_the_store(settings: Settings) -> None:
    """Closing leaves no log behind: the last connection folds it into the database."""
    lifecycle.create(settings, "tester", NOW)
    store = lifecycle.open_store(settings)
    store.get_keystore("default")
    assert _names(settings.data) != {"keysteward.db"}
    store.close()
    assert {"keysteward.db"} == _names(settings.data)


def _names(folder: Path) -> set[str]:
    return {f.name for f in folder.glob("keysteward.db*")}


@pytest.mark.postgresql_alone  # SQLite waits for no replica
def test_reading_goes_on_while_commits_wait_for_a_replica_that_is_gone(
    bench: Bench, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers have half of the connections, and give up in the end: nobody knows then."""
    monkeypatch.setattr(postgresql, "COMMIT_SECONDS", 1.0)
    monkeypatch.setattr(outcomes, "SECONDS", 0.5)
    bench.add("before")
    writers = postgresql.ENGINE.most_writing

    def refuse() -> None:
        bench.store.record_refusal(
            bench.keystore_id, "t", NOW, action=Action.RENAME, alias="a", problem=KeystoreBusy()
        )

    with postgresql_server.connect() as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        connection.execute("SELECT pg_reload_conf()")
        try:
            _until_waiting(postgresql_server)
            with ThreadPoolExecutor(writers) as pool:
                works = [pool.submit(refuse) for _ in range(writers)]
                read = [bench.entry("before").alias for _ in range(20)]
                ended = [work.exception() for work in works]
        finally:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")

    assert ["before"] * 20 == read
    assert [OutcomeUnknown] * writers == list(map(type, ended))


def _until_waiting(server: Server) -> None:
    """Wait until the setting holds for connections to come."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with server.connect() as connection:
            (value,) = connection.execute("SHOW synchronous_standby_names").fetchone() or ("",)
        if value == "nobody":
            return
        time.sleep(0.05)
    raise AssertionError("The server does not take the setting.")
