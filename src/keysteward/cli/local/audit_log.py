"""The audit log of a local keystore."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from keysteward.accounts import journal
from keysteward.cli import past
from keysteward.cli.desk import AuditLog
from keysteward.cli.past import Past
from keysteward.entries import Caller
from keysteward.keystore import audit, audit_events, readings
from keysteward.keystore.steward import Steward
from keysteward.storage.audit import AuditReport
from keysteward.storage.records import AuditFilter, AuditRow


@dataclass(frozen=True, slots=True)
class _AuditLog:
    steward: Steward
    caller: Caller

    def verify(self, expect: str | None) -> AuditReport:
        return audit.verify_chain(self.steward, expect)

    def rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        return readings.audit_rows(self.steward, self.caller, wanted, last=last)

    def sap_events(self, wanted: AuditFilter, last: int | None) -> Iterable[Mapping[str, object]]:
        rows = self.rows(wanted, last)
        return (event.members for event in audit_events.read_events(self.steward, rows))

    def installation_rows(self, wanted: AuditFilter, last: int | None) -> Iterable[AuditRow]:
        return journal.read(self.steward, self.caller, wanted, last=last)

    def active_at(self, alias: str, at: datetime) -> Past:
        return past.of_answer(readings.active_at(self.steward, self.caller, alias, at))


def audit_log(steward: Steward, caller: Caller) -> AuditLog:
    """Return the audit log's part of the desk."""
    return _AuditLog(steward, caller)
