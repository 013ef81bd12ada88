"""What the desk hands over the counter besides the values that all rooms share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from keysteward.entries import Entry, EntryType, Plan, SigningRequest
from keysteward.keystore.intake import Decision, Intake, Mode, Status
from keysteward.keystore.provider_keys import HistoryKey, NewProviderKey
from keysteward.pki.certificates import Certificate
from keysteward.problems import Problem
from keysteward.values import Fingerprint, Notice


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry with what is shown beside it."""

    entry: Entry
    requests: tuple[SigningRequest, ...] = ()
    provided: NewProviderKey | HistoryKey | None = None
    """Of an entry among the provider's new keys or in its history; None of a current one."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry after an upload, and what is worth saying of its content."""

    entry: Entry
    notices: tuple[Notice, ...]
    changed: bool = True
    """False: the entry had this content already; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with its digest, and the version that the entry is in now."""

    plan: Plan
    version: int
    digest: Fingerprint


@dataclass(frozen=True, slots=True)
class Expected:
    """What an upload must be planned against, so that it is not refused; None for anything."""

    version: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one entry of many that come in at once, as it is shown."""

    alias: str
    status: Status
    type: EntryType | None
    trusted: bool | None
    """Of the entry that comes, or of the one that is removed."""
    sha256: Fingerprint | None
    """Of the certificate that comes; None for an entry that is removed."""
    subject: str | None
    not_after: datetime | None
    remark: str
    """What else is to be known, as a clause; usually empty."""
    problem: Problem | None

    @classmethod
    def of(cls, decision: Decision) -> "Fate":
        """Return what a decision amounts to."""
        entry = decision.arrival or decision.current
        chain = decision.arrival.chain if decision.arrival else ()
        return cls(
            alias=decision.alias,
            status=decision.status,
            type=entry.type if entry else None,
            trusted=entry.trusted if entry else None,
            sha256=chain[0].fingerprint if chain else None,
            subject=chain[0].subject if chain else None,
            not_after=chain[0].not_after if chain else None,
            remark=decision.remark,
            problem=decision.problem,
        )


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an import, a restore or a copy means: the fate of every entry that it is about."""

    mode: Mode
    fates: tuple[Fate, ...]

    @classmethod
    def of(cls, intake: Intake) -> "Prospect":
        """Return what a plan of the keystore amounts to."""
        return cls(intake.mode, tuple(map(Fate.of, intake.decisions)))

    def count(self, status: Status) -> int:
        """Return how many entries have this fate."""
        return sum(fate.status is status for fate in self.fates)

    @property
    def changes_anything(self) -> bool:
        """Whether carrying it out would write anything."""
        return any(f.status in (Status.NEW, Status.CHANGED, Status.REMOVED) for f in self.fates)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a keystore file that becomes no entry, and why, as a clause."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportProspect:
    """What an import of a file means."""

    format: str
    file_sha256: Fingerprint
    proven: bool
    """Whether a password has shown that nothing was altered after the file was written."""
    prospect: Prospect
    skipped: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class ActivationStep:
    """What an activation means for one alias, or what came of it."""

    alias: str
    chain: tuple[Certificate, ...] = ()
    """Of the new key, end-entity first; empty if there is a problem."""
    replaced: Certificate | None = None
    """What is active until then; None if the entry is made."""
    replaced_version: int | None = None
    notices: tuple[Notice, ...] = ()
    version: int | None = None
    """The entry's version afterwards; None of a plan."""
    history_alias: str | None = None
    """Where the old pair is afterwards; None if there was none."""
    problem: Problem | None = None


Accept = Callable[[Prospect], None]
"""Is shown a plan before it is carried out, and raises to refuse it."""

AcceptImport = Callable[[ImportProspect], None]
"""The same for the import of a file."""
