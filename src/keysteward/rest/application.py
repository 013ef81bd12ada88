"""The REST face as one ASGI application, to be mounted at ``/rest/v1``."""

import inspect
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp

import keysteward
from keysteward.problems import MethodNotSupported, RequestInvalid, ResourceUnknown
from keysteward.rest import (
    accounts,
    audit,
    backups,
    connection_tests,
    copies,
    document,
    downloads,
    entries,
    errors,
    imports,
    key_pairs,
    keystores,
    pages,
    provider,
    sessions,
    signing_responses,
    uploads,
    versions,
)
from keysteward.rest.answering import Answering
from keysteward.rest.routing import ROOT, Operation, Routes
from keysteward.web.raw_paths import RawMount
from keysteward.web.service import Service

GROUPS: tuple[Routes, ...] = (
    entries.routes,
    versions.routes,
    key_pairs.routes,
    uploads.routes,
    signing_responses.routes,
    downloads.routes,
    imports.routes,
    backups.routes,
    provider.routes,
    copies.routes,
    connection_tests.routes,
    keystores.routes,
    audit.routes,
    sessions.routes,
    accounts.routes,
)
"""Every group of resources, in the order of the documentation."""

_MOST_PATH = 200

_Endpoint = Callable[[Request], Awaitable[Response]]


def operations() -> tuple[Operation, ...]:
    """Return every operation of this face."""
    return tuple(operation for group in GROUPS for operation in group.operations)


def routes(service: Service) -> tuple[BaseRoute, ...]:
    """Return the routes of this face."""
    return (Route(ROOT, pages.moved), RawMount(ROOT, build(service)))


def build(service: Service) -> ASGIApp:
    """Return the application of a service, to be mounted at ``ROOT``."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _not_routed, Exception: _failed},
    )
    answering = Answering(service)
    schemas = document.Schemas(operations())
    for operation in operations():
        _add(
            app, operation, _endpoint(answering, operation), document.described(operation, schemas)
        )
    whole = _document(app, schemas)
    for route in app.routes:
        if isinstance(route, Route | APIRoute) and "GET" in (route.methods or ()):
            route.methods = {*(route.methods or ()), "HEAD"}
    app.router.routes += pages.routes(whole)
    return app


def _endpoint(answering: Answering, operation: Operation) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        return await answering.answer(operation, request)

    return endpoint


def _add(app: FastAPI, operation: Operation, endpoint: _Endpoint, said: dict[str, object]) -> None:
    summary, _, text = (operation.function.__doc__ or "").partition("\n")
    app.router.add_api_route(
        operation.path,
        endpoint,
        methods=[operation.method],
        status_code=operation.status if operation.answer else 204,
        response_class=Response,
        response_model=None,
        tags=[operation.tag],
        summary=summary.strip().rstrip("."),
        description=inspect.cleandoc(text),
        operation_id=operation.name,
        openapi_extra=said,
    )


def _document(app: FastAPI, schemas: document.Schemas) -> document.Json:
    made = get_openapi(
        title="Keysteward",
        version=keysteward.__version__,
        openapi_version="3.1.0",
        summary="Keystore of an integration platform",
        description=pages.INTRODUCTION,
        routes=app.routes,
        tags=[{"name": group.tag, "description": group.about} for group in GROUPS],
        servers=[{"url": ROOT}],
    )
    schemas.drop(o.query.__name__ for o in operations() if o.query is not None)
    made["components"] = document.components(schemas)
    for item in made["paths"].values():
        for operation in item.values():
            # FastAPI takes the endpoint's own text where there is none.
            if not operation.get("description"):
                operation.pop("description", None)
    return made


async def _not_routed(request: Request, error: Exception) -> Response:
    """Answer what the router refuses, as a problem of ours."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    if status == 405:
        problem = MethodNotSupported(request.method, ", ".join(_allowed(request)))
        return errors.answer(problem, request)
    if status == 404:
        return errors.answer(ResourceUnknown(request.url.path[:_MOST_PATH]), request)
    return errors.answer(RequestInvalid("The request cannot be understood."), request)


def _allowed(request: Request) -> list[str]:
    """Return the methods of all routes at an address; the router knows those of the first."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)


async def _failed(request: Request, _: Exception) -> Response:
    return errors.failure(request)
