"""Add > SSH Key, Add > RSA Key, and Update with one of them: keys that come without a certificate.

Both dialogs ask for the subject of the certificate that is made for the key here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial

from keysteward.entries import Entry
from keysteward.keystore import ssh_keys
from keysteward.keystore.key_pairs import PlaceholderWish, StoredKeyPair
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.pki import public_keys, subjects
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.problems import EntryChanged, FieldInvalid, PasswordWrong
from keysteward.settings import Settings
from keysteward.ui import plans, shell, uploads
from keysteward.ui.forms import Form
from keysteward.ui.language import later
from keysteward.ui.plans import Row
from keysteward.ui.routing import ENTRY, KEYSTORE, Leave, Page, Part, Routes, Visit
from keysteward.ui.uploads import EDIT, NOTHING, Found
from keysteward.values import Fingerprint, Secret

ADD = f"{KEYSTORE}/add"
UPDATE = f"{ENTRY}/update"

_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)

routes = Routes()


@dataclass(frozen=True, slots=True)
class Kind:
    """What the two kinds of keys have of their own."""

    name: str
    """In addresses."""
    form: str
    """What its file is."""
    adding: str
    updating: str
    read: Callable[[Steward, bytes, Secret | None], PrivateKey]


_SSH = Kind(
    "ssh-key",
    "SSH",
    later("Add SSH Key"),
    later("Update SSH Key"),
    ssh_keys.read_ssh_key,
)
_RSA = Kind(
    "rsa-key",
    "PKCS#1",
    later("Add RSA Key"),
    later("Update RSA Key"),
    lambda steward, data, _: ssh_keys.read_rsa_key(steward, data),
)
KINDS = {kind.name: kind for kind in (_SSH, _RSA)}
"""By their names in addresses."""


def _limit(settings: Settings) -> int:
    return settings.key_file_limit_bytes


@routes.get(f"{ADD}/ssh-key", EDIT)
def add_ssh_dialog(visit: Visit) -> Page:
    """Ask for an SSH key and its subject."""
    return _add_dialog(visit, _SSH)


@routes.get(f"{ADD}/rsa-key", EDIT)
def add_rsa_dialog(visit: Visit) -> Page:
    """Ask for an RSA key and its subject."""
    return _add_dialog(visit, _RSA)


@routes.post(f"{ADD}/ssh-key/preview", EDIT, limit=_limit, slow=True)
def preview_new_ssh(visit: Visit) -> Part:
    """Show what key the file holds."""
    return _preview(visit, _SSH, None)


@routes.post(f"{ADD}/rsa-key/preview", EDIT, limit=_limit)
def preview_new_rsa(visit: Visit) -> Part:
    """Show what key the file holds."""
    return _preview(visit, _RSA, None)


@routes.post(f"{ADD}/ssh-key", EDIT, limit=_limit, slow=True)
def add_ssh(visit: Visit) -> Leave | Part:
    """Take the SSH key into the keystore."""
    return _add(visit, _SSH)


@routes.post(f"{ADD}/rsa-key", EDIT, limit=_limit, slow=True)
def add_rsa(visit: Visit) -> Leave | Part:
    """Take the RSA key into the keystore."""
    return _add(visit, _RSA)


@routes.post(f"{UPDATE}/ssh-key/preview", EDIT, limit=_limit, slow=True)
def preview_ssh_update(visit: Visit) -> Part:
    """Show the key of the file beside that of the entry."""
    return _preview(visit, _SSH, _key_pair(visit))


@routes.post(f"{UPDATE}/rsa-key/preview", EDIT, limit=_limit)
def preview_rsa_update(visit: Visit) -> Part:
    """Show the key of the file beside that of the entry."""
    return _preview(visit, _RSA, _key_pair(visit))


@routes.post(f"{UPDATE}/ssh-key", EDIT, limit=_limit, slow=True)
def update_ssh(visit: Visit) -> Leave | Part:
    """Replace the key, unless somebody else changed the entry meanwhile."""
    return _update(visit, _SSH)


@routes.post(f"{UPDATE}/rsa-key", EDIT, limit=_limit, slow=True)
def update_rsa(visit: Visit) -> Leave | Part:
    """Replace the key, unless somebody else changed the entry meanwhile."""
    return _update(visit, _RSA)


def update_dialog(visit: Visit, entry: Entry, kind: Kind) -> Page:
    """Ask for another key; the subject that is there is proposed."""
    require_key_pair(entry)
    certificate = entry.version.certificate
    proposed = subjects.read_subject(certificate.subject_dn)
    values = {
        **uploads.update_values(visit, entry),
        **_values(visit, kind, proposed),
        "san": certificate.extensions.san,
    }
    return Page("update_ssh_key.html", values)


def _add_dialog(visit: Visit, kind: Kind) -> Page:
    address = f"{shell.keystore_address(visit.keystore)}/add/{kind.name}"
    return Page("add_ssh_key.html", {**_values(visit, kind, Subject()), "address": address})


def _values(visit: Visit, kind: Kind, proposed: Subject) -> dict[str, object]:
    return {
        "kind": kind.name,
        "heading": kind.adding,
        "updating": kind.updating,
        "limit": visit.steward.settings.key_file_limit_bytes,
        "subject": {field: text for field, text in _fields(proposed) if text is not None},
        "san": (),
        "years": ssh_keys.YEARS,
    }


def _fields(subject: Subject) -> tuple[tuple[str, str | None], ...]:
    return (
        ("cn", subject.common_name),
        ("ou", subject.organizational_unit),
        ("o", subject.organization),
        ("l", subject.locality),
        ("st", subject.state),
        ("c", subject.country),
        ("email", subject.email),
    )


def _add(visit: Visit, kind: Kind) -> Leave | Part:
    alias = uploads.alias_of(visit, partial(_preview, kind=kind, entry=None))
    done = _store(visit, kind, visit.steward, alias, update=False)
    return uploads.added(visit, done, visit.text(kind.adding))


def _update(visit: Visit, kind: Kind) -> Leave | Part:
    try:
        done = _store(visit, kind, uploads.guarded(visit), visit.alias, update=True)
    except EntryChanged:
        return _preview(visit, kind, _key_pair(visit), changed=True)
    return uploads.updated(visit, done, visit.text(kind.updating))


def _store(
    visit: Visit, kind: Kind, steward: Steward, alias: str, *, update: bool
) -> StoredKeyPair:
    data, wish = visit.form.file().data, _wish(visit.form)
    if kind is _RSA:
        return ssh_keys.add_rsa_key(steward, visit.caller, alias, data, wish, update=update)
    password = visit.form.secret("password")
    return ssh_keys.add_ssh_key(
        steward, visit.caller, alias, data, wish, passphrase=password, update=update
    )


def _key_pair(visit: Visit) -> Entry:
    entry = uploads.of_entry(visit)
    require_key_pair(entry)
    return entry


def _preview(visit: Visit, kind: Kind, entry: Entry | None, *, changed: bool = False) -> Part:
    file = visit.form.find_file("file")
    if file is None:
        return uploads.shown(visit, NOTHING, entry, changed=changed)
    password = visit.form.secret("password")
    try:
        key = kind.read(visit.steward, file.data, password)
    except PasswordWrong as problem:
        if password is not None:
            raise
        return uploads.shown(visit, Found(locked=problem.detail), entry, changed=changed)
    spki = public_keys.spki(key.public_key())
    found = Found(
        forms=(kind.form,),
        key=str(public_keys.kind(key.public_key())),
        public_key=Fingerprint(hashlib.sha256(spki).hexdigest()),
        rows=() if entry is None else _rows(entry, key),
        alias=ssh_keys.propose_alias(file.name),
    )
    return uploads.shown(visit, found, entry, changed=changed)


def _rows(entry: Entry, key: PrivateKey) -> tuple[Row, ...]:
    """Return the entry's key beside that of a file."""
    old, new = entry.version.certificate, key.public_key()
    digest = hashlib.sha256(public_keys.spki(new)).hexdigest()
    return (
        plans.compare_values("key", (str(old.key),), (str(public_keys.kind(new)),)),
        plans.compare_values("public_key", (old.public_key_sha256,), (digest,)),
    )


def _wish(form: Form) -> PlaceholderWish:
    """Return what the certificate shall say. Raises FieldInvalid."""
    subject = Subject(
        common_name=form.required("cn"),
        organizational_unit=form.optional("ou"),
        organization=form.optional("o"),
        locality=form.optional("l"),
        state=form.optional("st"),
        country=form.optional("c"),
        email=form.optional("email"),
    )
    return PlaceholderWish(
        subject,
        form.lines("san"),
        not_after=_last_day(form),
        hash_name=form.optional("hash"),
    )


def _last_day(form: Form) -> datetime | None:
    """Return the end of the day that was typed, in UTC; None if none was. Raises FieldInvalid."""
    typed = form.text("not_after")
    if not typed:
        return None
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise FieldInvalid("not_after", "Write the day as in 2030-12-31.") from error
    return datetime.combine(day.date(), _LAST_SECOND)
