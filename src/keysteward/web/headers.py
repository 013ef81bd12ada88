"""Headers that every answer has: what browsers may do with it, and that nobody keeps it."""

from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    # An answer that has a page in it sets its own.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    b"cache-control": b"no-store",
}
_UNDER_TLS: Mapping[bytes, bytes] = {
    **_ALWAYS,
    b"strict-transport-security": b"max-age=31536000",
}


class SecurityHeaders:
    """Middleware that adds each header unless the answer sets it itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = _UNDER_TLS if scope["scheme"] == "https" else _ALWAYS

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with(message.get("headers", ()), wanted)}
            await send(message)

        await self._app(scope, receive, add)


def _with(
    given: Sequence[tuple[bytes, bytes]], wanted: Mapping[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in given}
    return [*given, *(item for item in wanted.items() if item[0] not in names)]
