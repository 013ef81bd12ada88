"""Destroying entries: what of them goes, what backups keep, and which keys nothing uses then."""

import secrets
from collections.abc import Sequence
from contextlib import suppress

from keysteward.problems import DatabaseUnavailable, DatabaseUnusable, EntryChanged
from keysteward.storage import changes, statements, view_statements
from keysteward.storage.database import Database
from keysteward.storage.links import Link
from keysteward.storage.records import Base, Stamp

_DIGEST_BYTES = 32


def purge(link: Link, stamp: Stamp, base: Base) -> tuple[int, ...]:
    """Destroy an entry but for what backups hold of it; return the ids of the destroyed keys."""
    found = link.all(view_statements.LIST_BACKUPS_OF_ENTRY, entry=base.entry_id)
    kept = {number for row in found for number in row[1:] if number is not None}
    if not kept:
        return purge_whole(link, stamp, base)
    changed = link.change(
        changes.KEEP_FOR_BACKUPS,
        at=stamp.now,
        entry=base.entry_id,
        keystore=stamp.keystore_id,
        base_version=base.version,
        base_pending=base.pending,
        kept_version=max(kept),
    )
    _require(changed, base)
    link.change(changes.PURGE_REQUESTS, entry=base.entry_id)
    private_keys = _keys_of(link, base.entry_id)
    for (number,) in link.all(statements.LIST_VERSION_NUMBERS, entry=base.entry_id):
        if number not in kept:
            for statement in (changes.PURGE_CHAIN, changes.PURGE_VERSION):
                link.change(statement, entry=base.entry_id, version_number=number)
    return _destroy_unused(link, private_keys)


def purge_whole(link: Link, stamp: Stamp, base: Base) -> tuple[int, ...]:
    """Destroy an entry that no backup holds; return the ids of the destroyed keys."""
    private_keys = _keys_of(link, base.entry_id)
    for statement in (changes.PURGE_CHAINS, changes.PURGE_VERSIONS, changes.PURGE_REQUESTS):
        link.change(statement, entry=base.entry_id)
    changed = link.change(
        changes.PURGE_ENTRY,
        entry=base.entry_id,
        keystore=stamp.keystore_id,
        base_version=base.version,
        base_pending=base.pending,
    )
    _require(changed, base)
    return _destroy_unused(link, private_keys)


def _require(changed: int, base: Base) -> None:
    if changed != 1:
        raise EntryChanged(
            base.alias, f"It was changed or deleted since version {base.version} was read."
        )


def _keys_of(link: Link, entry_id: int) -> list[int]:
    return [row[0] for row in link.all(statements.LIST_ENTRY_KEYS, entry=entry_id)]


def _destroy_unused(link: Link, private_keys: Sequence[int]) -> tuple[int, ...]:
    unused = tuple(
        key for key in private_keys if link.one(statements.FIND_KEY_USER, private_key=key) is None
    )
    for key in unused:
        row = link.one(statements.GET_PRIVATE_KEY, private_key=key)
        # A random public key: the row must not be found by the old one, nor change its size.
        link.change(
            changes.PURGE_PRIVATE_KEY,
            private_key=key,
            new_sealed=bytes(0 if row is None else len(row[1])),
            new_public_key=secrets.token_bytes(_DIGEST_BYTES),
        )
    return unused


def scrub(database: Database) -> None:
    """Remove what purged keys left in the files, once that is committed; see ``engine.scrub``.

    Raises DatabaseUnusable if another process is in the way.
    """
    # What was committed is done, whether or not a server can be asked to tidy up.
    with suppress(DatabaseUnavailable), database.reading() as link:
        if not database.engine.scrub(link.connection):
            raise DatabaseUnusable(
                "All was done, but another process still reads the log that holds the sealed "
                "keys of what was purged. They go when no process has the database open."
            )
