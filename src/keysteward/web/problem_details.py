"""Problems as HTTP answers: statuses, the headers that go with them, and RFC 9457 documents."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from keysteward.problems import (
    BodyTooSlow,
    Kind,
    MethodNotSupported,
    NotSignedIn,
    OutcomeUnknown,
    Problem,
    RequestInvalid,
    TooManyRequests,
)

MEDIA_TYPE = "application/problem+json"
BUSY_SECONDS = 2
"""After how long whoever found the server or the keystore busy should try again."""

STATUS: Mapping[Kind, int] = MappingProxyType(
    {
        Kind.MISSING: 404,
        Kind.INVALID: 422,
        Kind.UNSUPPORTED: 415,
        Kind.TOO_LARGE: 413,
        Kind.CONFLICT: 409,
        Kind.FORBIDDEN: 403,
        Kind.BUSY: 503,
        Kind.UPSTREAM: 502,
        Kind.SIGNED_OUT: 401,
        Kind.TOO_MANY: 429,
    }
)
_OWN_STATUS: Mapping[type[Problem], int] = MappingProxyType(
    {
        RequestInvalid: 400,
        MethodNotSupported: 405,
        BodyTooSlow: 408,
        # What 502 to 504 say is repeated by programs and proxies that know of nothing else.
        OutcomeUnknown: 500,
    }
)


def status_of(problem: Problem) -> int:
    """Return the HTTP status of a problem at every address but those of the OData face."""
    return _OWN_STATUS.get(type(problem), STATUS[problem.kind])


def headers_of(problem: Problem) -> dict[str, str]:
    """Return what an answer says beside its status: how to sign in, when to come again."""
    if isinstance(problem, NotSignedIn):
        return {"WWW-Authenticate": 'Basic realm="Keysteward", charset="UTF-8"'}
    if isinstance(problem, TooManyRequests):
        return {"Retry-After": str(problem.retry_after_seconds)}
    if isinstance(problem, MethodNotSupported):
        return {"Allow": problem.supported}
    return {"Retry-After": str(BUSY_SECONDS)} if problem.kind is Kind.BUSY else {}


def document(problem: Problem, status: int, instance: str | None = None) -> bytes:
    """Return the RFC 9457 document of a problem; ``instance`` is the request's id."""
    content = {
        "type": f"/rest/v1/problems/{problem.slug}",
        "title": problem.title,
        "status": status,
        "detail": problem.detail,
        "slug": problem.slug,
        "override": problem.overridable,
    }
    return _encode(content, instance)


def failure(instance: str | None) -> bytes:
    """Return the document of what nobody expected; says nothing but where to look."""
    content = {
        "type": "about:blank",
        "title": "Something went wrong in the server",
        "status": 500,
        "detail": "The server's log says more under this request's id.",
        "slug": "internal-error",
        "override": False,
    }
    return _encode(content, instance)


def answer(problem: Problem, request: Request) -> Response:
    """Return the answer to a request that was refused."""
    status = status_of(problem)
    instance = getattr(request.state, "request_id", None)
    content = document(problem, status, instance)
    return Response(content, status, headers_of(problem), MEDIA_TYPE)


def _encode(content: Mapping[str, object], instance: str | None) -> bytes:
    return msgspec.json.encode(content if instance is None else {**content, "instance": instance})
