"""What an address behind the service root names (OData V2, "URI Conventions", section 3)."""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NoReturn

from keysteward.odata import edm, model, percent
from keysteward.odata.edm import Edm, EntitySet, EntityType, Navigation, Property
from keysteward.problems import RequestInvalid, ResourceUnknown

_MOST_BYTES = 8_192
"""Of a path as it is sent: a Hexalias with every digit percent-encoded takes 6,000."""

_MOST_SHOWN = 100
"""Characters of an unknown address that its problem repeats."""

_SEGMENT = re.compile(r"([A-Za-z_$][A-Za-z0-9_$]*+)(?:\((.*)\))?", re.DOTALL)
_KEY_PART = re.compile(
    r"\s*+(?:([A-Za-z_][A-Za-z0-9_]*+)\s*+=\s*+)?"  # the name of a named key
    r"(?:'((?:[^']++|'')*+)'|([0-9]{1,10})[Ll]?)\s*+"
)

Key = tuple[str | int, ...]
"""Values of a key in the order of the type's key properties."""


class Ending(Enum):
    """What is asked of the addressed resource."""

    NONE = auto()
    VALUE = auto()
    """``$value``: the raw content of a media entity or a property."""
    COUNT = auto()
    """``$count``: the number of entities, as text."""


@dataclass(frozen=True, slots=True)
class ServiceDocument:
    """The service root itself."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """``$metadata``."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Entities, one entity, a property, or what one entity leads to."""

    set: EntitySet
    """The set that the address begins with."""
    key: Key | None = None
    """None: the whole set."""
    navigation: Navigation | None = None
    navigation_key: Key | None = None
    member: Property | None = None
    """A property of the entity, addressed alone."""
    ending: Ending = Ending.NONE
    links: bool = False
    """``$links``: the addresses of the related entities are asked for, not the entities."""

    @property
    def target(self) -> EntitySet:
        """The set of what is addressed in the end."""
        return model.target_of(self.navigation) if self.navigation else self.set

    @property
    def is_collection(self) -> bool:
        """Whether several entities are addressed."""
        if self.navigation is not None:
            return self.navigation.many and self.navigation_key is None
        return self.key is None


Address = ServiceDocument | Metadata | Resource


def parse(raw: bytes) -> Address:
    """Return what a path behind the service root names; the path is still percent-encoded.

    Slashes at its ends mean nothing. One navigation can follow an entity, not more.

    Raises:
        ResourceUnknown: a set, navigation or property that the model has not.
        RequestInvalid: a malformed key or encoding, or ``$batch``.
    """
    if len(raw) > _MOST_BYTES:
        raise RequestInvalid(f"The address has more than {_MOST_BYTES:,} bytes.")
    segments = [percent.decode(segment) for segment in raw.strip(b"/").split(b"/")]
    if segments == [""]:
        return ServiceDocument()
    if segments == ["$metadata"]:
        return Metadata()
    if segments == ["$batch"]:
        raise RequestInvalid("$batch is not supported; send the requests one by one.")
    return _Reading(segments).resource()


class _Reading:
    """The segments of one address, taken from the left."""

    def __init__(self, segments: list[str]) -> None:
        self._segments = segments
        self._position = 0

    def resource(self) -> Resource:
        name, predicate = self._named_segment()
        if name not in model.SETS:
            self._unknown()
        entity_set = model.SETS[name]
        key = None if predicate is None else _key(predicate, entity_set.type)
        found = Resource(entity_set, key)
        return self._ended(found) if key is None else self._behind_entity(found)

    def _behind_entity(self, found: Resource) -> Resource:
        links = self._take("$links")
        navigations = edm.navigations_of(found.set.type)
        name, predicate = self._peeked()
        if name not in navigations:
            return self._unknown() if links else self._with_property(found)
        self._position += 1
        navigation = navigations[name]
        target = model.target_of(navigation).type
        navigation_key = None
        if predicate is not None:
            if not navigation.many:
                raise RequestInvalid(f"{name} leads to one entity and takes no key.")
            navigation_key = _key(predicate, target)
        found = replace(found, navigation=navigation, navigation_key=navigation_key, links=links)
        return self._ended(found) if links else self._with_property(found)

    def _with_property(self, found: Resource) -> Resource:
        name, predicate = self._peeked()
        properties = edm.properties_of(found.target.type)
        if not found.is_collection and name in properties and predicate is None:
            self._position += 1
            found = replace(found, member=properties[name])
        return self._ended(found)

    def _ended(self, found: Resource) -> Resource:
        ending = Ending.NONE
        if self._take("$value"):
            ending = Ending.VALUE
        elif self._take("$count"):
            ending = Ending.COUNT
        if self._position < len(self._segments) or not _fits(found, ending):
            self._unknown()
        return replace(found, ending=ending)

    def _take(self, name: str) -> bool:
        taken = self._segments[self._position : self._position + 1] == [name]
        self._position += taken
        return taken

    def _peeked(self) -> tuple[str, str | None]:
        """Return name and key predicate of the next segment; an empty name if there is none."""
        if self._position >= len(self._segments):
            return "", None
        matched = _SEGMENT.fullmatch(self._segments[self._position])
        return (matched[1], matched[2]) if matched else ("", None)

    def _named_segment(self) -> tuple[str, str | None]:
        segment = self._peeked()
        self._position += 1
        return segment

    def _unknown(self) -> NoReturn:
        address = "/".join(self._segments)
        shown = address if len(address) <= _MOST_SHOWN else address[:_MOST_SHOWN] + "…"
        raise ResourceUnknown(shown)


def _fits(found: Resource, ending: Ending) -> bool:
    """Whether the ending can be asked of what was found."""
    if ending is Ending.COUNT:
        return found.is_collection
    if ending is Ending.VALUE:
        has_content = found.member is not None or found.target.type.has_stream
        return has_content and not found.is_collection and not found.links
    return True


def _key(predicate: str, entity_type: EntityType) -> Key | None:
    """Return a key predicate's values; None for the empty one, which means the whole set."""
    values = _key_values(predicate, entity_type)
    if not values:
        return None
    properties = edm.properties_of(entity_type)
    for name in entity_type.key:
        expected = str if properties[name].type is Edm.STRING else int
        if not isinstance(values.get(name), expected):
            raise _wrong_key(entity_type)
    return tuple(values[name] for name in entity_type.key)


def _key_values(predicate: str, entity_type: EntityType) -> dict[str, str | int]:
    values: dict[str, str | int] = {}
    position = 0
    while position < len(predicate):
        matched = _KEY_PART.match(predicate, position)
        if matched is None or len(values) == len(entity_type.key):
            raise _wrong_key(entity_type)
        name = matched[1] or (entity_type.key[0] if len(entity_type.key) == 1 else "")
        if name not in entity_type.key or name in values:
            raise _wrong_key(entity_type)
        text, digits = matched[2], matched[3]
        values[name] = int(digits) if text is None else text.replace("''", "'")
        position = matched.end()
        if position < len(predicate):
            if predicate[position] != "," or position + 1 == len(predicate):
                raise _wrong_key(entity_type)
            position += 1
    return values


def _wrong_key(entity_type: EntityType) -> RequestInvalid:
    properties = edm.properties_of(entity_type)
    example = ",".join(
        f"{name}=" + ("'…'" if properties[name].type is Edm.STRING else "0")
        for name in entity_type.key
    )
    return RequestInvalid(f"The key of a {entity_type.name} is written as ({example}).")
