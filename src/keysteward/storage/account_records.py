"""Accounts, and what the database knows of those who signed in, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from keysteward.rights import Role


class AccountKind(StrEnum):
    """A person with a password, or a program with secrets that expire."""

    USER = "user"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Account:
    """A user or an API client as it is in the database now."""

    id: int
    kind: AccountKind
    name: str
    """Unique among its kind."""
    password_hash: str | None = field(repr=False)
    """Of Argon2id, in its own text form; None for API clients."""
    must_change_password: bool
    roles: frozenset[Role]
    keystores: frozenset[str] | None
    """Names of the keystores that it may see; None for all, also those to come."""
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    disabled_at: datetime | None = None

    @property
    def administers(self) -> bool:
        """Whether a person can manage users with it now."""
        return (
            self.kind is AccountKind.USER
            and Role.ADMINISTRATOR in self.roles
            and self.keystores is None
            and self.disabled_at is None
        )


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account before it has a number."""

    kind: AccountKind
    name: str
    password_hash: str | None = field(repr=False)
    must_change_password: bool
    roles: frozenset[Role]
    keystores: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One secret of an API client; only its digest is kept."""

    id: int
    account_id: int
    sha256: bytes = field(repr=False)
    created_at: datetime
    created_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session that was found by its token, with its account."""

    account: Account
    used_at: datetime
    """Follows the use with a delay; see ``sessions``."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed attempts to sign in with one name from one address."""

    count: int
    first_at: datetime
    last_at: datetime
    blocked_until: datetime
