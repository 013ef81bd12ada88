"""A TLS connection with one deadline for everything, and with what the server said kept.

OpenSSL works on memory here and the bytes are carried by hand, for three reasons: a deadline for
the whole exchange that a slow server cannot stretch; the first bytes of a server that does not
speak TLS; and the alert of a server that has closed already, which a failed write must not hide.
"""

import socket
import ssl
import time
from collections.abc import Callable
from typing import TypeVar

_CHUNK_BYTES = 16_384
_FIRST_BYTES = 200

_MOST_BYTES = 1_048_576
"""What a server may send altogether. A handshake with the longest chain that OpenSSL reads has some
100 KiB, and of an answer 16 KiB are read."""

_Result = TypeVar("_Result")

# The record types with which a server can begin: alert and handshake (RFC 8446 section 5.1).
_FIRST_RECORDS = (21, 22)


class EndlessData(OSError):
    """The server sent more than anything that is waited for here."""


class Channel:
    """One connection. Its methods raise ssl.SSLError, OSError and TimeoutError as they come."""

    def __init__(
        self, connected: socket.socket, context: ssl.SSLContext, name: str, deadline: float
    ) -> None:
        self._socket = connected
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._first = b""
        self._received = 0
        self.deadline = deadline
        """Value of time.monotonic at which everything ends with TimeoutError."""
        self.protocol = ""
        """The TLS version as OpenSSL writes it, ``TLSv1.3``, as soon as the handshake is done."""
        self.cipher = ""
        """The cipher suite's name in OpenSSL, likewise."""
        self.reset = False
        """Whether the server ended the connection the hard way."""

    @property
    def foreign(self) -> bytes | None:
        """The first bytes of a server that does not speak TLS; None if it does, or said nothing."""
        if not self._first or self._first[0] in _FIRST_RECORDS:
            return None
        return self._first

    def shake_hands(self) -> None:
        """Do the handshake, and send whatever it ends with, an alert of ours included."""
        self._carry(self._tls.do_handshake)
        # Asked now, because a connection that has failed does not tell any more.
        self.protocol = self._tls.version() or ""
        self.cipher = (self._tls.cipher() or ("",))[0]

    def send(self, data: bytes) -> None:
        """Send application data of some hundred bytes."""
        self._carry(lambda: self._tls.write(data))

    def receive(self) -> bytes:
        """Return the next application data; nothing at an orderly end of the connection."""
        return self._carry(lambda: self._tls.read(_CHUNK_BYTES))

    def _carry(self, step: Callable[[], _Result]) -> _Result:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        data = self._outgoing.read()
        if not data:
            return
        try:
            self._socket.settimeout(self._remaining())
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            # The server has closed. What it said before lies in the socket and is read next.
            self.reset = True

    def _fill(self) -> None:
        try:
            self._socket.settimeout(self._remaining())
            data = self._socket.recv(_CHUNK_BYTES)
        except ConnectionResetError:
            self.reset = True
            data = b""
        if len(self._first) < _FIRST_BYTES:
            self._first += data[:_FIRST_BYTES]
        if data:
            self._received += len(data)
            if self._received > _MOST_BYTES:
                raise EndlessData
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _remaining(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining
