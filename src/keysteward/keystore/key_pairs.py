"""Key pairs come into being: generated, taken from a file, or renewed with a new key."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from keysteward.entries import (
    Action,
    Caller,
    Entry,
    EntryType,
    Reason,
    Version,
)
from keysteward.keystore import aliases, duplicates, judgement, key_files, key_judgement
from keysteward.keystore.key_files import KeyFile
from keysteward.keystore.key_judgement import Judged
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.keystore.trust import NO_CONSENT, Consent
from keysteward.notices import NoticeKind
from keysteward.pki import (
    contents,
    key_pairs,
    private_keys,
    public_keys,
    subjects,
    tls_support,
)
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import KeySpec, PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateMissing,
    PendingKeyExists,
)
from keysteward.sealing.sealer import SealedKey, SealingContext
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias, Fingerprint, Notice, Secret

_RENEW = "renew that entry with a new key"
_UPDATE = "update that entry with this key"


@dataclass(frozen=True, slots=True)
class PlaceholderWish:
    """What the self-signed certificate of a generated key shall say; None leaves the default."""

    subject: Subject
    san: Sequence[str] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    hash_name: str | None = None


@dataclass(frozen=True, slots=True)
class KeyUpload:
    """A file with an existing key pair, PEM or PKCS#12, and what the caller says about it."""

    data: bytes = field(repr=False)
    password: Secret | None = None
    choose: str | None = None
    """Which of several keys, as ``key_files.read_key_file`` takes it."""
    certificates: tuple[Certificate, ...] = ()
    """Certificate and chain in any order; those that lie in the key's own file count as well."""
    note: str | None = None
    """Why, for instance why a problem is overridden; kept with the version."""


@dataclass(frozen=True, slots=True)
class StoredKeyPair:
    """A key pair that was uploaded, and what is worth saying of its chain."""

    entry: Entry
    notices: tuple[Notice, ...]
    changed: bool = True
    """False: the entry had this key with this chain already; nothing was stored."""


def generate_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    spec: KeySpec,
    wish: PlaceholderWish,
    *,
    usage: Usage = Usage.TLS_CLIENT,
) -> Entry:
    """Make a key pair with a self-signed placeholder certificate under a new alias.

    Raises AliasExists, AliasInvalid, AliasReserved, SubjectInvalid, ValidityInvalid,
    KeyTypeUnsupported.
    """
    with steward.recording_refusals(caller, Action.GENERATE, alias):
        name = aliases.new_alias(alias, caller)
        content = Content(subjects.build_name(wish.subject), subjects.build_san(wish.san), usage)
        validity = key_pairs.build_validity(steward.clock(), wish.not_before, wish.not_after)
        # Found out before the key is made, which can take seconds.
        key_pairs.signature_hash(spec.key_type, wish.hash_name)
        contents.extensions(content, spec.key_type)
        steward.require_free(name, EntryType.KEY_PAIR, _RENEW)
        key = key_pairs.generate(spec)
        placeholder = read_certificate(
            key_pairs.build_placeholder(key, content, validity, wish.hash_name)
        )
        with steward.writing(caller) as writing:
            key_id = store_key(steward, writing, key, placeholder)
            entry_id = writing.create_entry(
                NewEntry(name, EntryType.KEY_PAIR, caller.owner, usage),
                NewVersion(Reason.GENERATED, (placeholder,), key_id),
            )
            detail = {"key": str(placeholder.key), "chain": [placeholder.fingerprint]}
            writing.audit(Action.GENERATE, name, entry_id, 1, detail)
    return steward.store.get_entry(steward.keystore_id, name)


def add_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    upload: KeyUpload,
    *,
    usage: Usage = Usage.TLS_CLIENT,
    consent: Consent = NO_CONSENT,
) -> StoredKeyPair:
    """Take an existing key pair into the keystore under a new alias: PEM or PKCS#12.

    The keystore's certificate entries complete the chain. Where it ends has to be trusted or
    confirmed, also a self-signed certificate that comes as PKCS#12; beside a key in PEM it is taken
    for the placeholder that its owner made. A key without any certificate gets a placeholder with
    an empty subject: nothing is known of it yet.

    Raises AliasExists, AliasInvalid, AliasReserved, RootNotTrusted, CertificateExpired and the
    chain's other problems, and all that ``key_files.read_key_file`` does.
    """
    with steward.recording_refusals(caller, Action.ADD_KEY_PAIR, alias):
        name = aliases.new_alias(alias, caller)
        steward.require_free(name, EntryType.KEY_PAIR, _UPDATE)
        file = _read(steward, upload)
        if file.certificates:
            judged = key_judgement.judge(steward, file, usage, (), consent)
        else:
            placeholder = _nameless_placeholder(file.key, usage, steward.clock())
            judged = Judged((placeholder,), tuple(judgement.of_tls(placeholder, usage)))
        with steward.writing(caller) as writing:
            version = _uploaded_version(steward, writing, file, judged, upload)
            entry_id = writing.create_entry(
                NewEntry(name, EntryType.KEY_PAIR, caller.owner, usage), version
            )
            detail = {
                "chain": [certificate.fingerprint for certificate in judged.chain],
                "file_sha256": version.file_sha256,
                "note": version.note,
                **judged.detail,
            }
            writing.audit(Action.ADD_KEY_PAIR, name, entry_id, 1, detail)
    return _stored(steward, name, judged)


