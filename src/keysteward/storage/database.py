"""An opened database: connections in a list of free ones that any thread takes from."""

import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from threading import Semaphore, local

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.sql import Executable

from keysteward.problems import (
    DatabaseUnavailable,
    KeystoreBusy,
    OutcomeUnknown,
    SettingInvalid,
)
from keysteward.storage import commits, engines, outcomes
from keysteward.storage.connecting import Connected, Connector
from keysteward.storage.engines.contract import (
    BUSY_TIMEOUT_SECONDS,
    EXAMPLE,
    INSTALLATION,
    NOTHING,
    SETTING,
    Scope,
    StorageEngine,
)
from keysteward.storage.links import Link

_RECEIPT_BYTES = 16


class Database:
    """An opened database: free connections and compiled statements."""

    def __init__(self, engine: StorageEngine, core: Engine) -> None:
        self.engine = engine
        self.core = core
        self.connector = Connector(engine, core)
        self._free: deque[Link] = deque()
        # Threads of one process queue here; SQLite's own waiting is a lottery of sleeps.
        self._writers = Semaphore(engine.most_writing)
        self._most = engine.most_connections
        self._places = None if self._most is None else Semaphore(self._most)
        self._taken = local()
        self._fence: Callable[[Link], None] | None = None

    def fenced(self, fence: Callable[[Link], None]) -> "Database":
        """Return the same database, whose write transactions call this just before they commit.

        What it raises undoes the transaction.
        """
        found = copy(self)
        found._fence = fence  # noqa: SLF001 - its own kind
        return found

    @property
    def serial(self) -> bool:
        """Whether write transactions run one after the other."""
        return self.engine.serial

    @contextmanager
    def reading(self) -> Iterator[Link]:
        """Lend a connection. Each statement sees one consistent state, two may see two.

        Raises KeystoreBusy if all of this process's connections stay in use, DatabaseUnavailable if
        no server answers. Where none can be written, one that can be read is good enough.
        """
        with self._lent(writing=False) as link:
            yield link

    @contextmanager
    def _lent(self, *, writing: bool) -> Iterator[Link]:
        with self._place():
            link = self._take(writing=writing)
            try:
                yield link
            finally:
                if (
                    link.lost
                    or not self.connector.is_current(link.connected)
                    or (self._most is not None and len(self._free) >= self._most)
                ):
                    link.close()
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
        with _changing(), self._alone(), self._lent(writing=True) as link:
            link.begin_write(scope, receipt)
            try:
                yield link
                if self._fence is not None:
                    self._fence(link)
                link.finish()
            except BaseException:
                link.rollback()
                raise
            self._commit(link)

    def require_writable(self) -> None:
        """Begin a write and end it. Raises DatabaseUnavailable if no server takes changes."""
        with self._lent(writing=True) as link:
            link.begin_write(NOTHING, None)
            link.rollback()

    def _commit(self, link: Link) -> None:
        try:
            link.commit()
        except DatabaseUnavailable as error:
            if not link.receipted or link.receipt is None:
                raise OutcomeUnknown from error
            if not self._was_committed(link.receipt):
                raise
        except BaseException:
            link.rollback()
            raise
        if link.receipted:
            commits.note()

    def _was_committed(self, receipt: bytes) -> bool:
        try:
            return outcomes.was_committed(self.connector, receipt)
        except OutcomeUnknown:
            commits.note()  # for all that anybody knows
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Have writers of this process go one after the other, or some of them at once.

        A thread that writes already needs no further place.
        """
        held = getattr(self._taken, "writers", 0)
        if held:
            yield
            return
        # Several may all be waiting for a server that does not go on: then this one would, too.
        if not self._writers.acquire(timeout=BUSY_TIMEOUT_SECONDS / (1 if self.serial else 2)):
            raise KeystoreBusy
        self._taken.writers = held + 1
        try:
            yield
        finally:
            self._taken.writers = held
            self._writers.release()

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
            raise self._problem(error) from error

    @contextmanager
    def schema_change(self) -> Iterator[Connection]:
        """Lend a SQLAlchemy connection inside a write transaction, which ends with the block."""
        with self.schema_read() as connection:
            connection.begin()  # else Alembic would commit each revision by itself
            try:
                self.engine.begin_write(_driver_connection(connection), INSTALLATION)
            except self.engine.errors as error:
                raise self.problem(error) from error
            yield connection
            try:
                connection.commit()
            except DBAPIError as error:
                problem = self._problem(error)
                if isinstance(problem, DatabaseUnavailable):
                    raise OutcomeUnknown from error
                raise problem from error

    def _problem(self, error: DBAPIError) -> Exception:
        return self.problem(error.orig if isinstance(error.orig, Exception) else error)

    def link(self, connection: Connection) -> Link:
        """Return a link that works inside the transaction of a SQLAlchemy connection."""
        link = Link(
            self.connector, Connected(_driver_connection(connection), writable=True, generation=0)
        )
        link.open = True
        return link

    def text(self, statement: Executable) -> str:
        """Return the statement in the engine's SQL; compiled when it is first used."""
        return self.connector.text(statement)

    def problem(self, error: Exception) -> Exception:
        """Return the problem that a driver error means, or the error itself if it is a bug."""
        return self.connector.problem(error)

    def close(self) -> None:
        """Close the free connections. Nobody may be using one."""
        while self._free:
            self._free.pop().close()
        self.core.dispose()

    def _take(self, *, writing: bool) -> Link:
        while self._free:
            try:
                link = self._free.pop()
            except IndexError:  # Another thread was faster.
                break
            if self.connector.is_current(link.connected) and (
                link.connected.writable or not writing
            ):
                return link
            link.close()
        return Link(self.connector, self.connector.connect(writing=writing))


@contextmanager
def _changing() -> Iterator[None]:
    """Have a DatabaseUnavailable of the block say that nothing was changed."""
    try:
        yield
    except DatabaseUnavailable as problem:
        problem.unchanged = True
        raise


def _driver_connection(connection: Connection) -> DBAPIConnection:
    driver_connection: DBAPIConnection | None = connection.connection.driver_connection
    if driver_connection is None:
        raise RuntimeError("The connection is closed.")
    return driver_connection


def parse_url(text: str) -> tuple[StorageEngine, URL]:
    """Return the engine of a database URL. Raises SettingInvalid for one that none serves."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingInvalid(SETTING, f"it is no database URL; {EXAMPLE}") from error
    engine = engines.find(url.drivername)
    if engine is None:
        known = ", ".join(engines.SCHEMES)
        raise SettingInvalid(SETTING, f"{url.drivername!r} is no engine; these are: {known}.")
    return engine, url
