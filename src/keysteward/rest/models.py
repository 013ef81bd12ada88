"""What answers look like: encoded as they stand, and described in the OpenAPI document."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from keysteward.entries import EntryType, Owner, Reason, Source, View
from keysteward.keystore.backups import Part, Since
from keysteward.keystore.intake import Mode, Status
from keysteward.pki.usages import Usage
from keysteward.values import Severity

T = TypeVar("T")

Sha256 = Annotated[
    str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256, lower-case hexadecimal digits.")
]


class Model(Struct, frozen=True, kw_only=True):
    """A part of an answer. Members may be added in later versions; none goes or changes."""


class Page(Model, Generic[T], frozen=True, kw_only=True):
    """Some of a list."""

    items: tuple[T, ...]
    next: Annotated[
        str | None,
        Meta(description="Give it as `cursor` to get what follows; null at the end of the list."),
    ] = None


class Key(Model, frozen=True, kw_only=True):
    """A kind of key."""

    type: Annotated[str, Meta(examples=["RSA", "EC", "Ed25519"])]
    size: Annotated[int, Meta(description="In bits.", examples=[2048])]
    curve: Annotated[str | None, Meta(examples=["secp256r1"])]


class Certificate(Model, frozen=True, kw_only=True):
    """An X.509 certificate; `der` is the truth, the rest is read from it."""

    sha256: Sha256
    sha1: str
    sha512: str
    subject: Annotated[str, Meta(description="For people (RFC 4514).")]
    issuer: Annotated[str, Meta(description="For people (RFC 4514).")]
    serial_number: Annotated[str, Meta(description="Hexadecimal, upper case.")]
    not_before: datetime
    not_after: datetime
    san: Annotated[tuple[str, ...], Meta(examples=[["DNS:shop.example.test"]])]
    key: Key
    signature_algorithm: str
    public_key_sha256: Annotated[
        str, Meta(description="Of the SubjectPublicKeyInfo; what a signing response must match.")
    ]
    self_signed: bool
    der: bytes


class Notice(Model, frozen=True, kw_only=True):
    """Something accepted that is still worth saying."""

    slug: str
    severity: Severity
    detail: str


class Version(Model, frozen=True, kw_only=True):
    """One state of an entry."""

    number: int
    reason: Reason
    created_at: datetime
    created_by: str
    note: str | None
    file_sha256: str | None
    has_private_key: bool
    chain: Annotated[tuple[Certificate, ...], Meta(description="End-entity certificate first.")]


class RequestRecord(Model, frozen=True, kw_only=True):
    """A signing request that was written for an entry."""

    id: int
    created_at: datetime
    created_by: str
    answered_at: datetime | None
    public_key_sha256: str


class SigningRequest(RequestRecord, frozen=True, kw_only=True):
    """A signing request with what was sent to the CA."""

    der: bytes


class WaitingKey(Model, frozen=True, kw_only=True):
    """What is known of a new key of the provider besides its entry."""

    arrived_at: datetime
    held: Annotated[bool, Meta(description="Whether it waits for a person instead of its day.")]
    replaces_until: datetime | None
    activates_at: datetime | None


class Activation(Model, frozen=True, kw_only=True):
    """When a key of the provider's history was the active one."""

    original_alias: str
    sequence: int
    active_from: datetime
    activated_by: str
    active_until: datetime
    deactivated_by: str


class Entry(Model, frozen=True, kw_only=True):
    """An entry with its current version and, if it has one, its pending one."""

    id: Annotated[int, Meta(description="Never given twice, also not after a purge.")]
    keystore: str
    alias: str
    type: EntryType
    owner: Owner
    view: View
    usage: Usage
    trusted: bool
    version: Version
    pending: Version | None
    waiting_since: Annotated[
        datetime | None, Meta(description="Since when a signing request waits for its response.")
    ]
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    deleted_at: datetime | None
    requests: tuple[RequestRecord, ...]
    backups: Annotated[
        tuple[str, ...], Meta(description="Names of the backups that hold a version of it.")
    ]
    waiting_key: Annotated[WaitingKey | None, Meta(description="In the view `new` alone.")]
    activation: Annotated[Activation | None, Meta(description="In the view `history` alone.")]


class ListedEntry(Model, frozen=True, kw_only=True):
    """A line of a list of entries."""

    id: int
    alias: str
    type: EntryType
    owner: Owner
    usage: Usage
    trusted: bool
    version: int
    pending: int | None
    waiting_since: datetime | None
    modified_at: datetime
    deleted_at: datetime | None
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key: Key
    signature_algorithm: str
    sha256: str
    self_signed: bool


class StoredEntry(Model, frozen=True, kw_only=True):
    """An entry after an upload."""

    entry: Entry
    notices: tuple[Notice, ...]
    changed: Annotated[
        bool, Meta(description="False: it had this content already, nothing was stored.")
    ]


