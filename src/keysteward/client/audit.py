"""The audit log: of a keystore, and of the installation."""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, TypeVar

from keysteward.client.part import Part, moment
from keysteward.client.records import AuditRow, Past

Outcome = Literal["done", "refused"]

_MOST_AT_ONCE = 1000
"""Rows that the server gives as the last ones."""

_Line = TypeVar("_Line")


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
        query = _filter(alias, actor, action, outcome, since, until)
        return self._lines(AuditRow, {**query, "format": "lines"}, last)

    def read_sap_events(
        self,
        *,
        alias: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[dict[str, object]]:
        """Yield the same rows as the events that SAP Cloud Integration has for them."""
        query = _filter(alias, actor, action, outcome, since, until)
        return self._lines(dict[str, object], {**query, "format": "sap"}, last)

    def find_active(self, alias: str, at: datetime | None = None) -> Past:
        """Tell which certificate was active under an alias at a time, now by default, and why."""
        query = {"alias": alias, "at": None if at is None else moment(at)}
        return self._connection.get(f"{self._path}/audit/active", Past, query)

    def _lines(
        self, type_: type[_Line], query: Mapping[str, object], last: int | None
    ) -> Iterator[_Line]:
        few = last if last is not None and last <= _MOST_AT_ONCE else None
        found = self._connection.lines(f"{self._path}/audit", type_, {**query, "last": few})
        return found if last is few else iter(deque(found, last))


def _filter(
    alias: str | None,
    actor: str | None,
    action: str | None,
    outcome: Outcome | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, object]:
    return {
        "alias": alias,
        "actor": actor,
        "action": action,
        "outcome": outcome,
        "since": None if since is None else moment(since),
        "until": None if until is None else moment(until),
    }
