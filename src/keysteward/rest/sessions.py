"""Who is signed in: sessions of browsers, the account itself, its password."""

from keysteward.accounts import sessions, sign_in, users
from keysteward.rest import account_models as models
from keysteward.rest.account_wishes import PasswordChange, SigningIn
from keysteward.rest.routing import Answer, Call, Routes
from keysteward.values import Secret
from keysteward.web import access
from keysteward.web.access import Access

routes = Routes("Sign-in", "Sessions, and the account that is signed in.")


@routes.on("POST", "/session", Access.EVERYBODY, status=201, hashes=True)
def sign_in_user(call: Call[None, SigningIn]) -> Answer[models.Session]:
    """Begin a session: the answer sets the cookie and says the CSRF token for writes.

    For browsers. Programs send a bearer token of /oauth/token, or Basic credentials.
    """
    given, steward = call.body, call.steward
    password = Secret(given.password.encode())
    principal = sign_in.sign_in(steward, given.name, password, call.client.address)
    token, expires_at = sessions.open_session(steward, principal)
    in_session = sessions.resolve_session(steward, token)
    content = models.Session(
        name=principal.name,
        expires_at=expires_at,
        csrf_token=call.service.csrf.issue(in_session),
        must_change_password=principal.must_change_password,
    )
    return Answer(content, headers=_cookie(token.reveal().decode(), call))


@routes.on("DELETE", "/session", Access.ONE_TIME_PASSWORD)
def sign_out_user(call: Call[None, None]) -> Answer[None]:
    """End the session that the cookie names."""
    if call.client.session is not None:
        sessions.close_session(call.steward, Secret(call.client.session.encode()))
    return Answer(None, headers=_cookie("", call))


@routes.on("GET", "/me", Access.SIGNED_IN)
def show_me(call: Call[None, None]) -> Answer[models.Me]:
    """Who is signed in, and what that account may do."""
    principal = call.principal
    return Answer(
        models.Me(
            name=principal.name,
            kind=principal.kind,
            roles=tuple(sorted(principal.roles)),
            permissions=tuple(sorted(principal.permissions)),
            keystores=call.service.keystores_of(principal),
        )
    )


@routes.on("PUT", "/me/password", Access.ONE_TIME_PASSWORD, hashes=True)
def change_my_password(call: Call[None, PasswordChange]) -> Answer[None]:
    """Choose another password. All sessions of the user end."""
    old, new = call.body.old.encode(), call.body.new.encode()
    users.change_own_password(call.steward, call.principal, Secret(old), Secret(new))
    return Answer(None)


def _cookie(value: str, call: Call[object, object]) -> dict[str, str]:
    return {"Set-Cookie": access.set_session_cookie(value, encrypted=call.client.encrypted)}
