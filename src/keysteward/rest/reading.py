"""Addresses, queries, headers and bodies of requests, as what their operation wants."""

import base64
import binascii
import re
import typing
from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct, inspect
from starlette.requests import Request

from keysteward.problems import MediaTypeUnsupported, RequestInvalid
from keysteward.rest.routing import File, Operation
from keysteward.settings import Settings
from keysteward.values import Secret
from keysteward.web import bodies

PASSWORD = "Keysteward-Password"  # noqa: S105  # a header's name
KEY_PASSWORD = "Keysteward-Key-Password"  # noqa: S105  # a header's name

_MOST_FIELDS = 50
_JSON = "application/json"
_WHOLE = re.compile(r"-?[0-9]{1,20}")
_STEP = re.compile(r"\.([^.\[`]+)|\[[^\]]*\]")
_SEVERAL = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
_SWITCHES = {"true": True, "false": False}


def query(type_: type[Struct] | None, request: Request) -> Struct | None:
    """Return the options of a query. Raises RequestInvalid for any that is not known."""
    text = request.scope.get("query_string", b"")
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise RequestInvalid("The query cannot be read.") from error
    given = dict(pairs)
    if len(given) != len(pairs):
        raise RequestInvalid("An option of the query is there twice.")
    if type_ is None:
        if given:
            raise RequestInvalid("This address takes no query.")
        return None
    kinds = _kinds(type_)
    typed = {name: _typed(value, kinds.get(name)) for name, value in given.items()}
    return _converted(typed, type_)


@cache
def _kinds(type_: type[Struct]) -> Mapping[str, object]:
    """Return the types of a query's options by their names."""
    hints = typing.get_type_hints(type_)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(type_)}


def _typed(value: str, kind: object) -> object:
    """Return a number or a switch as such; text that is neither is refused later."""
    kinds = typing.get_args(kind) or (kind,)
    if int in kinds and _WHOLE.fullmatch(value):
        return int(value)
    return _SWITCHES.get(value, value) if bool in kinds else value


def _converted(given: Mapping[str, object], type_: type[Struct]) -> Struct:
    try:
        return msgspec.convert(given, type_)
    except msgspec.ValidationError as error:
        raise RequestInvalid(f"The query is not right: {error}.{_known(error, type_)}") from error


def _known(error: msgspec.ValidationError, type_: type[Struct]) -> str:
    """Return a sentence that names what could stand where something else does; empty if no help."""
    said, nested, rest = str(error).rpartition(" - at `$")
    said, place = (said, rest) if nested else (rest, "")
    if "unknown field" in said:
        structs = [k for k in _kinds_at(type_, place) if isinstance(k, inspect.StructType)]
        names = [field.encode_name for kind in structs for field in kind.fields]
        return f" Known: {', '.join(names)}." if names else ""
    if "Invalid enum value" in said:
        values = [str(value) for kind in _kinds_at(type_, place) for value in _values(kind)]
        return f" Possible: {', '.join(values)}." if values else ""
    return ""


def _kinds_at(type_: type[Struct], place: str) -> list[inspect.Type]:
    """Return what may stand at a place of msgspec's errors, like ``.roles[...]``."""
    kinds = _alternatives(inspect.type_info(type_))
    for name in _STEP.findall(place):
        kinds = [part for kind in kinds for part in _parts(kind, name)]
    return kinds


def _parts(kind: inspect.Type, name: str) -> list[inspect.Type]:
    """Return what a member may be, or an element if it has no name."""
    found: list[inspect.Type] = []
    if name and isinstance(kind, inspect.StructType):
        found = [field.type for field in kind.fields if field.encode_name == name]
    elif isinstance(kind, inspect.DictType):
        found = [kind.value_type]
    elif isinstance(kind, _SEVERAL):
        found = [kind.item_type]
    return [part for one in found for part in _alternatives(one)]


def _alternatives(kind: inspect.Type) -> list[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        return _alternatives(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [part for one in kind.types for part in _alternatives(one)]
    return [kind]


def _values(kind: inspect.Type) -> list[object]:
    if isinstance(kind, inspect.EnumType):
        return [member.value for member in kind.cls]
    return list(kind.values) if isinstance(kind, inspect.LiteralType) else []


async def body(operation: Operation, request: Request, settings: Settings) -> object:
    """Return the body as a file or a value; bounded before anything looks at it.

    Raises what the operation's limit does, MediaTypeUnsupported and RequestInvalid.
    """
    if operation.body is None:
        return None
    given = request.headers.get("content-type", "")
    media_type = given.partition(";")[0].strip().lower()
    is_json = media_type == _JSON or (not operation.takes_file and not media_type)
    limit = operation.limit.of(settings)
    if operation.json_body is None or (operation.takes_file and not is_json):
        data = await bodies.read(request, limit, operation.limit.problem)
        return File(data, secret(request, PASSWORD), secret(request, KEY_PASSWORD))
    if not is_json:
        raise MediaTypeUnsupported(given[:100], _JSON)
    # Four characters for three bytes, twice for a file and its certificates.
    most = bodies.SMALL_BYTES if limit == bodies.SMALL_BYTES else bodies.SMALL_BYTES + 3 * limit
    return _decoded(await bodies.read(request, most, operation.limit.problem), operation.json_body)


def _decoded(data: bytes, type_: type[Struct]) -> Struct:
    try:
        return msgspec.json.decode(data or b"{}", type=type_)
    except msgspec.ValidationError as error:
        raise RequestInvalid(f"The body is not right: {error}.{_known(error, type_)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestInvalid("The body is no JSON that can be read.") from error


def secret(request: Request, header: str) -> Secret | None:
    """Return a file's password from a header. Raises RequestInvalid."""
    given = request.headers.get(header)
    try:
        return None if given is None else Secret(base64.b64decode(given.encode(), validate=True))
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid(f"{header} has to be base64 of the password in UTF-8.") from error
