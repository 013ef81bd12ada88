"""PostgreSQL: for any number of processes and nodes on one database.

Nothing is kept in a session between two transactions, so a pooler in transaction mode may stand
between: limits are set for a transaction, and locks are a transaction's.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import Executable
from sqlalchemy.sql.selectable import TextualSelect

from keysteward.problems import DatabaseUnusable, KeystoreExists, SettingInvalid
from keysteward.storage.engines import postgresql_functions, postgresql_search
from keysteward.storage.engines.contract import (
    BUSY_TIMEOUT_SECONDS,
    EXAMPLE,
    POSTGRESQL,
    SETTING,
    Scope,
)

OLDEST = 140_000
"""PostgreSQL 14, as the server tells its version."""

CHANNEL = "keysteward"
"""On which the ids of changed entries are told."""

CONNECTIONS = 16
"""How many a process has at most; a server allows a hundred unless told otherwise."""

_LOCKS = 0x4B53
"""The first half of our advisory locks' keys, of which a database has one space for all."""
_CONNECT_SECONDS = 5
_MOST_TOLD = 7_000
"""Bytes in one notification; PostgreSQL takes less than 8,000."""

_LOST = ("08", "57P01", "57P02", "57P03", "25006")
"""Connections that broke, servers that stop, start or can only be read: by SQLSTATE."""
_BUSY = ("55P03", "40P01", "40001", "53300")
"""A lock that did not come, a deadlock, a conflict, too many connections."""
_INTERRUPTED = "57014"
_UNUSABLE = {
    "28": "PostgreSQL does not let this user in. Look at the user name, its password and "
    "pg_hba.conf.",
    "3D000": "PostgreSQL has no database of this name. Make it: createdb --template template0 "
    "--encoding UTF8 NAME.",
    "42501": "This user of PostgreSQL may not do that here. Make it the owner of the database.",
    "53100": "The disk of the database's server is full. Nothing was changed; make room and "
    "repeat.",
    "53200": "The database's server is out of memory. Nothing was changed; repeat later.",
    "58": "The database's server reports an error of its system. Look at its log.",
    "XX": "The database is damaged, or its server has a bug. Look at its log.",
}


@dataclass(frozen=True, slots=True)
class Postgresql:
    """The engine; see ``StorageEngine`` for what its members promise."""

    scheme: str = POSTGRESQL
    embedded: bool = False
    serial: bool = False
    most_connections: int | None = CONNECTIONS
    begin_read: str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    errors: type[Exception] = psycopg.Error
    search_index: Sequence[str] = postgresql_search.CREATE
    search_filling: Executable | None = None
    found_by_text: TextualSelect = postgresql_search.FOUND

    def functions(self) -> Sequence[str]:
        """Return them; see ``postgresql_functions``."""
        return postgresql_functions.create()

    def search_term(self, connection: DBAPIConnection, keystore_id: int, text: str) -> str | None:
        """Return a pattern of LIKE; see ``postgresql_search``."""
        return postgresql_search.term(connection, keystore_id, text)

    def begin_write(
        self, connection: DBAPIConnection, scope: Scope, receipt: bytes | None = None
    ) -> None:
        """Begin and take the locks in one message; they end with the transaction."""
        shared = "_shared" if scope.shared else ""
        locks = [f"pg_advisory_xact_lock{shared}({_LOCKS}, {scope.number})"]
        if receipt is not None:
            locks.append(f"pg_advisory_xact_lock({int.from_bytes(receipt[:8], signed=True)})")
        _driver(connection).execute(
            f"BEGIN; SET LOCAL lock_timeout = '{BUSY_TIMEOUT_SECONDS}s'; SELECT {', '.join(locks)}",
            prepare=False,
        )

    def exists(self, url: URL) -> bool:
        """Tell whether the server has a database of this name. Raises DatabaseUnusable."""
        try:
            with closing(self._connect(url)):
                return True
        except psycopg.Error as error:
            if _state(error) == "3D000" or "does not exist" in str(error):
                return False
            raise _refused(error) from error

    def prepare(self, url: URL) -> None:
        """Make the database if there is none and this user may."""
        if self.exists(url):
            return
        name = _name(url)
        try:
            with closing(self._connect(url.set(database="postgres"))) as connection:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(name)
                    )
                )
        except psycopg.errors.DuplicateDatabase:
            return
        except psycopg.Error as error:
            raise DatabaseUnusable(_UNUSABLE["3D000"]) from error

    @contextmanager
    def building(self, url: URL) -> Iterator[URL]:
        """Lend the database itself: one transaction fills it. Raises KeystoreExists."""
        self.prepare(url)
        with closing(self._connect(url)) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            ).fetchone()
        if found is not None:
            raise KeystoreExists
        yield url

    def open(self, url: URL) -> Engine:
        """Return an engine without a pool: ``Database`` keeps the connections."""
        _name(url)
        engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "keysteward"},
        )
        event.listen(engine, "connect", _configure)
        return engine

    def is_busy(self, error: Exception) -> bool:
        """Tell by the SQLSTATE."""
        return _state(error) in _BUSY

    def is_lost(self, error: Exception) -> bool:
        """Tell by the SQLSTATE; a connection that broke by itself has none."""
        state = _state(error)
        if not state:
            return isinstance(error, psycopg.OperationalError)
        return state.startswith(_LOST)

    def unusable(self, error: Exception) -> str | None:
        """Return a sentence by the SQLSTATE, or by its class."""
        state = _state(error)
        return _UNUSABLE.get(state) or _UNUSABLE.get(state[:2])

    @contextmanager
    def limited(self, connection: DBAPIConnection, seconds: float) -> Iterator[None]:
        """Have the server interrupt statements, in a transaction for them alone."""
        driver = _driver(connection)
        milliseconds = max(1, round(seconds * 1000))  # none at all would mean for ever
        driver.execute(
            f"BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds}", prepare=False
        )
        try:
            yield
        finally:
            with contextlib.suppress(psycopg.OperationalError):
                driver.rollback()

    def is_interrupted(self, error: Exception) -> bool:
        """Tell by the SQLSTATE."""
        return _state(error) == _INTERRUPTED

    def reserve_ids(self, connection: DBAPIConnection, table: str, count: int) -> Sequence[int]:
        """Take numbers of the table's sequence; those of a transaction that fails stay unused."""
        found = _driver(connection).execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            (table, count),
        )
        return [row[0] for row in found.fetchall()]

    def last_ids(self, connection: DBAPIConnection) -> Mapping[str, int]:
        """Return what the sequences gave last."""
        driver = _driver(connection)
        return {
            table: last
            for table, sequence in _sequences(driver)
            for (last,) in driver.execute(
                sql.SQL("SELECT last_value FROM {} WHERE is_called").format(
                    sql.Identifier(sequence)
                )
            )
        }

    def raise_ids(self, connection: DBAPIConnection, last: Mapping[str, int]) -> None:
        """Move every sequence beyond what is told, and beyond the rows that are there."""
        driver = _driver(connection)
        for table, sequence in _sequences(driver):
            column = "number" if table == "data_keys" else "id"
            driver.execute(
                sql.SQL(
                    "SELECT setval({}, highest) FROM (SELECT greatest({}, max({})) AS highest"
                    " FROM {}) AS found WHERE highest > 0"
                ).format(
                    sql.Literal(sequence),
                    sql.Literal(last.get(table, 0)),
                    sql.Identifier(column),
                    sql.Identifier(table),
                )
            )

    def is_sound(self, connection: DBAPIConnection) -> bool:
        """Return True: the server checks foreign keys itself, and pages if it has checksums."""
        return True

    def scrub(self, connection: DBAPIConnection) -> bool:
        """Remove the row versions that purged keys left behind, as far as nobody reads them."""
        _driver(connection).execute("VACUUM private_keys", prepare=False)
        return True

    def backup(self, connection: DBAPIConnection, target: Path) -> None:
        """Refuse: copies of a server are made by its own programs."""
        raise DatabaseUnusable("x")

    def tell_changes(self, connection: DBAPIConnection, entry_ids: Sequence[int]) -> None:
        """Send their ids; who listens gets them after the commit, each once."""
        driver = _driver(connection)
        part: list[str] = []
        for entry_id in sorted(set(entry_ids)):
            part.append(str(entry_id))
            if len(part) * 11 > _MOST_TOLD:
                driver.execute("SELECT pg_notify(%s, %s)", (CHANNEL, " ".join(part)))
                part = []
        if part:
            driver.execute("SELECT pg_notify(%s, %s)", (CHANNEL, " ".join(part)))

    def _connect(self, url: URL) -> psycopg.Connection[Any]:
        proxy = self.open(url).raw_connection()
        connection = proxy.driver_connection
        proxy.detach()
        if not isinstance(connection, psycopg.Connection):
            raise TypeError(connection)
        return connection


