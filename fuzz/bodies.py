"""Bodies of OData requests, names as SAP's API writes them, and what a client is answered."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache

import httpx2

from fuzz.contract import Target, require
from keysteward.client.connection import Connection
from keysteward.client.credentials import ClientSecret, Credentials, Token
from keysteward.client.records import Past
from keysteward.odata import edm, model
from keysteward.odata.changing import alias_lists
from keysteward.odata.changing.documents import Document
from keysteward.odata.edm import Edm, EntityType
from keysteward.odata.formats import atom_bodies, json_format
from keysteward.odata.formats.bodies import Body
from keysteward.problems import PROBLEMS
from keysteward.storage import sap_texts
from keysteward.values import Secret

_TYPES = tuple(each.type for each in model.ENTITY_SETS)
_PYTHON: dict[Edm, type] = {
    Edm.STRING: str,
    Edm.INT32: int,
    Edm.INT64: int,
    Edm.DATE_TIME_OFFSET: datetime,
    Edm.BINARY: bytes,
}
TOKEN = Token(Secret(b"test-only"))
CLIENT = ClientSecret("name", Secret(b"test-only"))
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110 section 5.6.2); the library lets no other through."""
_STATUSES = (200, 201, 204, 302, 400, 401, 403, 404, 409, 412, 422, 429, 500, 503)


def _body(read: Callable[[bytes, EntityType], Body]) -> Callable[[bytes], object]:
    """Return what reads a body for the type that the first byte chooses, and all of its values."""

    def run(data: bytes) -> object:
        type_ = _TYPES[data[0] % len(_TYPES)] if data else _TYPES[0]
        document = Document(read(data[1:], type_))
        for name, property_ in edm.properties_of(type_).items():
            value = document.body.values.get(name)
            fits = value is None or isinstance(value, _PYTHON[property_.type])
            require(fact=fits, words="a value of another type than its property's")
            document.moment(name)
            document.number(name)
            document.text(name)
        document.password()
        return document.body.values

    return run


def _aliases(data: bytes) -> object:
    found = alias_lists.read(data.decode(errors="replace"))
    require(fact=all(found), words="an empty alias")
    return found


def _name(data: bytes) -> object:
    return sap_texts.distinguished_name(data.decode(errors="replace"))


def _answer(data: bytes) -> object:
    """Let a client read an answer, or one to its sign-in, as the first byte says.

    After that byte come lines of headers, and behind an empty line the body.
    """
    first = data[0] if data else 0
    head, _, content = data[1:].partition(b"\n\n")
    pairs = (line.partition(b":") for line in head.split(b"\n"))
    headers = [(name, value.strip()) for name, _, value in pairs if _TOKEN.fullmatch(name)]
    status = _STATUSES[first % len(_STATUSES)]

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))

    asking = _asking(TOKEN if first < 128 else CLIENT)
    asking._authorization.renew()
    asking._http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return asking.get("/past", Past)


@cache
def _asking(credentials: Credentials) -> Connection:
    """Return a connection to nobody; what it sends over is replaced for each answer."""
    return Connection(
        "http://127.0.0.1:1", credentials, verify=True, fingerprint=None, timeout_seconds=1
    )


# ---- seeds


_SAMPLES: dict[Edm, tuple[object, str]] = {
    Edm.STRING: ("DE", "DE"),
    Edm.INT32: (7, "7"),
    Edm.INT64: ("9007199254740993", "9007199254740993"),
    Edm.DATE_TIME_OFFSET: ("/Date(1893553445678+0000)/", "2030-01-02T03:04:05.678Z"),
    Edm.BINARY: ("AAEC", "AAEC"),
}


def _json_bodies() -> Iterator[bytes]:
    for number, type_ in enumerate(_TYPES):
        properties = edm.properties_of(type_)
        whole = {name: _SAMPLES[each.type][0] for name, each in properties.items()}
        yield bytes([number]) + json.dumps({"d": {"__metadata": {}, **whole}}).encode()
        yield bytes([number]) + json.dumps(dict.fromkeys(list(whole)[-1:])).encode()


def _atom_bodies() -> Iterator[bytes]:
    for number, type_ in enumerate(_TYPES):
        properties = edm.properties_of(type_)
        given = "".join(
            f"<d:{name}>{_SAMPLES[each.type][1]}</d:{name}>" for name, each in properties.items()
        )
        last = list(properties)[-1]
        for text in (given, f'<d:{last} m:null="true"/>'):
            yield bytes([number]) + _ENTRY.format(text).encode()


_ENTRY = (
    '<?xml version="1.0" encoding="utf-8"?><entry xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"'
    ' xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
    '<content type="application/xml"><m:properties>{}</m:properties></content></entry>'
)


def _alias_lists() -> Iterator[bytes]:
    yield from (b"a;b", rb"a\;b;c\\d", b"mykeypair")


def _names() -> Iterator[bytes]:
    yield rb"CN=a\,b\"c\\,OU=x+E=a@b.example,2.5.4.5=#0c0161,C=DE"
    yield b"CN=Stra\xc3\x9fe,L=two  blanks,C=DE"


def _answers() -> Iterator[bytes]:
    ok, refused = _STATUSES.index(200), _STATUSES.index(409)
    token, late = 128 + 12, 128 + 9  # 140 % 14 is 0, which is 200; 137 % 14 is 11, which is 429
    yield bytes([token]) + b"\n\n" + b'{"access_token":"a","expires_in":60}'
    yield bytes([late]) + b"retry-after: 7\n\n" + b'{"error_description":"Later."}'
    past: dict[str, object] = {
        "alias": "a",
        "at": "2030-01-01T00:00:00Z",
        "active": None,
        "entries": [],
    }
    yield bytes([ok]) + b"content-type: application/json\n\n" + json.dumps(past).encode()
    for problem in PROBLEMS:
        fields = getattr(problem, "__dataclass_fields__", {})
        members: dict[str, object] = {name: _member(each.type) for name, each in fields.items()}
        document = {"type": f"/rest/v1/problems/{problem.slug}", "title": "t", **members}
        yield bytes([refused]) + b"\n\n" + json.dumps(document).encode()


def _member(annotation: object) -> object:
    """Return a value of the sort that a problem's member wants."""
    text = str(annotation)
    if text.startswith("tuple"):
        return ["a"]
    if "datetime" in text:
        return "2030-01-01T00:00:00Z"
    return 7 if "int" in text else "a"


TARGETS = (
    Target("json-bodies", _body(json_format.read), _json_bodies),
    Target("atom-bodies", _body(atom_bodies.read), _atom_bodies),
    Target("alias-lists", _aliases, _alias_lists),
    Target("names", _name, _names),
    Target("server-answers", _answer, _answers),
)
