"""Requests that run now, and a server that stops: it finishes them and takes no more."""

import asyncio
from threading import Event

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from keysteward.problems import ServerBusy
from keysteward.web import problem_details

HEALTH_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""They are answered to the end, and do not keep a server from stopping."""


class Running:
    """What the server and the application know together."""

    def __init__(self) -> None:
        self.requests = 0
        self.ending = Event()
        """Set as soon as a signal ends the server, for threads that wait."""
        self.idle = asyncio.Event()
        """Set while no request runs."""
        self.idle.set()

    @property
    def stopping(self) -> bool:
        """Whether no more requests are taken."""
        return self.ending.is_set()

    def begin(self) -> None:
        """Count a request."""
        self.requests += 1
        self.idle.clear()

    def end(self) -> None:
        """Take a request off the count."""
        self.requests -= 1
        if not self.requests:
            self.idle.set()


class TakesRequests:
    """Middleware that counts requests, and refuses new ones once the server stops."""

    def __init__(self, app: ASGIApp, running: Running) -> None:
        self._app = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. A stopping server answers ServerBusy."""
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS:
            await self._app(scope, receive, send)
            return
        if self._running.stopping:
            answer = problem_details.answer(ServerBusy(), Request(scope))
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        self._running.begin()
        try:
            await self._app(scope, receive, send)
        finally:
            self._running.end()
