"""SQLite: the embedded default, one file in the data folder, for one host's processes and threads.

The library is pysqlite3's, not Python's own: before 3.51.3 a checkpoint that races with writers of
other connections can corrupt a database in WAL mode.
"""

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
from sqlalchemy import URL, Engine, Select, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TextualSelect

from keysteward.problems import DatabaseUnusable, SettingInvalid
from keysteward.sealing import folders
from keysteward.storage.engines import sqlite_building, sqlite_functions, sqlite_search
from keysteward.storage.engines.contract import (
    BUSY_TIMEOUT_SECONDS,
    EXAMPLE,
    SETTING,
    Listener,
    Scope,
)

SCHEME = "sqlite"

OLDEST = (3, 51, 3)
"""The first version of SQLite without the checkpoint race (https://sqlite.org/releaselog)."""

PRAGMAS: Mapping[str, tuple[str | int, str | int]] = {
    # The value that is set and the one that must be read back, in this order: the first one makes
    # the others wait for a writer instead of failing.
    "busy_timeout": (BUSY_TIMEOUT_SECONDS * 1000, BUSY_TIMEOUT_SECONDS * 1000),
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "foreign_keys": ("ON", 1),
    "trusted_schema": ("OFF", 0),
    # Purged keys are overwritten with zeros where they lay.
    "secure_delete": ("ON", 1),
}

_BACKUP_STEP_PAGES = 1024
_SCRUB_ATTEMPTS = 3
_STEPS = 1_000
"""A step may call a function over 100,000 characters; a thousand plain ones take 50 µs."""

_UNUSABLE = {
    driver.SQLITE_NOTADB: "The file is no SQLite database. Bring it back from a backup.",
    driver.SQLITE_CORRUPT: "The database file is damaged. Bring it back from a backup.",
    driver.SQLITE_FULL: "The disk is full. Nothing was changed; make room and repeat.",
    driver.SQLITE_READONLY: "The database file or its folder cannot be written by this user.",
    driver.SQLITE_CANTOPEN: "The database file cannot be opened by this user.",
    driver.SQLITE_PERM: "The database file cannot be opened by this user.",
    driver.SQLITE_IOERR: "The disk reports an error. Check it before anything else.",
}


