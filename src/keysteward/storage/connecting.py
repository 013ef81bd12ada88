"""How connections come about: to a server that can be written if there is one, else to any.

While none answers, requests fail at once instead of waiting one after the other: a server that did
not answer is asked by one thread at a time, and not again at once.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from keysteward.problems import DatabaseUnavailable, DatabaseUnusable, KeystoreBusy
from keysteward.storage.engines.contract import StorageEngine

AGAIN_SECONDS = 1.0
"""How long after an attempt that failed the next one is made; until then every request fails."""

_TEXTS: dict[str, WeakKeyDictionary[ClauseElement, str]] = {}
"""Statements in the SQL of each engine: compiled once in a process."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection of the driver's, and what is known of it."""

    connection: DBAPIConnection
    writable: bool
    generation: int
    """How many losses had been noticed when it was made; see ``Connector.is_current``."""


class Gate:
    """Lets everybody pass until somebody finds nothing behind it; then one at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._down = False
        self._trying = False
        self._again_at = 0.0

    @property
    def shut(self) -> bool:
        """Whether nobody may pass now."""
        return self._down and (self._trying or time.monotonic() < self._again_at)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Pass; a DatabaseUnavailable of the block shuts the gate. Raises it if it is shut."""
        with self._lock:
            if self.shut:
                raise DatabaseUnavailable
            self._trying = True
        try:
            yield
            self._down = False
        except DatabaseUnavailable:
            self._again_at = time.monotonic() + AGAIN_SECONDS
            self._down = True
            raise
        finally:
            self._trying = False


class Connector:
    """Makes connections, compiles statements, and says what the driver's errors mean."""

    def __init__(self, engine: StorageEngine, core: Engine) -> None:
        self.engine = engine
        self.core = core
        self._generation = 0
        self._to_write, self._to_read = Gate(), Gate()
        self._texts: dict[Executable, str] = {}

    def connect(self, *, writing: bool) -> Connected:
        """Return a new connection; one that can be written, unless there is none to be had.

        Raises DatabaseUnavailable if no server answers or, for writing, takes changes.
        """
        if writing:
            with self._to_write.passing():
                return self.connect_once(writing=True)
        with suppress(DatabaseUnavailable), self._to_write.passing():
            return self.connect_once(writing=True)
        with self._to_read.passing():
            return self.connect_once(writing=False)

    def connect_once(self, *, writing: bool) -> Connected:
        """Try, whatever others found just before."""
        generation = self._generation
        try:
            connection = self.engine.connect(self.core, writing=writing)
        except self.engine.errors as error:
            raise self.problem(error) from error
        return Connected(connection, writing, generation)

    def lose(self, connected: Connected) -> None:
        """Note that a connection is gone: those made before this moment may be gone as well."""
        if connected.generation == self._generation:
            self._generation += 1

    def is_current(self, connected: Connected) -> bool:
        """Tell whether nothing is known against a connection.

        One that can only read is good for as long as nobody may look for a better one.
        """
        if connected.generation != self._generation:
            return False
        return connected.writable or self._to_write.shut

    def text(self, statement: Executable) -> str:
        """Return the statement in the engine's SQL; compiled when it is first used."""
        text = self._texts.get(statement)
        if text is None:
            if not isinstance(statement, ClauseElement):
                raise TypeError(statement)
            known = _TEXTS.setdefault(self.engine.scheme, WeakKeyDictionary())
            text = known.get(statement)
            if text is None:
                text = known[statement] = str(statement.compile(dialect=self.core.dialect))
            self._texts[statement] = text
        return text

    def problem(self, error: Exception) -> Exception:
        """Return the problem that a driver error means, or the error itself if it is a bug."""
        if self.engine.is_busy(error):
            return KeystoreBusy()
        if self.engine.is_lost(error):
            return DatabaseUnavailable()
        reason = self.engine.unusable(error)
        return error if reason is None else DatabaseUnusable(reason)
