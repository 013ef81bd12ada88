"""The audit log: its rows, newest first, as files, what an alias stood for, and its verification.

Each question leaves a row before it is answered; the other pages of its answer leave none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlencode

import msgspec

from keysteward.accounts import journal
from keysteward.entries import Action
from keysteward.keystore import audit, audit_events, readings
from keysteward.problems import FieldInvalid, ResourceUnknown
from keysteward.rights import Permission
from keysteward.storage.audit import DONE, REFUSED
from keysteward.storage.records import AuditFilter, AuditRow
from keysteward.ui import audit_rows, shell
from keysteward.ui.routing import KEYSTORE, File, Page, Part, Routes, Visit
from keysteward.ui.wording import words

routes = Routes()

LIMIT = 50
"""Rows of a page."""
MOST_EXPORTED = 50_000
"""Rows of a file, which is made in memory; REST streams as many as there are."""
_MOST_TEXT = 1_000

_READ = Permission.AUDIT_LOG_READ
# Its rows are of accounts: who may see all keystores and manage users.
_INSTALLATION = Permission.USERS_EDIT
_NO_TIME = "This is not a time. Write it like 2026-12-31 23:59."
_TOO_MANY = "More than 50,000 rows fit. Choose a shorter time, or read them over the REST API."
_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the log asks for; what it does not know is as if it were not there."""

    texts: Mapping[str, str]
    """By name: ``since``, ``until``, ``actor``, ``action``, ``alias``, ``outcome``."""
    since: datetime | None
    until: datetime | None
    wrong: frozenset[str]
    """Which of the times cannot be read."""
    before: int | None
    after: int | None
    """Sequence numbers between which the page lies; at most one is given."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Return what a query asks for."""
        names = ("since", "until", "actor", "action", "alias", "outcome")
        texts = {name: query.get(name, "").strip()[:_MOST_TEXT] for name in names}
        if texts["action"] not in list(Action):
            texts["action"] = ""
        if texts["outcome"] not in (DONE, REFUSED):
            texts["outcome"] = ""
        since, until = _moment(texts["since"]), _moment(texts["until"])
        if until is not None and until.second == until.microsecond == 0:
            # Fields have no seconds: the whole minute is meant.
            until = until.replace(second=59, microsecond=999_999)
        times = {"since": since, "until": until}
        wrong = frozenset(name for name, at in times.items() if texts[name] and at is None)
        before = _number(query.get("before", ""))
        after = None if before is not None else _number(query.get("after", ""))
        return cls(texts, since, until, wrong, before, after)

    @property
    def wanted(self) -> AuditFilter:
        """The rows that are asked for, on whichever page."""
        return AuditFilter(
            alias=self.texts["alias"] or None,
            actor=self.texts["actor"] or None,
            action=self.texts["action"] or None,
            outcome=self.texts["outcome"] or None,
            since=self.since,
            until=self.until,
        )

    @property
    def filtered(self) -> bool:
        """Whether there is any condition."""
        return any(self.texts.values())

    def query(self, **page: int) -> str:
        """Return the query that asks for this, or for a page of it, with its question mark."""
        given = {**self.texts, **{name: str(number) for name, number in page.items()}}
        written = urlencode({name: value for name, value in given.items() if value})
        return f"?{written}" if written else ""


@routes.get(f"{KEYSTORE}/audit", _READ)
def show_log(visit: Visit) -> Page:
    """Show rows of the keystore, newest first."""
    asked = Asked.of(visit.query)
    if not asked.wrong and asked.before is None and asked.after is None:
        readings.record_audit_question(visit.steward, visit.caller, asked.wanted)
    return _page(visit, asked, visit.steward.keystore_id)


@routes.get("/audit", _INSTALLATION)
def show_installation_log(visit: Visit) -> Page:
    """Show rows of the installation, which are about accounts, newest first."""
    asked = Asked.of({**visit.query, "alias": ""})
    if not asked.wrong and asked.before is None and asked.after is None:
        journal.record_question(visit.steward, visit.caller, asked.wanted)
    return _page(visit, asked, None)


@routes.get(f"{KEYSTORE}/audit/download/{{kind}}", _READ, slow=True)
def download_log(visit: Visit) -> File:
    """Give the rows of the keystore that are asked for as lines of JSON, or as SAP's events."""
    kind, asked = visit.path["kind"], _answerable(visit)
    rows = readings.audit_rows(visit.steward, visit.caller, asked.wanted)
    if kind == "lines":
        return _file(f"audit-{visit.keystore}.jsonl", map(_members, _bounded(rows)))
    if kind == "sap":
        events = audit_events.read_events(visit.steward, _bounded(rows))
        return _file(f"audit-{visit.keystore}-sap.jsonl", (event.members for event in events))
    raise ResourceUnknown(f"download/{kind[:40]}")


