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
from sqlalchemy import URL, Dialect, Engine, Select, any_, event, func
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TextualSelect

from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    KeystoreBusy,
    KeystoreExists,
    SettingInvalid,
)
from keysteward.storage.engines import (
    postgresql_checking,
    postgresql_dumping,
    postgresql_functions,
    postgresql_search,
)
from keysteward.storage.engines import postgresql_connecting as connecting
from keysteward.storage.engines import postgresql_listening as listening
from keysteward.storage.engines.contract import (
    BUSY_TIMEOUT_SECONDS,
    POSTGRESQL,
    SETTING,
    Listener,
    Scope,
)

CONNECTIONS = 16
"""How many a process has at most; a server allows a hundred unless told otherwise."""

COMMIT_SECONDS = 30.0
"""How long an answer to COMMIT is waited for."""

_LOCKS = 0x4B53
"""The first half of our advisory locks' keys, of which a database has one space for all."""

_LOST = ("08", "57P", "25P03", "25P04", "25006")
"""Connections that broke or were ended, servers that start or can only be read: by SQLSTATE."""
_BUSY = ("55P03", "40P01", "40001", "53300")
"""A lock that did not come, a deadlock, a conflict, too many connections."""
_INTERRUPTED = "57014"
_NO_DATABASE = "3D000"
_IDLE_SECONDS = 60
"""After how long the server ends a write whose process says nothing any more."""


@dataclass(frozen=True, slots=True)
class Postgresql:
    """The engine; see ``StorageEngine`` for what its members promise."""

    scheme: str = POSTGRESQL
    embedded: bool = False
    serial: bool = False
    most_connections: int | None = CONNECTIONS
    most_writing: int = CONNECTIONS // 2
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
        return postgresql_search.term(connection, text)

    def one_of(self, column: ColumnElement[int], ids: Select[Any]) -> ColumnElement[bool]:
        """Return a comparison with an array, which the planner takes for ten ids, always."""
        return column == any_(func.array(ids.scalar_subquery()))

    def begin_write(
        self, connection: DBAPIConnection, scope: Scope, receipt: bytes | None = None
    ) -> None:
        """Begin and take the locks in one message; they end with the transaction."""
        shared = "_shared" if scope.shared else ""
        locks = [f"pg_advisory_xact_lock{shared}({_LOCKS}, {scope.number})"]
        limits = [f"lock_timeout = '{BUSY_TIMEOUT_SECONDS}s'"]
        if receipt is not None:
            locks.append(f"pg_advisory_xact_lock({int.from_bytes(receipt[:8], signed=True)})")
            limits.append(f"idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'")
        begin = ("BEGIN READ WRITE", *(f"SET LOCAL {limit}" for limit in limits))
        try:
            _driver(connection).execute(
                f"{'; '.join(begin)}; SELECT {', '.join(locks)}", prepare=False
            )
        except psycopg.errors.FeatureNotSupported as error:
            # What a standby says to that.
            raise psycopg.errors.ReadOnlySqlTransaction(*error.args) from error

    def commit(self, connection: DBAPIConnection) -> None:
        """Commit; one of whose statements failed is answered with a rollback, and no error.

        A server that waits for a replica which is gone waits for ever. A limit of its own would end
        that wait as if the commit were whole, so it is ours: the connection counts as lost then.
        """
        told = connecting.ask(_driver(connection), b"COMMIT", COMMIT_SECONDS)
        if told != "COMMIT":
            raise psycopg.errors.InFailedSqlTransaction(f"COMMIT was answered with {told}")

    def connect(self, core: Engine, *, writing: bool) -> DBAPIConnection:
        """Connect to the first host of the URL that will do."""
        servers = connecting.WRITABLE if writing else connecting.ANY
        return _dbapi(connecting.connect(core.dialect, core.url, servers))

    def exists(self, url: URL) -> bool:
        """Tell whether the server has a database of this name."""
        try:
            self._connect(url).close()
        except psycopg.Error as error:
            if connecting.state_of(error) == _NO_DATABASE:
                return False
            raise self._refused(error, url) from error
        return True

    def prepare(self, url: URL) -> None:
        """Make the database if there is none and this user may."""
        if self.exists(url):
            return
        try:
            of_all = url.set(database="postgres")
            dialect = self.open(of_all).dialect
            with closing(
                connecting.connect_plainly(dialect, of_all, connecting.WRITABLE)
            ) as connection:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(url.database or "")
                    )
                )
        except psycopg.errors.DuplicateDatabase:
            return
        except psycopg.Error as error:
            raise DatabaseUnusable(connecting.UNUSABLE[_NO_DATABASE]) from error

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
        engine = connecting.make_engine(url)

        def connect(dialect: Dialect, *_: object) -> DBAPIConnection:
            return _dbapi(connecting.connect_best(dialect, url))

        event.listen(engine, "do_connect", connect)
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
        return connecting.unusable(error)

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

    @contextmanager
    def together(self, connection: DBAPIConnection) -> Iterator[None]:
        """Use libpq's pipeline, unless a pooler stands between: not every one knows it."""
        driver = _driver(connection)
        if driver.prepare_threshold is None:
            yield
            return
        with driver.pipeline():
            yield

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
        """Look for the row of every foreign key, and for indexes that the server calls invalid.

        That reads all tables but the audit log and accounts, and the server compares the checksums
        of their pages, if it keeps any. Nobody looks into indexes: for that there is amcheck.
        """
        return postgresql_checking.is_sound(_driver(connection))

    def scrub(self, connection: DBAPIConnection) -> bool:
        """Free what purged keys left behind at once; the server does so by itself, but later.

        Their sealed bytes stay in its files until others take their place, and in its log, its
        replicas and its archives for as long as these are kept: nothing here could change that.
        """
        with contextlib.suppress(psycopg.Error):
            _driver(connection).execute("VACUUM (SKIP_LOCKED) private_keys", prepare=False)
        return True

    def backup(self, connection: DBAPIConnection, target: Path) -> None:
        """Have pg_dump write it; see ``postgresql_dumping``."""
        postgresql_dumping.dump(_driver(connection), target)

    def other_connections(self, connection: DBAPIConnection) -> int:
        """Return how many the server shows that say to be Keysteward's."""
        return postgresql_checking.other_connections(_driver(connection))

    def tell_changes(self, connection: DBAPIConnection) -> None:
        """Send a notification, which says no more than that."""
        listening.tell(_driver(connection))

    def listener(self, core: Engine) -> Listener | None:
        """Connect and listen, unless a pooler stands between."""
        return listening.listen(connecting.connect(core.dialect, core.url, connecting.WRITABLE))

    def _connect(self, url: URL) -> psycopg.Connection[Any]:
        core = self.open(url)
        return connecting.connect_best(core.dialect, url)

    def _refused(self, error: psycopg.Error, url: URL) -> Exception:
        """Return what keeps a process from starting, with the servers that it asked."""
        if isinstance(error, psycopg.ProgrammingError) and not _state(error):
            return SettingInvalid(SETTING, f"a parameter in it cannot be right: {error}.")
        if self.is_busy(error):
            return KeystoreBusy()
        if self.is_lost(error):
            return DatabaseUnavailable(connecting.places(self.open(url).dialect, url))
        reason = self.unusable(error)
        return error if reason is None else DatabaseUnusable(reason)


ENGINE = Postgresql()


_driver = connecting.driver_of
_state = connecting.state_of


def _dbapi(driver: psycopg.Connection[Any]) -> DBAPIConnection:
    connection: Any = driver  # as SQLAlchemy's types have it
    return connection  # type: ignore[no-any-return]


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
