"""What is answered to a change, and a second try where another writer was faster."""

from collections.abc import Callable
from typing import TypeVar

from keysteward.entries import Entry, View
from keysteward.keystore.steward import Steward
from keysteward.odata.contract import Answer, Call, Nothing
from keysteward.odata.formats.writers import Content
from keysteward.odata.reading import pages
from keysteward.odata.reading.sources import SYSTEM, Place
from keysteward.problems import EntryChanged
from keysteward.storage import sap_texts
from keysteward.web import conditions

_TRIES = 5
"""That a change gets which names no state of the entry; each loses to another change."""

_CURRENT = Place(SYSTEM, View.CURRENT)

T = TypeVar("T")


def changed(call: Call, etag: str | None = None, *, entries_by_default: bool = False) -> Answer:
    """Return nothing, or the first page of current entries if the caller asked for them."""
    asked = call.options.return_keystore_entries
    if entries_by_default if asked is None else asked:
        return pages.first(call, _CURRENT)
    return Nothing(etag)


def entry_changed(call: Call, entry: Entry) -> Answer:
    """Return the same with the ETag of the entry that was changed."""
    return changed(call, conditions.etag_of(entry))


def hexalias(alias: str) -> Content:
    """Return the new key of an entry in square brackets, as the service writes it."""
    return Content(f"[{sap_texts.hexalias(alias)}]".encode(), "text/plain;charset=utf-8")


def guarded(call: Call) -> Steward:
    """Return what changes the entry of the address only in a state that an If-Match names.

    OData V2 calls its ETags weak ones, so the sign of that makes no difference. Raises
    EntryChanged, RequestInvalid.
    """
    if call.if_match is None:
        return call.steward
    tags = conditions.if_match(call.if_match, weak=True)
    return conditions.guarded(call.steward, call.alias, tags)


def tried(call: Call, work: Callable[[], T]) -> T:
    """Do what may lose against another writer, again if it does; once only for an If-Match.

    Raises EntryChanged if it still loses.
    """
    tries = 1 if call.if_match is not None else _TRIES
    for _ in range(tries - 1):
        try:
            return work()
        except EntryChanged:
            continue
    return work()
