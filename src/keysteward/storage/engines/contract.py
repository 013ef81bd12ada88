"""What a database engine must say about itself."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import URL, Engine, Select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TextualSelect

BUSY_TIMEOUT_SECONDS = 10
"""How long a writer waits for another one before it gives up with KeystoreBusy."""

SETTING = "KEYSTEWARD_DATABASE"
"""What to name where the URL is wrong."""

POSTGRESQL = "postgresql+psycopg"
"""The scheme of PostgreSQL's URLs; its driver is an extra."""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "hexalias(text)": "``sap_texts.hexalias``",
        "sap_name(text)": "``sap_texts.distinguished_name``",
        "colon_hex(bytes)": "``sap_texts.fingerprint``",
        "certificate_version(bytes)": "1 or 3, of a certificate in DER",
        "text_index(text, part)": "characters before the first occurrence, or -1",
        "text_part(text, start, length)": "from a character, counted from 0; no less than 0",
        "text_lower(text)": "by Unicode's full case mapping, in no language",
        "text_upper(text)": "as text_lower",
        "instant_part(name, microseconds)": "year, month, day, hour, minute or second in UTC",
        "arithmetic(name, a, b)": "add, sub, mul, div or mod; integers stay integers, div and mod"
        " of them go towards zero; null for a result that is too large or none",
        "compared(whole, float)": "less than 0, 0 or more, as the numbers themselves compare",
        "folded(text)": "``search.folded``",
        "rounded(name, a)": "round (a half away from zero), floor or ceiling; a float",
    }
)
"""The SQL functions that every connection of every engine knows; each is null if one value is.

Text is compared by code point, and has no NUL.
"""

SEARCH_PREFIX = "entry_search"
"""How the names of an engine's own tables begin, which are made of the entries' rows alone."""

