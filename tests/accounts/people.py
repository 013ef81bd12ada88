"""Users and API clients as tests make them, and a look at how much work a sign-in was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from argon2 import PasswordHasher, profiles

from keysteward.accounts import clients, passwords, users
from keysteward.accounts.clients import ClientSecret
from keysteward.accounts.principals import Account, AccountKind
from keysteward.keystore.steward import Steward
from keysteward.rights import Role
from keysteward.storage.records import AuditRow
from keysteward.values import Secret
from tests.steward import TENANT

PASSWORD = Secret(b"a password for tests")
OTHER = Secret(b"another one for tests")
WRONG = Secret(b"not the right password")

ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
OPERATOR = frozenset({Role.OPERATOR})
VIEWER = frozenset({Role.VIEWER})

USER, CLIENT = AccountKind.USER, AccountKind.CLIENT

HERE, THERE = "192.0.2.1", "198.51.100.7"


def add_user(
    steward: Steward,
    name: str = "ann",
    roles: frozenset[Role] = OPERATOR,
    keystores: frozenset[str] | None = None,
) -> Account:
    """Make a user with PASSWORD."""
    return users.add_user(steward, TENANT, name, PASSWORD, roles, keystores)[0]


def add_client(
    steward: Steward,
    name: str = "pipeline",
    roles: frozenset[Role] = OPERATOR,
    keystores: frozenset[str] | None = None,
) -> ClientSecret:
    """Make an API client and return its secret."""
    return clients.add_client(steward, TENANT, name, roles, keystores)[1]


def rows(steward: Steward) -> list[AuditRow]:
    """Return the installation's rows of the audit log, the first one first."""
    return list(steward.store.audit_log.read(None))


def words(steward: Steward) -> list[tuple[str, str, str]]:
    """Return who did what with which outcome."""
    return [(row.actor, row.action, row.outcome) for row in rows(steward)]


class Counting(PasswordHasher):
    """Argon2 as it is, counted."""

    done = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """Count and compute."""
        self.done += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # its name there
        """Count and compute."""
        self.done += 1
        return super().verify(hash, password)


@contextmanager
def counting() -> Iterator[Counting]:
    """Count the computations of Argon2 in a block."""
    real = passwords._HASHER
    counter = Counting.from_parameters(profiles.RFC_9106_LOW_MEMORY)
    assert isinstance(counter, Counting)
    passwords._HASHER = counter
    try:
        yield counter
    finally:
        passwords._HASHER = real
