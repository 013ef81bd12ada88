"""What entity types are made of: properties, keys, navigations; inherited ones included."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

NAMESPACE = "com.sap.hci.api"


class Edm(StrEnum):
    """The primitive types that occur."""

    STRING = "Edm.String"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    BINARY = "Edm.Binary"
    DATE_TIME_OFFSET = "Edm.DateTimeOffset"


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an entity type; ``max_length`` counts characters, of a Binary bytes."""

    name: str
    type: Edm = Edm.STRING
    nullable: bool = True
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way from one entity to another, or to several."""

    name: str
    association: str
    source_role: str
    target_role: str
    target: str
    """Name of the entity type at the other end."""
    many: bool = False


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity type with what it declares itself; ``properties_of`` adds what it inherits."""

    name: str
    base: "EntityType | None" = None
    declared_key: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    navigations: tuple[Navigation, ...] = ()
    has_stream: bool = False
    """Whether it is a media entity, whose content is read from ``$value``."""

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the key's properties, inherited or own."""
        return self.declared_key or (self.base.key if self.base else ())

    @property
    def qualified_name(self) -> str:
        """The name with its namespace."""
        return f"{NAMESPACE}.{self.name}"


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A collection of entities of one type."""

    name: str
    type: EntityType


@dataclass(frozen=True, slots=True)
class End:
    """One end of an association; ``many`` is the multiplicity ``*``, otherwise ``0..1``."""

    role: str
    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Association:
    """Two types that navigations connect."""

    name: str
    ends: tuple[End, End]


@cache
def properties_of(entity_type: EntityType) -> Mapping[str, Property]:
    """Return all properties by name, inherited ones first: the order on the wire."""
    inherited = properties_of(entity_type.base) if entity_type.base else {}
    return MappingProxyType({**inherited, **{each.name: each for each in entity_type.properties}})


@cache
def navigations_of(entity_type: EntityType) -> Mapping[str, Navigation]:
    """Return all navigation properties by name, inherited ones first."""
    inherited = navigations_of(entity_type.base) if entity_type.base else {}
    return MappingProxyType({**inherited, **{each.name: each for each in entity_type.navigations}})