def update_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    upload: KeyUpload,
    *,
    consent: Consent = NO_CONSENT,
) -> StoredKeyPair:
    """Give a key pair the key and chain of a file, under its unchanged alias and usage.

    A pending key stays pending, unless it is the one that comes. A key without any certificate is
    refused, since the certificate in use would be lost; the key in use alone changes nothing.

    Raises AliasNotFound, NotAKeyPair, EntryOwnedByProvider, CertificateMissing, EntryChanged if
    another writer was faster, and what ``add_key_pair`` does of file, chain and trust.
    """
    with steward.recording_refusals(caller, Action.UPLOADED, alias):
        entry = steward.store.get_entry(steward.keystore_id, alias)
        steward.require_right(entry, caller)
        require_key_pair(entry)
        file = _read(steward, upload)
        current = entry.version
        judged = None
        if file.certificates:
            judged = key_judgement.judge(steward, file, entry.usage, current.chain, consent)
        elif public_keys.spki(file.key.public_key()) != current.certificate.spki:
            raise CertificateMissing(entry.alias)
        if judged is None or judged.chain == current.chain:
            same = f"{entry.alias!r} has this key with this chain already; nothing is stored."
            return StoredKeyPair(entry, (NoticeKind.ALREADY_CURRENT.about(same),), changed=False)
        with steward.writing(caller) as writing:
            version = _uploaded_version(steward, writing, file, judged, upload)
            writing.replace_chain(Base.of(entry), version, judged.detail)
    return _stored(steward, entry.alias, judged)


def renew_key_pair(
    steward: Steward,
    caller: Caller,
    alias: str,
    spec: KeySpec | None = None,
    *,
    replace: bool = False,
) -> Entry:
    """Make a pending key pair under the same alias; the live one stays until its response comes.

    Subject, alternative names and usage are taken over, and the kind of key unless ``spec`` says
    otherwise. ``replace`` gives up a pending key that is there already; it stays in the versions.

    Raises PendingKeyExists, AliasNotFound, NotAKeyPair, EntryOwnedByProvider.
    """
    with steward.recording_refusals(caller, Action.RENEW, alias):
        entry = steward.store.get_entry(steward.keystore_id, alias)
        steward.require_right(entry, caller)
        require_key_pair(entry)
        if entry.pending is not None and not replace:
            raise PendingKeyExists(entry.alias, entry.pending.number)
        current = entry.version.certificate
        content = contents.of_certificate(current, entry.usage)
        key = key_pairs.generate(spec or key_pairs.spec_of(current.key))
        validity = key_pairs.build_validity(steward.clock())
        placeholder = read_certificate(key_pairs.build_placeholder(key, content, validity))
        with steward.writing(caller) as writing:
            key_id = store_key(steward, writing, key, placeholder)
            number = writing.set_pending(
                Base.of(entry), NewVersion(Reason.RENEWAL, (placeholder,), key_id)
            )
            detail = {"key": str(placeholder.key)}
            writing.audit(Action.RENEW, entry.alias, entry.id, number, detail)
    return steward.store.get_entry(steward.keystore_id, entry.alias)


def store_key(
    steward: Steward, writing: Transaction, key: PrivateKey, certificate: Certificate
) -> int:
    """Seal a key that belongs to a certificate, unless it is known, and return its row's id."""
    pkcs8 = private_keys.to_pkcs8(key)

    def seal(context: SealingContext) -> SealedKey:
        return steward.sealer.seal(pkcs8, context)

    return writing.add_private_key(certificate.public_key_sha256, seal)


def _stored(steward: Steward, alias: Alias, judged: Judged) -> StoredKeyPair:
    entry = steward.store.get_entry(steward.keystore_id, alias)
    return StoredKeyPair(entry, (*judged.notices, *duplicates.remarks(steward, entry)))


def _read(steward: Steward, upload: KeyUpload) -> KeyFile:
    return key_files.read_key_file(
        *(upload.data, upload.password),
        choose=upload.choose,
        certificates=upload.certificates,
        settings=steward.settings,
    )


def _uploaded_version(
    steward: Steward, writing: Transaction, file: KeyFile, judged: Judged, upload: KeyUpload
) -> NewVersion:
    """Write what a version of an uploaded key rests on, and return it."""
    if judged.confirms_root is not None:
        writing.confirm_root(judged.confirms_root)
    key_id = store_key(steward, writing, file.key, judged.chain[0])
    digest = Fingerprint(hashlib.sha256(upload.data).hexdigest())
    return NewVersion(Reason.UPLOADED, judged.chain, key_id, digest, upload.note)


def _nameless_placeholder(key: PrivateKey, usage: Usage, now: datetime) -> Certificate:
    content = Content(x509.Name([]), None, usage)
    validity = key_pairs.build_validity(now)
    return read_certificate(key_pairs.build_placeholder(key, content, validity))


def reason_unusable(spec: KeySpec, now: datetime) -> str | None:
    """Return why this system's TLS could not use a key of a kind as its own; None if it could.

    A throw-away key is made for the trial.
    """
    key = key_pairs.generate(spec)
    return tls_support.reason_unusable(_nameless_placeholder(key, Usage.TLS_CLIENT, now))


def unseal_private_key(steward: Steward, version: Version) -> Secret:
    """Return the clear private key (PKCS#8 DER) of a key pair's version.

    For what signs requests and opens connections; the bytes live in memory alone. Raises
    SealedKeyDamaged if the sealed key was altered.
    """
    if version.private_key_id is None:
        raise TypeError("a key pair's version without a private key")
    sealed, context = steward.store.get_private_key(version.private_key_id)
    return steward.sealer.unseal(sealed, context)