@routes.get("/audit/download/{kind}", _INSTALLATION, slow=True)
def download_installation_log(visit: Visit) -> File:
    """Give the rows of the installation that are asked for as lines of JSON."""
    kind = visit.path["kind"]
    if kind != "lines":
        raise ResourceUnknown(f"download/{kind[:40]}")
    rows = journal.read(visit.steward, visit.caller, _answerable(visit).wanted)
    return _file("audit.jsonl", map(_members, _bounded(rows)))


@routes.get(f"{KEYSTORE}/audit/active", _READ)
def active_dialog(visit: Visit) -> Page:
    """Ask for an alias and a time."""
    return Page("audit_active.html", {"alias": visit.query.get("alias", "")[:_MOST_TEXT]})


@routes.post(f"{KEYSTORE}/audit/active", _READ)
def show_active(visit: Visit) -> Part:
    """Show which certificate was active under an alias at a time, and who confirmed what."""
    alias, typed = visit.form.required("alias"), visit.form.text("at")
    at = _moment(typed) if typed else visit.steward.clock()
    if at is None:
        raise FieldInvalid("at", _NO_TIME)
    found = readings.active_at(visit.steward, visit.caller, alias, at)
    known = {} if found.active is None else {c.fingerprint: c for c in found.active.certificates}
    return Part("audit_active_found.html", {"found": found, "known": known})


@routes.get(f"{KEYSTORE}/audit/verification", _READ)
def verification_dialog(_: Visit) -> Page:
    """Ask for a head that was kept, if there is one."""
    return Page("audit_verification.html")


@routes.post(f"{KEYSTORE}/audit/verification", _READ, slow=True)
def verify_log(visit: Visit) -> Part:
    """Walk the whole log of the installation, and say whether it is whole and in order."""
    report = audit.verify_chain(visit.steward, visit.form.optional("expect"))
    return Part("audit_verified.html", {"report": report})


def _page(visit: Visit, asked: Asked, keystore_id: int | None) -> Page:
    rows, older, newer = ((), False, False) if asked.wrong else _rows(visit, asked, keystore_id)
    base = shell.keystore_address(visit.keystore)
    return Page(
        "audit.html",
        {
            "asked": asked,
            "lines": audit_rows.lines_of(visit, rows),
            "older": asked.query(before=rows[-1].sequence) if older and rows else None,
            "newer": asked.query(after=rows[0].sequence) if newer and rows else None,
            "here": "/audit" if keystore_id is None else f"{base}/audit",
            "installation": keystore_id is None,
            "actions": _choices(visit),
            "outcomes": [(o, words.of_outcome(o, visit.language.code)) for o in (DONE, REFUSED)],
            "no_time": visit.text(_NO_TIME),
        },
    )


def _rows(
    visit: Visit, asked: Asked, keystore_id: int | None
) -> tuple[tuple[AuditRow, ...], bool, bool]:
    """Return the rows of a page, newest first, and whether there are older and newer ones."""
    log, wanted = visit.steward.store.audit_log, asked.wanted
    if asked.after is not None:
        found = tuple(islice(log.read(keystore_id, wanted, after=asked.after), LIMIT + 1))
        return found[:LIMIT][::-1], True, len(found) > LIMIT
    found = tuple(log.read(keystore_id, wanted, last=LIMIT + 1, before=asked.before))
    return found[-LIMIT:][::-1], len(found) > LIMIT, asked.before is not None


def _choices(visit: Visit) -> list[tuple[str, str]]:
    named = [(action.value, audit_rows.what_of(visit, action)) for action in Action]
    return sorted(named, key=lambda choice: choice[1].casefold())


def _answerable(visit: Visit) -> Asked:
    asked = Asked.of(visit.query)
    if asked.wrong:
        raise FieldInvalid(min(asked.wrong), _NO_TIME)
    return replace(asked, before=None, after=None)


def _bounded(rows: Iterable[AuditRow]) -> Iterator[AuditRow]:
    for number, row in enumerate(rows):
        if number == MOST_EXPORTED:
            raise FieldInvalid("since", _TOO_MANY)
        yield row


def _members(row: AuditRow) -> Mapping[str, object]:
    """Return a row as the REST API writes it."""
    return {
        "sequence": row.sequence,
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "outcome": row.outcome,
        "alias": row.alias,
        "entry_id": row.entry_id,
        "version": row.version,
        "detail": row.detail,
    }


def _file(name: str, values: Iterable[Mapping[str, object]]) -> File:
    data = b"".join(msgspec.json.encode(value) + b"\n" for value in values)
    return File(name, "application/jsonl", data)


def _moment(text: str) -> datetime | None:
    """Return a time in UTC, in which one without a zone is; None for what is none."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None
