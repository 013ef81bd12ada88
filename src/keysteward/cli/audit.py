"""audit verify and audit show: the whole chain, some of its rows, and an alias in the past."""

import contextlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from keysteward.cli import audit_views, options, output
from keysteward.cli.key_pairs import moment
from keysteward.cli.session import Session, as_text, complete_alias
from keysteward.entries import Action
from keysteward.keystore import audit, readings
from keysteward.problems import AuditChainBroken
from keysteward.storage.audit import DONE, REFUSED
from keysteward.storage.records import AuditFilter, AuditRow

_HEAD = re.compile(r"[0-9]+:(?:[0-9a-f]{64})?")
_LAST = 50
_TIME = re.compile(r"[T ]([0-9:]+)([.,][0-9]+)?")
_UNITS = {2: timedelta(hours=1), 4: timedelta(minutes=1), 6: timedelta(seconds=1)}
_MICROSECOND = timedelta(microseconds=1)


class _Outcome(StrEnum):
    """How an operation ended."""

    DONE = DONE
    REFUSED = REFUSED


def _as_head(value: str | None) -> str | None:
    if value is not None and not _HEAD.fullmatch(value):
        raise typer.BadParameter(
            "a head looks like 138:4eb2…, a number and 64 hexadecimal digits, as 'audit verify' "
            "prints it."
        )
    return value


