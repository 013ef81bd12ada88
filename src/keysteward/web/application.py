"""The one application of the server: what every face shares around the routes of each."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from keysteward.problems import MethodNotSupported, Problem, RequestInvalid, ResourceUnknown
from keysteward.web import health, oauth, problem_details
from keysteward.web.headers import SecurityHeaders
from keysteward.web.metrics import Metrics
from keysteward.web.observability import Failures, Observed
from keysteward.web.running import Running, TakesRequests
from keysteward.web.service import Service

_MOST_PATH = 200


def build(
    service: Service,
    parts: Sequence[BaseRoute] = (),
    running: Running | None = None,
    metrics: Metrics | None = None,
) -> Starlette:
    """Return the application; ``parts`` are the routes of the faces, in the order of trial.

    ``running`` and ``metrics`` are what it shares with the server that runs it.
    """
    metrics = metrics or Metrics()
    running = running or Running()
    return Starlette(
        routes=[
            *health.routes(service, metrics, running),
            *oauth.routes(service),
            *parts,
        ],
        # The first one sees a request first and its answer last.
        middleware=[
            Middleware(Observed, metrics),
            Middleware(SecurityHeaders),
            Middleware(Failures),
            Middleware(TakesRequests, running),
        ],
        exception_handlers={Problem: _refused, HTTPException: _not_routed},
    )


def _refused(request: Request, problem: Exception) -> Response:
    """Answer a problem at an address that has no form of its own for it."""
    assert isinstance(problem, Problem)  # noqa: S101 - registered for it
    return problem_details.answer(problem, request)


def _not_routed(request: Request, error: Exception) -> Response:
    """Answer what Starlette's router refuses, as a problem of ours."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return _refused(request, MethodNotSupported(request.method, allowed))
    if error.status_code == 404:
        return _refused(request, ResourceUnknown(request.url.path[:_MOST_PATH]))
    return _refused(request, RequestInvalid(str(error.detail)))
