"""What is known of a request besides its answer: an id, a line in the log, numbers in the metrics.

Never a body, a query or a header but the id. Whatever answers a request may put into its state what
only it knows: ``route``, its template ("/keystores/{keystore}/entries"); ``account``, the name that
signed in; ``upload``, how an uploaded file was judged ("accept", "warn", "reject"); ``failure``,
what makes the answer of the request's id if something fails that nobody expected.
"""

import re
import secrets
import time
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keysteward.web import problem_details
from keysteward.web.metrics import Metrics, Observation

REQUEST_ID = "X-Request-Id"

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_MOST_PATH = 300
_ID_BYTES = 12
_QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: their lines are of the level debug unless they fail."""

_log = structlog.stdlib.get_logger("keysteward.access")


class Observed:
    """Middleware that gives each request an id, and logs and counts it when it ends."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        request_id = state["request_id"] = _request_id(scope)
        header = (REQUEST_ID.lower().encode(), request_id.encode())
        status, sent, start = 0, 0, time.perf_counter()

        async def observe(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), header]}
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, observe)
        finally:
            self._metrics.in_flight.dec()
            seconds = time.perf_counter() - start
            self._metrics.observe(_observation(scope, status, seconds))
            _say(scope, status, sent, seconds)


class Failures:
    """Middleware that answers what nobody expected with 500, and logs it with its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        started = ended = False

        async def watch(message: Message) -> None:
            nonlocal started, ended
            started = True
            ended = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            if scope["type"] != "http":
                raise
            request_id = scope["state"].get("request_id")
            _log.exception("failed", request_id=request_id)
            if ended:
                return  # a face has its own answer to what nobody expected
            if started:
                raise  # the client can only be told by cutting the answer off
            await _failure(scope["state"], request_id)(scope, receive, watch)


def _failure(state: dict[str, Any], request_id: str | None) -> Response:
    """Return the answer in the form of the face that the request was for, if that has told one."""
    if "failure" in state:
        answer: Response = state["failure"](request_id)
        return answer
    content = problem_details.failure(request_id)
    return Response(content, 500, media_type=problem_details.MEDIA_TYPE)


def _request_id(scope: Scope) -> str:
    """Return the id that the client or a proxy gave, if it is harmless, or a new one."""
    wanted = REQUEST_ID.lower().encode()
    given = next((value for name, value in scope["headers"] if name == wanted), b"")
    if _GIVEN_ID.fullmatch(given):
        return str(given, "ascii")
    return secrets.token_hex(_ID_BYTES)


def _route(scope: Scope) -> str | None:
    state = scope["state"]
    if "route" in state:
        return str(state["route"])
    path: str | None = getattr(scope.get("route"), "path", None)
    return path


def _observation(scope: Scope, status: int, seconds: float) -> Observation:
    return Observation(
        method=scope["method"],
        path=scope["path"],
        route=_route(scope),
        status=status,
        seconds=seconds,
        credentials=any(name == b"authorization" for name, _ in scope["headers"]),
        upload=scope["state"].get("upload"),
    )


def _say(scope: Scope, status: int, sent: int, seconds: float) -> None:
    state = scope["state"]
    fields: dict[str, object] = {
        "request_id": state["request_id"],
        "method": scope["method"],
        "route": _route(scope),
        "path": scope["path"][:_MOST_PATH],
        # 0: the client went away before it was answered.
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "bytes": sent,
        "account": state.get("account"),
        "address": scope["client"][0] if scope.get("client") else None,
        "upload": state.get("upload"),
    }
    given = {name: value for name, value in fields.items() if value is not None}
    if scope["path"] in _QUIET_PATHS and status < 400:
        _log.debug("request", **given)
    else:
        _log.info("request", **given)
