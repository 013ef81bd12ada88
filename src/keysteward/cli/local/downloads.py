"""Public content of a local keystore."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keysteward.cli.desk import Downloads
from keysteward.entries import Caller, View
from keysteward.keystore import backups
from keysteward.keystore import downloads as operations
from keysteward.keystore.downloads import Download, DownloadKind, KeystoreForm
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate

_PAGE = 500


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
            entries = list(self._current())
        else:
            entries = list(backups.public_content(self.steward, backup))
        return operations.public_keystore(
            entries, form, self.steward.clock(), of_backup=backup is not None
        )

    def _current(self) -> Iterator[tuple[str, tuple[Certificate, ...]]]:
        store, keystore_id = self.steward.store, self.steward.keystore_id
        after = None
        while page := store.list_entries(keystore_id, limit=_PAGE, after=after):
            for listed in page:
                entry = store.find_entry(keystore_id, listed.alias)
                if entry is not None:
                    yield entry.alias, entry.version.chain
            after = page[-1]


def downloads(steward: Steward, caller: Caller) -> Downloads:
    """Return the downloads' part of the desk."""
    return _Downloads(steward, caller)
