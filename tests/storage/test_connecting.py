"""What is promised when connections to PostgreSQL are lost; on real servers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from keysteward.entries import Action
from keysteward.problems import DatabaseUnavailable, KeystoreBusy, OutcomeUnknown
from keysteward.settings import Settings
from keysteward.storage import connecting, lifecycle, outcomes, statements
from keysteward.storage.connecting import Gate
from keysteward.storage.engines import postgresql
from keysteward.storage.engines.contract import NOTHING, Scope
from keysteward.storage.store import Store
from tests import cutting, replicas, steward
from tests.cutting import Cut, Proxy
from tests.fresh import FreshOnPostgresql
from tests.postgresql import Server
from tests.storage.conftest import NOW

THREADS = 16


@pytest.fixture(scope="module")
def template(
    postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> FreshOnPostgresql:
    """Return what copies a fresh keystore."""
    return FreshOnPostgresql.on(postgresql_server, tmp_path_factory.mktemp("template") / "data")


@pytest.fixture
def direct(template: FreshOnPostgresql, tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of a keystore that is reached without a proxy."""
    with template.keystore(tmp_path / "data") as made:
        yield made


@pytest.fixture
def database(direct: Settings) -> str:
    """Return the name of its database."""
    assert direct.database is not None
    return str(make_url(direct.database).database)


@pytest.fixture
def proxy(postgresql_server: Server) -> Iterator[Proxy]:
    """Return a proxy before the server."""
    with cutting.proxied(postgresql_server) as running:
        yield running


@pytest.fixture
def store(direct: Settings, proxy: Proxy, database: str) -> Iterator[Store]:
    """Return a store whose connections go through the proxy."""
    opened = lifecycle.open_store(replace(direct, database=proxy.url(database)))
    yield opened
    opened.close()


