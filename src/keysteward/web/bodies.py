"""Bodies of requests: bounded in bytes and time before anything looks at them."""

from collections.abc import Callable

import anyio
from starlette.requests import ClientDisconnect, Request

from keysteward.problems import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeUnsupported,
    Problem,
    RequestInvalid,
)

SMALL_BYTES = 65_536
"""Limit of a body that holds no file."""
LIMIT_SECONDS = 30


async def read(
    request: Request,
    limit_bytes: int,
    too_large: Callable[[int], Problem] = BodyTooLarge,
    limit_seconds: int = LIMIT_SECONDS,
) -> bytes:
    """Return a body of at most ``limit_bytes``.

    Raises what ``too_large`` makes of the limit as soon as it is passed, BodyTooSlow,
    MediaTypeUnsupported for a compressed body, and RequestInvalid if the client goes away.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise MediaTypeUnsupported(f"Content-Encoding: {encoding[:40]}", "an uncompressed body")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit_bytes:
        raise too_large(limit_bytes)
    body = bytearray()
    try:
        with anyio.fail_after(limit_seconds):
            async for part in request.stream():
                body += part
                if len(body) > limit_bytes:
                    raise too_large(limit_bytes)
    except TimeoutError as error:
        raise BodyTooSlow(limit_seconds) from error
    except ClientDisconnect as error:
        raise RequestInvalid("The connection ended before the body was complete.") from error
    return bytes(body)
