"""A transport that closes politely: what the client still sends does not destroy our answer."""

import asyncio
from collections.abc import Callable
from typing import Any

LINGER_SECONDS = 2.0
"""How long an answered client may go on with a request that nobody reads."""
LINGER_BYTES = 1_048_576
"""How much of it is thrown away before the connection ends at once."""

_LEAST_BYTES = 16_384
"""What a client must take in each period of so many seconds, unless less is left."""


class LingeringTransport(asyncio.Transport):
    """Stands between a connection's protocol and its transport.

    A socket that is closed while bytes lie in it unread resets the connection, and the client loses
    the answer that it should have read (RFC 9112 section 9.6). So ``close`` ends our side first if
    ``unread`` says that the request is not complete, and throws away what comes for a while.
    It also cuts off clients that do not take an answer: neither the event loop nor uvicorn does.
    """

    def __init__(
        self, inner: asyncio.Transport, unread: Callable[[], bool], write_seconds: int
    ) -> None:
        super().__init__()
        self._write_seconds = write_seconds
        self._inner = inner
        self._unread = unread
        self._loop = asyncio.get_running_loop()
        self._watching: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None
        self._closing = False
        self._thrown_away = 0
        self.lingering = False
        """Whether bytes that come are to go to ``throw_away``."""

    def close(self) -> None:
        """End the connection when the answer is out; see the class."""
        if self.is_closing():
            return
        self._closing = True
        self.watch()
        if not self._unread():
            self._inner.close()
            return
        self.lingering = True
        self._inner.resume_reading()
        if self._inner.can_write_eof():
            self._inner.write_eof()
        self._end = self._loop.call_later(LINGER_SECONDS, self._inner.close)

    def throw_away(self, data: bytes) -> None:
        """Take bytes that nobody waits for."""
        self._thrown_away += len(data)
        if self._thrown_away > LINGER_BYTES:
            self._inner.close()

    def watch(self) -> None:
        """Begin to look whether the client takes the answer that waits for it."""
        if self._watching is None:
            waiting = self._inner.get_write_buffer_size()
            self._watching = self._loop.call_later(self._write_seconds, self._look, waiting)

    def _look(self, waiting: int) -> None:
        self._watching = None
        left = self._inner.get_write_buffer_size()
        idle = waiting - left < _LEAST_BYTES
        if (left and idle) or (self._closing and not left):
            self._inner.abort()
        elif left:
            self.watch()

    def unwatch(self) -> None:
        """Stop looking: the client has taken enough. A connection that ends is looked at anyway."""
        if self._watching is not None and not self._closing:
            self._watching.cancel()
            self._watching = None

    def release(self) -> None:
        """Forget what was planned: the connection is lost."""
        for timer in (self._watching, self._end):
            if timer is not None:
                timer.cancel()

    def abort(self) -> None:
        """End the connection at once."""
        self._inner.abort()

    def is_closing(self) -> bool:
        """Whether nothing more is read for a protocol."""
        return self._closing or self._inner.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as asyncio has it
        """Return what the inner transport knows of the connection."""
        return self._inner.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        self._inner.write(data)

    def is_reading(self) -> bool:
        """Whether bytes that come are taken."""
        return self._inner.is_reading()

    def pause_reading(self) -> None:
        """Leave bytes with the client."""
        if not self.lingering:
            self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        self._inner.resume_reading()
