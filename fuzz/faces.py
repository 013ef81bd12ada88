"""Whole requests of both HTTP faces, and the headers that decide who somebody is."""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from unittest.mock import patch
from urllib.parse import unquote

import h11
import msgspec
import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Scope

from fuzz import installation
from fuzz.contract import Target, require
from keysteward import serving
from keysteward.accounts import clients, tokens
from keysteward.accounts.principals import AccountKind, Means, Principal
from keysteward.problems import MethodNotSupported, RequestInvalid
from keysteward.rest import idempotency, paging
from keysteward.rights import Role
from keysteward.storage.entry_lists import Position
from keysteward.ui import forms
from keysteward.values import Alias, Secret
from keysteward.web import access, application, csrf, observability, protocol
from keysteward.web.csrf import CsrfTokens
from tests.steward import TENANT
from tests.storage.conftest import NOW

_KEY = Secret(b"test-only")
_LIST = ("entries", 1)
_ANNA = Principal(7, "anna", AccountKind.USER, frozenset({Role.OPERATOR}), None, Means.SESSION)
_TOKENS = CsrfTokens(_KEY, lambda: NOW)
_MOST_STATUS = 499
"""Of an answer to a request that only reads: nobody else is at this keystore."""


@dataclass(frozen=True, slots=True)
class _Turn:
    before: datetime | None
    position: Position


def _credentials(data: bytes) -> object:
    name, password = access.read_basic(data.decode("latin-1"))
    require(fact=":" not in name and bool(password), words="a name with a colon")
    return name


def _token(data: bytes) -> object:
    """Give a CSRF token; a right one is of the account and the time that it was made for."""
    _TOKENS.require(_ANNA, data.decode("latin-1"))
    right = _TOKENS.issue(_ANNA).encode()
    # The last character has bits that mean nothing.
    same = base64.urlsafe_b64decode(data) == base64.urlsafe_b64decode(right)
    require(fact=same, words="another token than the account's is taken")
    return right


def _origin(data: bytes) -> object:
    """Look at three headers, with NULs between."""
    names = (b"origin", b"host", b"sec-fetch-site")
    headers = list(zip(names, data.split(b"\0"), strict=False))
    csrf.require_own_origin(Request({"type": "http", "headers": headers}))
    return headers


def _cursor(data: bytes) -> object:
    """Read a cursor as it is, or with the right MAC around it, as the first byte says."""
    if data[:1] == b"=":
        mac = paging._mac(_KEY, _LIST, data[1:])
        with patch.object(paging, "_mac", lambda *_: mac):
            written = base64.urlsafe_b64encode(mac + data[1:]).decode()
            return paging.read(_KEY, _LIST, written, _Turn)
    return paging.read(_KEY, _LIST, data.decode("latin-1"), _Turn)


def _ids(data: bytes) -> object:
    """Take the id of a request, and an idempotency key."""
    name = observability.REQUEST_ID.lower().encode()
    found = observability._request_id({"type": "http", "headers": [(name, data)]})
    harmless = found.isascii() and found.isprintable() and 8 <= len(found) <= 64
    require(fact=harmless, words="an id that nobody wants in a log")
    idempotency.require_key(data.decode("latin-1"))
    return found


def _form(data: bytes) -> object:
    """Read a form: its content type is the first line, and what follows the body."""
    head, _, body = data.partition(b"\n")
    form = _runner().run(forms.read(body, head.decode("latin-1")))
    names = {*form.fields, *form.files, *(file.name for file in form.files.values())}
    for text in (*names, *(value for values in form.fields.values() for value in values)):
        text.encode()
    return form


def _request(data: bytes) -> object:
    """Send a reading request to the whole application, signed in unless it says who it is."""
    scope = _scope(data)
    found: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        found.append(message)

    async def ask() -> None:
        await _application()(scope, receive, send)

    with structlog.testing.capture_logs():
        _runner().run(ask())
    status = int(found[0]["status"])
    require(fact=200 <= status <= _MOST_STATUS, words=f"status {status}")
    for name, value in found[0]["headers"]:
        require(fact=not {13, 10, 0} & {*name, *value}, words="a header of two lines")
    if status >= 400:
        raise RequestInvalid(f"status {status}")
    return status


