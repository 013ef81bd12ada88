"""The main job: a key pair takes its signing response under its unchanged alias."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from keysteward.entries import Action, Caller, Entry, Plan, Reason, SigningRequest, Version, View
from keysteward.formats import responses
from keysteward.formats.responses import ResponseFile
from keysteward.keystore import judgement, trust
from keysteward.keystore.judgement import Judgement, Target, Wanted
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.keystore.trust import Consent
from keysteward.notices import NoticeKind
from keysteward.pki import requests, usages
from keysteward.pki.certificates import Certificate
from keysteward.pki.references import Reference
from keysteward.pki.usages import Usage
from keysteward.problems import (
    EntryChanged,
    PublicKeyMismatch,
    SigningResponseTooLarge,
)
from keysteward.storage.records import Base, KeyOwner, KeyPairView, NewVersion
from keysteward.values import Fingerprint, Severity


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A committed plan and the version that the entry has now."""

    plan: Plan
    version: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A response judged without a keystore, and the rules that the reference could not feed."""

    judgement: Judgement
    not_checked: tuple[str, ...]


def check_signing_response(
    data: bytes, reference: Reference, now: datetime, limit_bytes: int
) -> Checked:
    """Judge a response against a request, a certificate or a public key; no keystore is needed.

    Raises every problem that the file itself decides.
    """
    file = _read(data, limit_bytes)
    target, not_checked = _target_of_reference(reference)
    judged = judgement.judge_response(file, target, now, frozenset(), lambda name: ())
    top = judged.certificates[-1]
    if reference.chain[-1:] != (top,):
        trusted = NoticeKind.ROOT_NOT_TRUSTED.about(
            f"No keystore was asked whether it trusts {top.subject!r}, SHA-256 {top.fingerprint}; "
            "an upload asks for a confirmation unless it does."
        )
        judged = replace(judged, notices=(*judged.notices, trusted))
    return Checked(judged, not_checked)


def plan_signing_response(
    steward: Steward, caller: Caller, alias: str, data: bytes, consent: Consent
) -> Plan:
    """Return what an upload of this file would do to the entry, and store nothing.

    Raises every problem that an upload would.
    """
    file = _read(data, steward.settings.response_limit_bytes)
    view = steward.store.get_key_pair(steward.keystore_id, alias)
    return _plan(steward, caller, view, file, data, consent)


def upload_signing_response(
    steward: Steward,
    caller: Caller,
    alias: str,
    data: bytes,
    consent: Consent,
    *,
    accept: Callable[[Plan], None] = lambda plan: None,
    tries: int = 1,
    note: str | None = None,
) -> Uploaded:
    """Swap the certificate and chain of a signing response in under the unchanged alias.

    The plan is made outside any transaction and handed to ``accept``, which may raise to refuse it
    (another digest, another base version); then one short transaction stores it. Afterwards the
    entry has the new version on disk, or it is as it was. With more ``tries`` a plan that loses
    against another writer is made anew from what that one stored. ``note`` says why, for instance
    why a problem was overridden; it stays with the version and in the audit log.

    Raises every problem "of the file" and "of the chain", AliasNotFound, NotAKeyPair,
    EntryOwnedByProvider, and EntryChanged if another writer was faster each time.
    """
    with steward.recording_refusals(caller, Action.SIGNING_RESPONSE, alias):
        while True:
            tries -= 1
            plan = plan_signing_response(steward, caller, alias, data, consent)
            accept(plan)
            try:
                return Uploaded(plan, commit(steward, caller, plan, note=note))
            except EntryChanged:
                if tries <= 0:
                    raise


class Expectable(Protocol):
    """What of a plan can be expected, wherever it was made."""

    @property
    def alias(self) -> str:
        """The entry's."""

    @property
    def base_version(self) -> int:
        """The version that it was made against."""

    @property
    def digest(self) -> str:
        """Over all of it."""


