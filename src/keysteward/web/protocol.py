"""HTTP/1.1 on one connection: uvicorn's protocol over h11, with limits in bytes and time.

What uvicorn alone does not do: it waits for headers, and for clients that take no answer, as long
as they like, and goes on reading a body that nobody wants once it has answered.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass

import h11
import structlog
from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from keysteward.problems import RequestInvalid
from keysteward.web import connections, problem_details
from keysteward.web.transports import LingeringTransport

HEADER_LIMIT_BYTES = 16_384
"""Limit of a request's line and headers together."""
IDLE_SECONDS = 15
"""How long a connection may wait for its next request."""

_CLOSE = (b"connection", b"close")
_FRAMINGS = frozenset({b"content-length", b"transfer-encoding"})
_log = structlog.stdlib.get_logger("keysteward.server")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection is held to, in seconds."""

    header_seconds: int
    """Until a request's headers are complete."""
    write_seconds: int
    """Until a client has taken some of its answer."""


class Protocol(H11Protocol):
    """One connection; ``lost`` is called when it ends."""

    def __init__(
        self, config: Config, state: ServerState, limits: Limits, lost: Callable[[], None]
    ) -> None:
        super().__init__(config, state, {})
        self._limits = limits
        self._lost = lost
        self._late: asyncio.TimerHandle | None = None
        self._refused = False
        self._served = self.app
        self.app = self._serve

    # ---- what the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        self._polite = LingeringTransport(transport, self._unread, self._limits.write_seconds)
        super().connection_made(self._polite)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what belongs to the connection."""
        self._got_headers()
        self._unset_keepalive_if_required()
        self._polite.release()
        super().connection_lost(exc)
        self._lost()

    def data_received(self, data: bytes) -> None:
        """Take bytes of requests."""
        if self._polite.lingering:
            self._polite.throw_away(data)
            return
        super().data_received(data)
        if self._polite.is_closing() or self.conn.their_state is not h11.IDLE:
            self._got_headers()
        else:
            self._await_headers()

    def pause_writing(self) -> None:
        """Begin to look whether the client takes its answer."""
        super().pause_writing()
        self._polite.watch()

    def resume_writing(self) -> None:
        """Stop looking: it does."""
        super().resume_writing()
        self._polite.unwatch()

    def abort(self) -> None:
        """End the connection at once."""
        self._polite.abort()

    # ---- time and size of headers

    def _await_headers(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self._limits.header_seconds, self._headers_late)

    def _got_headers(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _headers_late(self) -> None:
        self._late = None
        if self.conn.trailing_data[0]:
            limit = self._limits.header_seconds
            self._refuse(408, f"The headers were not complete after {limit} s. Send them again.")
        else:
            self._polite.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn has one for all
        """Refuse what h11 cannot read; called while its error is being handled."""
        status = getattr(sys.exception(), "error_status_hint", 400)
        reason = "This is no request in HTTP/1.1."
        if status == 431:
            reason = _too_large()
        elif status == 501:
            reason = "Of transfer encodings only 'chunked' is known here."
        self._refuse(status, reason)

    def _refuse(self, status: int, reason: str) -> None:
        """Answer what never became a request, unless the answer to one is already under way."""
        self._got_headers()
        self._refused = True
        cycle = self.cycle
        running = cycle is not None and not cycle.response_complete  # type: ignore[redundant-expr]  # uvicorn begins with None
        if running:
            cycle.disconnected = True
            cycle.message_event.set()
        _log.info("request refused", status=status, reason=reason, address=self._address())
        if not (running and cycle.response_started):
            content = problem_details.document(RequestInvalid(reason), status)
            self._polite.write(connections.raw_answer(status, content, {}))
        self._polite.close()

    def _address(self) -> str | None:
        return self.client[0] if self.client else None

    # ---- requests

    def _should_upgrade(self) -> bool:
        """Leave requests for another protocol unanswered as such (RFC 9110 section 7.8)."""
        return False

    def _unread(self) -> bool:
        """Whether the client may be sending still."""
        return self._refused or self.conn.their_state is h11.SEND_BODY

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and end the connection with an answer that came before the body."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and self.cycle.more_body:
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        if {name for name, _ in scope["headers"]} >= _FRAMINGS:
            # A proxy in front may have gone by the other one (RFC 9112 section 6.3, rule 3).
            self._refuse(400, "Content-Length and Transfer-Encoding are both there. Send one.")
            return
        # h11 counts only what it could not take at once, so headers in one piece come here.
        if _size(scope) > HEADER_LIMIT_BYTES:
            self._refuse(431, _too_large())
            return
        await self._served(scope, receive, answer)


def _size(scope: Scope) -> int:
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return headers + len(scope["raw_path"]) + len(scope["query_string"])


def _too_large() -> str:
    return f"Its line and headers have more than {HEADER_LIMIT_BYTES:,} bytes. Send less."
