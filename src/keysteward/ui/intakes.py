"""What becomes of many entries that come in at once, as plans and summaries say it.

Imports and restores share it. Entries are told in groups: ``added``, ``overwritten``,
``preserved``, ``left-out`` and ``removed``; what each group is called stands where it is shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from keysteward.entries import EntryType
from keysteward.formats.keystores.contract import Skipped
from keysteward.keystore.intake import Arrival, Decision, Intake, Status
from keysteward.problems import AliasExists
from keysteward.storage.records import EntryState
from keysteward.ui.language import later
from keysteward.ui.routing import Visit
from keysteward.ui.wording import problem_texts, words

GROUPS = ("removed", "added", "overwritten", "left-out", "preserved")
"""In the order in which they are shown: what is lost comes first."""

_SKIPPED = (
    later("a secret key, which has no place here"),
    later("a private key without a certificate"),
    later("the certificate of a key that stays outside"),
    later("a certificate that cannot be read"),
    later("a certificate of another kind than X.509"),
)
"""The usual reasons of what has no place in a keystore; others are said in English."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry, with what is to be known of it."""

    alias: str
    """Empty for a part of a file that has no name."""
    remarks: tuple[str, ...] = ()
    fingerprint: str = ""
    """SHA-256 of a certificate that becomes a trust anchor."""


def groups(
    visit: Visit,
    intake: Intake,
    skipped: Iterable[Skipped] = (),
    renamed: Mapping[str, str] | None = None,
) -> Mapping[str, tuple[Told, ...]]:
    """Return the entries of a plan by their groups; ``renamed`` are aliases of now, by the old."""
    found: dict[str, list[Told]] = {name: [] for name in GROUPS}
    for decision in intake.decisions:
        found[group_of(decision)].append(tell(visit, decision, (renamed or {})))
    for one in skipped:
        reason = visit.language.gettext(one.reason)
        found["left-out"].append(Told(one.name, (reason,)))
    return {name: tuple(lines) for name, lines in found.items()}


def group_of(decision: Decision) -> str:
    """Return the name of the group that a decision is told in."""
    if decision.status is Status.NOT_IMPORTED:
        # Only what was there before is preserved; two of a file that are called alike are not.
        there = isinstance(decision.problem, AliasExists) and decision.current is not None
        return "preserved" if there else "left-out"
    return {
        Status.NEW: "added",
        Status.CHANGED: "overwritten",
        Status.UNCHANGED: "preserved",
        Status.REMOVED: "removed",
    }[decision.status]


def tell(visit: Visit, decision: Decision, renamed: Mapping[str, str]) -> Told:
    """Return what is said of one entry."""
    arrival = decision.arrival
    fingerprint = ""
    if arrival is not None and decision.status in (Status.NEW, Status.CHANGED) and arrival.trusted:
        fingerprint = arrival.chain[0].fingerprint
    return Told(decision.alias, tuple(_remarks(visit, decision, renamed)), fingerprint)


def _remarks(visit: Visit, decision: Decision, renamed: Mapping[str, str]) -> Iterator[str]:
    arrival, current, code = decision.arrival, decision.current, visit.language.code
    if decision.problem is not None:
        if current is not None and isinstance(decision.problem, AliasExists):
            yield visit.text("An entry with this alias and other content is there; it stays.")
        else:
            yield problem_texts.detail(decision.problem, code)
    elif arrival is None:
        if decision.alias in renamed:
            yield visit.text("In the backup it is called {alias}.", alias=renamed[decision.alias])
    elif current is not None and decision.status is Status.CHANGED:
        yield from _differences(visit, arrival, current)
    elif decision.status is Status.NEW:
        yield f"{words.of(arrival.type, code)}, {arrival.chain[0].subject}"
        if decision.alias in renamed:
            now = renamed[decision.alias]
            yield visit.text("It was renamed meanwhile: now it is called {alias}.", alias=now)


def _differences(visit: Visit, arrival: Arrival, current: EntryState) -> Iterator[str]:
    """Yield in words what of an entry changes."""
    if arrival.type is not current.type:
        if arrival.type is EntryType.KEY_PAIR:
            yield visit.text("A key pair takes the place of a certificate.")
        else:
            yield visit.text("A certificate takes the place of a key pair.")
        return
    if arrival.public_key_sha256 != current.content.public_key_sha256:
        yield visit.text("It gets another private key.")
    if tuple(one.fingerprint for one in arrival.chain) != current.content.chain:
        yield visit.text("It gets another certificate or chain.")
    if arrival.usage not in (None, current.usage):
        yield visit.text("Its usage changes.")
    if arrival.trusted != current.trusted:
        if arrival.trusted:
            yield visit.text("It becomes a trust anchor.")
        else:
            yield visit.text("It is no trust anchor any longer.")
    if arrival.pending is not None:
        yield visit.text("The pending key of then comes back.")
    elif current.pending is not None and arrival.private_key_id is not None:
        yield visit.text("Its pending key is given up.")
