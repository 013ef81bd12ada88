"""Manage Keystore, tab Current: the list of the entries, filtered, sorted, a page at a time."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import msgspec

from keysteward.entries import EntryType, Owner
from keysteward.problems import RequestInvalid
from keysteward.rights import Permission
from keysteward.storage import pages
from keysteward.storage.catalogue import SOON
from keysteward.storage.page_sql import Sort
from keysteward.storage.pages import Position, Wanted
from keysteward.ui import deleted_entries, entry_lines, shell
from keysteward.ui.language import later
from keysteward.ui.routing import ENTRIES, Page, Routes, Visit

routes = Routes()

LIMIT = 50
"""Lines of a page."""

_MOST_TEXT = 1_000
"""Of a filter; longer than what it is compared with can hardly be."""

SHOWN = {
    "": later("All"),
    "ending": later("Ending soon or ended"),
    "waiting": later("Waiting for response"),
    "pending": later("With pending key"),
    "key-pairs": later("Key pairs"),
    "certificates": later("Certificates"),
    "provider": later("Owned by {provider}"),
    "deleted": later("Deleted"),
}
"""What can be asked for besides a text, by its name in addresses."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a list asks for; what it does not know is as if it were not there."""

    text: str
    shown: str
    sort: Sort
    descending: bool
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Return what a query asks for."""
        shown, order = query.get("show", ""), query.get("sort", "")
        name = order.removeprefix("-")
        known = name in list(Sort)
        return cls(
            query.get("text", "").strip()[:_MOST_TEXT],
            shown if shown in SHOWN else "",
            Sort(name) if known else Sort.ALIAS,
            descending=known and order.startswith("-"),
            after=query.get("after", ""),
        )

    @property
    def deleted(self) -> bool:
        """Whether deleted entries are asked for."""
        return self.shown == "deleted"

    @property
    def query(self) -> str:
        """The query that asks for this, with its question mark."""
        order = ("-" if self.descending else "") + self.sort
        given = {
            "text": self.text,
            "show": self.shown,
            "sort": "" if order == Sort.ALIAS else order,
            "after": self.after,
        }
        written = urlencode({name: value for name, value in given.items() if value})
        return f"?{written}" if written else ""

    def sorted_by(self, sort: Sort) -> "Asked":
        """Return the same in another order; the other way round if it is in this one."""
        again = sort is self.sort and not self.descending
        return replace(self, sort=sort, descending=again, after="")


@routes.get(ENTRIES, Permission.MONITORING_DATA_READ)
def show_entries(visit: Visit) -> Page:
    """Show a page of the list, or the list alone."""
    asked = Asked.of(visit.query)
    steward, wanted = visit.steward, _wanted(visit, asked)
    after = position_of(asked.after) if asked.after else None
    listed = steward.store.pages
    found = listed.list_page(steward.keystore_id, wanted, limit=LIMIT, after=after)
    return Page(
        "current_entries.html",
        {
            "tab": "current",
            "asked": asked,
            "count": entry_lines.counted(visit, listed.count(steward.keystore_id, wanted)),
            "columns": entry_lines.COLUMNS,
            "next": next_query(asked, found.next),
            "first": replace(asked, after="").query if after else None,
            "here": f"{shell.keystore_address(visit.keystore)}/entries",
            "shown": _choices(visit),
            "listed": entry_lines.lines_of(visit, found.lines),
            "restoring": deleted_entries.reasons(visit, found.lines) if asked.deleted else {},
        },
        {"list": "entry_list.html"},
    )


def _wanted(visit: Visit, asked: Asked) -> Wanted:
    now = visit.steward.clock()
    return Wanted(
        text=asked.text,
        deleted=asked.deleted,
        type=_TYPES.get(asked.shown),
        owner=Owner.PROVIDER if asked.shown == "provider" else None,
        waiting=asked.shown == "waiting",
        pending=asked.shown == "pending",
        ending_before=now + SOON if asked.shown == "ending" else None,
        sort=asked.sort,
        descending=asked.descending,
    )


_TYPES = {"key-pairs": EntryType.KEY_PAIR, "certificates": EntryType.CERTIFICATE}


def _choices(visit: Visit) -> tuple[tuple[str, str], ...]:
    provider = visit.steward.settings.provider
    return tuple((name, visit.text(label, provider=provider)) for name, label in SHOWN.items())


def next_query(asked: Asked, position: Position | None) -> str | None:
    """Return the query that asks for what is behind a position; None for the last page."""
    if position is None:
        return None
    written = msgspec.json.encode((position.key, position.alias, position.id))
    cursor = base64.urlsafe_b64encode(written).decode("ascii")
    return replace(asked, after=cursor).query


def position_of(cursor: str) -> pages.Position:
    """Return where a page ended. Raises RequestInvalid for what no list wrote."""
    try:
        written = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        return Position(*msgspec.json.decode(written, type=tuple[str | int, str, int]))
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise RequestInvalid("The address names no page of this list.") from error
