"""Bodies of requests: bounded in bytes and time before anything looks at them."""

import asyncio
from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request

from keysteward.problems import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeUnsupported,
    Problem,
    RequestInvalid,
    ServerBusy,
)

SMALL_BYTES = 65_536
"""Limit of a body that holds no file."""
LIMIT_SECONDS = 30
BUDGET_BYTES = 134_217_728
"""Of what all bodies together have beyond the small limit, while they come: many slow senders do
not fill the memory, and whoever sends little does not hear of them."""


class _Large:
    """What is counted of bodies that are being read; the event loop alone does."""

    def __init__(self) -> None:
        self.bytes = 0


_large = _Large()


async def read(
    request: Request,
    limit_bytes: int,
    too_large: Callable[[int], Problem] = BodyTooLarge,
    limit_seconds: int = LIMIT_SECONDS,
) -> bytes:
    """Return a body of at most ``limit_bytes``.

    Raises what ``too_large`` makes of the limit as soon as it is passed, BodyTooSlow,
    MediaTypeUnsupported for a compressed body, RequestInvalid if the client goes away, and
    ServerBusy if all bodies together are too much.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise MediaTypeUnsupported(f"Content-Encoding: {encoding[:40]}", "an uncompressed body")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit_bytes:
        raise too_large(limit_bytes)
    body = bytearray()
    counted = 0
    try:
        async with asyncio.timeout(limit_seconds):
            async for part in request.stream():
                body += part
                if len(body) > limit_bytes:
                    raise too_large(limit_bytes)
                more = max(0, len(body) - SMALL_BYTES) - counted
                counted += more
                _large.bytes += more
                if more and _large.bytes > BUDGET_BYTES:
                    raise ServerBusy
    except TimeoutError as error:
        raise BodyTooSlow(limit_seconds) from error
    except ClientDisconnect as error:
        raise RequestInvalid("The connection ended before the body was complete.") from error
    finally:
        _large.bytes -= counted
    return bytes(body)
