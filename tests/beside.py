"""The database beside the product, on any engine, with nothing of the product's code between.

Statements are written as SQLite takes them: ``?`` for a value, text that both engines know.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pysqlite3
from sqlalchemy import make_url

from keysteward.settings import Settings

_WAITS_SECONDS = 10

_LAYOUT = {f"entry_search_{part}" for part in ("data", "idx", "config")}
"""How FTS5 lays its index out, which depends on the order in which it was written."""


class _Marked(psycopg.Cursor[Any]):
    """A cursor that takes SQLite's marks."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Marked":  # noqa: ANN401
        super().execute(query.replace("?", "%s"), params, **options)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:  # noqa: ANN401
        super().executemany(query.replace("?", "%s"), params_seq, **options)


def on_postgresql(settings: Settings) -> bool:
    """Tell which engine an installation is on."""
    return (settings.database or "").startswith("postgresql")


def connect(settings: Settings, *, writing: bool = False) -> Any:  # noqa: ANN401 - has no types
    """Open the database; what is written there needs a commit."""
    if on_postgresql(settings):
        connection = server(settings)
        connection.read_only = not writing
        return connection
    mode = "rw" if writing else "ro"
    uri = f"file:{settings.data / 'keysteward.db'}?mode={mode}"
    return pysqlite3.connect(uri, uri=True, timeout=_WAITS_SECONDS)


def server(settings: Settings) -> psycopg.Connection[Any]:
    """Connect to the server that has an installation's database."""
    url = make_url(settings.database or "")
    query = {name: str(value) for name, value in url.query.items()}
    return psycopg.connect(
        host=url.host or query.get("host"),
        port=url.port,
        user=url.username,
        password=None if url.password is None else str(url.password),
        dbname=url.database,
        cursor_factory=_Marked,
    )


@contextmanager
def one_state(settings: Settings) -> Iterator[Any]:
    """Open the database so that all statements see the state that the first one sees."""
    connection = connect(settings)
    try:
        if on_postgresql(settings):
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        else:
            connection.isolation_level = None
            connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    """Return what a statement finds."""
    connection = connect(settings)
    try:
        return list(connection.execute(text))
    finally:
        connection.close()


def content(settings: Settings) -> bytes:
    """Return all that an installation keeps, as it lies there, but for its sealing keys.

    The files of its data folder, and the rows of a database that is none of them.
    """
    kept = [file.read_bytes() for file in settings.data.iterdir() if file.is_file()]
    if on_postgresql(settings):
        with one_state(settings) as connection:
            for name in sorted(_tables(settings, connection)):
                for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608
                    kept += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(kept)


def rows(settings: Settings, *, without: tuple[str, ...] = ("audit",)) -> dict[str, list[str]]:
    """Return every row of every table as the database has it, the audit log left out.

    Of the log, if it is wanted, on PostgreSQL what was written, linked already or not.
    """
    with one_state(settings) as connection:
        found = {
            name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))  # noqa: S608
            for name in sorted(_tables(settings, connection) - set(without))
            if name not in _LAYOUT
        }
        if "audit_waiting" in found and "audit" not in without:
            found["audit"] = _written(connection)
        found.pop("audit_waiting", None)
    return found


def _tables(settings: Settings, connection: Any) -> set[str]:  # noqa: ANN401
    if on_postgresql(settings):
        text = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    else:
        text = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    return {name for (name,) in connection.execute(text)}


def _written(connection: Any) -> list[str]:  # noqa: ANN401
    columns = "keystore_id, at, actor, action, outcome, alias, entry_id, version, detail"
    return sorted(
        repr(row)
        for table in ("audit", "audit_waiting")
        for row in connection.execute(f"SELECT {columns} FROM {table}")  # noqa: S608
    )
