"""Links: statements are written in Core, compiled once, and executed by the driver's cursor.

SQLAlchemy's own execution costs several times what these short statements cost.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from keysteward.problems import RequestInvalid
from keysteward.storage.connecting import Connected, Connector
from keysteward.storage.engines.contract import Scope
from keysteward.storage.statements import MANY, padded

SEARCH_SECONDS = 5
"""How long a search may take whose conditions somebody wrote freely."""

Row: TypeAlias = tuple[Any, ...]
"""A row as the driver gives it; ``rows`` makes values of it."""

T = TypeVar("T")


class Link:
    """One connection with its cursor; used by one thread at a time.

    Driver errors become KeystoreBusy, DatabaseUnavailable or DatabaseUnusable; what is left is a
    bug and stays as it is. A connection that is lost outside a transaction is replaced, and what
    was to be read is read once more.
    """

    def __init__(self, connector: Connector, connected: Connected) -> None:
        self.receipt: bytes | None = None
        """Of the open write transaction, where a commit can be lost sight of."""
        self.receipted = False
        """Whether the open transaction wrote its receipt down."""
        self.lost = False
        """Whether it leads nowhere any longer."""
        self.open = False
        """Whether a transaction is open."""
        self._later: list[tuple[str, Mapping[str, object]]] = []
        """What was written and is not sent yet."""
        self._connector = connector
        self._errors = connector.engine.errors
        self._lead(connected)

    def _lead(self, connected: Connected) -> None:
        self.connected = connected
        self._cursor = connected.connection.cursor()

    @property
    def connection(self) -> DBAPIConnection:
        """The driver's connection, for what the engine does itself."""
        return self.connected.connection

    def close(self) -> None:
        """Give the connection up."""
        self.connection.close()

    def all(self, statement: Executable, **parameters: object) -> list[Row]:
        """Return all rows."""
        text = self._connector.text(statement)
        return self._repeated(lambda: self._fetched(text, parameters))

    def _fetched(self, text: str, parameters: Mapping[str, object]) -> list[Row]:
        self._send_later()
        self._cursor.execute(text, parameters)
        return list(self._cursor.fetchall())

    def _repeated(self, read: Callable[[], T]) -> T:
        """Read; once more on another connection if this one is lost, and no transaction with it."""
        try:
            return read()
        except self._errors as error:
            self._replace_lost(error, writing=False)
        try:
            return read()
        except self._errors as error:
            raise self.problem(error) from error

    def _replace_lost(self, error: Exception, *, writing: bool) -> None:
        """Go on with another connection. Raises what the error means if that would be wrong."""
        if self.open:
            raise self.problem(error) from error
        problem = self._not_begun(error)
        if not self.lost:
            raise problem from error
        self.close()
        self._lead(self._connector.connect(writing=writing))
        self.lost = False

    def problem(self, error: Exception) -> Exception:
        """Return what a driver error means; note if the connection is gone."""
        if not self.lost and self._connector.engine.is_lost(error):
            self.lost = True
            self._connector.lose(self.connected)
        return self._connector.problem(error)

    def begin_read(self) -> None:
        """Begin a transaction whose statements all see one state."""
        begin = self._connector.engine.begin_read
        self._repeated(lambda: self._cursor.execute(begin))
        self.open = True

    def begin_write(self, scope: Scope, receipt: bytes | None) -> None:
        """Begin a write transaction; on another connection if nothing answers on this one."""
        begin = self._connector.engine.begin_write
        try:
            begin(self.connection, scope, receipt)
        except self._errors as error:
            self._replace_lost(error, writing=True)
            try:
                begin(self.connection, scope, receipt)
            except self._errors as again:
                raise self._not_begun(again) from again
        self.open, self.receipt, self.receipted = True, receipt, False
        self._later.clear()

    def _not_begun(self, error: Exception) -> Exception:
        """Return what an error means that came when a transaction had begun, or had not."""
        problem = self.problem(error)
        if not self.lost:
            self.rollback()
        return problem

    def commit(self) -> None:
        """End the transaction durably."""
        try:
            self._connector.engine.commit(self.connection)
        except self._errors as error:
            raise self.problem(error) from error
        self.open = False

    def rollback(self) -> None:
        """End the transaction as if it had not been."""
        self._later.clear()
        try:
            self.connection.rollback()
        except self._errors as error:
            self.problem(error)
            self.lost = True  # Whatever the reason is: nobody else may find this transaction open.
        self.open = False

    def all_once(self, statement: ClauseElement, **parameters: object) -> list[Row]:
        """Return all rows of a statement with values of its own, of which nothing is kept.

        Raises RequestInvalid if that takes longer than SEARCH_SECONDS.
        """
        engine = self._connector.engine
        compiled = statement.compile(dialect=self._connector.core.dialect)
        values = {**compiled.params, **parameters}

        def read() -> list[Row]:
            try:
                with engine.limited(self.connection, SEARCH_SECONDS):
                    return self._fetched(str(compiled), values)
            except self._errors as error:
                if engine.is_interrupted(error):
                    raise RequestInvalid(
                        f"To find what it asks for takes longer than {SEARCH_SECONDS} s. Ask for "
                        "less: fewer conditions, fewer functions in them."
                    ) from error
                raise

        return self._repeated(read)

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
            self._send_later()
            self._cursor.execute(self._connector.text(statement), parameters)
        except self._errors as error:
            raise self.problem(error) from error
        return self._cursor.rowcount

    def change_many(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> int:
        """Run the same statement for several sets of parameters; return how many rows changed."""
        if not rows:
            return 0
        try:
            self._send_later()
            text = self._connector.text(statement)
            if len(rows) == 1:
                self._cursor.execute(text, rows[0])
            else:
                self._cursor.executemany(text, rows)
        except self._errors as error:
            raise self.problem(error) from error
        return self._cursor.rowcount

    def write(self, statement: Executable, *rows: Mapping[str, object]) -> None:
        """Run a statement, once for each set of parameters, whose result nobody needs.

        Where every statement is a message to a server and back, it goes out with the next one that
        is waited for, or before the commit; what is wrong with it shows then.
        """
        if self.receipt is None or len(rows) > MANY:
            self.change_many(statement, rows)
            return
        text = self._connector.text(statement)
        self._later += ((text, row) for row in rows)

    def finish(self) -> None:
        """Send what is not sent yet; before the commit."""
        try:
            self._send_later()
        except self._errors as error:
            raise self.problem(error) from error

    def _send_later(self) -> None:
        if not self._later:
            return
        waiting, self._later = self._later, []
        with self._connector.engine.together(self.connection):
            for text, parameters in waiting:
                self._cursor.execute(text, parameters)

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        """Return so many ids for new rows; see the engine's own words."""
        try:
            self._send_later()
            return self._connector.engine.reserve_ids(self.connection, table, count)
        except self._errors as error:
            raise self.problem(error) from error

    def index_entries(self, first: int, last: int) -> None:
        """Take new rows of entries into the search index; in the transaction that writes them."""
        filling = self._connector.engine.search_filling
        if filling is not None:
            self.change(filling, first=first, last=last)

    def search_term(self, keystore_id: int, text: str) -> str | None:
        """Return what leads to the entries that may have a text; see the engine's own words."""
        engine = self._connector.engine
        return self._repeated(lambda: engine.search_term(self.connection, keystore_id, text))

    def tell_changes(self) -> None:
        """Tell all processes that the audit log grew; see the engine's own words."""
        try:
            self._send_later()
            self._connector.engine.tell_changes(self.connection)
        except self._errors as error:
            raise self.problem(error) from error
