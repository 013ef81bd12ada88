"""Add > Key Pair, and Update of a key pair: key and chain from PEM or PKCS#12."""

from dataclasses import replace
from functools import partial

from keysteward.entries import Entry
from keysteward.keystore import key_files, key_judgement, key_pairs, ssh_keys
from keysteward.keystore.key_files import KeyFile
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import require_key_pair
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import (
    EntryChanged,
    FieldInvalid,
    KeyNotInFile,
    PasswordWrong,
    Problem,
    SeveralKeys,
)
from keysteward.settings import Settings
from keysteward.ui import consents, plans, shell, uploads
from keysteward.ui.routing import ENTRY, KEYSTORE, Leave, Page, Part, Routes, Visit
from keysteward.ui.uploads import EDIT, NOTHING, Found
from keysteward.ui.wording import words

ADD = f"{KEYSTORE}/add/key-pair"
UPDATE = f"{ENTRY}/update/key-pair"

routes = Routes()


def _limit(settings: Settings) -> int:
    # The key, and its certificates in a file of their own.
    return 2 * settings.key_pair_limit_bytes


@routes.get(ADD, EDIT)
def add_dialog(visit: Visit) -> Page:
    """Ask for a key pair."""
    address = f"{shell.keystore_address(visit.keystore)}/add/key-pair"
    limit = visit.steward.settings.key_pair_limit_bytes
    language = visit.language.code
    usages = tuple((usage.value, words.of(usage, language)) for usage in Usage)
    return Page("add_key_pair.html", {"address": address, "limit": limit, "usages": usages})


@routes.post(f"{ADD}/preview", EDIT, limit=_limit, slow=True)
def preview_new(visit: Visit) -> Part:
    """Show what the file holds, and ask what has to be known."""
    return _preview(visit, None)


@routes.post(ADD, EDIT, limit=_limit, slow=True)
def add(visit: Visit) -> Leave | Part:
    """Take the key pair into the keystore."""
    alias = uploads.alias_of(visit, preview_new)
    done = key_pairs.add_key_pair(
        *(visit.steward, visit.caller, alias, _explained(visit)),
        usage=_usage(visit),
        consent=consents.given(visit),
    )
    return uploads.added(visit, done, visit.text("Add Key Pair"))


def update_dialog(visit: Visit, entry: Entry) -> Page:
    """Ask for another key and its certificate."""
    values = uploads.update_values(visit, entry)
    limit = visit.steward.settings.key_pair_limit_bytes
    return Page("update_key_pair.html", {**values, "limit": limit, "kind": "key-pair"})


@routes.post(f"{UPDATE}/preview", EDIT, limit=_limit, slow=True)
def preview_update(visit: Visit) -> Part:
    """Show what the file holds beside what the entry has."""
    return _preview(visit, _key_pair(visit))


@routes.post(UPDATE, EDIT, limit=_limit, slow=True)
def update(visit: Visit) -> Leave | Part:
    """Replace key and chain, unless somebody else changed the entry meanwhile."""
    upload = _explained(visit)
    try:
        steward = uploads.guarded(visit)
        done = key_pairs.update_key_pair(
            *(steward, visit.caller, visit.alias, upload), consent=consents.given(visit)
        )
    except EntryChanged:
        return _preview(visit, _key_pair(visit), changed=True)
    return uploads.updated(visit, done, visit.text("Update Key Pair"))


def _key_pair(visit: Visit) -> Entry:
    entry = uploads.of_entry(visit)
    require_key_pair(entry)
    return entry


def _usage(visit: Visit) -> Usage:
    asked = visit.form.text("usage") or Usage.TLS_CLIENT
    if asked not in list(Usage):
        raise FieldInvalid("usage", "Choose one of the usages.")
    return Usage(asked)


def _upload(visit: Visit) -> KeyUpload:
    beside = visit.form.find_file("certificate")
    certificates: tuple[Certificate, ...] = ()
    if beside is not None:
        certificates = key_files.read_chain_file(beside.data, visit.steward.settings)
    return KeyUpload(
        visit.form.file().data,
        visit.form.secret("password"),
        visit.form.raw("key") or None,
        certificates,
    )


def _explained(visit: Visit) -> KeyUpload:
    """Return what is to be stored, with the reason for what is overridden."""
    return replace(_upload(visit), note=consents.note(visit))


def _preview(visit: Visit, entry: Entry | None, *, changed: bool = False) -> Part:
    if visit.form.find_file("file") is None:
        return uploads.shown(visit, NOTHING, entry)
    upload = _upload(visit)
    try:
        file = _open(visit, upload)
    except SeveralKeys as problem:
        return uploads.shown(visit, Found(names=problem.names), entry, changed=changed)
    except PasswordWrong as problem:
        if upload.password is not None:
            raise
        return uploads.shown(visit, Found(locked=problem.detail), entry, changed=changed)
    found = Found(
        forms=(file.format,),
        names=file.names if len(file.names) > 1 else (),
        chosen=visit.form.raw("key"),
    )
    try:
        found = _judged(visit, file, found, entry)
    except Problem as problem:
        if not problem.overridable:
            raise
        return uploads.shown(visit, found, entry, problem=problem, changed=changed)
    return uploads.shown(visit, found, entry, changed=changed)


def _open(visit: Visit, upload: KeyUpload) -> KeyFile:
    """Open the file; what was chosen in the one before does not count if it is not in this one."""
    read = partial(
        key_files.read_key_file,
        *(upload.data, upload.password),
        certificates=upload.certificates,
        settings=visit.steward.settings,
    )
    try:
        return read(choose=upload.choose)
    except KeyNotInFile:
        return read()


def _judged(visit: Visit, file: KeyFile, found: Found, entry: Entry | None) -> Found:
    outcome = key_judgement.find(
        visit.steward,
        file,
        usage=_usage(visit) if entry is None else entry.usage,
        entry=entry,
        consent=consents.given(visit),
    )
    chain = tuple(link.certificate for link in outcome.chain)
    found = replace(
        found,
        key=str(outcome.kind),
        public_key=outcome.public_key_sha256,
        chain=plans.show_chain(outcome.chain, visit.steward.clock()),
        notices=uploads.notices(visit, outcome.notices),
        top=None if outcome.confirms_root is None else chain[-1],
    )
    if entry is not None:
        same = not chain or chain == entry.version.chain
        rows = () if same else plans.compare(entry.version.chain, chain)
        return replace(found, rows=rows, unchanged=same)
    if chain and chain[0].subject:
        return replace(found, alias=uploads.proposed(visit, chain[0]))
    return replace(found, alias=ssh_keys.propose_alias(visit.form.file().name))
