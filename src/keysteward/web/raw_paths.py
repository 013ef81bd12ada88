"""Addresses as they were sent, so that %2F in an alias is no slash between segments."""

from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.routing import Match, Mount
from starlette.types import Scope

from keysteward.problems import RequestInvalid


class RawMount(Mount):
    """Routes by the path as it was sent.

    Servers decode the path before routing. What of it is variable is decoded here once, by whoever
    reads it (``variables``).
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the address is one of this mount, whose routes see it as it was sent."""
        raw = scope.get("raw_path")
        path = scope["path"] if raw is None else raw.partition(b"?")[0].decode("latin-1")
        match, child = super().matches({**scope, "path": path})
        if match is Match.NONE:
            return match, child
        # What takes every address leaves those that another route has for other methods to it.
        return match if self.path else Match.PARTIAL, {**child, "path": path}


def variables(request: Request) -> dict[str, str]:
    """Return the variable parts of an address, each decoded once. Raises RequestInvalid."""
    try:
        return {
            name: unquote_to_bytes(str(value).encode("latin-1")).decode()
            for name, value in request.path_params.items()
        }
    except UnicodeDecodeError as error:
        raise RequestInvalid("The address is no UTF-8 under its percent signs.") from error
