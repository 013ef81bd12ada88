"""What a server tells of accounts and of the audit log, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keysteward.values import Fingerprint


@dataclass(frozen=True, slots=True)
class Me:
    """Who is signed in, and what that account may do."""

    name: str
    kind: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    keystores: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """A person with a password; ``keystores`` None means all."""

    name: str
    roles: tuple[str, ...]
    keystores: tuple[str, ...] | None
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    disabled_at: datetime | None = None
    must_change_password: bool = False
    one_time_password: str | None = field(default=None, repr=False)
    """Told once, of a user that was just made without a password."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of an API client, without the secret itself unless it was just made."""

    id: int
    created_at: datetime
    expires_at: datetime
    created_by: str = ""
    secret: str | None = field(default=None, repr=False)
    """Told once."""


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A program with secrets that expire; ``keystores`` None means all."""

    name: str
    roles: tuple[str, ...]
    keystores: tuple[str, ...] | None
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    disabled_at: datetime | None = None
    secrets: tuple[Secret, ...] = ()
    secret: Secret | None = None
    """Of a client that was just made."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit log; ``outcome`` is ``done`` or ``refused``."""

    sequence: int
    at: datetime
    actor: str
    action: str
    outcome: str
    alias: str | None = None
    entry_id: int | None = None
    version: int | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the whole audit log found; rows by number, gaps as first and last."""

    clean: bool
    rows: int
    head: str
    broken: tuple[int, ...] = ()
    missing: tuple[tuple[int, int], ...] = ()
    not_linked: tuple[int, ...] = ()
    expected_found: bool | None = None


@dataclass(frozen=True, slots=True)
class PastCertificate:
    """A certificate of a chain that was active; of some only the fingerprint is left."""

    sha256: Fingerprint
    subject: str | None = None
    issuer: str | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assent:
    """Somebody's word with which a certificate was taken.

    ``what`` is ``root``, or the slug of the problem that was overridden.
    """

    what: str
    sha256: Fingerprint | None
    by: str
    at: datetime
    row: AuditRow | None = None


@dataclass(frozen=True, slots=True)
class Active:
    """The certificate that was active, and why; ``row`` is what made it so."""

    entry_id: int
    version: int
    since: datetime
    by: str
    reason: str
    row: AuditRow
    alias_since: datetime
    chain: tuple[PastCertificate, ...]
    assents: tuple[Assent, ...]
    note: str | None = None
    file_sha256: str | None = None
    alias_row: AuditRow | None = None
    """What gave the entry its alias."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time during which an entry had an alias."""

    alias: str
    since: datetime
    since_action: str
    until: datetime | None = None
    until_action: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """One entry through its time; ``alias_now`` is None if it is deleted or purged."""

    entry_id: int
    alias_now: str | None
    purged: bool
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What an alias stood for at some time, and every entry that ever had it."""

    alias: str
    at: datetime
    active: Active | None
    entries: tuple[Life, ...]
