"""Rows of the audit log, and what an alias stood for in the past, as answers show them."""

from keysteward.keystore.chronicle import Active, Answer, Assent, Life
from keysteward.rest import account_models as models
from keysteward.storage.audit import AuditReport
from keysteward.storage.records import AuditRow


def row(shown: AuditRow) -> models.AuditRow:
    """Return a row."""
    return models.AuditRow(
        sequence=shown.sequence,
        at=shown.at,
        actor=shown.actor,
        action=shown.action,
        outcome=shown.outcome,
        alias=shown.alias,
        entry_id=shown.entry_id,
        version=shown.version,
        detail=dict(shown.detail),
    )


def verification(shown: AuditReport) -> models.Verification:
    """Return what a walk over the whole log found."""
    return models.Verification(
        clean=shown.clean,
        rows=shown.rows,
        head=shown.head,
        broken=shown.broken,
        missing=shown.missing,
        not_linked=shown.not_linked,
        expected_found=shown.expected_found,
    )


def answer(shown: Answer) -> models.Past:
    """Return what an alias stood for."""
    return models.Past(
        alias=shown.alias,
        at=shown.at,
        active=None if shown.active is None else _active(shown.active),
        entries=tuple(map(_life, shown.lives)),
    )


def _active(shown: Active) -> models.Active:
    known = {certificate.fingerprint: certificate for certificate in shown.certificates}
    chain = (
        models.PastCertificate(
            sha256=sha256,
            subject=known[sha256].subject if sha256 in known else None,
            issuer=known[sha256].issuer if sha256 in known else None,
            not_after=known[sha256].not_after if sha256 in known else None,
        )
        for sha256 in shown.fingerprints
    )
    return models.Active(
        entry_id=shown.life.entry_id,
        version=shown.version,
        since=shown.row.at,
        by=shown.row.actor,
        reason=shown.reason.value,
        note=shown.note,
        file_sha256=shown.file_sha256,
        row=row(shown.row),
        alias_since=shown.alias_since.at,
        alias_row=row(shown.alias_since),
        chain=tuple(chain),
        assents=tuple(map(_assent, shown.assents)),
    )


def _assent(shown: Assent) -> models.Assent:
    return models.Assent(
        what=shown.what,
        sha256=shown.fingerprint,
        by=shown.by,
        at=shown.at,
        row=None if shown.row is None else row(shown.row),
    )


def _life(shown: Life) -> models.Life:
    periods = (
        models.Period(
            alias=period.alias,
            since=period.since.at,
            since_action=period.since.action,
            until=None if period.until is None else period.until.at,
            until_action=None if period.until is None else period.until.action,
        )
        for period in shown.periods
    )
    return models.Life(
        entry_id=shown.entry_id,
        alias_now=shown.now,
        purged=shown.purged,
        periods=tuple(periods),
    )
