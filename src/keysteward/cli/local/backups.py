"""Backups of a local keystore."""

from collections.abc import Sequence
from dataclasses import dataclass

from keysteward.cli.desk import Backups
from keysteward.cli.desk_values import Accept, Prospect
from keysteward.entries import Caller, ListedEntry
from keysteward.keystore import backups as operations
from keysteward.keystore import readings
from keysteward.keystore.backups import Comparison
from keysteward.keystore.intake import Intake, Mode
from keysteward.keystore.steward import Steward
from keysteward.storage.records import Backup


@dataclass(frozen=True, slots=True)
class _Backups:
    steward: Steward
    caller: Caller

    def create(self, name: str | None) -> tuple[Backup, int | None]:
        backup = operations.create_backup(self.steward, self.caller, name)
        return backup, self.steward.settings.backups_kept

    def list_(self) -> Sequence[Backup]:
        return self.steward.store.list_backups(self.steward.keystore_id)

    def look_into(self, name: str | None) -> tuple[Backup, Sequence[ListedEntry]]:
        return readings.backup(self.steward, self.caller, name)

    def compare(self, name: str | None) -> Comparison:
        return readings.comparison(self.steward, self.caller, name)

    def newest(self) -> str:
        return self.steward.store.get_backup(self.steward.keystore_id, None).name

    def plan_restore(self, name: str, aliases: Sequence[str] | None, mode: Mode) -> Prospect:
        return Prospect.of(operations.plan_restore(self.steward, self.caller, name, aliases, mode))

    def restore(
        self, name: str, aliases: Sequence[str] | None, mode: Mode, accept: Accept | None
    ) -> Prospect:
        def accept_(plan: Intake) -> None:
            if accept is not None:
                accept(Prospect.of(plan))

        return Prospect.of(
            operations.restore(self.steward, self.caller, name, aliases, mode, accept=accept_)
        )

    def delete(self, name: str) -> int:
        return operations.delete_backup(self.steward, self.caller, name)


def backups(steward: Steward, caller: Caller) -> Backups:
    """Return the backups' part of the desk."""
    return _Backups(steward, caller)
