"""Values of the keystore as answers show them."""

import hashlib
from collections.abc import Iterable

from keysteward.entries import ChainLink, Entry, ListedEntry, Plan, SigningRequest, Version, View
from keysteward.keystore import provider_keys
from keysteward.keystore.backups import Comparison
from keysteward.keystore.imports import ImportPlan
from keysteward.keystore.intake import Decision, Intake, Status
from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey
from keysteward.keystore.signing_responses import Uploaded
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.pki.public_keys import KeyKind
from keysteward.problems import AliasNotFound
from keysteward.rest import errors, models
from keysteward.storage import records
from keysteward.values import Notice


def entry(steward: Steward, shown: Entry) -> models.Entry:
    """Return an entry with what is shown beside it."""
    store = steward.store
    waiting, active = _provided(steward, shown)
    return models.Entry(
        id=shown.id,
        keystore=steward.settings.keystore,
        alias=shown.alias,
        type=shown.type,
        owner=shown.owner,
        view=shown.view,
        usage=shown.usage,
        trusted=shown.trusted,
        version=version(shown.version),
        pending=None if shown.pending is None else version(shown.pending),
        waiting_since=shown.waiting_since,
        created_at=shown.created_at,
        created_by=shown.created_by,
        modified_at=shown.modified_at,
        modified_by=shown.modified_by,
        deleted_at=shown.deleted_at,
        requests=tuple(map(request_record, store.list_requests(shown.id))),
        backups=store.list_backups_of_entry(shown.id),
        waiting_key=waiting,
        activation=active,
    )


def _provided(
    steward: Steward, shown: Entry
) -> tuple[models.WaitingKey | None, models.Activation | None]:
    """Return what the provider's views know besides; a key may have left them meanwhile."""
    if shown.view is View.NEW:
        for new in provider_keys.list_new(steward):
            if new.entry.id == shown.id:
                return _waiting_key(new), None
        raise AliasNotFound(shown.alias, steward.settings.keystore, shown.view.value)
    if shown.view is View.HISTORY:
        for old in provider_keys.list_history(steward):
            if old.entry.id == shown.id:
                return None, _activation(old.activation)
    return None, None


def version(shown: Version) -> models.Version:
    """Return one state of an entry."""
    return models.Version(
        number=shown.number,
        reason=shown.reason,
        created_at=shown.created_at,
        created_by=shown.created_by,
        note=shown.note,
        file_sha256=shown.file_sha256,
        has_private_key=shown.private_key_id is not None,
        chain=tuple(map(certificate, shown.chain)),
    )


def certificate(shown: Certificate) -> models.Certificate:
    """Return a certificate."""
    return models.Certificate(
        sha256=shown.fingerprint,
        sha1=shown.fingerprint_sha1,
        sha512=hashlib.sha512(shown.der).hexdigest(),
        subject=shown.subject,
        issuer=shown.issuer,
        serial_number=f"{shown.serial_number:X}",
        not_before=shown.not_before,
        not_after=shown.not_after,
        san=shown.extensions.san,
        key=key(shown.key),
        signature_algorithm=shown.signature_algorithm,
        public_key_sha256=shown.public_key_sha256,
        self_signed=shown.self_signed,
        der=shown.der,
    )


def key(shown: KeyKind) -> models.Key:
    """Return a kind of key."""
    return models.Key(type=shown.type, size=shown.size, curve=shown.curve)


def request_record(shown: SigningRequest) -> models.RequestRecord:
    """Return a signing request without its content."""
    return models.RequestRecord(
        id=shown.id,
        created_at=shown.created_at,
        created_by=shown.created_by,
        answered_at=shown.answered_at,
        public_key_sha256=shown.public_key_sha256,
    )


def signing_request(shown: SigningRequest) -> models.SigningRequest:
    """Return a signing request."""
    return models.SigningRequest(
        id=shown.id,
        created_at=shown.created_at,
        created_by=shown.created_by,
        answered_at=shown.answered_at,
        public_key_sha256=shown.public_key_sha256,
        der=shown.der,
    )


def listed(shown: ListedEntry) -> models.ListedEntry:
    """Return a line of a list."""
    return models.ListedEntry(
        id=shown.id,
        alias=shown.alias,
        type=shown.type,
        owner=shown.owner,
        usage=shown.usage,
        trusted=shown.trusted,
        version=shown.version,
        pending=shown.pending,
        waiting_since=shown.waiting_since,
        modified_at=shown.modified_at,
        deleted_at=shown.deleted_at,
        subject=shown.subject,
        issuer=shown.issuer,
        not_before=shown.not_before,
        not_after=shown.not_after,
        key=key(shown.key),
        signature_algorithm=shown.signature_algorithm,
        sha256=shown.fingerprint,
        self_signed=shown.self_signed,
    )


