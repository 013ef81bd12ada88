"""The audit log: its rows, what an alias stood for in the past, and whether it is whole."""

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from keysteward.accounts import journal
from keysteward.keystore import audit, audit_events, readings
from keysteward.rest import account_models as models
from keysteward.rest import paging, past
from keysteward.rest.account_wishes import (
    ActiveWanted,
    AuditWanted,
    HeadExpected,
    InstallationWanted,
    RowsWanted,
)
from keysteward.rest.models import Page
from keysteward.rest.routing import KEYSTORE, Answer, Call, Lines, Routes
from keysteward.rest.wishes import utc
from keysteward.rights import Permission
from keysteward.storage.records import AuditFilter, AuditRow

_AT_ONCE = 500
"""Lines of an export that are sent together."""

_READ = Permission.AUDIT_LOG_READ
# Its rows are of accounts: who may see all keystores and manage users.
_INSTALLATION = Permission.USERS_EDIT

routes = Routes("Audit log", "What was done and what was refused; its reading is told, too.")


@routes.on("GET", f"{KEYSTORE}/audit", _READ)
def read_audit_log(
    call: Call[AuditWanted, None],
) -> Answer[Page[models.AuditRow] | Lines]:
    """Rows of a keystore's audit log, oldest first.

    Pages with a cursor, the newest rows with `last`, or all of them as lines. Each question is
    written to the log before it is answered; the pages of one question once.
    """
    steward, caller, wanted = call.steward, call.caller, _filter(call.query)
    if call.query.format != "json":
        rows = readings.audit_rows(steward, caller, wanted, last=call.query.last)
        if call.query.format == "sap":
            events = audit_events.read_events(steward, rows)
            return Answer(Lines(_lines(event.members for event in events)))
        return Answer(Lines(_lines(map(past.row, rows))))
    if call.query.last is not None:
        rows = readings.audit_rows(steward, caller, wanted, last=call.query.last)
        return Answer(Page(items=tuple(map(past.row, rows))))
    page = _page(call, wanted, steward.keystore_id)
    if call.query.cursor is None:
        readings.record_audit_question(steward, caller, wanted)
    return page


@routes.on("GET", f"{KEYSTORE}/audit/active", _READ)
def show_active(call: Call[ActiveWanted, None]) -> Answer[models.Past]:
    """Which certificate was active under an alias at a time, since when, and who confirmed what."""
    at = utc(call.query.at) or call.steward.clock()
    found = readings.active_at(call.steward, call.caller, call.query.alias, at)
    return Answer(past.answer(found))


@routes.on("GET", "/audit", _INSTALLATION)
def read_installation_log(
    call: Call[InstallationWanted, None],
) -> Answer[Page[models.AuditRow] | Lines]:
    """Rows of the installation's own audit log: accounts, and what was done with them."""
    steward, caller, wanted = call.steward, call.caller, _filter(call.query)
    if call.query.format == "lines":
        rows = journal.read(steward, caller, wanted, last=call.query.last)
        return Answer(Lines(_lines(map(past.row, rows))))
    if call.query.last is not None:
        rows = journal.read(steward, caller, wanted, last=call.query.last)
        return Answer(Page(items=tuple(map(past.row, rows))))
    page = _page(call, wanted, None)
    if call.query.cursor is None:
        journal.record_question(steward, caller, wanted)
    return page


@routes.on("GET", "/audit/verification", _READ, slow=True)
def verify_audit_log(call: Call[HeadExpected, None]) -> Answer[models.Verification]:
    """Walk the whole audit log of the installation: is it whole and in order?"""
    return Answer(past.verification(audit.verify_chain(call.steward, call.query.expect)))


def _filter(wanted: RowsWanted) -> AuditFilter:
    return AuditFilter(
        alias=wanted.alias if isinstance(wanted, AuditWanted) else None,
        actor=wanted.actor,
        action=wanted.action,
        outcome=wanted.outcome,
        since=utc(wanted.since),
        until=utc(wanted.until),
    )


def _page(
    call: Call[RowsWanted, None], wanted: AuditFilter, keystore_id: int | None
) -> Answer[Page[models.AuditRow] | Lines]:
    limit, key = call.query.limit, call.service.csrf.key
    of = ("audit", keystore_id, wanted)
    cursor = call.query.cursor
    after = 0 if cursor is None else paging.read(key, of, cursor, int)
    found: Iterator[AuditRow] = call.steward.store.audit_log.read(keystore_id, wanted, after=after)
    rows = tuple(islice(found, limit + 1))
    more = len(rows) > limit
    following = paging.write(key, of, rows[limit - 1].sequence) if more else None
    return Answer(Page(items=tuple(map(past.row, rows[:limit])), next=following))


def _lines(values: Iterable[object]) -> Iterator[bytes]:
    coming = iter(values)
    while part := list(islice(coming, _AT_ONCE)):
        yield b"".join(msgspec.json.encode(value) + b"\n" for value in part)
