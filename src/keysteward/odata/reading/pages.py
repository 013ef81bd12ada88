"""Pages of entries: conditions, orders, and the way to the next page.

Without ``$orderby`` a page begins behind the last alias of the page before, and costs the same
however many entries there are. With one, a page is found by counting from the beginning. Clients
that make their own ``$skiptoken`` count, too, as SAP's do.
"""

import re
from dataclasses import dataclass

from keysteward.entries import Action
from keysteward.keystore import readings
from keysteward.odata import hexalias, model, percent
from keysteward.odata.contract import Call
from keysteward.odata.edm import EntityType
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.query import filters
from keysteward.odata.reading import entry_values
from keysteward.odata.reading.sources import HISTORY, Place
from keysteward.problems import RequestInvalid
from keysteward.storage import sap_texts
from keysteward.storage.catalogue import CatalogueEntry
from keysteward.storage.conditions import Condition, Order
from keysteward.storage.records import Backup

MOST_ENTITIES = 1_000
"""Of one answer (SAP's help page "OData API")."""

_BEHIND = re.compile(r"behind-([0-9A-F]{2,2000})")
_COUNTED = re.compile(r"[0-9]{1,9}")
_POSITION = frozenset({"$top", "$skip", "$skiptoken"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the options ask for; ``size`` entities at most are in this page."""

    condition: Condition | None
    order: tuple[Order, ...]
    after: str | None
    skip: int
    size: int
    top: int | None


def of_entries(call: Call, place: Place) -> Feed:
    """Return a page of the entries of a place. Raises RequestInvalid.

    The first page of a backup is told in the audit log.
    """
    wanted = _wanted(call, _type(place))
    if place.source is None:
        return Feed((), 0 if call.options.inline_count else None)
    if call.options.skip_token is None:
        _tell(call, place)
    steward = call.steward
    catalogue = steward.store.catalogue
    found = catalogue.list(
        steward.keystore_id,
        place.source,
        limit=wanted.size + 1,
        condition=wanted.condition,
        order=wanted.order,
        after=wanted.after,
        skip=wanted.skip,
    )
    count = None
    if call.options.inline_count:
        count = catalogue.count(steward.keystore_id, place.source, wanted.condition)
    page = found[: wanted.size]
    left = None if wanted.top is None else wanted.top - len(page)
    following = None
    if len(found) > wanted.size and page and left != 0:
        token = str(wanted.skip + len(page)) if wanted.order else _behind(page[-1])
        following = _next(call, token, left)
    entities = tuple(entry_values.of_entry(entry, place) for entry in page)
    return Feed(entities, count, following)


def count(call: Call, place: Place) -> int:
    """Return how many entries of a place fit the filter. Raises RequestInvalid."""
    condition = _condition(call, _type(place))
    if place.source is None:
        return 0
    steward = call.steward
    return steward.store.catalogue.count(steward.keystore_id, place.source, condition)


def of_few(call: Call, entities: tuple[Entity, ...]) -> Feed:
    """Return a page of a few entities that are in no list of the store.

    Raises RequestInvalid for ``$filter`` and ``$orderby``, which only entries have.
    """
    options = call.options
    if options.filter is not None or options.order_by is not None:
        raise RequestInvalid("$filter and $orderby are for entries of keystores alone.")
    end = len(entities) if options.top is None else options.skip + options.top
    count = len(entities) if options.inline_count else None
    return Feed(entities[options.skip : end], count)


def first(call: Call, place: Place, most: int = MOST_ENTITIES) -> Feed:
    """Return a first page without any option: the answer to a change, or what is expanded."""
    if place.source is None:
        return Feed(())
    _tell(call, place)
    steward = call.steward
    found = steward.store.catalogue.list(steward.keystore_id, place.source, limit=most + 1)
    page = found[:most]
    following = None
    if len(found) > most:
        separator = "&" if place.query else "?"
        address = f"{call.root}KeystoreEntries{place.query}{separator}"
        following = f"{address}$skiptoken={_behind(page[-1])}"
    return Feed(tuple(entry_values.of_entry(entry, place) for entry in page), next=following)


def _tell(call: Call, place: Place) -> None:
    if isinstance(place.source, Backup):
        what = {"backup": place.source.name, "form": "list"}
        readings.record(call.steward, call.caller, Action.READ_BACKUP, what)


def _wanted(call: Call, entity_type: EntityType) -> _Wanted:
    options = call.options
    order = filters.parse_orders(options.order_by, entity_type) if options.order_by else ()
    after, skip = None, options.skip
    if options.skip_token is not None:
        behind = _BEHIND.fullmatch(options.skip_token)
        if behind is not None and not order:
            after, skip = hexalias.decode(behind[1]), 0
        elif _COUNTED.fullmatch(options.skip_token):
            skip = int(options.skip_token)
        else:
            raise RequestInvalid("$skiptoken is taken from the address of a next page as it is.")
    size = MOST_ENTITIES if options.top is None else min(options.top, MOST_ENTITIES)
    return _Wanted(_condition(call, entity_type), order, after, skip, size, options.top)


def _condition(call: Call, entity_type: EntityType) -> Condition | None:
    text = call.options.filter
    return None if text is None else filters.parse(text, entity_type)


def _type(place: Place) -> EntityType:
    return model.HISTORY_KEYSTORE_ENTRY if place.name == HISTORY else model.KEYSTORE_ENTRY


def _next(call: Call, token: str, left: int | None) -> str:
    """Return the address of the next page: this one's, with what is left to show."""
    given = (part for part in call.query.split("&") if part)
    kept = [part for part in given if _name(part) not in _POSITION]
    top = [] if left is None else [f"$top={left}"]
    return f"{call.root}{call.path}?{'&'.join((*kept, *top, f'$skiptoken={token}'))}"


def _behind(entry: CatalogueEntry) -> str:
    return f"behind-{sap_texts.hexalias(entry.alias)}"


def _name(part: str) -> str:
    return percent.decode_query(part.partition("=")[0].encode()).strip()
