"""What the commands ask of users and API clients, wherever they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keysteward.accounts.clients import Client, ClientSecret
from keysteward.accounts.principals import Account
from keysteward.rights import Role
from keysteward.storage.account_records import StoredSecret
from keysteward.values import Secret

Keystores = frozenset[str] | None
"""Names of those that an account may see; None for all, or for no change."""


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be another with an account; None means as it was."""

    roles: frozenset[Role] | None
    keystores: Keystores
    all_keystores: bool
    """Whether no names of keystores bound it any more."""
    disabled: bool | None


class Users(Protocol):
    """People with a password."""

    def add(
        self, name: str, password: Secret | None, roles: frozenset[Role], keystores: Keystores
    ) -> tuple[Account, Secret | None]:
        """Make a user; return it with its one-time password if none was given."""

    def list_(self) -> Sequence[Account]:
        """Return all, by name."""

    def change(self, name: str, wanted: Change) -> Account:
        """Change what is wanted, at once."""

    def set_password(self, name: str, password: Secret | None) -> tuple[Account, Secret | None]:
        """Give a user another password; return a one-time password if none was given."""

    def remove(self, name: str) -> None:
        """Remove a user."""


class Clients(Protocol):
    """Programs with secrets that expire."""

    def add(
        self, name: str, roles: frozenset[Role], keystores: Keystores, days: int
    ) -> ClientSecret:
        """Make an API client; return its first secret."""

    def list_(self) -> Sequence[Client]:
        """Return all, by name."""

    def change(self, name: str, wanted: Change) -> Client:
        """Change what is wanted, at once."""

    def rotate(self, name: str, days: int) -> tuple[ClientSecret, Sequence[StoredSecret]]:
        """Make another secret; return it, and those that were there."""

    def remove(self, name: str) -> None:
        """Remove an API client."""

    def remove_secret(self, name: str, number: int) -> None:
        """Remove one of its secrets."""
