"""Keystores: the tenant keystore, its backup, and the provider's new keys, as three of them."""

from keysteward.odata import model
from keysteward.odata.contract import Call
from keysteward.odata.entities import Entity, Feed, Value
from keysteward.odata.paths import Ending, Key
from keysteward.odata.reading import pages, sources
from keysteward.odata.reading.sources import Place
from keysteward.storage.catalogue import CatalogueEntry
from keysteward.storage.conditions import Field, Order
from keysteward.storage.records import Backup
from keysteward.storage.sap_texts import person

_WITH_SIZE = frozenset({sources.SYSTEM, sources.NEW})
_LAST_FIRST = (Order(Field("LastModifiedTime"), descending=True),)


def page(call: Call) -> Feed:
    """Return all three; the backup also before anybody made one, as an empty keystore."""
    names = (sources.SYSTEM, sources.BACKUP, sources.NEW)
    places = (sources.named(call.steward, name) for name in names)
    return pages.of_few(call, tuple(of_place(call, place) for place in places))


def count(_: Call) -> int:
    """Return how many there are."""
    return 3


def find(call: Call, key: Key) -> Entity:
    """Return one. Raises RequestInvalid for another name, and in SAP's way for a size."""
    resource = call.resource
    of_size = resource.member is not None and resource.member.name == "Size"
    if of_size and resource.ending is Ending.VALUE and resource.navigation is None:
        return of_place(call, sources.named(call.steward, str(key[0]), _WITH_SIZE))
    return of_place(call, sources.named(call.steward, str(key[0])))


def of_place(call: Call, place: Place) -> Entity:
    """Return a keystore with its size, and who changed one of its entries last.

    Runtimes are the cloud's; there are none here, and their properties are null.
    """
    values: dict[str, Value] = {"Name": place.name, "Size": 0}
    if isinstance(place.source, Backup):
        backup = place.source
        values |= {
            "Size": backup.size,
            "LastModifiedBy": backup.created_by,
            "LastModifiedTime": backup.created_at,
        }
    elif place.source is not None:
        values |= _of_current(call, place)
    return Entity(model.KEYSTORE, values)


def _of_current(call: Call, place: Place) -> dict[str, Value]:
    if place.source is None:
        return {}
    catalogue, keystore_id = call.steward.store.catalogue, call.steward.keystore_id
    values: dict[str, Value] = {"Size": catalogue.count(keystore_id, place.source)}
    asked = call.resource.member
    if asked is not None and asked.name == "Size":
        return values
    last = catalogue.list(keystore_id, place.source, limit=1, order=_LAST_FIRST)
    return values | (_last_change(last[0]) if last else {})


def _last_change(entry: CatalogueEntry) -> dict[str, Value]:
    return {
        "LastModifiedBy": person(entry.owner, entry.modified_by),
        "LastModifiedTime": entry.modified_at,
    }
