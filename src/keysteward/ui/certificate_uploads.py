"""Add > Certificate, and Update of a certificate entry."""

from dataclasses import replace

from keysteward.entries import Entry, EntryType
from keysteward.keystore import certificates, duplicates, trust
from keysteward.keystore.key_pairs import StoredKeyPair
from keysteward.notices import NoticeKind
from keysteward.problems import EntryChanged, KeyPairInTheWay
from keysteward.settings import Settings
from keysteward.ui import consents, plans, shell, uploads
from keysteward.ui.routing import ENTRY, KEYSTORE, Leave, Page, Part, Routes, Visit
from keysteward.ui.uploads import EDIT, NOTHING, Found

ADD = f"{KEYSTORE}/add/certificate"
UPDATE = f"{ENTRY}/update/certificate"

routes = Routes()


def _limit(settings: Settings) -> int:
    return settings.certificate_limit_bytes


@routes.get(ADD, EDIT)
def add_dialog(visit: Visit) -> Page:
    """Ask for a certificate."""
    address = f"{shell.keystore_address(visit.keystore)}/add/certificate"
    limit = visit.steward.settings.certificate_limit_bytes
    return Page("add_certificate.html", {"address": address, "limit": limit})


@routes.post(f"{ADD}/preview", EDIT, limit=_limit)
def preview_new(visit: Visit) -> Part:
    """Show what the file holds, and ask whether it is trusted."""
    return _preview(visit, None)


@routes.post(ADD, EDIT, limit=_limit)
def add(visit: Visit) -> Leave | Part:
    """Take the certificate into the keystore."""
    alias = uploads.alias_of(visit, preview_new)
    entry = certificates.add_certificate(
        *(visit.steward, visit.caller, alias, visit.form.file().data),
        trusted=visit.form.ticked("trusted"),
        consent=consents.given(visit),
    )
    done = StoredKeyPair(entry, duplicates.remarks(visit.steward, entry))
    return uploads.added(visit, done, visit.text("Add Certificate"))


def update_dialog(visit: Visit, entry: Entry) -> Page:
    """Ask for another certificate."""
    values = uploads.update_values(visit, entry)
    limit = visit.steward.settings.certificate_limit_bytes
    return Page("update_certificate.html", {**values, "limit": limit})


@routes.post(f"{UPDATE}/preview", EDIT, limit=_limit)
def preview_update(visit: Visit) -> Part:
    """Show what the file holds beside what the entry has."""
    return _preview(visit, _certificate_entry(visit))


@routes.post(UPDATE, EDIT, limit=_limit)
def update(visit: Visit) -> Leave | Part:
    """Replace the certificate, unless somebody else changed the entry meanwhile."""
    before = _certificate_entry(visit)
    data = visit.form.file().data
    try:
        steward = uploads.guarded(visit)
        entry = certificates.update_certificate(
            *(steward, visit.caller, visit.alias, data),
            trusted=visit.form.ticked("trusted"),
            consent=consents.given(visit),
        )
    except EntryChanged:
        return _preview(visit, _certificate_entry(visit), changed=True)
    same = before.version.number == entry.version.number
    text = f"{entry.alias!r} has this certificate with this mark already; nothing is stored."
    notices = (NoticeKind.ALREADY_CURRENT.about(text),) if same else ()
    remarks = duplicates.remarks(visit.steward, entry)
    done = StoredKeyPair(entry, (*notices, *remarks), changed=not same)
    return uploads.updated(visit, done, visit.text("Update Certificate"))


def _certificate_entry(visit: Visit) -> Entry:
    entry = uploads.of_entry(visit)
    if entry.type is not EntryType.CERTIFICATE:
        raise KeyPairInTheWay(entry.alias)
    return entry


def _preview(visit: Visit, entry: Entry | None, *, changed: bool = False) -> Part:
    file = visit.form.find_file("file")
    if file is None:
        return uploads.shown(visit, NOTHING, entry)
    certificate = certificates.read_one(visit.steward, file.data)
    chain = (certificate,)
    found = Found(
        key=str(certificate.key),
        public_key=certificate.public_key_sha256,
        chain=plans.show_chain(chain, visit.steward.clock()),
    )
    if visit.form.ticked("trusted") and not trust.is_trusted(visit.steward, chain, ()):
        found = replace(found, top=certificate)
    if entry is None:
        found = replace(found, alias=uploads.proposed(visit, certificate))
    else:
        mark = entry.trusted == visit.form.ticked("trusted")
        same = entry.version.certificate == certificate and mark
        rows = plans.compare(entry.version.chain, chain)
        found = replace(found, rows=rows, unchanged=same)
    return uploads.shown(visit, found, entry, changed=changed)
