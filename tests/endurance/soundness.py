"""What must hold of a keystore's database whatever happened to the processes that wrote it."""

from contextlib import closing
from typing import Any

import pysqlite3

from keysteward import app
from keysteward.settings import Settings

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
        WHERE c.certificate_id IS NOT e.certificate_id""",
    "version without a whole chain": """
        SELECT v.entry_id, v.number FROM versions v LEFT JOIN version_certificates c
            ON c.entry_id = v.entry_id AND c.number = v.number GROUP BY v.entry_id, v.number
        HAVING count(c.position) = 0 OR min(c.position) <> 0
            OR max(c.position) <> count(c.position) - 1""",
    "version of no entry": """
        SELECT entry_id FROM versions WHERE entry_id NOT IN (SELECT id FROM entries)""",
    "version whose private key is not sealed": """
        SELECT v.entry_id, v.number FROM versions v JOIN private_keys k ON k.id = v.private_key_id
        WHERE length(k.sealed) < 29 OR k.sealed = zeroblob(length(k.sealed))""",
    "private key of no version that is not overwritten": """
        SELECT id FROM private_keys k WHERE sealed <> zeroblob(length(sealed)) AND NOT EXISTS
            (SELECT 1 FROM versions v WHERE v.private_key_id = k.id)""",
}


def query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    """Return what a statement of SQL finds, past all of the product's code."""
    uri = f"file:{settings.data / 'keysteward.db'}?mode=ro"
    with closing(pysqlite3.connect(uri, uri=True, timeout=10)) as connection:
        return list(connection.execute(text))


def halves(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Return what is there by half, all of it looked for in one state of the database."""
    uri = f"file:{settings.data / 'keysteward.db'}?mode=ro"
    with closing(pysqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        found = {what: list(connection.execute(text)) for what, text in _HALVES.items()}
    return {what: rows for what, rows in found.items() if rows}


def assert_sound(settings: Settings) -> None:
    """Assert that SQLite finds no error, nothing is there by half, and the audit log verifies."""
    assert [("ok",)] == query(settings, "PRAGMA integrity_check")
    assert [] == query(settings, "PRAGMA foreign_key_check")
    assert {} == halves(settings)
    with app.opened(settings) as steward:
        report = steward.store.verify_audit()
    assert report.clean, report