@pytest.fixture
def beside(
    postgresql_server: Server, database: str
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Return a connection of the test's own."""
    with postgresql_server.connect(database) as connection:
        yield connection


def _kill_all(beside: psycopg.Connection[tuple[object, ...]]) -> int:
    found = beside.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchall()
    return len(found)


def _write(store: Store, alias: str) -> None:
    with store.writing(1, "tester", NOW) as writing:
        writing.audit(Action.RENAME, alias, None, None)


def _rows(beside: psycopg.Connection[tuple[object, ...]], alias: str) -> int:
    found = beside.execute(
        "SELECT (SELECT count(*) FROM audit WHERE alias = %(a)s)"
        " + (SELECT count(*) FROM audit_waiting WHERE alias = %(a)s)",
        {"a": alias},
    ).fetchone()
    assert found is not None
    return int(str(found[0]))


def _fill(store: Store) -> None:
    """Have as many free connections as there may be."""
    together = threading.Barrier(THREADS)

    def read() -> None:
        with store._database.reading():
            together.wait()

    threads = [threading.Thread(target=read) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_reads_and_writes_go_on_after_all_connections_were_killed(
    store: Store, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """Nobody hears of it, however many dead connections lie in the pool."""
    _fill(store)
    assert THREADS == _kill_all(beside)
    assert 1 == store.get_keystore("default")
    _fill(store)
    assert THREADS == _kill_all(beside)
    _write(store, "a")
    assert 1 == _rows(beside, "a")


def test_statement_is_repeated_and_what_is_open_is_not(
    store: Store, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """What was one state must not become two: that is given up, the connection with it."""
    with store._database.reading() as link:
        _kill_all(beside)
        assert [] == link.all(statements.LIST_WAITING_AUDIT, row_limit=1)
    with pytest.raises(DatabaseUnavailable), store._database.reading_one_state() as link:  # noqa: PT012
        link.one(statements.ANY_KEYSTORE)
        _kill_all(beside)
        link.one(statements.ANY_KEYSTORE)
    assert 0 == len(store._database._free)
    with store._database.reading_one_state() as link:
        assert link.one(statements.ANY_KEYSTORE) is not None


def test_one_state_begins_on_another_connection(
    store: Store, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """A transaction that has not begun can begin elsewhere."""
    assert 1 == _kill_all(beside)
    with store._database.reading_one_state() as link:
        assert link.one(statements.ANY_KEYSTORE) is not None


def test_write_that_is_lost_before_its_commit_changed_nothing(
    store: Store, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """The problem says so, it is so, and the next write finds a connection."""
    with pytest.raises(DatabaseUnavailable), store.writing(1, "tester", NOW) as writing:  # noqa: PT012
        writing.audit(Action.RENAME, "a", None, None)
        _kill_all(beside)
        writing.audit(Action.RENAME, "a", None, None)
    assert 0 == _rows(beside, "a")
    _write(store, "a")
    assert 1 == _rows(beside, "a")


def test_write_that_is_killed_just_before_its_commit_changed_nothing(
    store: Store, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """The commit finds the connection dead: it is looked for, and not there."""
    with pytest.raises(DatabaseUnavailable), store.writing(1, "tester", NOW) as writing:  # noqa: PT012
        writing.audit(Action.RENAME, "a", None, None)
        _kill_all(beside)
    assert 0 == _rows(beside, "a")


def test_commit_that_never_reached_the_server_changed_nothing(
    store: Store, proxy: Proxy, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """It is found out that the server rolled back."""
    proxy.cut_next(Cut.BEFORE)
    with pytest.raises(DatabaseUnavailable):
        _write(store, "a")
    assert (1, 0) == (proxy.cuts, _rows(beside, "a"))


def test_commit_whose_answer_was_lost_is_as_if_nothing_had_happened(
    store: Store, proxy: Proxy, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """It is found out that the server committed, while its rows wait and when they are linked."""
    proxy.cut_next(Cut.AFTER)
    _write(store, "a")
    assert (1, 1) == (proxy.cuts, _rows(beside, "a"))
    assert store.verify_audit().clean


def test_commit_is_found_among_linked_rows(
    store: Store, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """Whoever linked the rows in between took the receipt along."""
    with store._database.writing(Scope(1)) as link:
        receipt = link.receipt
    assert receipt is not None
    assert not outcomes.was_committed(store._database.connector, receipt)
    with store.writing(1, "tester", NOW) as writing:
        writing.audit(Action.RENAME, "a", None, None)
    (waiting,) = beside.execute("SELECT receipt FROM audit_waiting").fetchall()
    assert outcomes.was_committed(store._database.connector, bytes(waiting[0]))  # type: ignore[call-overload]
    assert store.verify_audit().clean
    assert [] == beside.execute("SELECT receipt FROM audit_waiting").fetchall()
    assert outcomes.was_committed(store._database.connector, bytes(waiting[0]))  # type: ignore[call-overload]


def test_commit_that_reaches_the_server_late_is_waited_for(
    store: Store, proxy: Proxy, beside: psycopg.Connection[tuple[object, ...]]
) -> None:
    """The old transaction still runs on the server: its lock is what ends the search."""

    def somebody_waits() -> None:
        while not beside.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
            pass

    proxy.cut_next(Cut.LATE, somebody_waits)
    _write(store, "a")
    assert (1, 1) == (proxy.cuts, _rows(beside, "a"))


def test_transaction_without_a_trace_is_told_as_unknown(store: Store, proxy: Proxy) -> None:
    """Nothing tells whether it was done, and nobody claims to know."""
    proxy.cut_next(Cut.AFTER)
    with pytest.raises(OutcomeUnknown), store._database.writing(NOTHING):
        pass


def test_commit_is_unknown_when_no_server_comes_back_in_time(
    store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search has an end."""
    monkeypatch.setattr(outcomes, "SECONDS", 0.3)
    proxy.cut_next(Cut.AFTER)
    with pytest.raises(OutcomeUnknown), store.writing(1, "tester", NOW) as writing:  # noqa: PT012
        writing.audit(Action.RENAME, "a", None, None)
        proxy.refuse()


def test_lock_that_does_not_come_is_busy_and_leaves_no_transaction_behind(
    store: Store,
    beside: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection goes back to the pool as good as new."""
    monkeypatch.setattr(postgresql, "BUSY_TIMEOUT_SECONDS", 0.1)
    with store.writing(1, "tester", NOW):
        caught: list[Exception] = []

        def write() -> None:
            try:
                _write(store, "a")
            except KeystoreBusy as problem:
                caught.append(problem)

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert 1 == len(caught)
    _fill(store)
    for _ in range(2 * THREADS):
        assert 1 == store.get_keystore("default")
    assert [("idle",)] == beside.execute(
        "SELECT DISTINCT state FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchall()


def test_commit_of_a_failed_transaction_is_no_success(store: Store) -> None:
    """PostgreSQL answers such a COMMIT with a rollback and no error; we do not."""
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), _failing(store):
        pass


@contextmanager
def _failing(store: Store) -> Iterator[None]:
    """Write, and go on as if nothing had happened when a statement fails."""
    with store._database.writing(NOTHING) as link:
        with suppress(psycopg.errors.DivisionByZero):
            link.connection.cursor().execute("SELECT 1 / 0")
        yield


def test_reading_goes_on_while_no_server_can_be_written(
    postgresql_server: Server, tmp_path: Path
) -> None:
    """A standby answers reads, writes are refused until it takes over; then both go on."""
    with replicas.servers(postgresql_server, postgresql_server.folder.parent, 2) as (one, two):
        one.initialise()
        one.start()
        settings = steward.settings_for(tmp_path / "data", one.url("keysteward"))
        lifecycle.create(settings, "tester", NOW)
        two.follow(one)
        two.start()
        settings = replace(settings, database=replicas.url_of("keysteward", two, one))
        store = lifecycle.open_store(settings)
        _write(store, "a")
        replicas.wait_for_replay(one, two)
        one.stop()
        assert 1 == store.get_keystore("default")
        with pytest.raises(DatabaseUnavailable):
            _write(store, "b")
        again = lifecycle.open_store(settings)
        assert 1 == again.get_keystore("default")
        again.close()
        two.promote()
        _until_written(store, "c")
        assert store.verify_audit().clean
        assert ["a", "c"] == _aliases(two)
        store.close()


def _until_written(store: Store, alias: str) -> None:
    """Write as a client does that is told to try again."""
    while True:
        try:
            return _write(store, alias)
        except DatabaseUnavailable:
            time.sleep(0.05)


def _aliases(server: replicas.OwnServer) -> list[object]:
    with server.connect("keysteward") as connection:
        rows = connection.execute("SELECT alias FROM audit WHERE alias IS NOT NULL ORDER BY 1")
        return [row[0] for row in rows]


def test_gate_that_nothing_is_behind_shuts_for_everybody() -> None:
    """Who comes after fails at once, and tries nothing."""
    gate = Gate()
    with pytest.raises(DatabaseUnavailable), gate.passing():
        raise DatabaseUnavailable
    assert gate.shut
    with pytest.raises(DatabaseUnavailable), gate.passing():
        pytest.fail("it was tried")


def test_gate_lets_one_try_at_a_time_and_opens_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one knocks the others do not wait; when there is an answer everybody passes."""
    monkeypatch.setattr(connecting, "AGAIN_SECONDS", 0.0)
    gate = Gate()
    with pytest.raises(DatabaseUnavailable), gate.passing():
        raise DatabaseUnavailable
    assert [False] == [gate.shut]
    with gate.passing():
        assert gate.shut
        with pytest.raises(DatabaseUnavailable), gate.passing():
            pytest.fail("two tried")
    with gate.passing(), gate.passing():
        assert not gate.shut


def test_refusal_of_something_else_shuts_no_gate() -> None:
    """Too many connections, a wrong password: the server is there."""
    gate = Gate()
    with pytest.raises(KeystoreBusy), gate.passing():
        raise KeystoreBusy
    assert not gate.shut
