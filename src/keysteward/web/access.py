"""Sign-in of a request: bearer token, Basic, or session cookie; anything else is nobody."""

import base64
import binascii
from enum import StrEnum

from starlette.requests import Request

from keysteward.accounts import attempts, sessions, sign_in, tokens
from keysteward.accounts.principals import Principal
from keysteward.problems import NotSignedIn, PasswordChangeRequired
from keysteward.values import Secret
from keysteward.web.service import Service, in_thread

SESSION_COOKIE = "keysteward_session"

_MOST_CHARACTERS = 4096


class Access(StrEnum):
    """What an address needs instead of a permission."""

    SIGNED_IN = "signed in"
    """Whoever it is."""
    ONE_TIME_PASSWORD = "signed in, also with a one-time password"  # noqa: S105  # no password
    EVERYBODY = "nothing"


async def authenticate(
    service: Service, request: Request, *, one_time_password: bool = False
) -> Principal:
    """Return who sends a request, as the account is now.

    Raises NotSignedIn, TooManyRequests after failed attempts, and PasswordChangeRequired for a user
    with a one-time password unless that is what the address is for, ServerBusy.
    """
    given = request.headers.get("authorization", "")
    cookie = session_cookie(request)
    address = address_of(request)
    if _is_bearer(given) and service.steward.store.accounts.at_hand:
        principal = _principal(service, given, cookie, address)
    else:
        principal = await in_thread(lambda: _principal(service, given, cookie, address))
    if principal is None:
        principal = await service.passwords.run(
            attempts.network_of(address),
            lambda: sign_in.sign_in(service.steward, *_name_and_password(given), address),
        )
    request.state.account = principal.caller.name  # for the log
    if principal.must_change_password and not one_time_password:
        raise PasswordChangeRequired
    return principal


def address_of(request: Request) -> str:
    """Return the network address that a request came from, as the proxy in front tells it."""
    return request.client.host if request.client else "unknown"


def cookies(request: Request) -> dict[str, str]:
    """Return the cookies as they were sent (RFC 6265 section 4.2.1).

    Starlette's reading of cookies takes back escapes, of which ours have none; before 3.11.10 and
    3.12.6 Python does that in time that grows with the square of their number.
    """
    found: dict[str, str] = {}
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            name, _, value = pair.partition("=")
            found.setdefault(name.strip(), value.strip())
    return found


def session_cookie(request: Request) -> str | None:
    """Return the session's cookie; None if the request has none."""
    return cookies(request).get(SESSION_COOKIE)


def set_session_cookie(value: str, *, encrypted: bool) -> str:
    """Return the header that makes a browser keep a session; an empty value makes it forget."""
    more = ("; Secure" if encrypted else "") + ("" if value else "; Max-Age=0")
    return f"{SESSION_COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/{more}"


def _principal(service: Service, given: str, cookie: str | None, address: str) -> Principal | None:
    """Return who it is; None if a password has to be computed for that."""
    scheme, _, credentials = given.partition(" ")
    if len(given) > _MOST_CHARACTERS:
        raise NotSignedIn("The Authorization header is too long.")
    if _is_bearer(given):
        return tokens.resolve(service.steward, Secret(credentials.strip().encode()))
    if scheme.lower() == "basic":
        return sign_in.recall(service.steward, *_name_and_password(given), address)
    if given:
        # Without a scheme before it, the word may be the secret itself.
        named = repr(scheme[:20]) if credentials else "What the Authorization header begins with"
        raise NotSignedIn(
            f"{named} is no kind of authentication that is known here.", without_credentials=True
        )
    if cookie is not None:
        return sessions.resolve_session(service.steward, Secret(cookie.encode()))
    raise NotSignedIn("The request has no credentials.", without_credentials=True)


def _is_bearer(given: str) -> bool:
    return given[:7].lower() == "bearer "


def _name_and_password(given: str) -> tuple[str, Secret]:
    return read_basic(given.partition(" ")[2])


def read_basic(credentials: str) -> tuple[str, Secret]:
    """Return name and password of Basic credentials (RFC 7617). Raises NotSignedIn."""
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True)
        name, colon, password = decoded.partition(b":")
        if colon:
            return name.decode(), Secret(password)
    except (binascii.Error, ValueError):
        pass
    raise NotSignedIn("The Basic credentials are malformed.")
