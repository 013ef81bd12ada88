"""What the provider supplies: key pairs and certificates, to Current or to New."""

import hashlib
from dataclasses import dataclass

from keysteward.entries import Action, Caller, Entry, EntryType, Owner, Reason, View
from keysteward.formats import responses
from keysteward.keystore import (
    aliases,
    certificates,
    judgement,
    key_files,
    key_pairs,
    provider_keys,
)
from keysteward.keystore.key_files import KeyFile
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.notices import NoticeKind
from keysteward.pki import chains, public_keys
from keysteward.pki.certificates import Certificate
from keysteward.pki.chains import Verifier
from keysteward.pki.usages import Usage
from keysteward.problems import (
    OVERRIDES,
    CertificateUnreadable,
    KeyPairInTheWay,
    NotAKeyPair,
    NotTheProvider,
    Problem,
    SeveralKeys,
    UploadTooLarge,
)
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Fingerprint, Notice


@dataclass(frozen=True, slots=True)
class Supplied:
    """The entry with what was supplied, and what is worth saying of its chain."""

    entry: Entry
    notices: tuple[Notice, ...] = ()
    changed: bool = True
    """False: the entry had this content already; nothing was stored."""


def supply(
    steward: Steward,
    caller: Caller,
    alias: str,
    upload: KeyUpload,
    *,
    view: View = View.NEW,
    usage: Usage | None = None,
    trusted: bool = True,
) -> Supplied:
    """Take an entry from the provider, as a new one or as the next version of its own one.

    What the file holds decides whether it is a key pair or a certificate; certificates need no
    activation and go to Current alone. The provider is not asked whether it trusts its own chains,
    and what is wrong with them is said and stops nothing.

    Args:
        steward: where to.
        caller: must act as the provider.
        alias: one of the provider's.
        upload: the file, and what belongs to it.
        view: New or Current.
        usage: of a key pair; None keeps that of the key which it follows.
        trusted: of a certificate: whether it is an anchor, or only completes chains.

    Raises NotTheProvider, AliasInvalid, AliasReserved, NotAKeyPair, KeyPairInTheWay, EntryChanged,
    and for the file what ``key_files.read_key_file`` does, CertificateUnreadable, UploadTooLarge,
    SignatureInvalid.
    """
    with steward.recording_refusals(caller, Action.SUPPLIED, alias):
        if caller.owner is not Owner.PROVIDER:
            raise NotTheProvider(alias, steward.settings.provider)
        name = aliases.new_alias(alias, caller)
        if not _is_certificate(upload.data):
            return _supply_key_pair(steward, caller, name, upload, view, usage)
        if view is not View.CURRENT:
            raise NotAKeyPair(name, "it needs no activation: supply it to Current.")
        return _supply_certificate(steward, caller, name, upload.data, trusted=trusted)


def _supply_key_pair(
    steward: Steward,
    caller: Caller,
    name: Alias,
    upload: KeyUpload,
    view: View,
    usage: Usage | None,
) -> Supplied:
    there = steward.store.find_entry(steward.keystore_id, name, view)
    followed = there or steward.store.find_entry(steward.keystore_id, name)
    if followed is not None:
        steward.require_right(followed, caller)
    provider_keys.require_no_certificate(steward, name)
    file = _read(steward, upload)
    usage = usage or (followed.usage if followed else Usage.TLS_CLIENT)
    chain, notices = _judge(steward, file, usage)
    if there is not None and (there.version.chain, there.usage) == (chain, usage):
        return Supplied(there, notices, changed=False)
    with steward.writing(caller) as writing:
        key_id = key_pairs.store_key(steward, writing, file.key, chain[0])
        version = NewVersion(Reason.SUPPLIED, chain, key_id, _digest(upload.data))
        if there is None:
            new = NewEntry(name, EntryType.KEY_PAIR, Owner.PROVIDER, usage, view=view)
            entry_id = writing.create_entry(new, version)
            detail = {"view": view, "chain": [c.fingerprint for c in chain]}
            writing.audit(Action.SUPPLIED, name, entry_id, 1, detail)
        else:
            writing.replace_chain(Base.of(there), version, {"view": view})
            writing.describe(there.id, usage, trusted=False)
    return Supplied(steward.store.get_entry(steward.keystore_id, name, view), notices)


def _supply_certificate(
    steward: Steward, caller: Caller, name: Alias, data: bytes, *, trusted: bool
) -> Supplied:
    certificate = certificates.read_one(steward, data)
    there = steward.store.find_entry(steward.keystore_id, name)
    if there is not None:
        steward.require_right(there, caller)
        if there.type is EntryType.KEY_PAIR:
            raise KeyPairInTheWay(name)
        if (there.version.certificate, there.trusted) == (certificate, trusted):
            return Supplied(there, changed=False)
    version = NewVersion(Reason.SUPPLIED, (certificate,), None, _digest(data))
    detail = {"view": View.CURRENT, "trusted": trusted}
    with steward.writing(caller) as writing:
        if there is None:
            new = NewEntry(name, EntryType.CERTIFICATE, Owner.PROVIDER, Usage.TLS_CLIENT, trusted)
            entry_id = writing.create_entry(new, version)
            chain = {"chain": [certificate.fingerprint]}
            writing.audit(Action.SUPPLIED, name, entry_id, 1, {**detail, **chain})
        else:
            writing.replace_chain(Base.of(there), version, detail)
            writing.describe(there.id, there.usage, trusted=trusted)
    return Supplied(steward.store.get_entry(steward.keystore_id, name))


def _read(steward: Steward, upload: KeyUpload) -> KeyFile:
    try:
        return key_files.read_key_file(
            *(upload.data, upload.password),
            choose=upload.choose,
            certificates=upload.certificates,
            settings=steward.settings,
        )
    except (SeveralKeys, UploadTooLarge) as problem:
        problem.otherwise = ""  # imports are the tenant's
        raise


def _is_certificate(data: bytes) -> bool:
    """Tell whether a file holds certificates and no private key beside them."""
    try:
        return not responses.read(data).private_key_found
    except Problem:
        return False


def _judge(
    steward: Steward, file: KeyFile, usage: Usage
) -> tuple[tuple[Certificate, ...], tuple[Notice, ...]]:
    """Return the key's chain, with all that is to be said of it."""
    now, verifier = steward.clock(), Verifier()
    keys = frozenset({public_keys.spki(file.key.public_key())})
    chosen = chains.choose_certificate(file.certificates, keys, now, verifier)
    if chosen is None:
        raise CertificateUnreadable(
            "The file holds a key without its certificate, and none was given with it."
        )
    built, completed = judgement.complete_chain(
        *(chosen, file.certificates, now, verifier),
        lambda name: steward.store.find_certificate_entries(steward.keystore_id, name),
    )
    chain = built.certificates
    findings = (*judgement.of_the_chain(chain, usage, now), *judgement.of_tls(chosen, usage))
    notices, _ = judgement.judge_chain(findings, chain, now, OVERRIDES)
    dropped = [c for c in file.certificates if c not in chain]
    notices += tuple(judgement.remarks(built, completed, dropped))
    if file.left:
        left = f"Also in the file and not taken: {', '.join(file.left)}."
        notices += (NoticeKind.REST_OF_FILE_LEFT.about(left),)
    return chain, notices


def _digest(data: bytes) -> Fingerprint:
    return Fingerprint(hashlib.sha256(data).hexdigest())
