"""Asking HTTP servers on this machine, and waiting for what is sure to come."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")

_PAUSE_SECONDS = 0.1


class NotInTime(RuntimeError):
    """Something that had to happen did not."""


def ask(host: str, port: int, path: str, timeout_seconds: float = 3) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that a server answers whatever the status; None if it does not."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def wait_for(what: str, seconds: float, look: Callable[[], Found | None]) -> Found:
    """Return what ``look`` finds as soon as it does. Raises NotInTime after that many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(_PAUSE_SECONDS)
