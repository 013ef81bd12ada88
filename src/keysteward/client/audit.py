"""The audit log: of a keystore, and of the installation."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from keysteward.client.part import Part, moment
from keysteward.client.records import AuditRow, Past

Outcome = Literal["done", "refused"]


class AuditLog(Part):
    """What was done, by whom."""

    def read_audit_log(
        self,
        *,
        alias: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[AuditRow]:
        """Yield all rows that a filter lets through, oldest first, while they come."""
        query = {
            "alias": alias,
            "actor": actor,
            "action": action,
            "outcome": outcome,
            "since": None if since is None else moment(since),
            "until": None if until is None else moment(until),
            "format": "lines",
        }
        return self._connection.lines(f"{self._path}/audit", AuditRow, query)

    def find_active(self, alias: str, at: datetime | None = None) -> Past:
        """Tell which certificate was active under an alias at a time, now by default, and why."""
        query = {"alias": alias, "at": None if at is None else moment(at)}
        return self._connection.get(f"{self._path}/audit/active", Past, query)
