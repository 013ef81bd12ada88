"""How the plan or the result of an import, a restore or a copy looks: tables, and JSON."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.text import Text

from keysteward.cli import hints, output, views
from keysteward.cli.desk_values import Fate, Prospect
from keysteward.keystore.intake import Mode, Status
from keysteward.problems import AliasExists, Problem

_MOST_SHOWN = 40
"""Lines of each status on a terminal; what matters has no such limit."""

_STYLES = {
    Status.NEW: "green",
    Status.CHANGED: "yellow",
    Status.REMOVED: "bold red",
    Status.NOT_IMPORTED: "bold",
}


def summary(prospect: Prospect) -> str:
    """Return how many entries have which fate, as a part of a sentence: "2 new, 1 unchanged"."""
    counts = ((prospect.count(status), _word(status)) for status in Status)
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no entries"


def consequence(prospect: Prospect, step: str) -> str:
    """Return what carrying a plan out would change, as a sentence about a step ("A restore")."""
    changing = (
        (prospect.count(Status.NEW), "adds"),
        (prospect.count(Status.CHANGED), "changes"),
        (prospect.count(Status.REMOVED), "removes"),
    )
    parts = [f"{verb} {count:,}" for count, verb in changing if count]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    one = parts and sum(count for count, _ in changing) == 1
    return f"{step} {listed} {'entry' if one else 'entries'}."


def show(prospect: Prospect, heading: str) -> None:
    """Print ``heading`` with the numbers, then each entry that does not stay as it is.

    On a terminal the first of many are enough, but all that are removed or refused are there.
    """
    output.say(f"{heading}: {summary(prospect)}.")
    fates = [d for d in prospect.fates if d.status is not Status.UNCHANGED]
    shown = _enough(fates) if sys.stdout.isatty() else fates
    rows = list(_rows(shown))
    if not rows:
        return
    columns: tuple[str, ...] = ("Alias", "Type", "Status", "Valid until", "Subject", "Remark")
    spare: tuple[str, ...] = ("Subject", "Valid until", "Type")
    if not any(row[-1] for row in rows):
        columns, rows, spare = columns[:-1], [row[:-1] for row in rows], ("Subject", "Type")
    output.table(columns, rows, folding=("Subject", "Remark"), spare=spare)
    for hint in hints.of_all(fate.problem for fate in shown if fate.problem is not None):
        output.say(hint, stderr=True)
    if len(shown) < len(fates):
        output.say(f"… and {len(fates) - len(shown):,} more; --json lists them all.")


def new_anchors(prospect: Prospect) -> list[tuple[str, str]]:
    """Return alias and fingerprint of each certificate that becomes trusted, or another one."""
    return [
        (fate.alias, fate.sha256)
        for fate in prospect.fates
        if fate.status in (Status.NEW, Status.CHANGED) and fate.sha256 is not None and fate.trusted
    ]


def as_json(prospect: Prospect) -> dict[str, object]:
    """Return a plan or a result as scripts get it, unchanged entries included."""
    return {
        "mode": prospect.mode.value,
        "counts": {status.value: prospect.count(status) for status in Status},
        "entries": [_fate_json(fate) for fate in prospect.fates],
        "problem": None,
    }


def refused_json(mode: Mode, problem: Problem) -> dict[str, object]:
    """Return what scripts get instead of a plan if there is a refusal of the whole."""
    return {
        "mode": mode.value,
        "counts": dict.fromkeys((status.value for status in Status), 0),
        "entries": [],
        "problem": output.problem_json(problem),
    }


def _enough(fates: Iterable[Fate]) -> list[Fate]:
    """Return what a person at a terminal wants to see."""
    shown = []
    counts: Counter[Status] = Counter()
    for fate in fates:
        counts[fate.status] += 1
        if _matters(fate) or counts[fate.status] <= _MOST_SHOWN:
            shown.append(fate)
    return shown


def _matters(fate: Fate) -> bool:
    """Tell whether something is lost, or refused other than by the mode that was chosen."""
    problem = fate.problem
    refused = problem is not None and not isinstance(problem, AliasExists)
    return refused or fate.status is Status.REMOVED


def _rows(fates: Iterable[Fate]) -> Iterator[tuple[str | Text, ...]]:
    now = datetime.now(UTC)
    for fate in fates:
        yield (
            fate.alias,
            views.TYPES[fate.type] if fate.type else "",
            Text(_word(fate.status), style=_STYLES[fate.status]),
            output.ends(fate.not_after, now) if fate.not_after else "",
            fate.subject or "",
            fate.problem.detail if fate.problem else fate.remark,
        )


def _fate_json(fate: Fate) -> dict[str, object]:
    return {
        "alias": fate.alias,
        "status": fate.status.value,
        "type": fate.type.value if fate.type else None,
        "trusted": fate.trusted,
        "sha256": fate.sha256,
        "subject": fate.subject,
        "not_after": fate.not_after,
        "problem": output.problem_json(fate.problem),
    }


def _word(status: Status) -> str:
    return status.value.replace("-", " ")
