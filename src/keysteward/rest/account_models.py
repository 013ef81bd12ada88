"""What answers about accounts and the audit log look like."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from keysteward.accounts.principals import AccountKind
from keysteward.rest.models import Model
from keysteward.rights import Permission, Role


class Me(Model, frozen=True, kw_only=True):
    """Who is signed in, and what that account may do."""

    name: str
    kind: AccountKind
    roles: tuple[Role, ...]
    permissions: tuple[Permission, ...]
    keystores: Annotated[tuple[str, ...], Meta(description="Those that exist for the account.")]


class Session(Model, frozen=True, kw_only=True):
    """A session that was begun; the cookie holds it."""

    name: str
    expires_at: datetime
    csrf_token: Annotated[str, Meta(description="To send as X-CSRF-Token with each write.")]
    must_change_password: bool


class Account(Model, frozen=True, kw_only=True):
    """A user, or what is common to users and API clients."""

    name: str
    roles: tuple[Role, ...]
    keystores: Annotated[tuple[str, ...] | None, Meta(description="Null means all.")]
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    disabled_at: datetime | None


class User(Account, frozen=True, kw_only=True):
    """A person with a password."""

    must_change_password: bool


class NewUser(User, frozen=True, kw_only=True):
    """A user that was just made."""

    one_time_password: Annotated[
        str | None, Meta(description="Said this once; null if a password was given.")
    ]


class OneTimePassword(Model, frozen=True, kw_only=True):
    """The password with which the user can do nothing but choose another one."""

    one_time_password: Annotated[
        str | None, Meta(description="Said this once; null if a password was given.")
    ]


class Secret(Model, frozen=True, kw_only=True):
    """A secret of an API client, without the secret itself."""

    id: int
    created_at: datetime
    created_by: str
    expires_at: datetime


class NewSecret(Model, frozen=True, kw_only=True):
    """A secret that was just made."""

    id: int
    secret: Annotated[
        str | None,
        Meta(description="Said this once. Null: it was lost with its answer, make another one."),
    ]
    created_at: datetime
    expires_at: datetime


class Client(Account, frozen=True, kw_only=True):
    """A program with secrets that expire."""

    secrets: tuple[Secret, ...]


class NewClient(Account, frozen=True, kw_only=True):
    """An API client that was just made, with its first secret."""

    secret: NewSecret


class AuditRow(Model, frozen=True, kw_only=True):
    """One row of the audit log."""

    sequence: int
    at: datetime
    actor: str
    action: str
    outcome: Annotated[str, Meta(pattern="^(done|refused)$")]
    alias: str | None
    entry_id: int | None
    version: int | None
    detail: dict[str, Any]


class Verification(Model, frozen=True, kw_only=True):
    """What a walk over the whole audit log found."""

    clean: bool
    rows: int
    head: Annotated[str, Meta(description="Keep it elsewhere: `expect` finds a log cut short.")]
    broken: tuple[int, ...]
    missing: tuple[tuple[int, ...], ...]
    not_linked: tuple[int, ...]
    expected_found: bool | None


class PastCertificate(Model, frozen=True, kw_only=True):
    """A certificate of a chain that was active; of some only the fingerprint is left."""

    sha256: str
    subject: str | None
    issuer: str | None
    not_after: datetime | None


class Assent(Model, frozen=True, kw_only=True):
    """Somebody's word with which a certificate was taken."""

    what: Annotated[str, Meta(description="`root`, or the slug of what was overridden.")]
    sha256: str | None
    by: str
    at: datetime
    row: AuditRow | None


class Active(Model, frozen=True, kw_only=True):
    """The certificate that was active, and why."""

    entry_id: int
    version: int
    since: datetime
    by: str
    reason: str
    note: str | None
    file_sha256: str | None
    row: AuditRow
    alias_since: datetime
    alias_row: Annotated[AuditRow, Meta(description="What gave the entry the alias.")]
    chain: tuple[PastCertificate, ...]
    assents: tuple[Assent, ...]


class Period(Model, frozen=True, kw_only=True):
    """A time during which an entry had an alias."""

    alias: str
    since: datetime
    since_action: str
    until: datetime | None
    until_action: str | None


class Life(Model, frozen=True, kw_only=True):
    """One entry through its time."""

    entry_id: int
    alias_now: str | None
    purged: bool
    periods: tuple[Period, ...]


class Past(Model, frozen=True, kw_only=True):
    """What an alias stood for at some time."""

    alias: str
    at: datetime
    active: Active | None
    entries: tuple[Life, ...]
