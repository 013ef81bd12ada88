"""Conditions of requests (RFC 9110 section 13): tags of entries, and changes tied to one of them.

A tag is made of an entry's id and the numbers of its versions, so no other state ever has the same.
"""

import re
from dataclasses import replace

from keysteward.entries import Entry
from keysteward.keystore.steward import Steward
from keysteward.problems import EntryChanged, RequestInvalid

ANY = "*"
"""Among tags: whatever state there is."""

_MOST_CHARACTERS = 1_000
_TAG = re.compile(r'(W/)?("[^"]*")')


def etag(entry_id: int, version: int, pending: int | None) -> str:
    """Return the tag of an entry's state, as in the header; ``pending`` is a version, too."""
    return f'"{entry_id}-{version}"' if pending is None else f'"{entry_id}-{version}-{pending}"'


def etag_of(entry: Entry) -> str:
    """Return the tag of an entry as it was read."""
    pending = entry.pending.number if entry.pending else None
    return etag(entry.id, entry.version.number, pending)


def tags_of(header: str, *, weak: bool) -> frozenset[str]:
    """Return the tags of a header, without the sign of weak ones, which count only if ``weak``."""
    if header.strip() == ANY:
        return frozenset({ANY})
    return frozenset(tag for sign, tag in _TAG.findall(header) if weak or not sign)


def if_match(header: str, *, weak: bool) -> frozenset[str]:
    """Return the tags of an If-Match. Raises RequestInvalid for one without any, or too long."""
    if len(header) > _MOST_CHARACTERS:
        raise RequestInvalid("The If-Match header is too long.")
    if not tags_of(header, weak=True):
        raise RequestInvalid("If-Match is the ETag of an answer, with its quotation marks.")
    return tags_of(header, weak=weak)


def guarded(steward: Steward, alias: str, tags: frozenset[str]) -> Steward:
    """Return a steward that changes something only while the entry is in a state of the tags.

    It is looked at now, and again in the transaction of the change. That there is no such entry is
    for the operation to say. Raises EntryChanged.
    """

    def require() -> None:
        entry = steward.store.find_entry(steward.keystore_id, alias)
        if entry is not None and tags.isdisjoint({ANY, etag_of(entry)}):
            reason = f"its ETag is {etag_of(entry)}, which If-Match does not name."
            raise EntryChanged(entry.alias, reason)

    require()
    return replace(steward, precondition=require)
