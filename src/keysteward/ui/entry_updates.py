"""Update of an entry by a file: which dialog that is depends on the entry, and on the file."""

from keysteward.entries import EntryType
from keysteward.pki.usages import Usage
from keysteward.ui import certificate_uploads, key_pair_uploads, ssh_key_uploads, uploads
from keysteward.ui.routing import ENTRY, Page, Routes, Visit
from keysteward.ui.uploads import EDIT

routes = Routes()


@routes.get(f"{ENTRY}/update", EDIT)
def update_dialog(visit: Visit) -> Page:
    """Ask for the file; ``as`` says for a key pair which kind it is, else its usage does."""
    entry = uploads.of_entry(visit)
    if entry.type is EntryType.CERTIFICATE:
        return certificate_uploads.update_dialog(visit, entry)
    usual = "ssh-key" if entry.usage is Usage.SSH else "key-pair"
    kind = ssh_key_uploads.KINDS.get(visit.query.get("as", usual))
    if kind is None:
        return key_pair_uploads.update_dialog(visit, entry)
    return ssh_key_uploads.update_dialog(visit, entry, kind)
