"""Public content of a local keystore."""

from collections.abc import Callable
from dataclasses import dataclass

from keysteward.cli.desk import Downloads
from keysteward.entries import Caller, View
from keysteward.keystore import downloads as operations
from keysteward.keystore import readings
from keysteward.keystore.downloads import Download, DownloadKind, KeystoreForm
from keysteward.keystore.steward import Steward


@dataclass(frozen=True, slots=True)
class _Downloads:
    steward: Steward
    caller: Caller

    def entry(
        self, alias: str, view: View, kind: DownloadKind, deliver: Callable[[Download], None]
    ) -> Download:
        entry = self.steward.store.get_entry(self.steward.keystore_id, alias, view)
        return operations.download(self.steward, self.caller, entry, kind, deliver)

    def keystore(self, form: KeystoreForm, backup: str | None) -> Download:
        if backup is None:
            return readings.keystore(self.steward, self.caller, form)
        return readings.backup_keystore(self.steward, self.caller, backup, form)


def downloads(steward: Steward, caller: Caller) -> Downloads:
    """Return the downloads' part of the desk."""
    return _Downloads(steward, caller)
