"""Problems as answers: RFC 9457 documents with a problem's own members, statuses and headers."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from keysteward.problems import (
    AuditChainBroken,
    DatabaseUnusable,
    DataFolderUnusable,
    EntryChanged,
    KeystoreNotInitialised,
    NotSignedIn,
    Problem,
    RootNotTrusted,
    SealedKeyDamaged,
    SealingKeyExposed,
    SealingKeyMissing,
    SettingInvalid,
)
from keysteward.rest import models
from keysteward.web import problem_details

PAGES = "/rest/v1/problems"
CHALLENGE = 'Bearer realm="Keysteward", Basic realm="Keysteward", charset="UTF-8"'

_OF_THE_SERVER: Mapping[type[Problem], int] = {
    DatabaseUnusable: 503,
    DataFolderUnusable: 503,
    KeystoreNotInitialised: 503,
    SealingKeyMissing: 503,
    SealingKeyExposed: 503,
    SealedKeyDamaged: 500,
    SettingInvalid: 500,
    AuditChainBroken: 500,
}
"""What no other request would change: the client did nothing wrong."""

_RESERVED = frozenset(models.ProblemDetails.__struct_fields__)


def status_of(problem: Problem, *, conditional: bool = False) -> int:
    """Return the HTTP status; ``conditional`` if the request had an If-Match."""
    if conditional and isinstance(problem, EntryChanged):
        return 412
    return _OF_THE_SERVER.get(type(problem), problem_details.status_of(problem))


def headers_of(problem: Problem) -> dict[str, str]:
    """Return what an answer says beside its status."""
    if isinstance(problem, NotSignedIn):
        return {"WWW-Authenticate": CHALLENGE}
    headers = problem_details.headers_of(problem)
    if status_of(problem) == 503:
        headers.setdefault("Retry-After", str(problem_details.BUSY_SECONDS))
    return headers


def details(
    problem: Problem, *, conditional: bool = False, instance: str = ""
) -> models.ProblemDetails:
    """Return a problem as it is shown."""
    return models.ProblemDetails(
        type=f"{PAGES}/{problem.slug}",
        title=problem.title,
        status=status_of(problem, conditional=conditional),
        detail=_detail(problem),
        slug=problem.slug,
        override=problem.overridable,
        instance=instance,
    )


def inside(problem: Problem) -> models.ProblemDetails:
    """Return a problem as it is shown inside another answer."""
    return msgspec.structs.replace(details(problem), members=_extensions(problem))


def answer(problem: Problem, request: Request) -> Response:
    """Return the answer to a request that was refused."""
    conditional = "if-match" in request.headers
    shown = details(problem, conditional=conditional, instance=_request_id(request))
    content = {**msgspec.to_builtins(shown), **_extensions(problem)}
    return Response(
        msgspec.json.encode(content),
        shown.status,
        headers_of(problem),
        problem_details.MEDIA_TYPE,
    )


def failure(request: Request) -> Response:
    """Return the answer to a request that met what nobody expected."""
    content = problem_details.failure(_request_id(request))
    return Response(content, 500, media_type=problem_details.MEDIA_TYPE)


def _detail(problem: Problem) -> str:
    if isinstance(problem, RootNotTrusted):
        return (
            f"{problem.detail} Once it is compared, repeat with trust_root={problem.fingerprint}."
        )
    return problem.detail


def _extensions(problem: Problem) -> dict[str, object]:
    """Return the members of a problem that are none of RFC 9457, or of all problems here."""
    # Those without members are no dataclasses.
    names = getattr(problem, "__dataclass_fields__", {})
    members = {name: getattr(problem, name) for name in names}
    return {name: _plain(value) for name, value in members.items() if name not in _RESERVED}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | datetime | None) else str(value)


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))
