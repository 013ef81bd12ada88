"""Users and API clients of a local installation."""

from collections.abc import Sequence
from dataclasses import dataclass

from keysteward.accounts import clients as client_operations
from keysteward.accounts import users as user_operations
from keysteward.accounts.clients import Client, ClientSecret
from keysteward.accounts.principals import Account
from keysteward.cli.desk_accounts import Change, Clients, Keystores, Users
from keysteward.entries import Caller
from keysteward.keystore.steward import Steward
from keysteward.rights import Role
from keysteward.storage.account_records import StoredSecret
from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class _Users:
    steward: Steward
    caller: Caller

    def add(
        self, name: str, password: Secret | None, roles: frozenset[Role], keystores: Keystores
    ) -> tuple[Account, Secret | None]:
        return user_operations.add_user(self.steward, self.caller, name, password, roles, keystores)

    def list_(self) -> Sequence[Account]:
        return user_operations.list_users(self.steward)

    def change(self, name: str, wanted: Change) -> Account:
        return user_operations.change_user(
            *(self.steward, self.caller, name),
            roles=wanted.roles,
            keystores=wanted.keystores,
            all_keystores=wanted.all_keystores,
            disabled=wanted.disabled,
        )

    def set_password(self, name: str, password: Secret | None) -> tuple[Account, Secret | None]:
        one_time = user_operations.set_password(self.steward, self.caller, name, password)
        return user_operations.get_user(self.steward, name), one_time

    def remove(self, name: str) -> None:
        user_operations.remove_user(self.steward, self.caller, name)


@dataclass(frozen=True, slots=True)
class _Clients:
    steward: Steward
    caller: Caller

    def add(
        self, name: str, roles: frozenset[Role], keystores: Keystores, days: int
    ) -> ClientSecret:
        _, made = client_operations.add_client(
            self.steward, self.caller, name, roles, keystores, days
        )
        return made

    def list_(self) -> Sequence[Client]:
        return client_operations.list_clients(self.steward)

    def change(self, name: str, wanted: Change) -> Client:
        client_operations.change_client(
            *(self.steward, self.caller, name),
            roles=wanted.roles,
            keystores=wanted.keystores,
            all_keystores=wanted.all_keystores,
            disabled=wanted.disabled,
        )
        return client_operations.get_client(self.steward, name)

    def rotate(self, name: str, days: int) -> tuple[ClientSecret, Sequence[StoredSecret]]:
        made = client_operations.add_secret(self.steward, self.caller, name, days)
        kept = client_operations.get_client(self.steward, name).secrets
        return made, [secret for secret in kept if secret.id != made.id]

    def remove(self, name: str) -> None:
        client_operations.remove_client(self.steward, self.caller, name)

    def remove_secret(self, name: str, number: int) -> None:
        client_operations.remove_secret(self.steward, self.caller, name, number)


def users(steward: Steward, caller: Caller) -> Users:
    """Return the users' part of the desk."""
    return _Users(steward, caller)


def clients(steward: Steward, caller: Caller) -> Clients:
    """Return the API clients' part of the desk."""
    return _Clients(steward, caller)
