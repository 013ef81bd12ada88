"""Which entries a list is asked for, and where a page begins."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.sql import Executable

from keysteward.entries import EntryType, ListedEntry, Owner, View
from keysteward.storage import rows, statements
from keysteward.values import Alias

PREFIX_END = "\U0010ffff"
"""What no alias has: all that start with a prefix are before the prefix and this."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What is asked for; the conditions are combined."""

    view: View = View.CURRENT
    expiring_before: datetime | None = None
    waiting: bool = False
    deleted: bool = False
    type: EntryType | None = None
    owner: Owner | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """What is needed of the last line of a page to find the next one; a cursor can carry it."""

    alias: Alias
    id: int
    not_after: datetime
    deleted_at: datetime | None

    @classmethod
    def of(cls, line: ListedEntry) -> "Position":
        """Return the position of a line."""
        return cls(line.alias, line.id, line.not_after, line.deleted_at)


def page(
    keystore_id: int, wanted: EntryFilter, limit: int, after: ListedEntry | Position | None
) -> tuple[Executable, dict[str, object]]:
    """Return the statement and the parameters of a page."""
    statement = statements.list_entries(
        current=wanted.view is View.CURRENT,
        expiring=wanted.expiring_before is not None,
        waiting=wanted.waiting,
        deleted=wanted.deleted,
        paged=after is not None,
        typed=wanted.type is not None,
        owned=wanted.owner is not None,
        prefixed=bool(wanted.prefix),
    )
    parameters: dict[str, object] = {
        "keystore": keystore_id,
        "row_limit": limit,
        "view": wanted.view.value,
        "type": wanted.type,
        "owner": wanted.owner,
        "prefix_from": wanted.prefix,
        "prefix_to": wanted.prefix + PREFIX_END,
    }
    if wanted.expiring_before is not None:
        parameters["before"] = rows.to_microseconds(wanted.expiring_before)
    if after is not None:
        parameters |= {
            "after_alias": after.alias,
            "after_id": after.id,
            "after_not_after": rows.to_microseconds(after.not_after),
            "after_deleted": after.deleted_at and rows.to_microseconds(after.deleted_at),
        }
    return statement, parameters
