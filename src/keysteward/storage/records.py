"""The values that only storage takes and gives: what a transaction writes, what queries find."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from keysteward.entries import Entry, EntryType, Owner, Reason, SigningRequest
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.values import Alias, Fingerprint


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
