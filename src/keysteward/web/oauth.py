"""The token endpoint: OAuth 2.0 client credentials (RFC 6749 section 4.4), and revocation.

The client's name and secret come as real clients send them: in the Basic header, in the form, or in
the query. The Basic header goes first, then the form.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keysteward.accounts import tokens
from keysteward.problems import NotSignedIn, Problem, RequestInvalid, TooManyRequests
from keysteward.values import Secret
from keysteward.web import access, bodies
from keysteward.web.service import Service, in_thread

_LIMIT_BYTES = 8192
_MOST_FIELDS = 20
_MOST_NAME = 100
"""Characters of a client's name that the log shows."""
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Keysteward"'}


def routes(service: Service) -> tuple[Route, ...]:
    """Return the routes of the endpoint, for which no permission is needed."""

    async def token(request: Request) -> Response:
        """Give a token for a client's name and secret."""
        try:
            fields = await _read_fields(request)
            if fields.get("grant_type") != "client_credentials":
                return _refusal("unsupported_grant_type", "Use grant_type=client_credentials.", 400)
            name, secret = _credentials(request, fields)
            # A name is no secret, and whoever gives a wrong one wants to find out which.
            request.state.account = f"client:{name[:_MOST_NAME]}"
            address = access.address_of(request)
            issued = await in_thread(lambda: tokens.issue(service.steward, name, secret, address))
        except Problem as problem:
            return _refused(problem)
        return JSONResponse(
            {
                "access_token": issued.token.reveal().decode(),
                "token_type": "bearer",
                "expires_in": issued.expires_in,
            }
        )

    async def revoke(request: Request) -> Response:
        """End a token (RFC 7009); whoever has it may do that, and an unknown one is no error."""
        try:
            fields = await _read_fields(request)
        except Problem as problem:
            return _refused(problem)
        given = Secret(fields.get("token", "").encode())
        await in_thread(lambda: tokens.revoke(service.steward, given))
        return Response()

    return (
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
    )


async def _read_fields(request: Request) -> Mapping[str, str]:
    """Return the fields of query and form; those of the form go first."""
    body = await bodies.read(request, _LIMIT_BYTES)
    try:
        return {
            **dict(parse_qsl(request.url.query, max_num_fields=_MOST_FIELDS)),
            **dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS)),
        }
    except ValueError as error:
        raise RequestInvalid("The form cannot be read.") from error


def _credentials(request: Request, fields: Mapping[str, str]) -> tuple[str, Secret]:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, secret = access.read_basic(given)
        # RFC 6749 section 2.3.1: both are form-encoded before they go into the header.
        return unquote_plus(name), Secret(
            unquote_plus(secret.reveal().decode(errors="replace")).encode()
        )
    name, text = fields.get("client_id", ""), fields.get("client_secret", "")
    if not name or not text:
        raise NotSignedIn("client_id or client_secret is missing.")
    return name, Secret(text.encode())


def _refused(problem: Problem) -> Response:
    """Answer a problem as RFC 6749 section 5.2 says."""
    if isinstance(problem, NotSignedIn):
        return _refusal("invalid_client", problem.reason, 401, _CHALLENGE)
    if isinstance(problem, TooManyRequests):
        wait = {"Retry-After": str(problem.retry_after_seconds)}
        return _refusal("temporarily_unavailable", problem.detail, 429, wait)
    if isinstance(problem, RequestInvalid):
        return _refusal("invalid_request", problem.detail, 400)
    raise problem


def _refusal(
    error: str, text: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    # RFC 6749 allows printable ASCII without quotes and backslashes in the description.
    allowed = "".join(c for c in text if " " <= c <= "~" and c not in '"\\')
    content = {"error": error, "error_description": allowed}
    return JSONResponse(content, status, headers=headers)