class Link(Model, frozen=True, kw_only=True):
    """A certificate of a planned chain, and where it came from."""

    certificate: Certificate
    source: Source


class Plan(Model, frozen=True, kw_only=True):
    """What an upload or a rollback would do, or has done."""

    outcome: Annotated[str, Meta(pattern="^(accept|warn)$")]
    alias: str
    base_version: Annotated[int, Meta(description="The version that was planned against.")]
    base_pending: Annotated[int | None, Meta(description="The pending version at that time.")]
    version: Annotated[int, Meta(description="The version that the entry is in now.")]
    digest: Annotated[
        str, Meta(description="Over all of the plan: what to name when it is carried out.")
    ]
    reason: Annotated[
        Reason | None, Meta(description="Null: the identical chain is current already.")
    ]
    restores: Annotated[int | None, Meta(description="The version that a rollback brings back.")]
    chain: tuple[Link, ...]
    replaced: Certificate
    notices: tuple[Notice, ...]
    overridden: tuple[str, ...]
    confirms_root: str | None
    committed: bool


class ProblemDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal (RFC 9457). Further members say what the problem is about."""

    type: Annotated[str, Meta(description="An address with the same in more words.")]
    title: str
    status: int
    detail: str
    slug: Annotated[str, Meta(description="Never changes.")]
    override: Annotated[bool, Meta(description="Whether `overrides` may name the slug.")]
    instance: Annotated[str, Meta(description="The request's id, as in the server's log.")] = ""
    members: Annotated[
        dict[str, Any],
        Meta(description="Of a problem inside another answer: what it is about."),
    ] = {}


class Fate(Model, frozen=True, kw_only=True):
    """What becomes of one entry of many."""

    alias: str
    status: Status
    type: EntryType | None
    trusted: bool | None
    sha256: str | None
    subject: str | None
    not_after: datetime | None
    remark: str
    problem: ProblemDetails | None


class Counts(Struct, frozen=True, rename="kebab"):
    """How many entries have which fate."""

    new: int
    changed: int
    unchanged: int
    removed: int
    not_imported: int


class Prospect(Model, frozen=True, kw_only=True):
    """What a restore or a copy would do to each entry, or has done."""

    digest: str
    committed: bool
    mode: Mode
    counts: Counts
    decisions: tuple[Fate, ...]


class Skipped(Model, frozen=True, kw_only=True):
    """Something in a keystore file that becomes no entry, and why."""

    name: str
    reason: str


class ImportProspect(Prospect, frozen=True, kw_only=True):
    """What an import would do, or has done."""

    format: str
    file_sha256: str
    proven: Annotated[
        bool, Meta(description="Whether a password has shown that nothing in it was altered.")
    ]
    skipped: tuple[Skipped, ...]


class Backup(Model, frozen=True, kw_only=True):
    """A named snapshot of the tenant's entries."""

    name: str
    size: int
    created_at: datetime
    created_by: str


class BackupContents(Backup, frozen=True, kw_only=True):
    """A backup with its entries as they were."""

    entries: tuple[ListedEntry, ...]


class Difference(Model, frozen=True, kw_only=True):
    """An alias that is not now as the backup holds it."""

    alias: str
    since: Since
    parts: tuple[Part, ...]
    renamed: str | None


class Comparison(Model, frozen=True, kw_only=True):
    """A backup beside the entries of today."""

    backup: Backup
    unchanged: int
    differences: tuple[Difference, ...]


class Destroyed(Model, frozen=True, kw_only=True):
    """What went for good."""

    keys_destroyed: int


class Keystore(Model, frozen=True, kw_only=True):
    """A tenant keystore of this installation."""

    name: str


class NewKey(Model, frozen=True, kw_only=True):
    """A key of the provider that waits to be activated."""

    entry: ListedEntry
    arrived_at: datetime
    held: bool
    replaces_until: datetime | None
    activates_at: datetime | None


class HistoryKey(Model, frozen=True, kw_only=True):
    """A key of the provider that was replaced."""

    entry: ListedEntry
    activation: Activation


class ActivationStep(Model, frozen=True, kw_only=True):
    """What an activation means for one alias, or has done."""

    alias: str
    outcome: str | None
    creates: Annotated[bool, Meta(description="Whether the alias has no active key yet.")]
    chain: tuple[Certificate, ...]
    replaced: Certificate | None
    replaced_version: int | None
    notices: tuple[Notice, ...]
    version: int | None
    history_alias: str | None
    problem: ProblemDetails | None


class Activations(Model, frozen=True, kw_only=True):
    """The plan of activations, or what came of them."""

    digest: str
    committed: bool
    activations: tuple[ActivationStep, ...]


class Judgement(Model, frozen=True, kw_only=True):
    """A signing response judged without a keystore."""

    outcome: Annotated[str, Meta(pattern="^(accept|warn|reject)$")]
    chain: tuple[Link, ...]
    notices: tuple[Notice, ...]
    not_checked: tuple[str, ...]
    problem: ProblemDetails | None
