"""Backups of a keystore on a server."""

from collections.abc import Sequence
from dataclasses import dataclass

from keysteward.cli.desk import Backups
from keysteward.cli.desk_values import Accept, Prospect
from keysteward.cli.remote import values
from keysteward.client import Keystore
from keysteward.client import values as told
from keysteward.entries import ListedEntry
from keysteward.keystore.backups import Comparison, Difference, Part, Since
from keysteward.keystore.intake import Mode
from keysteward.problems import BackupNotFound
from keysteward.storage.records import Backup
from keysteward.values import Alias


@dataclass(frozen=True, slots=True)
class _Backups:
    keystore: Keystore

    def create(self, name: str | None) -> tuple[Backup, int | None]:
        # How many are kept is the server's own setting.
        return _backup(self.keystore.create_backup(name)), None

    def list_(self) -> Sequence[Backup]:
        return [_backup(one) for one in self.keystore.list_backups()]

    def look_into(self, name: str | None) -> tuple[Backup, Sequence[ListedEntry]]:
        found = self.keystore.get_backup(name or self.newest())
        return _backup(found), [values.listed(line) for line in found.entries]

    def compare(self, name: str | None) -> Comparison:
        found = self.keystore.compare_backup(name or self.newest())
        differences = tuple(
            Difference(
                Alias(one.alias),
                values.word(Since, one.since),
                tuple(values.word(Part, part) for part in one.parts),
                None if one.renamed is None else Alias(one.renamed),
            )
            for one in found.differences
        )
        return Comparison(_backup(found.backup), differences, found.unchanged)

    def newest(self) -> str:
        for backup in self.keystore.list_backups():
            return backup.name
        raise BackupNotFound(None)

    def plan_restore(self, name: str, aliases: Sequence[str] | None, mode: Mode) -> Prospect:
        plan = self.keystore.plan_restore(name, aliases=aliases, mode=mode.value)
        return values.prospect(plan)

    def restore(
        self, name: str, aliases: Sequence[str] | None, mode: Mode, accept: Accept | None
    ) -> Prospect:
        digest = None
        if accept is not None:
            plan = self.keystore.plan_restore(name, aliases=aliases, mode=mode.value)
            accept(values.prospect(plan))
            digest = plan.digest
        done = self.keystore.restore(name, aliases=aliases, mode=mode.value, digest=digest)
        return values.prospect(done)

    def delete(self, name: str) -> int:
        return self.keystore.delete_backup(name)


def backups(keystore: Keystore) -> Backups:
    """Return the backups' part of the desk."""
    return _Backups(keystore)


def _backup(given: told.Backup | told.BackupContents) -> Backup:
    # Its number is the server's own; commands know backups by name.
    return Backup(0, given.name, given.size, given.created_at, given.created_by)
