"""Rows of the audit log as the page shows them: in words, with what they tell besides."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from keysteward.entries import Action
from keysteward.problems import PROBLEMS
from keysteward.rights import Role
from keysteward.storage.records import AuditRow
from keysteward.ui import shell
from keysteward.ui.language import later
from keysteward.ui.routing import Visit
from keysteward.ui.wording import problem_texts, words

_NAMES = MappingProxyType(
    {
        "account": later("Account"),
        "action": later("Action"),
        "actor": later("Who"),
        "alias": later("Alias"),
        "at": later("When"),
        "backup": later("Backup"),
        "chain": later("Chain (SHA-256)"),
        "detail": later("What was said"),
        "disabled": later("Disabled"),
        "expires_at": later("Ends on"),
        "file_sha256": later("File (SHA-256)"),
        "form": later("Form"),
        "keystore": later("Keystore"),
        "keystores": later("Keystores"),
        "last": later("Newest rows"),
        "new_alias": later("New alias"),
        "note": later("Note"),
        "one_time": later("One-time password"),
        "outcome": later("Outcome"),
        "permission": later("Permission"),
        "problem": later("Refused because"),
        "reason": later("Reason"),
        "roles": later("Roles"),
        "secret": later("Number of the secret"),
        "sha256": later("SHA-256"),
        "since": later("From"),
        "until": later("Until"),
        "view": later("View"),
    }
)
"""What members of details are called; others by their own name."""

_PROBLEMS = MappingProxyType({kind.slug: kind for kind in PROBLEMS})


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what was done in words, where its entry is, and its details by name."""

    row: AuditRow
    what: str
    outcome: str
    address: str | None
    """Of the entry that has the alias now."""
    details: tuple[tuple[str, tuple[str, ...]], ...]
    """Names with their values, several of a list."""

    @property
    def refused(self) -> bool:
        """Whether it was not done."""
        return self.row.outcome == "refused"


def lines_of(visit: Visit, rows: Iterable[AuditRow]) -> tuple[Line, ...]:
    """Return rows as lines, in their order."""
    shown = tuple(rows)
    aliases = {row.alias for row in shown if row.alias is not None and row.keystore_id is not None}
    find, keystore_id = visit.steward.store.find_entry, visit.steward.keystore_id
    living = {alias for alias in aliases if find(keystore_id, alias) is not None}
    return tuple(_line(visit, row, living) for row in shown)


def what_of(visit: Visit, action: str) -> str:
    """Return an action as a sentence; one of another version of the program as it is written."""
    if action not in list(Action):
        return action
    said = words.of(Action(action), visit.language.code)
    return said[:1].upper() + said[1:]


def _line(visit: Visit, row: AuditRow, living: set[str]) -> Line:
    known = row.alias is not None and row.alias in living
    return Line(
        row,
        what_of(visit, row.action),
        words.of_outcome(row.outcome, visit.language.code),
        shell.entry_address(visit.keystore, row.alias) if known and row.alias else None,
        tuple(_details(visit, row)),
    )


def _details(visit: Visit, row: AuditRow) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in row.detail.items():
        called = visit.text(_NAMES[name]) if name in _NAMES else name.replace("_", " ")
        values = value if isinstance(value, list) else [value]
        yield called, tuple(_said(visit, name, each) for each in values) or ("–",)


def _said(visit: Visit, name: str, value: object) -> str:
    code = visit.language.code
    if isinstance(value, bool):
        return visit.text("yes") if value else visit.text("no")
    if value is None:
        return visit.text("all") if name == "keystores" else "–"
    if isinstance(value, str) and name == "problem" and value in _PROBLEMS:
        return problem_texts.GERMAN[value].title if code == "de" else _PROBLEMS[value].title
    if isinstance(value, str) and name == "roles" and value in list(Role):
        return words.of(Role(value), code)
    if isinstance(value, str) and name == "action":
        return what_of(visit, value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
