"""Rows of the audit log that wait until somebody links them: PostgreSQL alone has them."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url

from keysteward.entries import Action
from keysteward.problems import DatabaseUnavailable, OutcomeUnknown
from keysteward.settings import Settings
from keysteward.storage import audit, recovery, restoring
from keysteward.storage.audit import DONE, AuditEvent
from keysteward.storage.engines.contract import AUDIT_LINKING
from tests import steward as steward_
from tests.fresh import Fresh
from tests.postgresql import Server
from tests.storage.conftest import NOW, Bench

pytestmark = pytest.mark.postgresql_alone

WRITERS, TIMES, AT_ONCE, LINKERS = 8, 12, 3, 3
_WAIT = 60
_LEFT_SECONDS = 0.001


def _write(bench: Bench, actor: str, times: int = 1) -> None:
    """Write transactions of some rows each, which are numbered from 0 on."""
    for first in range(0, times * AT_ONCE, AT_ONCE):
        with bench.store.writing(bench.keystore_id, actor, NOW, shared=True) as writing:
            writing.audit_all(
                [AuditEvent(Action.RENAME, DONE, "a", None, first + n, {}) for n in range(AT_ONCE)]
            )


def _waiting(bench: Bench) -> int:
    return bench.store.sharing.count_waiting()


def _numbers(bench: Bench, actor: str) -> list[object]:
    rows = bench.execute("SELECT version FROM audit WHERE actor = ? ORDER BY sequence", actor)
    return [row[0] for row in rows]


@contextmanager
def _another(settings: Settings, bench: Bench) -> Iterator[Bench]:
    """Open an installation as another process would."""
    found = Bench(settings, bench.pki)
    try:
        yield found
    finally:
        found.store.close()


def test_rows_of_many_writers_are_linked_once_by_several_linkers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number is left out, no row comes twice, and what one writer did keeps its order."""
    monkeypatch.setattr(audit, "_BATCH", 7)  # so that transactions are parted
    done = threading.Event()

    def link() -> None:
        with _another(bench.settings, bench) as linker:
            while not done.wait(_LEFT_SECONDS):
                linker.store.sharing.link_waiting()

    with ThreadPoolExecutor(WRITERS + LINKERS) as pool:
        linking = [pool.submit(link) for _ in range(LINKERS)]
        writing = [pool.submit(_write, bench, f"writer {n}", TIMES) for n in range(WRITERS)]
        try:
            for one in writing:
                one.result(_WAIT)
        finally:
            done.set()
        for one in linking:
            one.result(_WAIT)
    report = bench.store.verify_audit()
    assert (True, 1 + WRITERS * TIMES * AT_ONCE) == (report.clean, report.rows)
    for number in range(WRITERS):
        assert list(range(TIMES * AT_ONCE)) == _numbers(bench, f"writer {number}")


@pytest.mark.parametrize("linked", [True, False])
def test_linker_that_is_ended_in_the_middle_loses_nothing(bench: Bench, *, linked: bool) -> None:
    """What was not committed waits still, and the next one links it."""
    _write(bench, "writer", 2)
    database = bench.store._database
    server = steward_.connect(bench.settings, writing=True)

    def link_and_end() -> None:
        with database.writing(AUDIT_LINKING) as link:
            if linked:
                audit.link_some(link, bench.store.sealer)
            pid = link.connection.info.backend_pid
            assert server.execute("SELECT pg_terminate_backend(?, 10000)", (pid,)).fetchone()[0]
            audit.link_some(link, bench.store.sealer)

    with server, pytest.raises((DatabaseUnavailable, OutcomeUnknown)):
        link_and_end()
    assert 2 * AT_ONCE == _waiting(bench)
    report = bench.store.verify_audit()
    assert (True, 1 + 2 * AT_ONCE) == (report.clean, report.rows)
    assert list(range(2 * AT_ONCE)) == _numbers(bench, "writer")


def test_row_that_was_altered_while_it_waited_is_broken_for_ever(bench: Bench) -> None:
    """Not even to put back what it said makes it whole; the rows around it are."""
    _write(bench, "writer")
    bench.execute("UPDATE audit_waiting SET alias = 'x' WHERE version = 1")
    assert (3,) == bench.store.verify_audit().broken
    bench.execute("UPDATE audit SET alias = 'a' WHERE sequence = 3")
    _write(bench, "writer")
    report = bench.store.verify_audit()
    assert ((3,), 7, 0) == (report.broken, report.rows, report.not_linked_count)


def test_head_that_was_kept_is_found_after_more_was_linked(bench: Bench) -> None:
    """It is that of all rows there were, those that waited among them."""
    _write(bench, "writer")
    head = bench.store.verify_audit().head
    assert head.startswith(f"{1 + AT_ONCE}:")
    _write(bench, "writer", 3)
    report = bench.store.verify_audit(head)
    assert (True, True, 1 + 4 * AT_ONCE) == (report.clean, report.expected_found, report.rows)


def test_rows_that_come_while_the_log_is_walked_are_no_fault(bench: Bench) -> None:
    """Whoever verifies the log of a busy installation is not told that it was altered."""
    done = threading.Event()

    def write(actor: str) -> None:
        while not done.is_set():
            _write(bench, actor)

    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(write, f"writer {n}") for n in range(3)]
        try:
            reports = [bench.store.verify_audit() for _ in range(8)]
        finally:
            done.set()
        for one in writing:
            one.result(_WAIT)
    assert [True] * 8 == [report.clean for report in reports]


@contextmanager
def _read_only(server: Server, settings: Settings) -> Iterator[None]:
    """Have connections that are made from now on write nothing, as on a standby."""
    name = make_url(settings.database or "").database
    alter = partial("ALTER DATABASE {} {}".format, name)
    with server.connect() as connection:
        connection.execute(alter("SET default_transaction_read_only = on").encode())
        yield
        connection.execute(alter("RESET default_transaction_read_only").encode())


def test_rows_that_nobody_can_link_now_are_told(bench: Bench, postgresql_server: Server) -> None:
    """They are named by the numbers to come, as nothing proves their place yet; later it does."""
    head = bench.store.verify_audit().head
    _write(bench, "writer")
    with (
        _read_only(postgresql_server, bench.settings),
        _another(bench.settings, bench) as reader,
    ):
        report = reader.store.verify_audit()
    assert (False, AT_ONCE, head) == (report.clean, report.not_linked_count, report.head)
    assert (2, 3, 4) == report.not_linked
    assert bench.store.verify_audit(head).clean


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_rows_that_wait_travel_with_an_installation(
    bench: Bench,
    postgresql_server: Server,
    fresh_at_now: Fresh,
    tmp_path: Path,
    target: str,
) -> None:
    """A dump of what only can be read has them, and where they come to they are linked."""
    _write(bench, "writer", 2)
    lines = io.BytesIO()
    with _read_only(postgresql_server, bench.settings):
        dumped = recovery.dump(bench.settings, lines.write, NOW)
    assert (True, 2 * AT_ONCE) == (dumped.clean, dumped.rows["audit_waiting"])
    with fresh_at_now.database() as url:
        settings = steward_.settings_for(
            tmp_path / "restored", url if target == "postgresql" else None
        )
        lines.seek(0)
        restored = restoring.restore(settings, lines, "tester", NOW)
        assert restored.clean
        with _another(settings, bench) as there:
            report = there.store.verify_audit(dumped.head)
            assert (True, 2 + 2 * AT_ONCE) == (report.clean, report.rows)
            assert list(range(2 * AT_ONCE)) == _numbers(there, "writer")
            assert 0 == _waiting(there)
