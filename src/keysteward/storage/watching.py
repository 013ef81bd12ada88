"""Waiting for changes that other threads, processes and nodes make.

Every change has a row in the audit log, and rows are numbered without gaps. So whoever is woken
reads the rows after the last one that it knows: what wakes it need not say what happened, may come
twice, and may get lost with a connection, because the log is looked at every POLL_SECONDS anyway.
"""

import time
from threading import Event, Lock

from keysteward.problems import DatabaseUnavailable, KeystoreBusy
from keysteward.sealing.sealer import Sealer
from keysteward.storage import audit, statements
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import Listener

POLL_SECONDS = 1.0
"""How late a change is seen at most where nobody tells of it, as through a pooler."""


class Watch:
    """Waits for new rows of the audit log; one thread waits, any may close."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._listener: Listener | None = None
        self._polls = False
        self._waiting = Lock()
        self._closed = Event()

    def wait(self, after: int, seconds: float) -> int:
        """Return the number of the log's last row as soon as that is beyond ``after``.

        Or ``after``, when so many seconds have passed or the watch is closed. A database that does
        not answer is waited for, too. Rows that wait to be linked are linked by this.
        """
        end = time.monotonic() + seconds
        while not self._closed.is_set():
            last = self._last(after)
            left = end - time.monotonic()
            if last > after or left <= 0:
                return last
            self._pause(min(left, POLL_SECONDS))
        return after

    def close(self) -> None:
        """End a wait within POLL_SECONDS, and give the connection up."""
        self._closed.set()
        with self._waiting:
            self._drop()

    def _last(self, after: int) -> int:
        try:
            audit.link_all(self._database, self._sealer)
            with self._database.reading() as link:
                row = link.one(statements.LAST_AUDIT)
        except (DatabaseUnavailable, KeystoreBusy):
            return after
        return after if row is None else max(after, int(row[0]))

    def _pause(self, seconds: float) -> None:
        with self._waiting:
            if self._closed.is_set() or self._told(seconds):
                return
        self._closed.wait(seconds)

    def _told(self, seconds: float) -> bool:
        """Wait to be told; False at once if nobody would tell now."""
        engine = self._database.engine
        if self._listener is not None:
            try:
                self._listener.wait(seconds)
            except engine.errors:
                self._drop()
        elif not self._polls:
            try:
                self._listener = engine.listener(self._database.core)
            except engine.errors:
                return False
            self._polls = self._listener is None
        # What happened before it listened, or while its connection was lost, is looked for at once.
        return not self._polls

    def _drop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._listener = None
