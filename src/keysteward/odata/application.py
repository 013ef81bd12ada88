"""The OData face: from a request to an operation and back. Each request takes these steps.

1. Who sends it? Without credentials that are right: 401.
2. Does the account ask too often? 429.
3. Does the keystore exist for the account? An unknown ``/location/…`` is 404. Do all clients of the
   keystore together ask too often? 429. Whoever may not see it does not count among them.
4. What do path and query name, and does it take this method? 400, 404, 405; PATCH 501.
5. Do the account's roles permit it? 403.
6. Does a change come with the account's CSRF token? 403 with ``X-CSRF-Token: Required``.
7. The body, up to the operation's limit and no byte further: 413.
8. The operation, in a worker thread.
9. The answer, in the format that is asked for.

Steps 4 to 9 are in ``exchange``. A GET or HEAD that fetches a CSRF token has one in its answer from
step 1 on, whatever else that says: clients fetch it where they want to write, and that may be an
address that cannot be read.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from keysteward.accounts.principals import Principal
from keysteward.odata import addresses, exchange, operations
from keysteward.problems import Problem
from keysteward.web import access, csrf
from keysteward.web.service import Service

_FETCH = "fetch"
_WELCOME = (
    "Keysteward. SAP-compatible OData V2: /api/v1/. REST: /rest/v1, explained at /rest/v1/docs.\n"
)


def routes(service: Service) -> tuple[BaseRoute, ...]:
    """Return the routes of the face: its services, and the host's root for CSRF tokens."""
    face = _Face(service)
    return (_Behind(face), _TokenAtRoot("/", face.root, methods=["GET"]))


class _TokenAtRoot(Route):
    """The host's root for those who fetch a token there; to all others it is the page's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request fetches a token at the root."""
        match, child = super().matches(scope)
        fetches = match is Match.FULL and _fetches(Request(scope))
        return (match, child) if fetches else (Match.NONE, {})


class _Behind(BaseRoute):
    """The route of every address that is one of a service, with or without a slash at its end.

    Starlette's own looks at the decoded path, and redirects where a slash is missing.
    """

    def __init__(self, face: "_Face") -> None:
        self._face = face

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the address is one of the face's."""
        found = scope["type"] == "http" and addresses.is_service(scope["raw_path"])
        return (Match.FULL if found else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._face(scope, receive, send)


class _Face:
    """The application behind both addresses of the service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request behind a service root."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def root(self, request: Request) -> Response:
        """Answer at the host's root, where some clients fetch their CSRF token."""
        try:
            principal = await access.authenticate(self._service, request)
            self._service.odata_rates.take_account(principal.account_id)
        except Problem as problem:
            return exchange.refuse(request, problem)
        return self._with_token(request, principal, PlainTextResponse(_WELCOME))

    async def _respond(self, request: Request) -> Response:
        request.state.failure = lambda request_id: exchange.fail(request, request_id)
        try:
            principal = await access.authenticate(self._service, request)  # 1
        except Problem as problem:
            return exchange.refuse(request, problem)
        request.state.account = principal.caller.name
        try:
            address = addresses.read(request)
            self._service.odata_rates.take_account(principal.account_id)  # 2
            steward = await self._service.find_steward(principal, address.keystore)  # 3
            self._service.odata_rates.take_keystore(steward.settings.keystore)
            response = await exchange.answer(request, address, principal, steward, self._service)
        except Problem as problem:
            response = exchange.refuse(request, problem)
        return self._with_token(request, principal, response)

    def _with_token(self, request: Request, principal: Principal, response: Response) -> Response:
        if _fetches(request):
            response.headers[csrf.HEADER] = self._service.csrf.issue(principal)
        return response


def _fetches(request: Request) -> bool:
    if request.method not in operations.READING:
        return False
    return request.headers.get(csrf.HEADER, "").strip().lower() == _FETCH
