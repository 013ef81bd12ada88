"""Entries of a keystore on a server."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from keysteward.cli.desk import Entries
from keysteward.cli.desk_values import Planned, Shown
from keysteward.cli.remote import values, wishes
from keysteward.client import Client, Keystore
from keysteward.entries import Entry, ListedEntry, Owner, Version, View
from keysteward.keystore.trust import Consent
from keysteward.problems import AliasNotFound
from keysteward.rights import Role

_MOST_DAYS = 100_000
"""That a server can be asked for: more than 270 years."""


@dataclass(frozen=True, slots=True)
class _Entries:
    client: Client
    keystore: Keystore

    def list_(
        self, *, expiring_days: int | None, waiting: bool, deleted: bool
    ) -> Sequence[ListedEntry]:
        days = None if expiring_days is None else min(expiring_days, _MOST_DAYS)
        found = self.keystore.list_entries(expiring_days=days, waiting=waiting, deleted=deleted)
        return [values.listed(line) for line in found]

    def aliases(self, prefix: str, most: int, view: View) -> Sequence[str]:
        found = self.keystore.list_entries(prefix=prefix or None, view=view.value)
        return [line.alias for line in islice(found, most)]

    def show(self, alias: str, view: View) -> Shown:
        return values.shown(self.keystore.get_entry(alias, view=view.value))

    def versions(self, alias: str, view: View) -> tuple[Entry, Sequence[Version]]:
        entry = values.entry(self.keystore.get_entry(alias, view=view.value))
        found = self.keystore.list_versions(alias, view=view.value)
        return entry, [values.version(one) for one in found]

    def roll_back(
        self, alias: str, number: int, consent: Consent, *, note: str | None, dry_run: bool
    ) -> Planned:
        said = wishes.consent(consent)
        if dry_run:
            return values.planned(self.keystore.plan_rollback(alias, number, consent=said))
        return values.planned(self.keystore.roll_back(alias, number, note=note, consent=said))

    def rename(self, alias: str, new: str) -> Entry:
        return values.entry(self.keystore.rename_entry(alias, new))

    def delete(self, alias: str) -> None:
        self.keystore.delete_entry(alias)

    def undelete(self, alias: str) -> Entry:
        return values.entry(self.keystore.undelete_entry(alias))

    def holders(self, alias: str) -> Sequence[str] | None:
        try:
            entry = self.keystore.get_entry(alias, deleted=True)
        except AliasNotFound:
            return None
        provider = Role.PROVIDER.value in self.client.me().roles
        own = Owner.PROVIDER if provider else Owner.TENANT
        return entry.backups if entry.owner == own else None

    def purge(self, alias: str, typed: str) -> int:
        return self.keystore.purge_entry(alias, typed)


def entries(client: Client, keystore: Keystore) -> Entries:
    """Return the entries' part of the desk."""
    return _Entries(client, keystore)
