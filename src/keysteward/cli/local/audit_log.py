"""The audit log of a local keystore."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from keysteward.cli.desk import AuditLog
from keysteward.keystore import audit, chronicle
from keysteward.keystore.chronicle import Answer
from keysteward.keystore.steward import Steward
from keysteward.storage.audit import AuditReport
from keysteward.storage.records import AuditFilter, AuditRow


@dataclass(frozen=True, slots=True)
class _AuditLog:
    steward: Steward

    def verify(self, expect: str | None) -> AuditReport:
        return audit.verify_chain(self.steward, expect)

    def rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        return self.steward.store.audit_log.read(self.steward.keystore_id, wanted, last=last)

    def active_at(self, alias: str, at: datetime) -> Answer:
        return chronicle.active_at(self.steward, alias, at)


def audit_log(steward: Steward) -> AuditLog:
    """Return the audit log's part of the desk."""
    return _AuditLog(steward)