EXAMPLE = (
    "an SQLite database is a file: sqlite:////folder/keysteward.db; one of PostgreSQL has a "
    "server: postgresql+psycopg://user@host/keysteward."
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a write transaction has to itself, where several run beside each other.

    Two of the same number exclude each other, unless both are shared.
    """

    number: int
    """The id of a keystore, or one of the numbers below."""
    shared: bool = False


INSTALLATION = Scope(0)
"""Accounts, names of keystores, the schema."""
AUDIT_LINKING = Scope(-1)
"""The end of the audit log's chain."""
NOTHING = Scope(-2, shared=True)
"""For what is right in whatever order it happens."""


class Listener(Protocol):
    """What is told of changes. Both calls may raise the driver's errors; it is of no use then."""

    def wait(self, seconds: float) -> None:
        """Wait until something is told, or was since the call before; at most so long."""

    def close(self) -> None:
        """Give the connection up."""


class StorageEngine(Protocol):
    """One engine: its URL scheme, connections, how a write begins, and what its errors mean.

    Statements reach the driver with named
    parameters in the style of the SQLAlchemy engine that ``open`` returns.
    """

    @property
    def scheme(self) -> str:
        """The part of a database URL before the colon."""

    @property
    def embedded(self) -> bool:
        """Whether the database is in this process: one row is found sooner than asked for."""

    @property
    def serial(self) -> bool:
        """Whether write transactions run one after the other, whatever their scope."""

    @property
    def most_connections(self) -> int | None:
        """How many connections a process may have at once."""

    @property
    def most_writing(self) -> int:
        """How many of them write at once, so that some are left to read with."""

    def begin_write(
        self, connection: DBAPIConnection, scope: Scope, receipt: bytes | None = None
    ) -> None:
        """Begin a write transaction that has its scope to itself.

        Whoever begins another one with the same receipt waits until the first one has ended, also
        if the connection to it was lost. A server that can only be read counts as a lost one.
        """

    def commit(self, connection: DBAPIConnection) -> None:
        """End a write transaction durably; what cannot be committed is an error."""

    def connect(self, core: Engine, *, writing: bool) -> DBAPIConnection:
        """Return a new connection; for writing, to a server that can be written.

        ``core`` is what ``open`` returned. Raises the driver's error if there is no such server.
        """

    @property
    def begin_read(self) -> str:
        """How a transaction begins whose statements all see the state that the first one sees."""

    @property
    def errors(self) -> type[Exception]:
        """The root of the driver's exceptions."""

    def functions(self) -> Sequence[str]:
        """Return the statements that make FUNCTIONS, unless every connection brings them.

        Revision 0007 runs them; to have others, a new revision runs them again.
        """

    @property
    def search_index(self) -> Sequence[str]:
        """The statements that make what finds parts of texts, on the table ``entries`` as it is.

        The engine keeps it true from then on, in the transaction of every change or removal of a
        row. The names of its tables begin with SEARCH_PREFIX. Revision 0006 runs these statements;
        to have others, a new revision drops what these made.
        """

    @property
    def search_filling(self) -> Executable | None:
        """Take the new rows of ``entries`` with the ids from ``first`` to ``last`` into the index.

        None if the engine does so by itself.
        """

    @property
    def found_by_text(self) -> TextualSelect:
        """Select the ids (``id``) of the entries that the value of ``search_term`` leads to.

        Its parameters are ``term``, ``keystore``, and ``pattern`` (``search.pattern``) of the text.
        """

    def search_term(self, connection: DBAPIConnection, keystore_id: int, text: str) -> str | None:
        """Return what leads to all entries of a keystore that have a folded text in one of theirs.

        And to as few others as the engine can tell from the index: the caller compares. None if it
        is quicker to look at one entry after the other. Of a text that is shorter than
        ``search.SHORT`` the caller has seen that few entries have it.
        """

    def one_of(self, column: ColumnElement[int], ids: Select[Any]) -> ColumnElement[bool]:
        """Return the condition that a column has one of a query's few ids, by the column's index.

        Whatever the statistics make the engine expect of the query.
        """

    def exists(self, url: URL) -> bool:
        """Tell whether there is a database to open; it may be empty."""

    def prepare(self, url: URL) -> None:
        """Make an empty database that only this user can read, unless there is one."""

    def building(self, url: URL) -> AbstractContextManager[URL]:
        """Lend the URL of an empty database, whose content is at ``url`` when the block ends well.

        If it does not, or the process dies in it, ``url`` has nothing. Connections must be closed
        within the block. Raises KeystoreExists, KeystoreBusy if another process builds there.
        """

    def open(self, url: URL) -> Engine:
        """Return an engine whose every connection is durable, checks foreign keys, knows FUNCTIONS.

        Raises DatabaseUnusable if the library is too old or the settings do not hold.
        """

    def is_busy(self, error: Exception) -> bool:
        """Tell whether a driver error means that another writer holds the database."""

    def is_lost(self, error: Exception) -> bool:
        """Tell whether a driver error means that the connection, or its server, is gone.

        Or can be read from only, so that another connection may lead to one that can be written.
        """

    def unusable(self, error: Exception) -> str | None:
        """Return what is wrong with the database and what to do, or None for a bug of ours."""

    def limited(self, connection: DBAPIConnection, seconds: float) -> AbstractContextManager[None]:
        """Interrupt a statement that still reads so long after the block began."""

    def is_interrupted(self, error: Exception) -> bool:
        """Tell whether a driver error means that ``limited`` interrupted a statement."""

    def together(self, connection: DBAPIConnection) -> AbstractContextManager[None]:
        """Send the block's statements without waiting for the answer to each, if that can be.

        The first error is raised by one of them or at the block's end; those behind it do nothing.
        """

    def reserve_ids(self, connection: DBAPIConnection, table: str, count: int) -> Sequence[int]:
        """Return so many ids, ascending, that no row of a table has, nor ever had.

        For rows that are written many at a time; must run inside a write transaction, and the rows
        must be written before more are reserved.
        """

    def last_ids(self, connection: DBAPIConnection) -> Mapping[str, int]:
        """Return the highest id ever given, by table, where ids are never given again."""

    def raise_ids(self, connection: DBAPIConnection, last: Mapping[str, int]) -> None:
        """Make the next ids higher than these, and than those of all rows; in a transaction."""

    def is_sound(self, connection: DBAPIConnection) -> bool:
        """Tell whether the engine finds no damage, and every foreign key its row.

        How deep an engine looks, its own words say.
        """

    def scrub(self, connection: DBAPIConnection) -> bool:
        """Remove deleted content from the files, as far as the engine can; see its own words.

        False while readers still need a log that has it.
        """

    def backup(self, connection: DBAPIConnection, target: Path) -> None:
        """Write a consistent copy into an empty file, sync it, and check that it is sound.

        Raises DatabaseUnusable if the copy does not pass the engine's own checks, ProgramMissing
        and ProgramFailed if a program has to write it.
        """

    def other_connections(self, connection: DBAPIConnection) -> int:
        """Return how many other connections Keysteward has to the database, from anywhere.

        0 if the engine cannot tell.
        """

    def tell_changes(self, connection: DBAPIConnection) -> None:
        """Tell all who listen, once this transaction is committed, that the audit log grew."""

    def listener(self, core: Engine) -> Listener | None:
        """Return what is told of that, on a connection of its own; None if nobody ever tells it.

        ``core`` is what ``open`` returned. Raises the driver's errors.
        """
