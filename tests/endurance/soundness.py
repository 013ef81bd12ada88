"""What must hold of a keystore's database whatever happened to the processes that wrote it."""

import time
from typing import Any

from sqlalchemy import make_url

from keysteward import app
from keysteward.settings import Settings
from tests import beside
from tests.postgresql import Server

_HALVES = {
    "entry whose versions have a gap": """
        SELECT e.id FROM entries e LEFT JOIN versions v ON v.entry_id = e.id GROUP BY e.id
        HAVING count(v.number) <> e.last_version OR min(v.number) <> 1
            OR max(v.number) <> e.last_version""",
    "entry without its current version": """
        SELECT e.id FROM entries e LEFT JOIN versions v
            ON v.entry_id = e.id AND v.number = e.current_version WHERE v.number IS NULL""",
    "entry without its pending version": """
        SELECT e.id FROM entries e LEFT JOIN versions v
            ON v.entry_id = e.id AND v.number = e.pending_version
        WHERE e.pending_version IS NOT NULL AND v.number IS NULL""",
    "entry that names another certificate than its current version": """
        SELECT e.id FROM entries e LEFT JOIN version_certificates c
            ON c.entry_id = e.id AND c.number = e.current_version AND c.position = 0
        WHERE c.certificate_id IS DISTINCT FROM e.certificate_id""",
    "version without a whole chain": """
        SELECT v.entry_id, v.number FROM versions v LEFT JOIN version_certificates c
            ON c.entry_id = v.entry_id AND c.number = v.number GROUP BY v.entry_id, v.number
        HAVING count(c.position) = 0 OR min(c.position) <> 0
            OR max(c.position) <> count(c.position) - 1""",
    "version of no entry": """
        SELECT entry_id FROM versions WHERE entry_id NOT IN (SELECT id FROM entries)""",
    "version whose private key is not sealed": """
        SELECT v.entry_id, v.number FROM versions v JOIN private_keys k ON k.id = v.private_key_id
        WHERE length(k.sealed) < 29 OR k.sealed = {zeros}""",
    "private key of no version that is not overwritten": """
        SELECT id FROM private_keys k WHERE sealed <> {zeros} AND NOT EXISTS
            (SELECT 1 FROM versions v WHERE v.private_key_id = k.id)""",
}


_ZEROS = "zeroblob(length(k.sealed))"
_ZEROS_ON_POSTGRESQL = "decode(repeat('00', length(k.sealed)), 'hex')"

_LEFT = """
    SELECT a.backend_type, a.state, l.locktype, l.mode FROM pg_stat_activity a
    LEFT JOIN pg_locks l ON l.pid = a.pid
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND a.backend_type <> 'autovacuum worker'"""
_ADVISORY = """
    SELECT l.objid, l.mode FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory'"""
_WAIT_SECONDS = 60


def query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    """Return what a statement of SQL finds, past all of the product's code."""
    return beside.query(settings, text)


def halves(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Return what is there by half, all of it looked for in one state of the database."""
    zeros = _ZEROS_ON_POSTGRESQL if beside.on_postgresql(settings) else _ZEROS
    with beside.one_state(settings) as connection:
        found = {
            what: list(connection.execute(text.format(zeros=zeros)))
            for what, text in _HALVES.items()
        }
    return {what: rows for what, rows in found.items() if rows}


def assert_sound(settings: Settings) -> None:
    """Assert that the engine finds no error, nothing is by half, and the audit log verifies."""
    if not beside.on_postgresql(settings):
        assert [("ok",)] == query(settings, "PRAGMA integrity_check")
        assert [] == query(settings, "PRAGMA foreign_key_check")
    assert {} == halves(settings)
    with app.opened(settings) as steward:
        report = steward.store.verify_audit()
    assert report.clean, report
    if beside.on_postgresql(settings):
        assert [(0,)] == query(settings, "SELECT count(*) FROM audit_waiting")


def assert_nobody_left(settings: Settings) -> None:
    """Assert that a server of PostgreSQL has no session and no lock of processes that ended."""
    end = time.monotonic() + _WAIT_SECONDS
    # A server learns of a killed client when it reads from it, or writes to it.
    while (left := query(settings, _LEFT)) and time.monotonic() < end:
        time.sleep(0.05)
    assert [] == left
    assert [] == query(settings, _ADVISORY)


def end_session(server: Server, settings: Settings) -> bool:
    """Have the server end one session of the product's, any of them; return whether there was one.

    Whatever it is at is rolled back, unless it was committed before.
    """
    with server.connect() as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            " AND application_name = 'keysteward' ORDER BY random() LIMIT 1",
            (make_url(settings.database or "").database,),
        ).fetchone()
    return found == (True,)
