"""``$expand``: what entities lead to, read along with them."""

from dataclasses import dataclass, field, replace

from keysteward.odata import hexalias, model
from keysteward.odata.contract import Call
from keysteward.odata.edm import Navigation
from keysteward.odata.entities import Entity, Feed, Related
from keysteward.odata.query.shapes import Shape
from keysteward.odata.reading import entry_values, media, pages, sources
from keysteward.odata.reading.sources import Place
from keysteward.odata.sets import chain_certificates, keystores
from keysteward.problems import RequestInvalid

_MOST_ENTITIES = 10_000
"""That one answer reads along with what was asked for."""


def expand(call: Call, found: Entity | Feed, shape: Shape) -> Entity | Feed:
    """Return entities with what the shape expands. Raises RequestInvalid if that is too much."""
    if not shape.expanded:
        return found
    expansion = _Expansion(call)
    if isinstance(found, Entity):
        return expansion.expanded(found, shape, expansion.place_of(found))
    whole = tuple(
        expansion.expanded(entity, shape, expansion.place_of(entity)) for entity in found.entities
    )
    return replace(found, entities=whole)


def entry(call: Call, place: Place, alias: str) -> Entity:
    """Return an entry of a place. Raises AliasNotFound."""
    return entry_values.of_entry(sources.find(call.steward, place, alias), place)


@dataclass(slots=True)
class _Expansion:
    """What was read so far for one answer."""

    call: Call
    count: int = 0
    keystores: dict[str, Entity] = field(default_factory=dict)

    def place_of(self, entity: Entity) -> Place:
        """Return where the neighbours of an entity of the address are read from."""
        if entity.type is model.KEYSTORE:
            return sources.named(
                self.call.steward, str(entity.values["Name"]), sources.WITH_HISTORY
            )
        navigation = self.call.resource.navigation
        if navigation is not None and navigation.name == "Entries":
            return sources.named(self.call.steward, str((self.call.resource.key or ("",))[0]))
        return sources.of_call(self.call)

    def expanded(self, entity: Entity, shape: Shape, place: Place) -> Entity:
        """Return an entity with what the shape expands of it, and of that."""
        related = {
            navigation.name: self._related(entity, navigation, inner, place)
            for navigation, inner in shape.expanded
        }
        return replace(entity, related=related) if related else entity

    def _related(
        self, entity: Entity, navigation: Navigation, shape: Shape, place: Place
    ) -> Related:
        found = self._followed(entity, navigation, place)
        if isinstance(found, Entity):
            self._count(1)
            return self.expanded(found, shape, place)
        self._count(len(found))
        return tuple(self.expanded(each, shape, place) for each in found)

    def _followed(
        self, entity: Entity, navigation: Navigation, place: Place
    ) -> Entity | tuple[Entity, ...]:
        if navigation.name == "Keystore":
            if place.name not in self.keystores:
                self.keystores[place.name] = keystores.of_place(self.call, place)
            return self.keystores[place.name]
        if navigation.name == "Runtimes":
            return ()
        if navigation.name == "Entries":
            return self._entries(place)
        alias = hexalias.decode(str(entity.values["Hexalias"]))
        if navigation.name == "ChainCertificates":
            return chain_certificates.of_entry(self.call, alias, place)
        if navigation.name == "KeystoreEntry":
            return entry(self.call, place, alias)
        return media.of_alias(alias, place, model.target_of(navigation).type)

    def _entries(self, place: Place) -> tuple[Entity, ...]:
        """Return all entries of a place, or refuse: a cut list would look like a whole one."""
        first = pages.first(self.call, place, _MOST_ENTITIES)
        if first.next is not None:
            self._count(_MOST_ENTITIES + 1)
        return first.entities

    def _count(self, more: int) -> None:
        self.count += more
        if self.count > _MOST_ENTITIES:
            raise RequestInvalid(
                f"$expand reads {_MOST_ENTITIES:,} entities along at most. Read what it leads to "
                "by its own address, page by page."
            )
