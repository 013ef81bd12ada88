"""Signing in and out, the own password, and what a browser keeps: language and theme."""

from keysteward.accounts import sessions, sign_in, users
from keysteward.problems import FieldInvalid
from keysteward.ui import language, shell
from keysteward.ui.routing import Leave, Page, Routes, Visit
from keysteward.values import Secret
from keysteward.web import access
from keysteward.web.access import Access

routes = Routes()

_YEAR_SECONDS = 31_536_000


@routes.get("/sign-in", Access.EVERYBODY)
def sign_in_page(visit: Visit) -> Page:
    """Ask for name and password; afterwards the browser goes on to where it wanted."""
    return Page("sign_in.html", {"next": _own(visit.query.get("next", "/"))})


@routes.post("/sign-in", Access.EVERYBODY, hashes=True)
def sign_in_user(visit: Visit) -> Leave:
    """Begin a session."""
    name, password = visit.form.required("name"), visit.form.required_secret("password")
    principal = sign_in.sign_in(visit.steward, name, password, visit.address)
    token, _ = sessions.open_session(visit.steward, principal)
    value = token.reveal().decode()
    cookie = access.set_session_cookie(value, encrypted=visit.encrypted)
    to = "/password" if principal.must_change_password else _own(visit.form.text("next"))
    return Leave(to, headers={"Set-Cookie": cookie})


@routes.post("/sign-out", Access.ONE_TIME_PASSWORD)
def sign_out_user(visit: Visit) -> Leave:
    """End the session."""
    if visit.session is not None:
        sessions.close_session(visit.steward, Secret(visit.session.encode()))
    cookie = access.set_session_cookie("", encrypted=visit.encrypted)
    return Leave("/sign-in", visit.text("You are signed out."), {"Set-Cookie": cookie})


@routes.get("/password", Access.ONE_TIME_PASSWORD)
def password_page(visit: Visit) -> Page:
    """Ask for another password."""
    return Page("password.html", {"one_time": visit.principal.must_change_password})


@routes.post("/password", Access.ONE_TIME_PASSWORD, hashes=True)
def change_password(visit: Visit) -> Leave:
    """Choose another password; all sessions of the user end, and this one begins anew."""
    form = visit.form
    old, new = form.required_secret("old_password"), form.required_secret("new_password")
    if form.raw("new_password_again") != form.raw("new_password"):
        raise FieldInvalid("new_password_again", "The two new passwords are different.")
    users.change_own_password(visit.steward, visit.principal, old, new)
    principal = sign_in.sign_in(visit.steward, visit.principal.name, new, visit.address)
    token, _ = sessions.open_session(visit.steward, principal)
    cookie = access.set_session_cookie(token.reveal().decode(), encrypted=visit.encrypted)
    return Leave("/", visit.text("Your password is changed."), {"Set-Cookie": cookie})


@routes.get("/preferences", Access.EVERYBODY)
def preferences_page(_: Visit) -> Page:
    """Offer languages and themes."""
    return Page("preferences.html")


@routes.post("/preferences", Access.EVERYBODY)
def choose_preferences(visit: Visit) -> Leave:
    """Keep a language and a theme in the browser."""
    code, theme = visit.form.text("language"), visit.form.text("theme")
    if code not in language.LANGUAGES:
        raise FieldInvalid("language", "Choose one of the languages.")
    if theme not in shell.THEMES:
        raise FieldInvalid("theme", "Choose one of the themes.")
    secure = "; Secure" if visit.encrypted else ""
    kept = f"Path=/; Max-Age={_YEAR_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    cookies = {
        "Set-Cookie": f"keysteward_language={code}; {kept}",
        # Names of headers are compared without case: two cookies need two of them.
        "set-cookie": f"keysteward_theme={theme}; {kept}",
    }
    return Leave(_own(visit.form.text("next")), headers=cookies)


def _own(address: str) -> str:
    """Return an address of this server's own, never of another one (RFC 3986 section 4.2)."""
    plain = address.isascii() and address.isprintable() and "\\" not in address
    return address if plain and address.startswith("/") and address[1:2] != "/" else "/"