def _scope(data: bytes) -> Scope:
    """Return what the server makes of a request's head; refuses what it would."""
    server = h11.Connection(h11.SERVER, protocol.HEADER_LIMIT_BYTES)
    server.receive_data(data.replace(b"\n", b"\r\n"))
    try:
        event = server.next_event()
    except h11.RemoteProtocolError as error:
        raise RequestInvalid(str(error)) from error
    if not isinstance(event, h11.Request):
        raise RequestInvalid("no request")
    method = event.method.decode("ascii")
    if method not in {"GET", "HEAD", "OPTIONS"}:
        raise MethodNotSupported(method, "GET")
    raw_path, _, query = event.target.partition(b"?")
    headers = list(event.headers)
    given = dict(headers).get(b"authorization", b"")
    if given[:5].lower() == b"basic":
        raise RequestInvalid("A password takes its time.")
    if not given and b"cookie" not in dict(headers):
        headers.append((b"authorization", _bearer()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": event.http_version.decode("ascii"),
        "server": ("127.0.0.1", 8470),
        "client": ("127.0.0.1", 50000),
        "scheme": "https",
        "method": method,
        "root_path": "",
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "headers": headers,
        "state": {},
    }


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


@cache
def _application() -> ASGIApp:
    """Return all faces; what nobody expected comes out of it as it is."""
    with patch.object(application, "Failures", lambda app: app):
        app = serving.build(installation.steward())
        app.middleware_stack = app.build_middleware_stack()
    return app


@cache
def _bearer() -> bytes:
    steward = installation.steward()
    roles = frozenset({Role.ADMINISTRATOR})
    _, made = clients.add_client(steward, TENANT, "program", roles, None)
    issued = tokens.issue(steward, "program", made.secret, "127.0.0.1")
    return b"Bearer " + issued.token.reveal()


# ---- seeds


def _basics() -> Iterator[bytes]:
    yield from (b"YW5uYTpzZWNyZXQ=", b"YTpiOmM=", b" w6Q6w6Q= ", b"Og==")


def _csrf_tokens() -> Iterator[bytes]:
    yield _TOKENS.issue(_ANNA).encode()


def _origins() -> Iterator[bytes]:
    yield b"https://a.example\0a.example\0same-origin"
    yield b"https://[::1]:8470\0[::1]:8470"
    yield b"null\0a.example"


def _cursors() -> Iterator[bytes]:
    place = _Turn(NOW, Position(Alias("a"), 1, NOW, None))
    yield paging.write(_KEY, _LIST, place).encode()
    yield b"=" + msgspec.json.encode(place)


def _forms() -> Iterator[bytes]:
    field, file = b'form-data; name="csrf"', b'form-data; name="file"; filename="a.cer"'
    first = b"--a\r\nContent-Disposition: " + field + b"\r\n\r\nabc\r\n"
    second = b"--a\r\nContent-Disposition: " + file + b"\r\nContent-Type: a/b\r\n\r\n\x30\0\r\n"
    for parts in (first, second, first + second, first + first, b""):
        yield b"multipart/form-data; boundary=a\n" + parts + b"--a--\r\n"
    for more in (b"", b"; charset=utf-7", b"; charset=unicode_escape", b'; boundary="b"'):
        yield b'multipart/form-data; boundary="a"' + more + b"\n" + first + b"--a--"


def _requests() -> Iterator[bytes]:
    entry = b"/api/v1/KeystoreEntries('61')"
    lists = b"/rest/v1/keystores/default/entries"
    for target in (
        b"/api/v1/",
        b"/api/v1/$metadata?flat=true",
        b"/api/v1/KeystoreEntries?$filter=Alias%20eq%20'a'&$top=2&$inlinecount=allpages",
        b"/location/default/api/v1/Keystores('system')?$expand=Entries",
        entry + b"?$format=json&$select=Alias,ValidNotAfter&$expand=Keystore",
        entry + b"/ChainCertificates(Hexalias='61',Index=0)/SubjectDN/$value",
        b"/api/v1/CertificateResources('61')/$value?keystoreName=KeyHistory",
        b"/rest/v1/me",
        lists + b"?limit=2&expiring_days=30&type=key_pair",
        lists + b"/b%20a?view=current",
        lists + b"/b%20a/versions",
        b"/rest/v1/openapi.json",
        b"/rest/v1/docs",
        b"/rest/v1/audit?limit=3&alias=a",
        b"/healthz",
        b"/metrics",
        b"/",
    ):
        yield b"GET " + target + b" HTTP/1.1\nHost: a.example\nAccept: */*\n\n"
    yield b"HEAD / HTTP/1.1\nHost: a.example\nX-CSRF-Token: fetch\nX-Request-Id: 12345678\n\n"
    yield b'GET /rest/v1/me HTTP/1.1\nHost: [::1]\nCookie: keysteward_session="a"; b=\n\n'
    yield b"GET /rest/v1/docs HTTP/1.1\nHost: a\nRange: bytes=0-1,5-\nIf-None-Match: *\n\n"
    yield b'GET /api/v1 HTTP/1.0\nAuthorization: Bearer a.b\nIf-Match: W/"1-2"\n\n'


_OF_REQUESTS = (
    *("GET ", "HEAD ", "OPTIONS ", " HTTP/1.1\n", "Host: ", "Accept: ", "Cookie: ", "Range: "),
    *("X-CSRF-Token: Fetch", "If-Match: ", "Authorization: Bearer ", "Origin: ", "[", "%00", "%2F"),
    *("/api/v1/", "/rest/v1/keystores/default/", "/location/", "keysteward_session=", "bytes=0-"),
)

_OF_FORMS = (
    *("multipart/form-data", "; boundary=", "; charset=", '"', "--", "\r\n", "\r\n\r\n", "--a"),
    *("Content-Disposition: ", "form-data", "; name=", "; filename=", "; filename*=utf-8''%ff"),
    *(
        "Content-Type: text/plain; charset=",
        "utf-7",
        "\\ud800",
        "+2AA-",
        "Content-Transfer-Encoding:",
    ),
)

TARGETS = (
    Target("credentials", _credentials, _basics),
    Target("csrf-tokens", _token, _csrf_tokens, most_bytes=128),
    Target("origins", _origin, _origins, most_bytes=512),
    Target("cursors", _cursor, _cursors, most_bytes=512),
    Target("ids", _ids, lambda: (b"0123abcd", b"a-b_c.d!"), most_bytes=256),
    Target("forms", _form, _forms, words=_OF_FORMS),
    Target("http-requests", _request, _requests, words=_OF_REQUESTS),
)
