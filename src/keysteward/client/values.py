"""What a server tells of a keystore, as frozen values.

Times are aware UTC, fingerprints lower-case hexadecimal digits of SHA-256, chains end-entity first.
They are read from JSON by name: members that a newer server adds are passed over.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from keysteward.values import Fingerprint, Notice

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """A part of a list; ``next`` is the cursor of the part after it, None at the end."""

    items: tuple[_Item, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A kind of public key: RSA, EC, Ed25519, …; ``size`` in bits."""

    type: str
    size: int
    curve: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate; ``der`` is the truth, the rest is read from it."""

    sha256: Fingerprint
    sha1: str
    subject: str
    issuer: str
    serial_number: str
    """Hexadecimal, upper case."""
    not_before: datetime
    not_after: datetime
    key: Key
    signature_algorithm: str
    public_key_sha256: Fingerprint
    self_signed: bool
    der: bytes = field(repr=False)
    san: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an entry."""

    number: int
    reason: str
    created_at: datetime
    created_by: str
    chain: tuple[Certificate, ...]
    note: str | None = None
    file_sha256: Fingerprint | None = None
    has_private_key: bool = False

    @property
    def certificate(self) -> Certificate:
        """The end-entity certificate."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A signing request (PKCS#10) that was written for an entry."""

    id: int
    created_at: datetime
    created_by: str
    public_key_sha256: Fingerprint
    answered_at: datetime | None = None
    der: bytes = field(default=b"", repr=False)
    """Only told where the requests themselves are asked for."""


@dataclass(frozen=True, slots=True)
class WaitingKey:
    """What is known of a new key of the provider besides its entry."""

    arrived_at: datetime
    held: bool
    replaces_until: datetime | None = None
    activates_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """When a key of the provider's history was the active one."""

    original_alias: str
    sequence: int
    active_from: datetime
    activated_by: str
    active_until: datetime
    deactivated_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with its current version and, if it has one, its pending one."""

    id: int
    alias: str
    type: str
    owner: str
    view: str
    usage: str
    trusted: bool
    version: Version
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    pending: Version | None = None
    waiting_since: datetime | None = None
    deleted_at: datetime | None = None
    keystore: str = ""
    requests: tuple[SigningRequest, ...] = ()
    backups: tuple[str, ...] = ()
    """Names of those that hold a version of it."""
    waiting_key: WaitingKey | None = None
    activation: Activation | None = None

    @property
    def etag(self) -> str:
        """The state that a change can be made to depend on (``if_match``)."""
        pending = f"-{self.pending.number}" if self.pending else ""
        return f'"{self.id}-{self.version.number}{pending}"'


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """One line of a list of entries."""

    id: int
    alias: str
    type: str
    owner: str
    usage: str
    trusted: bool
    version: int
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key: Key
    signature_algorithm: str
    sha256: Fingerprint
    self_signed: bool
    modified_at: datetime
    pending: int | None = None
    waiting_since: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry after an upload, and what is worth saying of its content."""

    entry: Entry
    notices: tuple[Notice, ...] = ()
    changed: bool = True
    """False: it had this content already; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Link:
    """A certificate of a planned chain; ``source`` is ``response`` or ``keystore``."""

    certificate: Certificate
    source: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload or a rollback would do, or has done."""

    outcome: str
    """``accept``, or ``warn`` if at least one notice is a warning."""
    alias: str
    base_version: int
    """The version that was planned against."""
    version: int
    """The version that the entry is in now."""
    digest: Fingerprint
    """Over all of it: what to name when it is carried out."""
    chain: tuple[Link, ...]
    replaced: Certificate
    reason: str | None = None
    """None: the identical chain is current already."""
    restores: int | None = None
    notices: tuple[Notice, ...] = ()
    overridden: tuple[str, ...] = ()
    confirms_root: Fingerprint | None = None
    committed: bool = False
    base_pending: int | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one entry of many.

    ``status`` is new, changed, unchanged, removed or not-imported; ``problem`` the RFC 9457
    document of what stands in the way, see ``refusals.problem_of``.
    """

    alias: str
    status: str
    type: str | None = None
    trusted: bool | None = None
    sha256: Fingerprint | None = None
    subject: str | None = None
    not_after: datetime | None = None
    remark: str = ""
    problem: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a restore or a copy would do to each entry, or has done."""

    digest: Fingerprint
    mode: str
    decisions: tuple[Fate, ...]
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a keystore file that becomes no entry, and why, as a clause."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportProspect:
    """What an import of a keystore file would do, or has done."""

    digest: Fingerprint
    mode: str
    decisions: tuple[Fate, ...]
    format: str
    file_sha256: Fingerprint
    proven: bool
    """Whether a password has shown that nothing in the file was altered."""
    skipped: tuple[Skipped, ...] = ()
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Backup:
    """A named snapshot of the tenant's entries; ``size`` is how many it holds."""

    name: str
    size: int
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class BackupContents:
    """A backup with its entries as they were."""

    name: str
    size: int
    created_at: datetime
    created_by: str
    entries: tuple[ListedEntry, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An alias that is not now as a backup holds it.

    ``since`` is new, removed or changed; ``parts`` says what of a changed entry differs.
    """

    alias: str
    since: str
    parts: tuple[str, ...] = ()
    renamed: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A backup beside the entries of today."""

    backup: Backup
    unchanged: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key of the provider that waits to be activated."""

    entry: ListedEntry
    arrived_at: datetime
    held: bool
    replaces_until: datetime | None = None
    activates_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryKey:
    """A key of the provider that was replaced."""

    entry: ListedEntry
    activation: Activation


@dataclass(frozen=True, slots=True)
class ActivationStep:
    """What an activation means for one alias, or has done."""

    alias: str
    creates: bool
    chain: tuple[Certificate, ...]
    outcome: str | None = None
    replaced: Certificate | None = None
    replaced_version: int | None = None
    notices: tuple[Notice, ...] = ()
    version: int | None = None
    history_alias: str | None = None
    problem: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Activations:
    """The plan of activations, or what came of them."""

    digest: Fingerprint
    committed: bool
    activations: tuple[ActivationStep, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A signing response judged without a keystore."""

    outcome: str
    chain: tuple[Link, ...]
    notices: tuple[Notice, ...]
    not_checked: tuple[str, ...] = ()
    problem: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file that the server gave, under a name that is safe on every system."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    notices: tuple[Notice, ...] = ()
