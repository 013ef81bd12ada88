"""Deleted entries: which of them can come back."""

from collections.abc import Mapping, Sequence

from keysteward.entries import Owner
from keysteward.rights import Permission
from keysteward.storage.catalogue import CatalogueEntry
from keysteward.ui.routing import Visit


def reasons(visit: Visit, entries: Sequence[CatalogueEntry]) -> Mapping[int, str]:
    """Return why some of the deleted entries cannot come back, by their ids."""
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    taken = store.find_taken(keystore_id, [entry.alias for entry in entries])
    found = {}
    for entry in entries:
        last = store.find_deleted(keystore_id, entry.alias)
        if not visit.may(Permission.SECURITY_MATERIAL_EDIT):
            found[entry.id] = visit.text("Your roles do not permit this.")
        elif entry.owner is Owner.PROVIDER:
            found[entry.id] = visit.text(
                "{provider} owns this entry and maintains it.",
                provider=visit.steward.settings.provider,
            )
        elif entry.alias in taken:
            found[entry.id] = visit.text("Another entry has the alias now.")
        elif last is None or last.id != entry.id:
            found[entry.id] = visit.text("An entry with this alias was deleted later.")
    return found
