"""The OpenAPI 3.1 document: made of the operations' own annotations, so it says what they do."""

import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from keysteward.rest import examples, idempotency, models, reading
from keysteward.rest.downloads import NOTICES
from keysteward.rest.routing import Content, Lines, Operation
from keysteward.web import csrf
from keysteward.web.access import Access

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"

_SIGNED_IN: Sequence[Mapping[str, Sequence[str]]] = (
    {"bearer": []},
    {"oauth2": []},
    {"basic": []},
    {"session": []},
)

SECURITY_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of /oauth/token."},
    "oauth2": {
        "type": "oauth2",
        "description": "For API clients.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
    },
    "basic": {"type": "http", "scheme": "basic", "description": "Name and password of a user."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "keysteward_session",
        "description": "Of POST /session. Writes need the header X-CSRF-Token, too.",
    },
}

_REFUSALS: Mapping[int, str] = {
    400: "The request cannot be understood.",
    401: "Nobody is signed in, or the credentials are not right.",
    403: "The account may not do this, or the entry is not its to change.",
    404: "There is no such thing, or it does not exist for this account.",
    405: "This address does not take this method.",
    408: "The body came too slowly.",
    409: "Something stands in the way, has to be confirmed, or was changed meanwhile.",
    412: "The entry is not in the state that If-Match names any more.",
    413: "The body is too large.",
    415: "The file, or the media type, is none that is taken here.",
    422: "What was given cannot be used.",
    429: "Too many requests, or failed attempts to sign in: Retry-After says when to come again.",
    431: "The address and the headers are too large.",
    500: "An error in Keysteward; the server's log says more under the request's id.",
    503: "Busy: nothing was done, Retry-After says when to come again.",
}


def described(operation: Operation, schemas: "Schemas") -> Json:
    """Return what is said of an operation besides its name and text."""
    said: Json = {
        "parameters": [*_of_path(operation), *schemas.query(operation), *_of_headers(operation)],
        "responses": {
            str(operation.status if operation.answer else 204): _success(operation, schemas),
            **{str(s): {"$ref": f"#/components/responses/{s}"} for s in _statuses(operation)},
        },
        "security": [] if operation.permission is Access.EVERYBODY else list(_SIGNED_IN),
        "x-permission": operation.permission.value,
    }
    body = _body(operation, schemas)
    return said if body is None else {**said, "requestBody": body}


def components(schemas: "Schemas") -> Json:
    """Return what the operations refer to."""
    problem = schemas.of(models.ProblemDetails)
    return {
        "schemas": schemas.named,
        "responses": {
            str(status): {"description": text, "content": {_PROBLEM: {"schema": problem}}}
            for status, text in _REFUSALS.items()
        },
        "securitySchemes": SECURITY_SCHEMES,
    }


class Schemas:
    """JSON schemas of all types that operations name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: list[Any] = [models.ProblemDetails]
        for operation in operations:
            kinds = (operation.query, operation.json_body, *_structs(operation.answer))
            wanted += [kind for kind in kinds if kind is not None]
        found, named = msgspec.json.schema_components(wanted, ref_template=_REF)
        # Names of generic types have brackets, which no reference takes.
        self._found = {str(kind): schema for kind, schema in zip(wanted, found, strict=True)}
        self.named: Json = named

    def of(self, kind: Any) -> Json:  # noqa: ANN401  # a type
        """Return the schema of a type."""
        return self._found[str(kind)]

    def query(self, operation: Operation) -> list[Json]:
        """Return the options of an operation's query."""
        if operation.query is None:
            return []
        schema = self.named[operation.query.__name__]
        return [
            _parameter("query", name, member, required=name in schema["required"])
            for name, member in schema["properties"].items()
        ]

    def drop(self, names: Iterable[str]) -> None:
        """Leave out schemas that nothing refers to, as those of queries."""
        for name in names:
            self.named.pop(name, None)


def _parameter(place: str, name: str, member: Json, *, required: bool) -> Json:
    """Return an option; that a query leaves it out needs no null."""
    schema = {key: value for key, value in member.items() if key != "description"}
    kinds = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema |= kinds[0]
    if schema.get("default", "") is None:
        del schema["default"]
    said: Json = {"name": name, "in": place, "required": required, "schema": schema}
    if "description" in member:
        said["description"] = member["description"]
    return said


