"""Answers of operations, and refusals, as HTTP answers."""

from collections.abc import Mapping

from starlette.responses import Response

from keysteward.odata import errors
from keysteward.odata.contract import Answer, Call, Links, Member, Nothing
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.errors import Circumstances, ErrorAnswer
from keysteward.odata.formats import writers
from keysteward.odata.formats.negotiation import Format
from keysteward.odata.formats.writers import Content, Writer
from keysteward.odata.paths import Ending
from keysteward.odata.query import shapes
from keysteward.odata.query.shapes import Shape
from keysteward.problems import CsrfTokenMissing, NotSignedIn, Problem
from keysteward.web import csrf, problem_details

_VERSION: Mapping[str, str] = {"DataServiceVersion": "2.0"}
_NONE: Mapping[str, str] = {}

_LOCKED = frozenset({423, 503})
"""Statuses that mean: the same request again in a moment."""

_CHALLENGES = ('Basic realm="Keysteward", charset="UTF-8"', 'Bearer realm="Keysteward"')


def answer(call: Call, found: Answer, shape: Shape | None, format_: Format) -> Response:
    """Return the answer to what was read or done; without a shape entities are written whole.

    Raises ResourceUnknown for the raw value of a property that is null.
    """
    if isinstance(found, Nothing):
        return Response(status_code=204, headers=_with_etag(found.etag))
    if isinstance(found, Content):
        return content(found)
    etag = found.etag if isinstance(found, Entity) else None
    return content(_written(call, found, shape, format_.writer), _with_etag(etag))


def content(found: Content, headers: Mapping[str, str] = _VERSION) -> Response:
    """Return an answer with a body."""
    return Response(found.body, 200, headers, found.media_type)


def refusal(problem: Problem, circumstances: Circumstances, format_: Format, root: str) -> Response:
    """Return the answer to a request that was refused."""
    told = errors.answer(problem, circumstances)
    headers = problem_details.headers_of(problem)
    if told.status in _LOCKED:
        headers["Retry-After"] = str(problem_details.BUSY_SECONDS)
    if isinstance(problem, CsrfTokenMissing):
        headers[csrf.HEADER] = "Required"
    response = error(told, format_, root, headers)
    if isinstance(problem, NotSignedIn):
        del response.headers["WWW-Authenticate"]
        for challenge in _CHALLENGES:
            response.headers.append("WWW-Authenticate", challenge)
    return response


def error(
    told: ErrorAnswer, format_: Format, root: str, headers: Mapping[str, str] = _NONE
) -> Response:
    """Return an error with its status."""
    written = format_.writer.write_error(told, root)
    return Response(written.body, told.status, {**_VERSION, **headers}, written.media_type)


def _with_etag(etag: str | None) -> Mapping[str, str]:
    return _VERSION if etag is None else {**_VERSION, "ETag": etag}


def _written(
    call: Call, found: Entity | Feed | Member | Links, shape: Shape | None, writer: Writer
) -> Content:
    if isinstance(found, Member):
        value = found.entity.values.get(found.property.name)
        if call.resource.ending is Ending.VALUE:
            return writers.raw_value(found.property, value)
        return writer.write_property(found.property, value)
    if isinstance(found, Links):
        if found.many:
            return writer.write_links(found.entities, call.root)
        return writer.write_link(found.entities[0], call.root)
    if isinstance(found, Entity):
        return writer.write_entity(found, shape or shapes.whole(found.type), call.root)
    entity_type = found.entities[0].type if found.entities else call.resource.target.type
    return writer.write_feed(found, shape or shapes.whole(entity_type), call.root)
