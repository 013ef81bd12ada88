"""Connections: statements are written in Core, compiled once, and executed by the driver's cursor.

SQLAlchemy's own execution costs several times what these short statements cost, so connections are
kept here, in a list of free ones that any thread takes from and returns to.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from keysteward.problems import DatabaseUnusable, KeystoreBusy, RequestInvalid, SettingInvalid
from keysteward.storage.engines import ENGINES
from keysteward.storage.engines.contract import (
    BUSY_TIMEOUT_SECONDS,
    EXAMPLE,
    SETTING,
    StorageEngine,
)
from keysteward.storage.statements import MANY

SEARCH_SECONDS = 5
"""How long a search may take whose conditions somebody wrote freely."""

Row: TypeAlias = tuple[Any, ...]
"""A row as the driver gives it; ``rows`` makes values of it."""


class Link:
    """One connection with its cursor; used by one thread at a time.

    Driver errors become KeystoreBusy or DatabaseUnusable; what is left is a bug and stays as it is.
    """

    def __init__(self, database: "Database", connection: DBAPIConnection) -> None:
        self.connection = connection
        self._database = database
        self._cursor = connection.cursor()
        self._errors = database.engine.errors

    def all(self, statement: Executable, **parameters: object) -> list[Row]:
        """Return all rows."""
        try:
            self._cursor.execute(self._database.text(statement), parameters)
            return list(self._cursor.fetchall())
        except self._errors as error:
            raise self._database.problem(error) from error

    def all_once(self, statement: ClauseElement, **parameters: object) -> list[Row]:
        """Return all rows of a statement with values of its own, of which nothing is kept.

        Raises RequestInvalid if that takes longer than SEARCH_SECONDS.
        """
        engine = self._database.engine
        compiled = statement.compile(dialect=self._database.core.dialect)
        try:
            with engine.limited(self.connection, SEARCH_SECONDS):
                self._cursor.execute(str(compiled), {**compiled.params, **parameters})
                return list(self._cursor.fetchall())
        except self._errors as error:
            if engine.is_interrupted(error):
                raise RequestInvalid(
                    f"To find what it asks for takes longer than {SEARCH_SECONDS} s. Ask for less: "
                    "fewer conditions, fewer functions in them."
                ) from error
            raise self._database.problem(error) from error

    def one(self, statement: Executable, **parameters: object) -> Row | None:
        """Return the first row. All are fetched, so that no statement stays open at a commit."""
        rows = self.all(statement, **parameters)
        return rows[0] if rows else None

    def among(
        self, statement: Executable, values: Sequence[object], **parameters: object
    ) -> list[Row]:
        """Return the rows with one of any number of values, in no order; see ``statements.among``.

        Each call of the driver looks for MANY of them; the last one's rest repeats a value.
        """
        found: list[Row] = []
        for start in range(0, len(values), MANY):
            part = values[start : start + MANY]
            padded = [*part, *[part[-1]] * (MANY - len(part))]
            named = {f"value_{number}": value for number, value in enumerate(padded)}
            found += self.all(statement, **parameters, **named)
        return found

    def change(self, statement: Executable, **parameters: object) -> int:
        """Run an UPDATE, INSERT or DELETE and return how many rows it changed."""
        try:
            self._cursor.execute(self._database.text(statement), parameters)
        except self._errors as error:
            raise self._database.problem(error) from error
        return self._cursor.rowcount

    def change_many(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
        """Run the same statement for several sets of parameters."""
        try:
            self._cursor.executemany(self._database.text(statement), rows)
        except self._errors as error:
            raise self._database.problem(error) from error

    def reserve_ids(self, table: str, count: int) -> int:
        """Return the first of so many ids for new rows; see the engine's own words."""
        try:
            return self._database.engine.reserve_ids(self.connection, table, count)
        except self._errors as error:
            raise self._database.problem(error) from error

    def index_entries(self, first: int, last: int) -> None:
        """Take new rows of entries into the search index; in the transaction that writes them."""
        filling = self._database.engine.search_filling
        if filling is not None:
            self.change(filling, first=first, last=last)

    def search_term(self, keystore_id: int, text: str) -> str | None:
        """Return what leads to the entries that may have a text; see the engine's own words."""
        try:
            return self._database.engine.search_term(self.connection, keystore_id, text)
        except self._errors as error:
            raise self._database.problem(error) from error

    def control(self, text: str) -> None:
        """Run one of the engine's own words (BEGIN, COMMIT, ROLLBACK)."""
        try:
            self._cursor.execute(text)
        except self._errors as error:
            raise self._database.problem(error) from error


