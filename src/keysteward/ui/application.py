"""The page as routes: one group for each part of it, and the files that it loads."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from keysteward.ui import (
    audit,
    backups,
    certificate_uploads,
    clients,
    connectivity,
    current_entries,
    entry_changes,
    entry_details,
    entry_downloads,
    entry_names,
    entry_updates,
    key_generation,
    key_pair_uploads,
    keystore_files,
    overview,
    provider_keys,
    routing,
    selected_entries,
    sign_in,
    signing_requests,
    signing_responses,
    ssh_key_uploads,
    static_files,
    users,
    versions,
)
from keysteward.ui.answering import Answering
from keysteward.ui.static_files import StaticFiles
from keysteward.web.raw_paths import RawMount
from keysteward.web.service import Service

GROUPS: tuple[routing.Routes, ...] = (
    sign_in.routes,
    overview.routes,
    current_entries.routes,
    selected_entries.routes,
    entry_names.routes,
    entry_details.routes,
    entry_downloads.routes,
    versions.routes,
    audit.routes,
    users.routes,
    clients.routes,
    signing_responses.routes,
    key_generation.routes,
    signing_requests.routes,
    entry_changes.routes,
    keystore_files.routes,
    backups.routes,
    connectivity.routes,
    provider_keys.routes,
    entry_updates.routes,
    certificate_uploads.routes,
    key_pair_uploads.routes,
    ssh_key_uploads.routes,
)
"""Every group of pages."""

_NOT_BUILT = (
    "The web page is not built. Install Node.js 18 or newer with npm, and run 'make page'. "
    "The command line works without it, and so do the APIs: OData V2 at /api/v1/, and REST at "
    "/rest/v1, explained at /rest/v1/docs.\n"
)

_Endpoint = Callable[[Request], Awaitable[Response]]


def all_routes() -> tuple[routing.Route, ...]:
    """Return every route of the page."""
    return tuple(route for group in GROUPS for route in group.all)


def routes(service: Service) -> tuple[BaseRoute, ...]:
    """Return the routes of the page, which take every address that no other face has."""
    static = static_files.load()
    if static is None:
        return (Route("/", _not_built),)
    return pages(service, static)


def pages(service: Service, static: StaticFiles) -> tuple[BaseRoute, ...]:
    """Return the routes of the page with what the build made."""
    files = Mount("/static", routes=[Route("/{name}", static.answer)])
    return (files, RawMount("", _router(service, static)))


def _router(service: Service, static: StaticFiles) -> Router:
    answering = Answering(service, static)
    found: list[BaseRoute] = [
        Route(path, answering.answer_job, methods=["GET"]) for path in ("/jobs", "/jobs/{id}")
    ]
    found.extend(
        Route(route.path, _endpoint(answering, route), methods=[route.method])
        for route in all_routes()
    )
    return Router(routes=found, redirect_slashes=False, default=_default(answering))


def _endpoint(answering: Answering, route: routing.Route) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        return await answering.answer(route, request)

    return endpoint


def _default(answering: Answering) -> ASGIApp:
    async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answering.nowhere(Request(scope, receive))
        await response(scope, receive, send)

    return nowhere


async def _not_built(_: Request) -> Response:
    return Response(_NOT_BUILT, 503, media_type="text/plain; charset=utf-8")