@dataclass(frozen=True, slots=True)
class Sqlite:
    """The engine; see ``StorageEngine`` for what its members promise."""

    scheme: str = SCHEME
    embedded: bool = True
    serial: bool = True
    most_connections: int | None = None
    most_writing: int = 1
    begin_read: str = "BEGIN"
    errors: type[Exception] = driver.Error
    search_index: Sequence[str] = sqlite_search.CREATE
    search_filling: Executable | None = sqlite_search.FILL
    found_by_text: TextualSelect = sqlite_search.FOUND

    def functions(self) -> Sequence[str]:
        """Return none; see ``sqlite_functions``."""
        return ()

    def search_term(self, connection: DBAPIConnection, keystore_id: int, text: str) -> str | None:
        """Return an expression of FTS5; see ``sqlite_search``."""
        return sqlite_search.term(connection, keystore_id, text)

    def one_of(self, column: ColumnElement[int], ids: Select[Any]) -> ColumnElement[bool]:
        """Return IN: a subquery with a limit is always done first."""
        return column.in_(ids)

    def begin_write(
        self, connection: DBAPIConnection, scope: Scope, receipt: bytes | None = None
    ) -> None:
        """Begin with the one lock that there is; no connection to a file is ever lost."""
        with closing(connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")

    def commit(self, connection: DBAPIConnection) -> None:
        """Commit; the log is on disk when this returns."""
        with closing(connection.cursor()) as cursor:
            cursor.execute("COMMIT")

    def connect(self, core: Engine, *, writing: bool) -> DBAPIConnection:
        """Open the file once more."""
        proxy = core.raw_connection()
        connection: DBAPIConnection | None = proxy.driver_connection
        proxy.detach()
        if connection is None:
            raise RuntimeError("The driver gave no connection.")
        return connection

    def exists(self, url: URL) -> bool:
        """Tell whether the file is there; what hides it from us is left to tell itself."""
        try:
            return stat.S_ISREG(_path(url).stat().st_mode)
        except FileNotFoundError:
            return False

    def prepare(self, url: URL) -> None:
        """Make an empty file of mode 0600, in a folder of mode 0700 if that is new, too."""
        path = _path(url)
        folders.make(path.parent)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        folders.sync(path.parent)

    @contextmanager
    def building(self, url: URL) -> Iterator[URL]:
        """Build a file in a folder of its own beside the one that it becomes."""
        with sqlite_building.staged(_path(url)) as path:
            place = URL.create(SCHEME, database=str(path))
            self.prepare(place)
            yield place

    def open(self, url: URL) -> Engine:
        """Return an engine without a pool: ``Database`` keeps the connections."""
        require_version(driver.sqlite_version_info)
        engine = create_engine(
            URL.create("sqlite+pysqlite", database=str(_path(url))),
            module=driver,
            poolclass=NullPool,
            paramstyle="named",
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": BUSY_TIMEOUT_SECONDS,
                "cached_statements": 256,
            },
        )
        event.listen(engine, "connect", _configure)
        return engine

    def is_busy(self, error: Exception) -> bool:
        """Tell by the primary result code; SQLITE_BUSY_RECOVERY and the like share it."""
        return _code(error) in (driver.SQLITE_BUSY, driver.SQLITE_LOCKED)

    def is_lost(self, error: Exception) -> bool:
        """Return False: the library is in this process."""
        return False

    def unusable(self, error: Exception) -> str | None:
        """Return a sentence by the primary result code; the driver finds bad text by itself."""
        if isinstance(error, driver.OperationalError) and "decode to UTF-8" in str(error):
            return _UNUSABLE[driver.SQLITE_CORRUPT]
        return _UNUSABLE.get(_code(error))

    @contextmanager
    def limited(self, connection: DBAPIConnection, seconds: float) -> Iterator[None]:
        """Look at the clock after every few steps of SQLite's machine."""
        driver_connection: Any = connection  # sqlite3 has more than the DB-API knows
        end = time.monotonic() + seconds
        driver_connection.set_progress_handler(lambda: time.monotonic() >= end, _STEPS)
        try:
            yield
        finally:
            driver_connection.set_progress_handler(None, 0)

    def is_interrupted(self, error: Exception) -> bool:
        """Tell by the primary result code."""
        return bool(_code(error) == driver.SQLITE_INTERRUPT)

    @contextmanager
    def together(self, connection: DBAPIConnection) -> Iterator[None]:
        """Do nothing: there is nobody to wait for."""
        yield

    def reserve_ids(self, connection: DBAPIConnection, table: str, count: int) -> Sequence[int]:
        """Return what SQLite would give next; rows with explicit ids move it on."""
        with closing(connection.cursor()) as cursor:
            # The numbers of AUTOINCREMENT outlive the rows; other tables never lose a row.
            cursor.execute(
                f"SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0),"  # noqa: S608  # a table of our own
                f" coalesce((SELECT max(id) FROM {table}), 0))"
            )
            row = cursor.fetchone()
        # Nobody else takes them: the database is ours alone until the commit.
        first = 1 if row is None else int(row[0]) + 1
        return range(first, first + count)

    def last_ids(self, connection: DBAPIConnection) -> Mapping[str, int]:
        """Return the numbers of AUTOINCREMENT."""
        with closing(connection.cursor()) as cursor:
            cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name")
            return dict(cursor.fetchall())

    def raise_ids(self, connection: DBAPIConnection, last: Mapping[str, int]) -> None:
        """Move the numbers of AUTOINCREMENT, which follow the rows by themselves."""
        with closing(connection.cursor()) as cursor:
            for name, number in last.items():
                cursor.execute(
                    "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (number, name)
                )
                if not cursor.rowcount:
                    cursor.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, number))

    def is_sound(self, connection: DBAPIConnection) -> bool:
        """Run SQLite's two checks; each reads the whole file."""
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA integrity_check")
            sound = cursor.fetchall() == [("ok",)]
            cursor.execute("PRAGMA foreign_key_check")
            return sound and not cursor.fetchall()

    def scrub(self, connection: DBAPIConnection) -> bool:
        """Move the log into the database and cut it; deleted content is zeros there already."""
        with closing(connection.cursor()) as cursor:
            for _ in range(_SCRUB_ATTEMPTS):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                row = cursor.fetchone()
                if row is not None and row[0] == 0:
                    return True
        return False

    def backup(self, connection: DBAPIConnection, target: Path) -> None:
        """Copy by SQLite's own backup call, in steps, out of one read transaction.

        The open read transaction pins a snapshot. Without it every commit of another process
        makes the next step start over, and a busy database could never be copied.
        """
        with closing(driver.connect(str(target), isolation_level=None)) as copy:
            source: Any = connection  # sqlite3 has more than the DB-API knows
            source.execute("BEGIN")
            try:
                source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                source.backup(copy, pages=_BACKUP_STEP_PAGES, sleep=0)
            finally:
                source.execute("ROLLBACK")
            # A copy is one file: the log of WAL mode comes back when it is opened as a keystore.
            copy.execute("PRAGMA journal_mode=DELETE")
            if not self.is_sound(copy):
                raise DatabaseUnusable(
                    "The copy does not pass SQLite's integrity check, so it was removed. The "
                    "database itself may be damaged: keep the last good backup."
                )
        folders.sync(target)
        folders.sync(target.parent)

    def other_connections(self, connection: DBAPIConnection) -> int:
        """Return 0: nobody keeps a list; a server holds a lock on its data folder."""
        return 0

    def tell_changes(self, connection: DBAPIConnection) -> None:
        """Tell nobody: other processes have to look."""

    def listener(self, core: Engine) -> Listener | None:
        """Return none."""
        return None


ENGINE = Sqlite()


def require_version(version: tuple[int, ...]) -> None:
    """Raise DatabaseUnusable for a version of SQLite that can corrupt a database in WAL mode."""
    if version < OLDEST:
        raise DatabaseUnusable(
            f"SQLite {'.'.join(map(str, version))} can damage a database that several processes "
            f"use; {'.'.join(map(str, OLDEST))} or newer is needed. Install pysqlite3 0.6.1."
        )


def _path(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise SettingInvalid(SETTING, EXAMPLE)
    return Path(url.database)


def _configure(connection: DBAPIConnection, _record: object) -> None:
    sqlite_functions.install(connection)
    with closing(connection.cursor()) as cursor:
        for name, (value, expected) in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name}={value}")
            cursor.execute(f"PRAGMA {name}")
            row = cursor.fetchone()
            if row is None or row[0] != expected:
                raise DatabaseUnusable(
                    f"SQLite does not keep {name}={value} here, and without it nothing is safe. "
                    "Put the data folder on a local disk."
                )


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