class Database:
    """An opened database: free connections, compiled statements, one writer at a time."""

    def __init__(self, engine: StorageEngine, core: Engine) -> None:
        self.engine = engine
        self.core = core
        self._free: deque[Link] = deque()
        self._texts: dict[Executable, str] = {}
        # Threads of one process queue here, in order; SQLite's own waiting is a lottery of sleeps.
        self._writer = Lock()

    @contextmanager
    def reading(self) -> Iterator[Link]:
        """Lend a connection. Each statement sees one consistent state, two may see two."""
        link = self._take()
        try:
            yield link
        finally:
            self._free.append(link)

    @contextmanager
    def reading_one_state(self) -> Iterator[Link]:
        """Lend a connection whose statements all see the state that the first one of them sees."""
        with self.reading() as link:
            link.control(self.engine.begin_read)
            try:
                yield link
            finally:
                link.connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Link]:
        """Lend a connection inside a write transaction, which ends with the block.

        It commits, durably, when the block ends well and rolls back on any exception. Raises
        KeystoreBusy if another writer does not finish within the busy timeout.
        """
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise KeystoreBusy
        try:
            with self.reading() as link:
                link.control(self.engine.begin_write)
                try:
                    yield link
                    link.control("COMMIT")
                except BaseException:
                    link.connection.rollback()
                    raise
        finally:
            self._writer.release()

    @contextmanager
    def schema_read(self) -> Iterator[Connection]:
        """Lend a SQLAlchemy connection, for what Alembic or the dialect must do."""
        try:
            with self.core.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise self.problem(
                error.orig if isinstance(error.orig, Exception) else error
            ) from error

    @contextmanager
    def schema_change(self) -> Iterator[Connection]:
        """Lend a SQLAlchemy connection inside a write transaction, which ends with the block."""
        with self.schema_read() as connection:
            connection.exec_driver_sql(self.engine.begin_write)
            yield connection
            connection.commit()

    def link(self, connection: Connection) -> Link:
        """Return a link that works inside the transaction of a SQLAlchemy connection."""
        driver_connection = connection.connection.driver_connection
        if driver_connection is None:
            raise RuntimeError("The connection is closed.")
        return Link(self, driver_connection)

    def text(self, statement: Executable) -> str:
        """Return the statement in the engine's SQL; compiled when it is first used."""
        text = self._texts.get(statement)
        if text is None:
            if not isinstance(statement, ClauseElement):
                raise TypeError(statement)
            text = self._texts[statement] = str(statement.compile(dialect=self.core.dialect))
        return text

    def problem(self, error: Exception) -> Exception:
        """Return the problem that a driver error means, or the error itself if it is a bug."""
        if self.engine.is_busy(error):
            return KeystoreBusy()
        reason = self.engine.unusable(error)
        return error if reason is None else DatabaseUnusable(reason)

    def close(self) -> None:
        """Close the free connections. Nobody may be using one."""
        while self._free:
            self._free.pop().connection.close()
        self.core.dispose()

    def _take(self) -> Link:
        try:
            return self._free.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> Link:
        try:
            proxy = self.core.raw_connection()
            connection = proxy.driver_connection
            proxy.detach()
        except self.engine.errors as error:
            raise self.problem(error) from error
        if connection is None:
            raise RuntimeError("The driver gave no connection.")
        return Link(self, connection)


def parse_url(text: str) -> tuple[StorageEngine, URL]:
    """Return the engine of a database URL. Raises SettingInvalid for one that none serves."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingInvalid(SETTING, f"it is no database URL; {EXAMPLE}") from error
    engine = ENGINES.get(url.drivername)
    if engine is None:
        known = ", ".join(sorted(ENGINES))
        raise SettingInvalid(SETTING, f"{url.drivername!r} is no engine; these are: {known}.")
    return engine, url
