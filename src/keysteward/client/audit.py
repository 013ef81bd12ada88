"""The audit log: of a keystore, and of the installation."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from keysteward.client.part import Part, moment
from keysteward.client.records import AuditRow, Past
from keysteward.client.values import Page

Outcome = Literal["done", "refused"]

_MOST_AT_ONCE = 1000
"""Rows that the server gives as the last ones."""


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
        last: int | None = None,
    ) -> Iterator[AuditRow]:
        """Yield the rows that a filter lets through, oldest first; the ``last`` ones if a number.

        All of them are any number: they come as lines and are read while they come.
        """
        query = {
            "alias": alias,
            "actor": actor,
            "action": action,
            "outcome": outcome,
            "since": None if since is None else moment(since),
            "until": None if until is None else moment(until),
        }
        path = f"{self._path}/audit"
        if last is not None and last <= _MOST_AT_ONCE:
            return self._items(path, Page[AuditRow], {**query, "last": last})
        rows = self._connection.lines(path, AuditRow, {**query, "format": "lines"})
        return rows if last is None else iter(deque(rows, last))

    def find_active(self, alias: str, at: datetime | None = None) -> Past:
        """Tell which certificate was active under an alias at a time, now by default, and why."""
        query = {"alias": alias, "at": None if at is None else moment(at)}
        return self._connection.get(f"{self._path}/audit/active", Past, query)
