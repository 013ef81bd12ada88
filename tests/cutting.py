"""A TCP proxy before a PostgreSQL server that cuts a connection exactly while it commits."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path

from keysteward.storage.engines.contract import POSTGRESQL
from tests.postgresql import Server

_COMMIT = b"COMMIT\0"
_DONE = b"C\0\0\0\x0bCOMMIT\0"
"""How the server says so: a message of type C, its length, the command."""


class Cut(Enum):
    """When the client's connection ends."""

    BEFORE = auto()
    """The server never gets the COMMIT, and sees the connection end."""
    AFTER = auto()
    """The server has committed and said so; the client never hears of it."""
    BEHIND = auto()
    """The client hears that the server has committed; then nothing answers any more."""
    LATE = auto()
    """The client's connection ends, the server gets the COMMIT later and knows of nothing."""


class Proxy:
    """Carries bytes to and fro until it is told to cut."""

    def __init__(self, target: Path) -> None:
        self._target = str(target / ".s.PGSQL.5432")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._address: tuple[str, int] = self._listening.getsockname()
        self._cut: Cut | None = None
        self._refusing = False
        self._late: Callable[[], None] = lambda: None
        self._open: list[socket.socket] = []
        self.cuts = 0
        """How often it did."""

    def url(self, database: str) -> str:
        """Return the URL of one of the server's databases behind it."""
        host, port = self._address
        return f"{POSTGRESQL}://postgres@{host}:{port}/{database}"

    def cut_next(
        self, cut: Cut, late: Callable[[], None] = lambda: None, *, refuse: bool = False
    ) -> None:
        """Cut at the next COMMIT. ``late`` returns when the server may get it after all.

        ``refuse``: take no more connections from then on.
        """
        self._cut, self._late, self._refusing = cut, late, refuse

    def refuse(self) -> None:
        """Take no more connections; those that there are go on."""
        _end(self._listening)

    def resume(self) -> None:
        """Take connections again, at the same address."""
        self._cut = None
        self._listening = socket.create_server(self._address)
        threading.Thread(target=self.run, daemon=True).start()

    def break_all(self) -> None:
        """End all connections, whatever they are doing."""
        while self._open:
            _end(self._open.pop())

    def close(self) -> None:
        """Take no more connections and end those that there are."""
        self.refuse()
        self.break_all()

    def run(self) -> None:
        """Take connections until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._open += [client, server]
                for carry in (self._to_server, self._to_client):
                    threading.Thread(target=carry, args=(client, server), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                if data.endswith(_COMMIT) and self._cut in (Cut.BEFORE, Cut.LATE):
                    self._cut_now(client)
                    if self._late() is None and self._cut is Cut.LATE:
                        server.sendall(data)
                    self._cut = None
                    break
                server.sendall(data)
        _end(server)

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if _DONE in data and self._cut is Cut.AFTER:
                    self._cut = None
                    self._cut_now(client)
                    break
                if _DONE in data and self._cut is Cut.BEHIND:
                    self._cut = None
                    client.sendall(data)
                    self._cut_now(client)
                    break
                client.sendall(data)
        _end(client)

    def _cut_now(self, client: socket.socket) -> None:
        self.cuts += 1
        if self._refusing:
            self.refuse()
        _end(client)


@contextmanager
def proxied(server: Server) -> Iterator[Proxy]:
    """Run a proxy before a server for the time of a context."""
    proxy = Proxy(server.folder)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
