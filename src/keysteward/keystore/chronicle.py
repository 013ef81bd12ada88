"""What an alias stood for at some time: the audit log says when, the versions say what.

An entry is its id: it keeps it through renames, deletion and return, and none is given twice. So
the entries that ever had an alias are looked up first, then the rows about each are followed from
its beginning. Of a purged entry the log alone is left, and the certificates, which stay.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from keysteward.entries import Action, Reason, Version, View
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.problems import AliasNotFound, VersionNotFound
from keysteward.storage.audit import DONE
from keysteward.storage.records import AuditRow, Base
from keysteward.values import Alias, Fingerprint

_ENDS = frozenset({Action.DELETE, Action.PURGE})
_MOVES = frozenset({Action.RENAME, Action.UNDELETE})
_REASONS: dict[str, Reason] = {
    Action.GENERATE: Reason.GENERATED,
    Action.ADD_KEY_PAIR: Reason.UPLOADED,
    Action.ADD_SSH_KEY: Reason.UPLOADED,
    Action.ADD_RSA_KEY: Reason.UPLOADED,
    Action.ADD_CERTIFICATE: Reason.UPLOADED,
    **{reason.value: reason for reason in set(Reason) - {Reason.RENEWAL, Reason.RENAMED}},
}
"""Why a version became the current one, by the action of the row that says so."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Period:
    """A time during which an entry had an alias."""

    alias: Alias
    since: AuditRow
    until: AuditRow | None
    """What ended it: a rename, a deletion, a purge. None if it has the alias still."""


@dataclass(frozen=True, slots=True)
class Life:
    """One entry through its time in the view of current entries."""

    entry_id: int
    periods: tuple[Period, ...]
    purged: bool

    @property
    def now(self) -> Alias | None:
        """What it is called today; None if it is deleted or purged."""
        last = self.periods[-1]
        return last.alias if last.until is None else None


@dataclass(frozen=True, slots=True)
class Assent:
    """Somebody's word with which a certificate was taken: a confirmed root, or an override."""

    what: str
    """``root``, or the slug of the problem that was overridden."""
    fingerprint: Fingerprint | None
    """Of the root, SHA-256."""
    by: str
    at: datetime
    row: AuditRow | None
    """What was done then; None for a confirmation that was given with another entry."""


