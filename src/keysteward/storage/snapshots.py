"""Backups: each is a list of version numbers, so that making one copies no content."""

from keysteward.storage import changes, purging, rows, statements, view_statements
from keysteward.storage.links import Link
from keysteward.storage.records import Backup, Base, Stamp


def create(link: Link, stamp: Stamp, name: str) -> Backup:
    """Write a snapshot of all living entries of the tenant."""
    row = link.one(
        changes.INSERT_BACKUP,
        keystore_id=stamp.keystore_id,
        name=name,
        size=0,
        created_at=stamp.now,
        created_by=stamp.actor,
    )
    if row is None:
        raise RuntimeError("The database did not return the number that it gave.")
    size = link.change(changes.FILL_BACKUP, backup=row[0], keystore=stamp.keystore_id)
    link.change(changes.SIZE_BACKUP, backup=row[0], new_size=size)
    return Backup(row[0], name, size, stamp.at, stamp.actor)


def delete(link: Link, stamp: Stamp, backup: Backup) -> tuple[int, ...]:
    """Delete a snapshot, and the entries whose purge waited for it; return the destroyed keys."""
    purged = link.all(view_statements.LIST_PURGED_BY_BACKUP, backup=backup.id)
    link.change(changes.EMPTY_BACKUP, backup=backup.id)
    link.change(changes.DELETE_BACKUP, backup=backup.id, keystore=stamp.keystore_id)
    destroyed: tuple[int, ...] = ()
    for (entry_id,) in purged:
        entry = rows.entry(link.all(statements.ENTRY_BY_ID, entry=entry_id))
        destroyed += purging.purge_whole(link, stamp, Base.of(entry))
    return destroyed
