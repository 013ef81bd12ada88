"""Where a request goes: which keystore, and what behind the root of its service."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from keysteward.odata import percent
from keysteward.problems import ResourceUnknown

_SERVICE = re.compile(rb"(/(?:location/([^/]+)/)?api/v1)(?:/(.*))?", re.DOTALL)

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address before anything of it is looked up."""

    root: str
    """The whole address of the service, with a slash at its end."""
    keystore: str | None
    """The name in the address; None means the default one."""
    path: bytes
    """What follows the root, still percent-encoded, without slashes at its ends."""


def is_service(raw_path: bytes) -> bool:
    """Tell whether a path, as it was sent, is behind the root of a service."""
    return _SERVICE.fullmatch(raw_path) is not None


def read(request: Request) -> Address:
    """Return the parts of a request's address. Raises ResourceUnknown, RequestInvalid.

    The path is taken as it was sent: decoded, an alias with a slash would look like two parts.
    """
    raw: bytes = request.scope["raw_path"]
    found = _SERVICE.fullmatch(raw)
    if found is None:
        raise ResourceUnknown(request.url.path[:_MOST_SHOWN])
    keystore = None if found[2] is None else percent.decode(found[2])
    root = f"{base(request)}{found[1].decode('ascii', 'replace')}/"
    return Address(root, keystore, (found[3] or b"").strip(b"/"))


def base(request: Request) -> str:
    """Return scheme, host and port as the client wrote them."""
    host, port = request.scope.get("server") or ("localhost", None)
    written = request.headers.get("host") or (host if port is None else f"{host}:{port}")
    return f"{request.url.scheme}://{written}"