def verify(
    session: Session,
    *,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD",
            help="A head printed earlier that must be there.",
            show_default=False,
            callback=_as_head,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Check that no row of the audit log was altered, removed or reordered."""
    with session.desk() as desk:
        checked = desk.audit_log.verify(expect)
    if as_json:
        output.say_json(
            {
                "rows": checked.rows,
                "head": checked.head,
                "broken": list(checked.broken),
                "missing": list(checked.missing),
                "not_linked": list(checked.not_linked),
                "expected_found": checked.expected_found,
                "clean": checked.clean,
            }
        )
    elif checked.clean:
        output.say(f"The audit log's {checked.rows:,} rows are whole and in order.")
        output.say(f"Head: {checked.head}")
        output.say("Keep the head elsewhere: 'audit verify --expect HEAD' finds a log cut short.")
    if not checked.clean:
        raise AuditChainBroken(audit.in_words(checked))


def _beginning(value: str | None) -> str | None:
    _utc(value)
    return value


def _complete_action(incomplete: str) -> list[str]:
    return [action.value for action in Action if action.value.startswith(incomplete)]


def _action(value: str | None) -> str | None:
    if value is not None and all(value != action.value for action in Action):
        raise typer.BadParameter(f"{value!r} is no action; the page on the audit log has them all.")
    return value


def show(
    session: Session,
    *,
    alias: Annotated[
        str | None,
        typer.Option(
            "--alias",
            metavar="ALIAS",
            help="Only rows that name this alias.",
            show_default=False,
            autocompletion=complete_alias,
            callback=as_text,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="Instead of rows: which certificate was active under the alias then, and why.",
            show_default=False,
            callback=_beginning,
        ),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            "--actor",
            metavar="NAME",
            help="Only what this one did.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(
            "--action",
            metavar="WORD",
            help="Only this action, as the column What has it.",
            show_default=False,
            autocompletion=_complete_action,
            callback=_action,
        ),
    ] = None,
    outcome: Annotated[
        _Outcome | None,
        typer.Option("--outcome", help="Only what was done, or refused.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Only rows from this day or time on, in UTC.",
            show_default=False,
            callback=_beginning,
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help="Only rows up to the end of this day, minute or second, in UTC.",
            show_default=False,
            callback=_beginning,
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=2**31,
            help="How many rows, newest last; 50 by default, all as lines of JSON.",
            show_default=False,
        ),
    ] = None,
    as_json: options.Json = False,
    as_lines: Annotated[
        bool,
        typer.Option("--json-lines", help="Print each row as a line of JSON, however many."),
    ] = False,
    as_sap: Annotated[
        bool,
        typer.Option(
            "--sap",
            help="Print the events that SAP Cloud Integration has for the rows, as lines of JSON.",
        ),
    ] = False,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Go on with rows as they come, until Ctrl-C; local only."),
    ] = False,
    installation: Annotated[
        bool,
        typer.Option(
            "--installation",
            help="Instead of the keystore's rows: those about users, API clients and sign-in.",
        ),
    ] = False,
) -> None:
    """Show rows of the audit log, or what an alias stood for in the past."""
    if as_json + as_lines + as_sap > 1:
        raise typer.BadParameter("--json, --json-lines and --sap are forms; choose one.")
    if installation and (alias is not None or at is not None or as_sap):
        raise typer.BadParameter("--installation has rows of no entry: no --alias, --at or --sap.")
    if follow and (installation or as_json or as_sap or until is not None or at is not None):
        raise typer.BadParameter("--follow goes with filters, --last and --json-lines alone.")
    if at is not None:
        others = (actor, action, outcome, since, until, last, as_lines or as_sap or None)
        if alias is None or any(other is not None for other in others):
            raise typer.BadParameter("--at goes with --alias and --json alone.")
        _show_past(session, alias, _end(at), as_json=as_json)
        return
    wanted = AuditFilter(
        alias=alias,
        actor=actor,
        action=action,
        outcome=outcome,
        since=None if since is None else _utc(since),
        until=None if until is None else _end(until),
    )
    if follow:
        _follow(session, wanted, last or _LAST, as_lines=as_lines)
    elif as_sap:
        with session.desk() as desk:
            output.say_json_lines(desk.audit_log.sap_events(wanted, last))
    elif installation:
        with session.desk() as desk:
            many = last if last or as_lines else _LAST
            told = desk.audit_log.installation_rows(wanted, many)
            say = audit_views.say_installation_rows
            _show_rows(told, wanted, say, as_json=as_json, as_lines=as_lines)
    else:
        with session.desk() as desk:
            rows = desk.audit_log.rows(wanted, last if last or as_lines else _LAST)
            say = audit_views.say_rows
            _show_rows(rows, wanted, say, as_json=as_json, as_lines=as_lines)


def _follow(session: Session, wanted: AuditFilter, last: int, *, as_lines: bool) -> None:
    say = audit_views.say_row_json if as_lines else audit_views.say_row
    with session.opened() as steward, contextlib.suppress(KeyboardInterrupt):
        for row in readings.follow_audit(steward, session.caller, wanted, last=last):
            say(row)


def _show_past(session: Session, alias: str, at: datetime, *, as_json: bool) -> None:
    with session.desk() as desk:
        past = desk.audit_log.active_at(alias, at)
    if as_json:
        output.say_json(audit_views.past_json(past))
    else:
        audit_views.say_past(past)


def _show_rows(
    rows: Iterable[AuditRow],
    wanted: AuditFilter,
    say: Callable[[Iterable[AuditRow]], None],
    *,
    as_json: bool,
    as_lines: bool,
) -> None:
    if as_lines:
        output.say_json_lines(map(audit_views.row_json, rows))
        return
    found = list(rows)
    if as_json:
        output.say_json([audit_views.row_json(row) for row in found])
    elif found or wanted == AuditFilter():
        say(found)
    else:
        output.say("No rows.")


def _utc(text: str | None) -> datetime | None:
    """Take an ISO 8601 date or time, as UTC."""
    found = moment(text)
    if found is None:
        return None
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} lies outside the calendar.") from error


def _end(text: str) -> datetime:
    """Return the last moment of the day, hour, minute or second that a text names."""
    begin = _utc(text)
    if begin is None:
        raise TypeError(text)
    time = _TIME.search(text, 8)
    if time is None:
        unit = timedelta(days=1)
    elif time[2]:
        unit = _MICROSECOND
    else:
        unit = _UNITS[len(time[1].replace(":", ""))]
    return begin + (unit - _MICROSECOND)
