"""Where an entry is looked at: among the current ones or the deleted, in a backup, New, History."""

from dataclasses import dataclass

from keysteward.entries import Entry, EntryType, Version, View
from keysteward.keystore import backups
from keysteward.problems import AliasNotFound
from keysteward.ui import shell
from keysteward.ui.routing import ENTRY, KEYSTORE, Visit

IN_BACKUP = f"{KEYSTORE}/backup/{{name}}/entries/{{alias}}"
IN_NEW = f"{KEYSTORE}/new/{{alias}}"
IN_HISTORY = f"{KEYSTORE}/history/{{alias}}"

PLACES = {"current": ENTRY, "backup": IN_BACKUP, "new": IN_NEW, "history": IN_HISTORY}
"""The address of an entry's page by the tab that lists it."""

DELETED = "?deleted=yes"
"""Behind the address of an entry: the one that was deleted last under the alias."""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry, and where it is looked at."""

    entry: Entry
    tab: str
    """``current``, ``backup``, ``new`` or ``history``."""
    address: str
    """Of the entry's page, without a query."""
    backup: str = ""
    """The backup's name."""

    @property
    def deleted(self) -> bool:
        """Whether the entry was deleted."""
        return self.entry.deleted_at is not None

    @property
    def living(self) -> bool:
        """Whether it is a current entry, which alone can be changed."""
        return self.tab == "current" and not self.deleted

    @property
    def is_key_pair(self) -> bool:
        """Whether the entry has a private key."""
        return self.entry.type is EntryType.KEY_PAIR

    @property
    def query(self) -> str:
        """What the address of the entry's page ends with."""
        return DELETED if self.deleted else ""

    def versions(self, visit: Visit) -> tuple[Version, ...]:
        """Return all versions of the entry, the last one first; none of an entry in a backup."""
        if self.backup:
            return ()
        return tuple(reversed(visit.steward.store.list_versions(self.entry)))


def find(visit: Visit, tab: str) -> Place:
    """Return the entry that the address names. Raises AliasNotFound, BackupNotFound."""
    base = shell.keystore_address(visit.keystore)
    steward, alias = visit.steward, visit.alias
    if tab == "backup":
        backup = steward.store.get_backup(steward.keystore_id, visit.path["name"])
        entry = backups.get_entry(steward, backup, alias)
        address = f"{base}/backup/{shell.segment(backup.name)}/entries/{shell.segment(alias)}"
        return Place(entry, tab, address, backup.name)
    if tab == "current":
        return Place(_current(visit), tab, shell.entry_address(visit.keystore, alias))
    entry = steward.store.get_entry(steward.keystore_id, alias, View(tab))
    return Place(entry, tab, f"{base}/{tab}/{shell.segment(alias)}")


def _current(visit: Visit) -> Entry:
    store, keystore_id = visit.steward.store, visit.steward.keystore_id
    if "deleted" not in visit.query:
        return store.get_entry(keystore_id, visit.alias)
    found = store.find_deleted(keystore_id, visit.alias)
    if found is None:
        raise AliasNotFound(visit.alias, visit.keystore)
    return found