def _of_path(operation: Operation) -> list[Json]:
    known: Mapping[str, tuple[str, Json]] = {
        "keystore": (
            "Name of a keystore.",
            {"type": "string", "minLength": 1, "examples": ["default"]},
        ),
        "alias": (
            "An alias, percent-encoded: a slash in it is %2F.",
            {"type": "string", "minLength": 1, "examples": ["shop"]},
        ),
        "name": ("Its name, percent-encoded.", {"type": "string", "minLength": 1}),
        "number": ("Its number.", {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}),
    }
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": known[name][0],
            "schema": known[name][1],
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _of_headers(operation: Operation) -> list[Json]:
    found: list[Json] = []

    def add(name: str, text: str, **schema: object) -> None:
        member = {"type": "string", **schema, "description": text}
        found.append(_parameter("header", name, member, required=False))

    if operation.conditional:
        add("If-Match", "The entity tag of the state that is to be changed; 412 for another one.")
    if operation.again is not None:
        add(
            idempotency.HEADER,
            "Repeated within 24 hours the request is answered as before, and not done again.",
            pattern=idempotency.PATTERN,
        )
    if operation.takes_file:
        text = "Password of the file, in UTF-8 and base64."
        add(reading.PASSWORD, text, contentEncoding="base64")
    if operation.name == "import_keystore":
        text = "Password of its keys, where it is another."
        add(reading.KEY_PASSWORD, text, contentEncoding="base64")
    if operation.writes and operation.permission is not Access.EVERYBODY:
        add(csrf.HEADER, "Needed with a session; a GET with the value Fetch answers it.")
    return found


def _body(operation: Operation, schemas: Schemas) -> Json | None:
    if operation.body is None:
        return None
    content: Json = {}
    kind = operation.json_body
    required = operation.takes_file
    if operation.takes_file:
        content["application/octet-stream"] = {"schema": {}}
    if kind is not None:
        schema = schemas.of(kind)
        content["application/json"] = {"schema": schema, **examples.of(kind)}
        required = required or bool(schemas.named[kind.__name__]["required"])
    return {"required": required, "content": content}


def _success(operation: Operation, schemas: Schemas) -> Json:
    if operation.answer is None:
        return {"description": "Done."}
    content: Json = {media_type: {"schema": {}} for media_type in operation.media_types}
    kinds = _structs(operation.answer)
    if kinds:
        each = [schemas.of(kind) for kind in kinds]
        content["application/json"] = {"schema": each[0] if len(each) == 1 else {"anyOf": each}}
    if Lines in _parts(operation.answer):
        content["application/jsonl"] = {"schema": {}}
    said: Json = {"description": "What was asked for.", "content": content}
    if operation.media_types:
        said["headers"] = {
            NOTICES: _text("Notices in JSON, ASCII."),
            "Content-Disposition": _text(),
        }
    if kinds == [models.Entry]:
        said["headers"] = {"ETag": _text("Names this state of the entry.")}
    return said


def _text(description: str = "The name of the file.") -> Json:
    return {"description": description, "schema": {"type": "string"}}


def _parts(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401  # a type
    """Return the members of a union, or the type alone."""
    if isinstance(kind, type) or isinstance(typing.get_origin(kind), type):
        origin = typing.get_origin(kind)
        if origin is None or (isinstance(origin, type) and issubclass(origin, Struct)):
            return (kind,)
    return typing.get_args(kind) or (kind,)


def _structs(kind: Any) -> list[Any]:  # noqa: ANN401  # a type
    return [one for one in _parts(kind) if one not in (None, Content, Lines)]


def _statuses(operation: Operation) -> list[int]:
    """Return the statuses of the refusals that an operation can meet."""
    found = {400, 405, 429, 431, 500, 503}
    if operation.permission is not Access.EVERYBODY:
        found |= {401, 403}
    else:
        found |= {401, 403, 422}
    if operation.query is not None or "{" in operation.path:
        found |= {404, 422}
    if operation.body is not None:
        found |= {404, 408, 413, 415, 422}
    if operation.writes:
        found |= {404, 409, 413, 422}
    if operation.conditional:
        found.add(412)
    return sorted(found)
