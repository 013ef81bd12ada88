"""A bare loop of psycopg that writes as often as it can: how long the cluster itself takes."""

import threading
import time
from dataclasses import dataclass, field

import psycopg

_PAUSE_SECONDS = 0.05
_CONNECT_SECONDS = 2
"""The least that libpq takes."""


@dataclass(slots=True)
class Probe:
    """Writes rows of its own, with the durability of everybody, until it is stopped."""

    url: str = field(repr=False)
    """Of all servers, for whichever can be written to."""
    written: list[float] = field(default_factory=list)
    """When each commit was confirmed, by the monotonic clock."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the write that runs, and end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(
                    self.url, autocommit=True, connect_timeout=_CONNECT_SECONDS
                ) as connection:
                    self._write(connection)
            except psycopg.Error:
                self._stopping.wait(_PAUSE_SECONDS)

    def _write(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._stopping.is_set():
            connection.execute("INSERT INTO probe DEFAULT VALUES")
            self.written.append(time.monotonic())
            self._stopping.wait(_PAUSE_SECONDS)
