"""Entities as the faces' writers take them: values by name, and the addresses of all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Union
from urllib.parse import quote

from keysteward.odata import model
from keysteward.odata.edm import EntityType

Value = str | int | datetime | bytes | None
"""What a property holds; datetimes are aware."""

Related = Union["Entity", "tuple[Entity, ...]", None]
"""What an expanded navigation holds: one entity, several, or none."""

_PLACES = {name: (each.name, each.type.key) for name, each in model.SETS_OF_TYPES.items()}
"""By the name of a type its set, and the names of its key's properties."""

_NOTHING: Mapping[str, Related] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """One entity: the properties of its type by name, those that are left out being null.

    Two are equal if they are one: an entry that has not changed is the same entity in each answer.
    """

    type: EntityType
    values: Mapping[str, Value] = field(repr=False)
    related: Mapping[str, Related] = field(default_factory=lambda: _NOTHING)
    """By navigation, for those that the answer's shape expands."""
    query: str = ""
    """What its addresses end in so that they lead to it: ``?keystoreName=KeyRenewal``."""
    content_type: str | None = None
    """Of a media entity: what its ``$value`` is."""
    content_path: str | None = None
    """Where its content is read within the service, if its own ``$value`` only takes it."""
    etag: str | None = None
    """As in the ETag header, quotes included."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of entities."""

    entities: tuple[Entity, ...]
    count: int | None = None
    """Of all pages, if ``$inlinecount`` asks for it."""
    next: str | None = None
    """The whole address of the next page."""
    path: str | None = None
    """Where it is within the service; None for the set of its entities."""


def address(root: str, entity: Entity, behind: str = "") -> str:
    """Return an entity's address, or that of something behind it (``/Certificate``).

    ``root`` is the whole address of the service, with a slash at its end.
    """
    return f"{root}{path(entity)}{behind}{entity.query}"


def content_path(entity: Entity) -> str:
    """Return where the content of a media entity is read, within the service."""
    return entity.content_path or address("", entity, "/$value")


def path(entity: Entity) -> str:
    """Return where an entity is within the service, without the query that its addresses have."""
    return f"{_PLACES[entity.type.name][0]}({key_predicate(entity)})"


def key_predicate(entity: Entity) -> str:
    """Return what stands between the parentheses of an address, percent-encoded."""
    names = _PLACES[entity.type.name][1]
    written = [_key_literal(entity.values[name]) for name in names]
    if len(names) == 1:
        return written[0]
    return ",".join(f"{name}={value}" for name, value in zip(names, written, strict=True))


def _key_literal(value: Value) -> str:
    if isinstance(value, str):
        if value.isascii() and value.isalnum():
            return f"'{value}'"
        return "'" + quote(value.replace("'", "''"), safe="'") + "'"
    return str(value)