def expect(version: int | None, digest: str | None) -> Callable[[Expectable], None]:
    """Return an ``accept`` that refuses a plan against another version or with another digest."""

    def accept(plan: Expectable) -> None:
        if version is not None and plan.base_version != version:
            raise EntryChanged(
                plan.alias, f"it is in version {plan.base_version}, not {version} as expected."
            )
        if digest is not None and plan.digest != digest:
            raise EntryChanged(plan.alias, "what the upload would do is no longer what was shown.")

    return accept


def commit(steward: Steward, caller: Caller, plan: Plan, *, note: str | None = None) -> int:
    """Store a plan in one write transaction and return the number of the version that is current.

    Raises EntryChanged if the entry is no longer in the version that was planned against.
    """
    if plan.reason is None:
        return plan.base_version
    base = Base(plan.alias, plan.entry_id, plan.base_version, plan.base_pending)
    version = NewVersion(
        plan.reason, plan.certificates, plan.private_key_id, plan.file_sha256, note
    )
    detail = {
        "overridden": plan.overridden,
        "confirmed_root": plan.confirms_root,
        "warnings": [n.slug for n in plan.notices if n.severity is Severity.WARNING],
        "restores": plan.restores,
    }
    with steward.writing(caller, shared=True) as writing:
        if plan.confirms_root is not None:
            writing.confirm_root(plan.confirms_root)
        return writing.replace_chain(base, version, detail)


def _read(data: bytes, limit_bytes: int) -> ResponseFile:
    if len(data) > limit_bytes:
        raise SigningResponseTooLarge(limit_bytes)
    return responses.read(data)


def _plan(
    steward: Steward,
    caller: Caller,
    view: KeyPairView,
    file: ResponseFile,
    data: bytes,
    consent: Consent,
) -> Plan:
    entry = view.entry
    steward.require_right(entry, caller)
    require_key_pair(entry)
    try:
        judged = judgement.judge_response(
            file,
            _target_of_entry(steward, view),
            steward.clock(),
            consent.overrides,
            lambda name: steward.store.find_certificate_entries(steward.keystore_id, name),
        )
    except PublicKeyMismatch as problem:
        _name_owner(steward, entry, problem)
        raise
    answered = entry.pending if _answers_pending(entry, judged) else entry.version
    same = judged.certificates[0] == entry.version.certificate
    confirms_root = None
    if not judged.identical:
        current = entry.version.chain
        confirms_root = trust.require_trusted(steward, judged.certificates, current, consent)
    reason = Reason.CHAIN_REPAIRED if same else Reason.SIGNING_RESPONSE
    return Plan(
        alias=entry.alias,
        entry_id=entry.id,
        base_version=entry.version.number,
        base_pending=entry.pending.number if entry.pending else None,
        reason=None if judged.identical else reason,
        chain=judged.chain,
        private_key_id=_private_key_id(answered),
        notices=judged.notices,
        overridden=judged.overridden,
        confirms_root=confirms_root,
        file_sha256=Fingerprint(hashlib.sha256(data).hexdigest()),
        replaced=entry.version.certificate,
        containers=file.containers,
    )


def _answers_pending(entry: Entry, judged: Judgement) -> bool:
    return (
        entry.pending is not None and judged.certificates[0].spki == entry.pending.certificate.spki
    )


def _private_key_id(version: Version | None) -> int:
    if version is None or version.private_key_id is None:
        raise TypeError("a key pair's version without a private key")
    return version.private_key_id


def _target_of_entry(steward: Steward, view: KeyPairView) -> Target:
    entry = view.entry

    def is_own(certificate: Certificate) -> bool:
        return any(certificate == v.certificate for v in steward.store.list_versions(entry))

    versions = (entry.version, entry.pending) if entry.pending else (entry.version,)
    wanted = {}
    for version, request in zip(versions, (view.request, view.pending_request), strict=False):
        asked = _wanted(version.certificate, request)
        if asked is not None:
            wanted[version.certificate.spki] = asked
    return Target(
        name=repr(entry.alias),
        keys={v.certificate.spki: v.certificate.public_key_sha256 for v in versions},
        usage=entry.usage,
        wanted=wanted,
        replaced=entry.version.chain,
        is_own=is_own,
    )