@dataclass(frozen=True, slots=True)
class Active:
    """The certificate that was active, and why."""

    life: Life
    alias_since: AuditRow
    """Since when the entry had the alias."""
    version: int
    row: AuditRow
    """What made it the active one."""
    reason: Reason
    fingerprints: tuple[Fingerprint, ...]
    """Of the chain, end-entity first; empty if the entry was purged and the log does not say."""
    certificates: tuple[Certificate, ...]
    """Those of the chain that are still there."""
    file_sha256: str | None
    note: str | None
    assents: tuple[Assent, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an alias stood for at some time, and every entry that ever had it."""

    alias: Alias
    at: datetime
    active: Active | None
    """None if no entry had the alias then."""
    lives: tuple[Life, ...]
    """By their first row."""


def active_at(steward: Steward, alias: str, at: datetime) -> Answer:
    """Tell which certificate was active under an alias at a time, and how that came.

    What was written up to ``at``, this moment included, counts; a row that a clock put back dated
    earlier than the one before it counts together with that. Raises AliasNotFound if no entry ever
    had the alias.
    """
    found = {entry_id: _changes(steward, entry_id) for entry_id in _candidates(steward, alias)}
    # A key of the provider that waits, or is in the history, is another entry of the same alias.
    changes = {entry_id: rows for entry_id, rows in found.items() if any(map(reason_of, rows))}
    lives = [_life(entry_id, rows) for entry_id, rows in changes.items()]
    lives = [life for life in lives if any(period.alias == alias for period in life.periods)]
    if not lives:
        raise AliasNotFound(alias, steward.settings.keystore)
    lives.sort(key=lambda life: life.periods[0].since.sequence)
    passed = (r.sequence for life in lives for r in changes[life.entry_id] if r.at <= at)
    last = max(passed, default=0)
    held = [
        (period, life)
        for life in lives
        for period in life.periods
        if period.alias == alias
        and period.since.sequence <= last
        and (period.until is None or period.until.sequence > last)
    ]
    active = None
    if held:
        period, life = max(held, key=lambda one: one[0].since.sequence)
        past = [row for row in changes[life.entry_id] if row.sequence <= last]
        active = _active(steward, life, period, past)
    return Answer(Alias(alias), at, active, tuple(lives))


def reason_of(row: AuditRow) -> Reason | None:
    """Return why a version became current, or None for a row that says of none that it did."""
    return _REASONS.get(row.action)


def _candidates(steward: Steward, alias: str) -> Iterator[int]:
    """Yield the entries that may have had an alias.

    The log names all but one by it: the present one, if it was renamed and nothing came after.
    """
    found = dict.fromkeys(steward.store.audit_log.list_entries_of_alias(steward.keystore_id, alias))
    present = steward.store.find_entry(steward.keystore_id, alias)
    yield from found if present is None else {**found, present.id: None}


def _changes(steward: Steward, entry_id: int) -> list[AuditRow]:
    """Return what changed an entry's names, its life or its certificate, in order."""
    return [
        row
        for row in steward.store.audit_log.read_of_entry(steward.keystore_id, entry_id)
        if row.outcome == DONE
        and row.detail.get("view", View.CURRENT) == View.CURRENT
        and (row.action in _ENDS or row.action in _MOVES or reason_of(row) is not None)
    ]


def _life(entry_id: int, changes: Sequence[AuditRow]) -> Life:
    starts: list[tuple[str | None, AuditRow]] = []
    alias: str | None = None
    for row in changes:
        named = None if row.action in _ENDS else row.detail.get("new_alias", row.alias)
        if named != alias:
            alias = named if isinstance(named, str) else None
            starts.append((alias, row))
    ends = [*(row for _, row in starts[1:]), None]
    periods = tuple(
        Period(Alias(name), row, end)
        for (name, row), end in zip(starts, ends, strict=True)
        if name is not None
    )
    return Life(entry_id, periods, changes[-1].action == Action.PURGE)


def _active(steward: Steward, life: Life, period: Period, past: Sequence[AuditRow]) -> Active:
    """Return what the last row that made a version current says; ``past`` ends at the moment."""
    made = [row for row in past if reason_of(row) is not None]
    row = made[-1]
    version = _version(steward, row)
    fingerprints = fingerprints_of(steward, row)
    # A chain that came back was accepted when it came first.
    same = [
        one
        for one in made
        if one is row or (fingerprints and fingerprints_of(steward, one) == fingerprints)
    ]
    known = {c.fingerprint: c for c in steward.store.audit_log.find_certificates(fingerprints)}
    return Active(
        life=life,
        alias_since=period.since,
        version=past[-1].version or 1,
        row=row,
        reason=_REASONS[row.action],
        fingerprints=fingerprints,
        certificates=tuple(known[f] for f in fingerprints if f in known),
        file_sha256=_text(row, "file_sha256") or (version.file_sha256 if version else None),
        note=_text(row, "note") or (version.note if version else None),
        assents=tuple(_assents(steward, same, fingerprints)),
    )


def _assents(
    steward: Steward, rows: Sequence[AuditRow], chain: tuple[Fingerprint, ...]
) -> Iterator[Assent]:
    confirmed = False
    for row in rows:
        root = _text(row, "confirmed_root") or _text(row, "confirmed")
        if root is not None:
            confirmed = True
            yield Assent("root", Fingerprint(root), row.actor, row.at, row)
        for slug in _texts(row, "overridden"):
            yield Assent(slug, None, row.actor, row.at, row)
    if chain and not confirmed:
        earlier = steward.store.audit_log.find_confirmation(steward.keystore_id, chain[-1])
        if earlier is not None and earlier[0] <= rows[-1].at:
            yield Assent("root", chain[-1], earlier[1], earlier[0], None)


def fingerprints_of(steward: Steward, row: AuditRow) -> tuple[Fingerprint, ...]:
    """Return the chain that a row made current, as the row or else the version has it."""
    told = _texts(row, "chain") or tuple(filter(None, [_text(row, "sha256")]))
    if told and all(map(_SHA256.fullmatch, told)):
        return tuple(map(Fingerprint, told))
    version = _version(steward, row)
    return tuple(c.fingerprint for c in version.chain) if version else ()


def _version(steward: Steward, row: AuditRow) -> Version | None:
    """Return the version that a row made current, or None if it was purged."""
    if row.entry_id is None or row.version is None:
        return None
    base = Base(Alias(row.alias or ""), row.entry_id, row.version, None)
    try:
        return steward.store.get_version(base, row.version)
    except VersionNotFound:
        return None


def _text(row: AuditRow, member: str) -> str | None:
    found = row.detail.get(member)
    return found if isinstance(found, str) else None


def _texts(row: AuditRow, member: str) -> tuple[str, ...]:
    found = row.detail.get(member)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()
