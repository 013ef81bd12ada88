"""What became of each entry in an import or a restore, as SAP's property Status tells it."""

from keysteward.entries import EntryType, View
from keysteward.keystore.intake import Decision, Intake, Status
from keysteward.odata import errors, model
from keysteward.odata.contract import Call
from keysteward.odata.entities import Entity, Feed
from keysteward.odata.reading import entry_values, pages
from keysteward.odata.reading.sources import SYSTEM, Place
from keysteward.storage import sap_texts

_CURRENT = Place(SYSTEM, View.CURRENT)


def feed(call: Call, plan: Intake) -> Feed:
    """Return the entries that came or went, then a page of those that the plan did not touch."""
    first = pages.first(call, _CURRENT)
    there = {str(entity.values["Alias"]): entity for entity in first.entities}
    told = []
    for decision in plan.decisions:
        entity = there.pop(decision.alias, None) or _entry(call, decision)
        told.append(_with_status(entity, status(decision)))
    return Feed((*told, *there.values()), next=first.next)


def status(decision: Decision) -> str:
    """Return the property Status of one entry."""
    if decision.problem is not None:
        return errors.not_imported(decision.problem)
    return decision.status.value


def _with_status(entity: Entity, text: str) -> Entity:
    return Entity(
        entity.type,
        {**entity.values, "Status": text},
        query=entity.query,
        etag=entity.etag,
    )


def _entry(call: Call, decision: Decision) -> Entity:
    """Return an entry that is not in the page: further on, removed, or not imported."""
    store, keystore_id = call.steward.store, call.steward.keystore_id
    found = store.catalogue.find(keystore_id, View.CURRENT, decision.alias)
    if found is not None:
        return entry_values.of_entry(found, _CURRENT)
    if decision.status is Status.REMOVED:
        gone = store.find_deleted(keystore_id, decision.alias)
        if gone is not None:
            return entry_values.of_certificate(
                gone.alias, gone.version.certificate, gone.type, decision.status.value
            )
    arrival = decision.arrival
    if arrival is not None and arrival.chain:
        return entry_values.of_certificate(decision.alias, arrival.chain[0], arrival.type, "")
    return _nameless(decision)


def _nameless(decision: Decision) -> Entity:
    type_ = EntryType.KEY_PAIR if decision.arrival is None else decision.arrival.type
    values = {
        "Hexalias": sap_texts.hexalias(decision.alias),
        "Alias": decision.alias,
        "Type": sap_texts.TYPES[type_],
    }
    return Entity(model.KEYSTORE_ENTRY, values)
