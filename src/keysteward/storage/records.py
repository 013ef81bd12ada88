"""The values that only storage takes and gives: what a transaction writes, what queries find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from keysteward.entries import Entry, EntryType, Owner, Reason, SigningRequest, View
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.sealing.sealer import SealedKey, SealingContext
from keysteward.values import Alias, Fingerprint

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Whose rows a transaction writes, and when."""

    keystore_id: int
    actor: str
    at: datetime

    @property
    def now(self) -> int:
        """The time as the database keeps it: microseconds since 1970."""
        return (self.at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Base:
    """The state of an entry that a change was planned against."""

    alias: Alias
    entry_id: int
    version: int
    pending: int | None

    @classmethod
    def of(cls, entry: Entry) -> "Base":
        """Return the state in which an entry was read."""
        pending = entry.pending.number if entry.pending else None
        return cls(entry.alias, entry.id, entry.version.number, pending)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What an entry is from its beginning."""

    alias: Alias
    type: EntryType
    owner: Owner
    usage: Usage
    trusted: bool = False
    view: View = View.CURRENT


@dataclass(frozen=True, slots=True)
class NewKey:
    """A private key before it has a row; ``seal`` seals it for the row that it gets."""

    public_key_sha256: Fingerprint
    seal: Callable[[SealingContext], SealedKey]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version before it has a number. The chain is end-entity first and never empty."""

    reason: Reason
    chain: tuple[Certificate, ...]
    private_key_id: int | None
    file_sha256: Fingerprint | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPairView:
    """All that an upload needs to know of a key pair, with the latest request for either key."""

    entry: Entry
    request: SigningRequest | None
    pending_request: SigningRequest | None


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """A version of a living entry that holds a private key."""

    alias: Alias
    entry_id: int
    number: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds, by fingerprints; the chain is end-entity first."""

    chain: tuple[Fingerprint, ...]
    public_key_sha256: Fingerprint | None
    """Of the private key; None for a lone certificate."""
    private_key_id: int | None


@dataclass(frozen=True, slots=True)
class EntryState:
    """What comparing many entries needs of each: of Current, or as a backup holds it."""

    entry_id: int
    alias: Alias
    type: EntryType
    owner: Owner
    usage: Usage
    trusted: bool
    version: int
    pending: int | None
    content: Content
    pending_content: Content | None

    @property
    def base(self) -> Base:
        """The state to name in a change."""
        return Base(self.alias, self.entry_id, self.version, self.pending)


@dataclass(frozen=True, slots=True)
class Backup:
    """A consistent snapshot of the tenant's entries; ``size`` is how many it holds."""

    id: int
    name: str
    size: int
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Activation:
    """What the history says of a key that the provider replaced (the entry ``[n]_alias``)."""

    entry_id: int
    original_alias: Alias
    sequence: int
    """Counts from 1 for each original alias."""
    active_from: datetime
    activated_by: str
    active_until: datetime
    deactivated_by: str


@dataclass(frozen=True, slots=True)
class WaitingKey:
    """What is known of a key in the view ``new`` besides its entry."""

    entry_id: int
    arrived_at: datetime
    """When its current version came."""
    held: bool
    """Whether it waits for a person instead of its day."""
    replaces_until: datetime | None
    """The end of the active key's certificate; None if the alias has no active key."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows of the audit log are asked for; what is None is no condition."""

    alias: str | None = None
    """The alias that the row names; a renamed entry has rows under each of its aliases."""
    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The last moment that is asked for; aware, as ``since``."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit log. ``outcome`` is ``done`` or ``refused``."""

    sequence: int
    keystore_id: int | None
    at: datetime
    actor: str
    action: str
    outcome: str
    alias: str | None
    entry_id: int | None
    version: int | None
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that its sender may repeat under a key; ``attempt`` tells one try from another."""

    account_id: int
    key: str
    request_sha256: bytes
    attempt: str


class Remembering(Protocol):
    """A write transaction, of whichever rows."""

    def remember(self, repeatable: Repeatable) -> bool:
        """Keep that a request was carried out; see ``answers.remember``."""


Receipt = Callable[[Remembering], None]
"""Leaves a trace in a transaction just before its commit; raises to have all of it undone."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is known of a request that was carried out under a key.

    A process that ended right after the commit left no answer: ``status`` is None then.
    """

    request_sha256: bytes
    attempt: str
    created_at: datetime
    status: int | None
    headers: str | None
    body: bytes | None
