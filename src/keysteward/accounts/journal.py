"""The installation's rows of the audit log: accounts, and what was done with them.

They belong to no keystore. Whoever asks for them leaves a row among them.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from keysteward.entries import Action, Caller
from keysteward.keystore.steward import Steward
from keysteward.storage.audit import DONE
from keysteward.storage.records import AuditFilter, AuditRow

_LONGEST_TEXT = 250
"""Characters of a filter that a row keeps; no name is longer."""


def read(
    steward: Steward, caller: Caller, wanted: AuditFilter, *, last: int | None = None
) -> Iterator[AuditRow]:
    """Return the rows that a filter lets through, oldest first; the ``last`` ones if a number.

    The row of this question is not among them.
    """
    found = steward.store.audit_log.read(None, wanted, last=last)
    record_question(steward, caller, wanted, last=last)
    return found


def record_question(
    steward: Steward, caller: Caller, wanted: AuditFilter, *, last: int | None = None
) -> None:
    """Write the row of a question that is answered in pages."""
    given = {field.name: getattr(wanted, field.name) for field in fields(wanted)} | {"last": last}
    detail = {name: _shown(value) for name, value in given.items() if value is not None}
    with steward.store.accounts.writing(caller.name, steward.clock()) as changes:
        changes.audit(Action.READ_AUDIT_LOG, DONE, detail)


def _shown(value: object) -> object:
    if isinstance(value, int):
        return value
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
