"""Entries of a local keystore."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from keysteward.cli.desk import Entries
from keysteward.cli.desk_values import Planned, Shown
from keysteward.cli.local import provider_keys
from keysteward.entries import Caller, Entry, ListedEntry, Version, View
from keysteward.keystore import lifecycle, versions
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class _Entries:
    steward: Steward
    caller: Caller

    def list_(
        self, *, expiring_days: int | None, waiting: bool, deleted: bool
    ) -> Sequence[ListedEntry]:
        before = None
        if expiring_days is not None:
            before = self.steward.clock() + timedelta(days=expiring_days)
        found: list[ListedEntry] = []
        while True:
            page = self.steward.store.list_entries(
                self.steward.keystore_id,
                after=found[-1] if found else None,
                limit=_PAGE,
                expiring_before=before,
                waiting=waiting,
                deleted=deleted,
            )
            found.extend(page)
            if len(page) < _PAGE:
                return found

    def aliases(self, prefix: str, most: int, view: View) -> Sequence[str]:
        return self.steward.store.list_aliases(self.steward.keystore_id, prefix, most, view)

    def show(self, alias: str, view: View) -> Shown:
        entry = self.steward.store.get_entry(self.steward.keystore_id, alias, view)
        requests = self.steward.store.list_requests(entry.id)
        return Shown(entry, tuple(requests), provider_keys.details(self.steward, entry))

    def versions(self, alias: str, view: View) -> tuple[Entry, Sequence[Version]]:
        entry = self.steward.store.get_entry(self.steward.keystore_id, alias, view)
        return entry, self.steward.store.list_versions(entry)

    def roll_back(
        self, alias: str, number: int, consent: Consent, *, note: str | None, dry_run: bool
    ) -> Planned:
        asked = (self.steward, self.caller, alias, number, consent)
        if dry_run:
            plan = versions.plan_rollback(*asked)
            return Planned(plan, plan.base_version, plan.digest)
        done = versions.roll_back(*asked, note=note)
        return Planned(done.plan, done.version, done.plan.digest)

    def rename(self, alias: str, new: str) -> Entry:
        return lifecycle.rename_entry(self.steward, self.caller, alias, new)

    def delete(self, alias: str) -> None:
        lifecycle.delete_entry(self.steward, self.caller, alias)

    def undelete(self, alias: str) -> Entry:
        return lifecycle.undelete_entry(self.steward, self.caller, alias)

    def holders(self, alias: str) -> Sequence[str] | None:
        store, keystore_id = self.steward.store, self.steward.keystore_id
        entry = store.find_entry(keystore_id, alias) or store.find_deleted(keystore_id, alias)
        if entry is None or entry.owner is not self.caller.owner:
            return None
        return store.list_backups_of_entry(entry.id)

    def purge(self, alias: str, typed: str) -> int:
        return lifecycle.purge_entry(self.steward, self.caller, alias, typed)


def entries(steward: Steward, caller: Caller) -> Entries:
    """Return the entries' part of the desk."""
    return _Entries(steward, caller)
