"""How the plan or the result of an import, a restore or a copy looks: tables, and JSON."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.text import Text

from keysteward.cli import output, views
from keysteward.keystore.intake import Decision, Intake, Mode, Status
from keysteward.problems import AliasExists, Problem

_MOST_SHOWN = 40
"""Lines of each status on a terminal; what matters has no such limit."""

_STYLES = {
    Status.NEW: "green",
    Status.CHANGED: "yellow",
    Status.REMOVED: "bold red",
    Status.NOT_IMPORTED: "bold",
}


def summary(intake: Intake) -> str:
    """Return how many entries have which fate, as a part of a sentence: "2 new, 1 unchanged"."""
    counts = ((intake.count(status), _word(status)) for status in Status)
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no entries"


def consequence(intake: Intake, step: str) -> str:
    """Return what carrying a plan out would change, as a sentence about a step ("A restore")."""
    changing = (
        (intake.count(Status.NEW), "adds"),
        (intake.count(Status.CHANGED), "changes"),
        (intake.count(Status.REMOVED), "removes"),
    )
    parts = [f"{verb} {count:,}" for count, verb in changing if count]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    one = parts and sum(count for count, _ in changing) == 1
    return f"{step} {listed} {'entry' if one else 'entries'}."


def show(intake: Intake, heading: str) -> None:
    """Print ``heading`` with the numbers, then each entry that does not stay as it is.

    On a terminal the first of many are enough, but all that are removed or refused are there.
    """
    output.say(f"{heading}: {summary(intake)}.")
    decisions = [d for d in intake.decisions if d.status is not Status.UNCHANGED]
    shown = _enough(decisions) if sys.stdout.isatty() else decisions
    rows = list(_rows(shown))
    if not rows:
        return
    columns: tuple[str, ...] = ("Alias", "Type", "Status", "Valid until", "Subject", "Remark")
    spare: tuple[str, ...] = ("Subject", "Valid until", "Type")
    if not any(row[-1] for row in rows):
        columns, rows, spare = columns[:-1], [row[:-1] for row in rows], ("Subject", "Type")
    output.table(columns, rows, folding=("Subject", "Remark"), spare=spare)
    if len(shown) < len(decisions):
        output.say(f"… and {len(decisions) - len(shown):,} more; --json lists them all.")


def new_anchors(intake: Intake) -> list[tuple[str, str]]:
    """Return alias and fingerprint of each certificate that becomes trusted, or another one."""
    return [
        (decision.alias, decision.arrival.chain[0].fingerprint)
        for decision in intake.decisions
        if decision.status in (Status.NEW, Status.CHANGED)
        and decision.arrival is not None
        and decision.arrival.trusted
    ]


def as_json(intake: Intake) -> dict[str, object]:
    """Return a plan or a result as scripts get it, unchanged entries included."""
    return {
        "mode": intake.mode.value,
        "counts": {status.value: intake.count(status) for status in Status},
        "entries": [_decision_json(decision) for decision in intake.decisions],
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


def _enough(decisions: Iterable[Decision]) -> list[Decision]:
    """Return what a person at a terminal wants to see."""
    shown = []
    counts: Counter[Status] = Counter()
    for decision in decisions:
        counts[decision.status] += 1
        if _matters(decision) or counts[decision.status] <= _MOST_SHOWN:
            shown.append(decision)
    return shown


def _matters(decision: Decision) -> bool:
    """Tell whether something is lost, or refused other than by the mode that was chosen."""
    problem = decision.problem
    refused = problem is not None and not isinstance(problem, AliasExists)
    return refused or decision.status is Status.REMOVED


def _rows(decisions: Iterable[Decision]) -> Iterator[tuple[str | Text, ...]]:
    now = datetime.now(UTC)
    for decision in decisions:
        chain = decision.arrival.chain if decision.arrival else ()
        entry = decision.arrival or decision.current
        yield (
            decision.alias,
            views.TYPES[entry.type] if entry else "",
            Text(_word(decision.status), style=_STYLES[decision.status]),
            output.ends(chain[0].not_after, now) if chain else "",
            chain[0].subject if chain else "",
            _remark(decision),
        )


def _remark(decision: Decision) -> str:
    if decision.problem is not None:
        return decision.problem.detail
    arrival, current = decision.arrival, decision.current
    if arrival is None or current is None:
        return ""
    if arrival.type is not current.type:
        return f"instead of a {current.type.value.replace('-', ' ')}"
    if arrival.public_key_sha256 != current.content.public_key_sha256:
        return "another private key"
    if current.pending is not None and arrival.pending is None and arrival.private_key_id:
        return f"its pending key (version {current.pending}) is given up"
    return ""


def _decision_json(decision: Decision) -> dict[str, object]:
    chain = decision.arrival.chain if decision.arrival else ()
    entry = decision.arrival or decision.current
    return {
        "alias": decision.alias,
        "status": decision.status.value,
        "type": entry.type.value if entry else None,
        "trusted": entry.trusted if entry else None,
        "sha256": chain[0].fingerprint if chain else None,
        "subject": chain[0].subject if chain else None,
        "not_after": chain[0].not_after if chain else None,
        "problem": output.problem_json(decision.problem),
    }


def _word(status: Status) -> str:
    return status.value.replace("-", " ")