ENGINE = Postgresql()


def _driver(connection: DBAPIConnection) -> psycopg.Connection[Any]:
    driver: Any = connection  # psycopg has more than the DB-API knows
    return driver  # type: ignore[no-any-return]


def _name(url: URL) -> str:
    if not url.database:
        raise SettingInvalid(SETTING, EXAMPLE)
    return url.database


def _configure(connection: DBAPIConnection, _record: object) -> None:
    driver = _driver(connection)
    driver.autocommit = True
    row = driver.execute(
        "SELECT pg_backend_pid(), current_setting('server_version_num')::int,"
        " current_setting('server_encoding'), current_setting('synchronous_commit')",
        prepare=False,
    ).fetchone()
    if row is None:
        raise DatabaseUnusable(_UNUSABLE["XX"])
    pid, version, encoding, synchronous = row
    if version < OLDEST:
        raise DatabaseUnusable(
            f"The server is PostgreSQL {version // 10_000}; {OLDEST // 10_000} or newer is needed."
        )
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The database is encoded in {encoding}. Make one in UTF8: createdb --template "
            "template0 --encoding UTF8 NAME."
        )
    if synchronous == "off":
        raise DatabaseUnusable(
            f"With synchronous_commit = {synchronous} a confirmed change can be lost. Set it to "
            "'on' for this database: ALTER DATABASE NAME SET synchronous_commit = on."
        )
    if driver.info.backend_pid != pid:
        # A pooler stands between, and the next transaction may run on another connection, which
        # knows nothing of what was prepared on this one.
        driver.prepare_threshold = None


def _sequences(driver: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Return each table whose rows are numbered, with the name of its sequence."""
    found = driver.execute(
        "SELECT owner.relname, sequence.relname FROM pg_depend"
        " JOIN pg_class sequence ON sequence.oid = objid AND sequence.relkind = 'S'"
        " JOIN pg_class owner ON owner.oid = refobjid"
        " WHERE deptype IN ('a', 'i') AND classid = 'pg_class'::regclass"
        " AND refclassid = 'pg_class'::regclass"
        " AND sequence.relnamespace = current_schema()::regnamespace ORDER BY 1"
    )
    return [(row[0], row[1]) for row in found.fetchall()]


def _state(error: Exception) -> str:
    return getattr(error, "sqlstate", None) or ""


def _refused(error: psycopg.Error) -> Exception:
    reason = ENGINE.unusable(error)
    return error if reason is None else DatabaseUnusable(reason)
