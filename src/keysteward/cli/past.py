"""What an alias stood for in the past, as it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from keysteward.keystore.chronicle import Active, Answer, Assent, Life
from keysteward.pki.certificates import Certificate
from keysteward.storage.records import AuditRow
from keysteward.values import Fingerprint


@dataclass(frozen=True, slots=True)
class PastCertificate:
    """A certificate of the chain; of one that is not there any more only the fingerprint."""

    sha256: str
    subject: str | None = None
    issuer: str | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """A time during which an entry had an alias."""

    alias: str
    since: datetime
    since_action: str
    until: datetime | None
    until_action: str | None


@dataclass(frozen=True, slots=True)
class PastLife:
    """One entry through its time."""

    entry_id: int
    now: str | None
    """What it is called today; None if it is deleted or purged."""
    purged: bool
    periods: tuple[PastPeriod, ...]


@dataclass(frozen=True, slots=True)
class PastActive:
    """The certificate that was active, and why."""

    life: PastLife
    alias_row: AuditRow
    """What gave the entry its alias."""
    version: int
    row: AuditRow
    """What made it the active one."""
    reason: str
    chain: tuple[PastCertificate, ...]
    """End-entity first; empty if the entry was purged and the log does not say."""
    file_sha256: str | None
    note: str | None
    assents: tuple[Assent, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What an alias stood for at some time, and every entry that ever had it."""

    alias: str
    at: datetime
    active: PastActive | None
    lives: tuple[PastLife, ...]


def of_answer(answer: Answer) -> Past:
    """Return what the chronicle of a keystore told."""
    lives = {life.entry_id: _life(life) for life in answer.lives}
    active = None
    if answer.active is not None:
        active = _active(answer.active, lives[answer.active.life.entry_id])
    return Past(answer.alias, answer.at, active, tuple(lives.values()))


def _active(active: Active, life: PastLife) -> PastActive:
    known = {certificate.fingerprint: certificate for certificate in active.certificates}
    return PastActive(
        life=life,
        alias_row=active.alias_since,
        version=active.version,
        row=active.row,
        reason=active.reason.value,
        chain=tuple(_certificate(sha256, known) for sha256 in active.fingerprints),
        file_sha256=active.file_sha256,
        note=active.note,
        assents=active.assents,
    )


def _certificate(sha256: Fingerprint, known: Mapping[Fingerprint, Certificate]) -> PastCertificate:
    found = known.get(sha256)
    if found is None:
        return PastCertificate(sha256)
    return PastCertificate(sha256, found.subject, found.issuer, found.not_after)


def _life(life: Life) -> PastLife:
    periods = (
        PastPeriod(
            period.alias,
            period.since.at,
            period.since.action,
            None if period.until is None else period.until.at,
            None if period.until is None else period.until.action,
        )
        for period in life.periods
    )
    return PastLife(life.entry_id, life.now, life.purged, tuple(periods))
