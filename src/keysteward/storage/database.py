"""Connections: statements are written in Core, compiled once, and executed by the driver's cursor.

SQLAlchemy's own execution costs several times what these short statements cost, so connections are
kept here, in a list of free ones that any thread takes from and returns to.
"""

import secrets
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock, Semaphore, local
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    KeystoreBusy,
    OutcomeUnknown,
    RequestInvalid,
    SettingInvalid,
)
from keysteward.storage import engines
from keysteward.storage.engines.contract import (
    BUSY_TIMEOUT_SECONDS,
    EXAMPLE,
    INSTALLATION,
    SETTING,
    Scope,
    StorageEngine,
)
from keysteward.storage.statements import MANY, padded

SEARCH_SECONDS = 5
"""How long a search may take whose conditions somebody wrote freely."""

_RECEIPT_BYTES = 16

Row: TypeAlias = tuple[Any, ...]
"""A row as the driver gives it; ``rows`` makes values of it."""


class Link:
    """One connection with its cursor; used by one thread at a time.

    Driver errors become KeystoreBusy, DatabaseUnavailable or DatabaseUnusable; what is left is a
    bug and stays as it is. A connection that is lost outside a transaction is replaced, and what
    was to be read is read once more.
    """

    def __init__(self, database: "Database", connection: DBAPIConnection) -> None:
        self.connection = connection
        self.receipt: bytes | None = None
        """Of the open write transaction, where a commit can be lost sight of."""
        self.lost = False
        """Whether it leads nowhere any longer."""
        self.open = False
        """Whether a transaction is open."""
        self._database = database
        self._cursor = connection.cursor()
        self._errors = database.engine.errors

    def all(self, statement: Executable, **parameters: object) -> list[Row]:
        """Return all rows."""
        text = self._database.text(statement)
        try:
            return self._fetched(text, parameters)
        except self._errors as error:
            self._replace_lost(error)
        try:
            return self._fetched(text, parameters)
        except self._errors as error:
            raise self.problem(error) from error

    def _fetched(self, text: str, parameters: Mapping[str, object]) -> list[Row]:
        self._cursor.execute(text, parameters)
        return list(self._cursor.fetchall())

    def _replace_lost(self, error: Exception) -> None:
        """Go on with another connection. Raises what the error means if that would be wrong."""
        problem = self.problem(error)
        if self.open or not self.lost:
            raise problem from error
        self.connection.close()
        self.connection = self._database.connect()
        self._cursor = self.connection.cursor()
        self.lost = False

    def problem(self, error: Exception) -> Exception:
        """Return what a driver error means; note if the connection is gone."""
        self.lost = self.lost or self._database.engine.is_lost(error)
        return self._database.problem(error)

    def begin_read(self) -> None:
        """Begin a transaction whose statements all see one state."""
        try:
            self._cursor.execute(self._database.engine.begin_read)
        except self._errors as error:
            self._replace_lost(error)
            self._cursor.execute(self._database.engine.begin_read)
        self.open = True

    def begin_write(self, scope: Scope, receipt: bytes | None) -> None:
        """Begin a write transaction; on another connection if nothing answers on this one."""
        begin = self._database.engine.begin_write
        try:
            begin(self.connection, scope, receipt)
        except self._errors as error:
            self._replace_lost(error)
            try:
                begin(self.connection, scope, receipt)
            except self._errors as again:
                raise self.problem(again) from again
        self.open, self.receipt = True, receipt

    def commit(self) -> None:
        """End the transaction durably."""
        try:
            self._cursor.execute("COMMIT")
        except self._errors as error:
            raise self.problem(error) from error
        self.open = False

    def rollback(self) -> None:
        """End the transaction as if it had not been."""
        try:
            self.connection.rollback()
        except self._errors as error:
            self.problem(error)
        self.open = False

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
            raise self.problem(error) from error

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
            found += self.all(statement, **parameters, **padded(values[start : start + MANY]))
        return found

    def change(self, statement: Executable, **parameters: object) -> int:
        """Run an UPDATE, INSERT or DELETE and return how many rows it changed."""
        try:
            self._cursor.execute(self._database.text(statement), parameters)
        except self._errors as error:
            raise self.problem(error) from error
        return self._cursor.rowcount

    def change_many(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> int:
        """Run the same statement for several sets of parameters; return how many rows changed."""
        if not rows:
            return 0
        try:
            self._cursor.executemany(self._database.text(statement), rows)
        except self._errors as error:
            raise self.problem(error) from error
        return self._cursor.rowcount

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        """Return so many ids for new rows; see the engine's own words."""
        try:
            return self._database.engine.reserve_ids(self.connection, table, count)
        except self._errors as error:
            raise self.problem(error) from error

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
            raise self.problem(error) from error

    def tell_changes(self, entry_ids: Sequence[int]) -> None:
        """Tell all processes which entries were changed; see the engine's own words."""
        try:
            self._database.engine.tell_changes(self.connection, entry_ids)
        except self._errors as error:
            raise self.problem(error) from error


class Database:
    """An opened database: free connections and compiled statements."""

    def __init__(self, engine: StorageEngine, core: Engine) -> None:
        self.engine = engine
        self.core = core
        self._free: deque[Link] = deque()
        self._texts: dict[Executable, str] = {}
        # Threads of one process queue here, in order; SQLite's own waiting is a lottery of sleeps.
        self._writer: Lock | None = Lock() if engine.serial else None
        self._places = (
            None if engine.most_connections is None else Semaphore(engine.most_connections)
        )
        self._taken = local()

    @property
    def serial(self) -> bool:
        """Whether write transactions run one after the other."""
        return self.engine.serial

    @contextmanager
    def reading(self) -> Iterator[Link]:
        """Lend a connection. Each statement sees one consistent state, two may see two.

        Raises KeystoreBusy if all of this process's connections stay in use.
        """
        with self._place():
            link = self._take()
            try:
                yield link
            finally:
                if link.lost:
                    link.connection.close()
                else:
                    self._free.append(link)

    @contextmanager
    def reading_one_state(self) -> Iterator[Link]:
        """Lend a connection whose statements all see the state that the first one of them sees."""
        with self.reading() as link:
            link.begin_read()
            try:
                yield link
            finally:
                link.rollback()

    @contextmanager
    def writing(self, scope: Scope) -> Iterator[Link]:
        """Lend a connection inside a write transaction, which ends with the block.

        It commits, durably, when the block ends well and rolls back on any exception. What the
        scope names stays so from the first statement on. Raises KeystoreBusy if another writer does
        not finish within the busy timeout, DatabaseUnavailable if nothing can be written and
        nothing was, OutcomeUnknown if the connection was lost while it was committed.
        """
        receipt = None if self.serial else secrets.token_bytes(_RECEIPT_BYTES)
        with self._alone(), self.reading() as link:
            link.begin_write(scope, receipt)
            try:
                yield link
            except BaseException:
                link.rollback()
                raise
            self._commit(link)

    def _commit(self, link: Link) -> None:
        try:
            link.commit()
        except DatabaseUnavailable as error:
            raise OutcomeUnknown from error
        except BaseException:
            link.rollback()
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Have the writers of this process go one after the other, if the engine has them so."""
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise KeystoreBusy
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Wait until this process may have one more connection; a thread's second one is free."""
        held = getattr(self._taken, "links", 0)
        waits = self._places is not None and not held
        if (
            self._places is not None
            and waits
            and not self._places.acquire(timeout=BUSY_TIMEOUT_SECONDS)
        ):
            raise KeystoreBusy
        self._taken.links = held + 1
        try:
            yield
        finally:
            self._taken.links = held
            if self._places is not None and waits:
                self._places.release()

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
            self.engine.begin_write(self._driver_connection(connection), INSTALLATION)
            yield connection
            connection.commit()

    def link(self, connection: Connection) -> Link:
        """Return a link that works inside the transaction of a SQLAlchemy connection."""
        link = Link(self, self._driver_connection(connection))
        link.open = True
        return link

    @staticmethod
    def _driver_connection(connection: Connection) -> DBAPIConnection:
        driver_connection: DBAPIConnection | None = connection.connection.driver_connection
        if driver_connection is None:
            raise RuntimeError("The connection is closed.")
        return driver_connection

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
        if self.engine.is_lost(error):
            return DatabaseUnavailable()
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
            return Link(self, self.connect())

    def connect(self) -> DBAPIConnection:
        """Return a new connection of the driver's."""
        try:
            proxy = self.core.raw_connection()
            connection: DBAPIConnection | None = proxy.driver_connection
            proxy.detach()
        except self.engine.errors as error:
            raise self.problem(error) from error
        if connection is None:
            raise RuntimeError("The driver gave no connection.")
        return connection


def parse_url(text: str) -> tuple[StorageEngine, URL]:
    """Return the engine of a database URL. Raises SettingInvalid for one that none serves."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingInvalid(SETTING, f"it is no database URL; {EXAMPLE}") from error
    engine = engines.find(url.drivername)
    if engine is None:
        known = ", ".join(engines.SCHEMES)
        raise SettingInvalid(SETTING, f"{url.drivername!r} is no engine; these are: {known}.")
    return engine, url
