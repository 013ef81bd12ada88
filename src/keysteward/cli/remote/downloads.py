"""Public content of a keystore on a server."""

from collections.abc import Callable
from dataclasses import dataclass

from keysteward.cli.desk import Downloads
from keysteward.cli.remote import values
from keysteward.client import Keystore
from keysteward.client.entries import Form
from keysteward.entries import View
from keysteward.formats import file_names
from keysteward.keystore.downloads import Download, DownloadKind, KeystoreForm


@dataclass(frozen=True, slots=True)
class _Downloads:
    keystore_: Keystore

    def entry(
        self, alias: str, view: View, kind: DownloadKind, deliver: Callable[[Download], None]
    ) -> Download:
        if kind is DownloadKind.CSR:
            found = self._request(alias, view)
        else:
            form: Form = kind.value  # type: ignore[assignment]  # all of them but the request
            found = values.download(self.keystore_.download(alias, form, view=view.value))
        deliver(found)
        return found

    def keystore(self, form: KeystoreForm, backup: str | None) -> Download:
        return values.download(self.keystore_.export_keystore(form.value, backup=backup))

    def _request(self, alias: str, view: View) -> Download:
        # Requests are written for current entries; of another view's the alias has to be there.
        self.keystore_.get_entry(alias, view=view.value)
        pem = self.keystore_.write_signing_request(alias)
        return Download(file_names.safe_file_name(alias, ".csr"), "application/pkcs10", pem)


def downloads(keystore: Keystore) -> Downloads:
    """Return the downloads' part of the desk."""
    return _Downloads(keystore)
