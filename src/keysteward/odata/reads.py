"""Reading: entities, properties, raw values, counts and links, along one navigation at most."""

from collections.abc import Mapping
from dataclasses import replace

from keysteward.odata import contract
from keysteward.odata.contract import Answer, Call, Links, LiveSet, Member
from keysteward.odata.edm import Navigation
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Ending, Key
from keysteward.odata.query.shapes import Shape
from keysteward.odata.reading import expansion, pages, sources
from keysteward.odata.sets import chain_certificates, keystores
from keysteward.problems import RequestInvalid, ResourceUnknown

_SHOWN = 100


def read(call: Call, sets: Mapping[str, LiveSet], shape: Shape) -> Answer:
    """Return what the address of a call names, with what the shape expands.

    Raises ResourceUnknown for a set that cannot be read as a whole, RequestInvalid for one whose
    entities cannot be read, and what the sets do.
    """
    found = _found(call, sets)
    if isinstance(found, Content):
        return found
    resource = call.resource
    if resource.links:
        related = found.entities if isinstance(found, Feed) else (found,)
        return Links(related, isinstance(found, Feed))
    if isinstance(found, Entity) and resource.member is not None:
        return Member(found, resource.member)
    expanded = expansion.expand(call, found, shape)
    return replace(expanded, path=call.path) if isinstance(expanded, Feed) else expanded


def _found(call: Call, sets: Mapping[str, LiveSet]) -> Entity | Feed | Content:
    resource = call.resource
    live = sets[resource.set.name]
    if resource.key is None:
        return _whole(call, live)
    if resource.navigation is None:
        return _one(call, live, resource.key)
    if resource.navigation.many:
        return _many(call, resource.key, resource.navigation)
    if resource.navigation.name == "Keystore":
        return _keystore(call, live, resource.key)
    return _one(call, sets[resource.target.name], resource.key[:1])


def _keystore(call: Call, live: LiveSet, key: Key) -> Entity:
    if live.find is not None:
        live.find(call, key)
    return keystores.of_place(call, sources.of_call(call))


def _whole(call: Call, live: LiveSet) -> Feed | Content:
    if call.resource.ending is Ending.COUNT:
        if live.count is None:
            raise ResourceUnknown(call.path[:_SHOWN])
        return _number(live.count(call))
    if live.page is None:
        raise ResourceUnknown(call.path[:_SHOWN])
    return live.page(call)


def _one(call: Call, live: LiveSet, key: Key) -> Entity | Content:
    if call.resource.ending is Ending.VALUE and call.resource.member is None:
        if live.content is not None:
            return live.content(call, key)
    elif live.find is not None:
        return live.find(call, key)
    raise RequestInvalid(f"What is in {live.set.name} cannot be read here.")


def _many(call: Call, key: Key, navigation: Navigation) -> Entity | Feed | Content:
    """Return the chain of an entry, or what is in a keystore."""
    resource = call.resource
    if navigation.name == "ChainCertificates":
        if resource.navigation_key is not None:
            return chain_certificates.find(call, resource.navigation_key)
        place = sources.of_call(call)
        return _few(call, chain_certificates.of_entry(call, contract.alias_of(key), place))
    place = sources.named(call.steward, str(key[0]))
    if navigation.name == "Runtimes":
        if resource.navigation_key is not None:
            raise ResourceUnknown(call.path[:_SHOWN])
        return _few(call, ())
    if resource.navigation_key is not None:
        alias = contract.alias_of(resource.navigation_key)
        return expansion.entry(call, place, alias)
    if resource.ending is Ending.COUNT:
        return _number(pages.count(call, place))
    return pages.of_entries(call, place)


def _few(call: Call, entities: tuple[Entity, ...]) -> Feed | Content:
    page = pages.of_few(call, entities)
    return _number(len(entities)) if call.resource.ending is Ending.COUNT else page


def _number(count: int) -> Content:
    return Content(str(count).encode(), "text/plain;charset=utf-8")
