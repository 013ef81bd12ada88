"""Verbose JSON of OData V2: answers, and the bodies of writing requests.

Sources: OData V2, "JSON Format"; contract of the service for dates with ``+0000``.
"""

import codecs
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from keysteward.odata import edm, entities, model
from keysteward.odata.edm import Edm, EntityType, Property
from keysteward.odata.entities import Entity, Feed, Related, Value
from keysteward.odata.errors import ErrorAnswer
from keysteward.odata.formats import literals, moments
from keysteward.odata.formats.bodies import Body
from keysteward.odata.formats.writers import Content
from keysteward.odata.query import shapes
from keysteward.odata.query.shapes import Shape
from keysteward.problems import RequestInvalid

_MEDIA_TYPE = "application/json;charset=utf-8"

_CONVERTED = frozenset({Edm.INT64, Edm.BINARY})
"""Types whose values are texts in JSON, besides dates."""

_MOST_KEPT = 2_048
"""Entries whose text stays in memory; each has about two kilobytes."""

_ENCODER = msgspec.json.Encoder()
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def write_service(_root: str) -> Content:
    """Return the names of all entity sets."""
    return _content({"EntitySets": [each.name for each in model.ENTITY_SETS]})


def write_entity(entity: Entity, shape: Shape, root: str) -> Content:
    """Return one entity."""
    return _content(_of_shape(shape, root)(entity))


def write_feed(feed: Feed, shape: Shape, root: str) -> Content:
    """Return one page of entities; ``__count`` is a text, as the format has it."""
    members: dict[str, object] = {}
    if feed.count is not None:
        members["__count"] = str(feed.count)
    write = _of_shape(shape, root)
    if shape is shapes.whole(shape.type):
        results: list[object] = [
            _kept(e, root) if e.etag is not None else write(e) for e in feed.entities
        ]
    else:
        results = [write(each) for each in feed.entities]
    members["results"] = results
    if feed.next is not None:
        members["__next"] = feed.next
    return _content(members)


def write_property(property_: Property, value: Value) -> Content:
    """Return one property alone."""
    return _content({property_.name: literals.to_json(property_, value)})


def write_link(entity: Entity, root: str) -> Content:
    """Return the address of one related entity."""
    return _content({"uri": entities.address(root, entity)})


def write_links(related: Sequence[Entity], root: str) -> Content:
    """Return the addresses of several related entities."""
    return _content({"results": [{"uri": entities.address(root, each)} for each in related]})


def write_error(error: ErrorAnswer, root: str) -> Content:
    """Return an error; the certificate to be confirmed stands beside it in ``d``.

    So a client that looks for the entity finds it, and one that shows the message has one.
    """
    detail = {"code": error.slug, "message": error.detail, "title": error.title}
    answer: dict[str, object] = {
        "error": {
            "code": error.code,
            "message": {"lang": "en", "value": error.message},
            "innererror": {"errordetails": [{**detail, "override": error.overridable}]},
        }
    }
    if error.top is not None:
        properties = tuple(edm.properties_of(error.top.type).values())
        alone = Shape(error.top.type, properties, deferred=(), expanded=())
        answer["d"] = _of_shape(alone, root)(error.top)
    return Content(_ENCODER.encode(answer), _MEDIA_TYPE)


def read(data: bytes, entity_type: EntityType) -> Body:
    """Return the properties that a body names, with or without ``d`` around them.

    ``__metadata`` and navigation properties are skipped. Raises RequestInvalid for what is no JSON
    object, an unknown property, or a value that its property cannot have; names the property.
    """
    members = _members(data.removeprefix(codecs.BOM_UTF8))
    if set(members) == {"d"}:
        members = _members(members["d"])
    properties = edm.properties_of(entity_type)
    navigations = edm.navigations_of(entity_type)
    values: dict[str, Value] = {}
    for name, raw in members.items():
        if name in properties:
            values[name] = literals.from_json(properties[name], _scalar(properties[name], raw))
        elif name not in navigations and not name.startswith("__"):
            raise RequestInvalid(f"{entity_type.name} has no property {name[:60]!r}.")
    return Body(values)


def _members(data: bytes | msgspec.Raw) -> Mapping[str, msgspec.Raw]:
    try:
        return _MEMBERS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestInvalid("The body is no JSON object in UTF-8.") from error


def _scalar(property_: Property, raw: msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw, type=str | int | bool | None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestInvalid(
            f"The value of the property {property_.name} is neither text nor whole number."
        ) from error


def _content(members: Mapping[str, object]) -> Content:
    return Content(_ENCODER.encode({"d": members}), _MEDIA_TYPE)


@lru_cache(maxsize=_MOST_KEPT)
def _kept(entity: Entity, root: str) -> msgspec.Raw:
    """Return an entry as it was written before: lists that are asked for again cost less."""
    return msgspec.Raw(_ENCODER.encode(_of_shape(shapes.whole(entity.type), root)(entity)))


def _of_shape(shape: Shape, root: str) -> Callable[[Entity], dict[str, object]]:
    """Return what writes entities of a shape; what is the same for all of them is done once."""
    names = [each.name for each in shape.properties]
    moments_ = [each.name for each in shape.properties if each.type is Edm.DATE_TIME_OFFSET]
    converted = [each for each in shape.properties if each.type in _CONVERTED]
    deferred = [each.name for each in shape.deferred]
    expanded = [(each.name, _of_shape(inner, root)) for each, inner in shape.expanded]

    def write(entity: Entity) -> dict[str, object]:
        base = f"{root}{entities.path(entity)}"
        members: dict[str, object] = {"__metadata": _metadata(entity, root)}
        value_of, query = entity.values.get, entity.query
        for name in names:
            members[name] = value_of(name)
        for name in moments_:
            moment = members[name]
            if isinstance(moment, datetime):
                members[name] = moments.json_date(moment)
        for each in converted:
            members[each.name] = literals.to_json(each, value_of(each.name))
        for name, inner in expanded:
            members[name] = _related(entity.related.get(name), inner)
        for name in deferred:
            members[name] = {"__deferred": {"uri": f"{base}/{name}{query}"}}
        return members

    return write


def _metadata(entity: Entity, root: str) -> dict[str, str]:
    uri = entities.address(root, entity)
    metadata = {"id": uri, "uri": uri, "type": entity.type.qualified_name}
    if entity.etag is not None:
        metadata["etag"] = entity.etag
    if entity.content_type is not None:
        metadata |= {
            "content_type": entity.content_type,
            "media_src": f"{root}{entities.content_path(entity)}",
            "edit_media": entities.address(root, entity, "/$value"),
        }
    return metadata


def _related(related: Related, write: Callable[[Entity], dict[str, object]]) -> object:
    if related is None:
        return None
    if isinstance(related, Entity):
        return write(related)
    return {"results": [write(each) for each in related]}
