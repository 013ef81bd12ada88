"""The audit log of a server."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from keysteward.cli.desk import AuditLog
from keysteward.cli.past import Past, PastActive, PastCertificate, PastLife, PastPeriod
from keysteward.client import Client, Keystore, records
from keysteward.client.audit import Outcome
from keysteward.keystore.chronicle import Assent
from keysteward.storage.audit import AuditReport
from keysteward.storage.records import AuditFilter, AuditRow


@dataclass(frozen=True, slots=True)
class _AuditLog:
    client: Client
    keystore: Keystore

    def verify(self, expect: str | None) -> AuditReport:
        found = self.client.verify_audit_log(expect)
        return AuditReport(
            rows=found.rows,
            head=found.head,
            broken=found.broken,
            broken_count=len(found.broken),
            missing=found.missing,
            missing_count=len(found.missing),
            not_linked=found.not_linked,
            not_linked_count=len(found.not_linked),
            expected_found=found.expected_found,
        )

    def rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        found = self.keystore.read_audit_log(
            alias=wanted.alias,
            actor=wanted.actor,
            action=wanted.action,
            outcome=_outcome(wanted),
            since=wanted.since,
            until=wanted.until,
            last=last,
        )
        return map(_row, found)

    def installation_rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        found = self.client.read_installation_log(
            actor=wanted.actor,
            action=wanted.action,
            outcome=_outcome(wanted),
            since=wanted.since,
            until=wanted.until,
            last=last,
        )
        return map(_row, found)

    def sap_events(self, wanted: AuditFilter, last: int | None) -> Iterable[Mapping[str, object]]:
        return self.keystore.read_sap_events(
            alias=wanted.alias,
            actor=wanted.actor,
            action=wanted.action,
            outcome=_outcome(wanted),
            since=wanted.since,
            until=wanted.until,
            last=last,
        )

    def active_at(self, alias: str, at: datetime) -> Past:
        found = self.keystore.find_active(alias, at)
        lives = {life.entry_id: _life(life) for life in found.entries}
        active = None
        if found.active is not None:
            active = _active(found.active, lives[found.active.entry_id])
        return Past(found.alias, found.at, active, tuple(lives.values()))


def audit_log(client: Client, keystore: Keystore) -> AuditLog:
    """Return the audit log's part of the desk."""
    return _AuditLog(client, keystore)


def _outcome(wanted: AuditFilter) -> Outcome | None:
    if wanted.outcome is None:
        return None
    return "done" if wanted.outcome == "done" else "refused"


def _row(given: records.AuditRow) -> AuditRow:
    return AuditRow(
        sequence=given.sequence,
        keystore_id=None,
        at=given.at,
        actor=given.actor,
        action=given.action,
        outcome=given.outcome,
        alias=given.alias,
        entry_id=given.entry_id,
        version=given.version,
        detail=given.detail,
    )


def _life(given: records.Life) -> PastLife:
    periods = (
        PastPeriod(one.alias, one.since, one.since_action, one.until, one.until_action)
        for one in given.periods
    )
    return PastLife(given.entry_id, given.alias_now, given.purged, tuple(periods))


def _active(given: records.Active, life: PastLife) -> PastActive:
    row = _row(given.row)
    return PastActive(
        life=life,
        alias_row=row if given.alias_row is None else _row(given.alias_row),
        version=given.version,
        row=row,
        reason=given.reason,
        chain=tuple(
            PastCertificate(one.sha256, one.subject, one.issuer, one.not_after)
            for one in given.chain
        ),
        file_sha256=given.file_sha256,
        note=given.note,
        assents=tuple(
            Assent(one.what, one.sha256, one.by, one.at, None if one.row is None else _row(one.row))
            for one in given.assents
        ),
    )
