"""Which operation a method is at an address; what it is not is refused before anything is read."""

from typing import Never

from starlette.requests import Request

from keysteward.odata.contract import LiveSet, Writing
from keysteward.odata.paths import Ending, Resource
from keysteward.problems import MethodNotSupported, RequestInvalid

READING = frozenset({"GET", "HEAD"})

_TUNNELS = ("X-HTTP-Method", "X-HTTP-Method-Override")
"""Headers with which some OData clients send another method inside a POST."""


def writing(live: LiveSet, resource: Resource, request: Request) -> Writing | None:
    """Return the change that a request asks for; None for a reading.

    Raises MethodNotSupported, and RequestInvalid for another method inside a POST.
    """
    method = request.method
    if method in READING:
        return None
    for tunnel in _TUNNELS:
        if tunnel in request.headers:
            raise RequestInvalid(f"{tunnel} is not supported; send the method itself.")
    found = live.writes.get(method)
    if found is None or not _takes(method, resource):
        _refuse(method, live, resource)
    return found


def require_reading(request: Request) -> None:
    """Refuse to change what is only read. Raises MethodNotSupported."""
    if request.method not in READING:
        raise MethodNotSupported(request.method, "GET")


def _takes(method: str, resource: Resource) -> bool:
    """Whether a method of a set is one at this address of it."""
    if resource.navigation is not None or resource.member is not None:
        return False
    if method == "POST":
        return resource.key is None and resource.ending is Ending.NONE
    ending = Ending.VALUE if resource.set.type.has_stream else Ending.NONE
    return resource.key is not None and resource.ending is ending


def _refuse(method: str, live: LiveSet, resource: Resource) -> Never:
    possible = [each for each in live.writes if _takes(each, resource)]
    raise MethodNotSupported(method, ", ".join(("GET", *possible)))