def notices(shown: Iterable[Notice]) -> tuple[models.Notice, ...]:
    """Return notices in their order."""
    return tuple(
        models.Notice(slug=one.slug, severity=one.severity, detail=one.detail) for one in shown
    )


def links(shown: Iterable[ChainLink]) -> tuple[models.Link, ...]:
    """Return a planned chain, end-entity first."""
    return tuple(
        models.Link(certificate=certificate(one.certificate), source=one.source) for one in shown
    )


def plan(shown: Plan, done: Uploaded | None) -> models.Plan:
    """Return what an upload or a rollback would do, or has done."""
    return models.Plan(
        outcome=shown.outcome,
        alias=shown.alias,
        base_version=shown.base_version,
        base_pending=shown.base_pending,
        version=shown.base_version if done is None else done.version,
        digest=shown.digest,
        reason=shown.reason,
        restores=shown.restores,
        chain=links(shown.chain),
        replaced=certificate(shown.replaced),
        notices=notices(shown.notices),
        overridden=shown.overridden,
        confirms_root=shown.confirms_root,
        committed=done is not None,
    )


def counts(shown: Intake) -> models.Counts:
    """Return how many entries have which fate."""
    return models.Counts(*(shown.count(status) for status in Status))


def fate(shown: Decision) -> models.Fate:
    """Return what becomes of one entry."""
    arrival, current = shown.arrival, shown.current
    told = arrival or current
    end_entity = arrival.chain[0] if arrival and arrival.chain else None
    return models.Fate(
        alias=shown.alias,
        status=shown.status,
        type=told.type if told else None,
        trusted=told.trusted if told else None,
        sha256=end_entity.fingerprint if end_entity else None,
        subject=end_entity.subject if end_entity else None,
        not_after=end_entity.not_after if end_entity else None,
        remark=shown.remark,
        problem=None if shown.problem is None else errors.inside(shown.problem),
    )


def prospect(shown: Intake, *, committed: bool) -> models.Prospect:
    """Return what a restore or a copy would do, or has done."""
    return models.Prospect(
        digest=shown.digest,
        committed=committed,
        mode=shown.mode,
        counts=counts(shown),
        decisions=tuple(map(fate, shown.decisions)),
    )


def import_prospect(shown: ImportPlan, *, committed: bool) -> models.ImportProspect:
    """Return what an import would do, or has done."""
    return models.ImportProspect(
        digest=shown.digest,
        committed=committed,
        mode=shown.intake.mode,
        counts=counts(shown.intake),
        decisions=tuple(map(fate, shown.intake.decisions)),
        format=shown.format,
        file_sha256=shown.file_sha256,
        proven=shown.proven,
        skipped=tuple(models.Skipped(name=s.name, reason=s.reason) for s in shown.skipped),
    )


def backup(shown: records.Backup) -> models.Backup:
    """Return a backup without its entries."""
    return models.Backup(
        name=shown.name,
        size=shown.size,
        created_at=shown.created_at,
        created_by=shown.created_by,
    )


def comparison(shown: Comparison) -> models.Comparison:
    """Return a backup beside the entries of today."""
    return models.Comparison(
        backup=backup(shown.backup),
        unchanged=shown.unchanged,
        differences=tuple(
            models.Difference(alias=d.alias, since=d.since, parts=d.parts, renamed=d.renamed)
            for d in shown.differences
        ),
    )


def new_key(shown: NewProviderKey) -> models.NewKey:
    """Return a key that waits to be activated."""
    return models.NewKey(
        entry=listed(shown.entry),
        arrived_at=shown.arrived_at,
        held=shown.held,
        replaces_until=shown.replaces_until,
        activates_at=shown.activates_at,
    )


def history_key(shown: HistoryKey) -> models.HistoryKey:
    """Return a key that was replaced."""
    return models.HistoryKey(entry=listed(shown.entry), activation=_activation(shown.activation))


def _waiting_key(shown: NewProviderKey) -> models.WaitingKey:
    return models.WaitingKey(
        arrived_at=shown.arrived_at,
        held=shown.held,
        replaces_until=shown.replaces_until,
        activates_at=shown.activates_at,
    )


def _activation(shown: records.Activation) -> models.Activation:
    return models.Activation(
        original_alias=shown.original_alias,
        sequence=shown.sequence,
        active_from=shown.active_from,
        activated_by=shown.activated_by,
        active_until=shown.active_until,
        deactivated_by=shown.deactivated_by,
    )