def _wanted(certificate: Certificate, request: SigningRequest | None) -> Wanted | None:
    """Return what the CA was asked for: the latest request, else the certificate as it stands.

    What a CA-issued certificate had besides its subject is compared by the loss rules.
    """
    if request is not None:
        asked = requests.read_request(request.der)
        return Wanted(asked.subject, asked.subject_name, asked.san)
    if not certificate.subject_name:
        return None  # A key that was added alone: nobody has asked for anything yet.
    san = certificate.extensions.san if certificate.self_signed else ()
    return Wanted(certificate.subject, certificate.subject_name, san)


def _target_of_reference(reference: Reference) -> tuple[Target, tuple[str, ...]]:
    name = f"the {reference.kind.value}"
    keys = {reference.spki: reference.public_key_sha256}
    if reference.request is not None:
        asked = reference.request
        wanted = Wanted(asked.subject, asked.subject_name, asked.san)
        usage = _usage_of(asked.extended_key_usage)
        return Target(name, keys, usage, {reference.spki: wanted}), ("loss",)
    if not reference.chain:
        return Target(name, keys, Usage.TLS_CLIENT, {}), ("subject", "san", "loss")
    current = reference.chain[0]
    asked_before = _wanted(current, None)
    known = {reference.spki: asked_before} if asked_before else {}
    usage = _usage_of(current.extensions.extended_key_usage)
    return Target(name, keys, usage, known, reference.chain, current.__eq__), ()


def _usage_of(extended: frozenset[str] | None) -> Usage:
    """Return the usage of a request or certificate; TLS client unless it names another alone."""
    if extended is None or usages.allows_extended(Usage.TLS_CLIENT, extended):
        return Usage.TLS_CLIENT
    return next((u for u in Usage if usages.allows_extended(u, extended)), Usage.TLS_CLIENT)


def _name_owner(steward: Steward, entry: Entry, problem: PublicKeyMismatch) -> None:
    """Tell to which alias or earlier version a certificate belongs, and what to do.

    Only what the keystore itself holds is told.
    """
    found = steward.store.find_owner_of_public_key(steward.keystore_id, problem.found)
    here = [owner for owner in found if owner.entry_id == entry.id]
    for version in reversed(steward.store.list_versions(entry) if here else ()):
        if version.certificate.fingerprint == problem.certificate:
            problem.owner, problem.version = entry.alias, version.number
            problem.hint = (
                f"It is the certificate of version {version.number} of this entry: roll back to "
                "that version to have it again."
            )
            return
    others = [owner for owner in found if owner.entry_id != entry.id]
    if others:
        _name_other(steward, others, problem)
    elif here:
        problem.owner, problem.version = entry.alias, here[-1].number
        problem.hint = (
            f"It belongs to the key of version {here[-1].number} of this entry, which was given "
            "up. Upload the answer to the latest signing request."
        )


def _name_other(steward: Steward, owners: list[KeyOwner], problem: PublicKeyMismatch) -> None:
    entries = {owner.entry_id: steward.store.find_by_id(owner.entry_id) for owner in owners}

    def in_use(owner: KeyOwner) -> bool:
        entry = entries[owner.entry_id]
        pending = entry.pending if entry else None
        return owner.is_current or (pending is not None and pending.number == owner.number)

    owner = max(owners, key=lambda o: (in_use(o), o.number))
    entry = entries[owner.entry_id]
    if entry is not None and entry.view is View.CURRENT:
        problem.owner = owner.alias
        problem.version = None if in_use(owner) else owner.number
    if in_use(owner):
        problem.hint = f"It belongs to the alias {owner.alias!r}: upload it there."
    else:
        problem.hint = (
            f"It belongs to version {owner.number} of the alias {owner.alias!r}, whose key is not "
            "in use."
        )
