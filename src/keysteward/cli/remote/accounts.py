"""Users and API clients of a server."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keysteward.accounts.clients import Client as ApiClient
from keysteward.accounts.clients import ClientSecret
from keysteward.accounts.principals import Account, AccountKind
from keysteward.cli.desk_accounts import Change, Clients, Keystores, Users
from keysteward.cli.remote import values
from keysteward.client import Client, records
from keysteward.client.accounts import Role as RoleName
from keysteward.problems import ConnectionFailed
from keysteward.rights import Role
from keysteward.storage.account_records import StoredSecret
from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class _Users:
    client: Client

    def add(
        self, name: str, password: Secret | None, roles: frozenset[Role], keystores: Keystores
    ) -> tuple[Account, Secret | None]:
        made = self.client.add_user(
            *(name, _names(roles)),
            password=values.text_of(password),
            keystores=_sorted(keystores),
        )
        return _user(made), _secret(made.one_time_password)

    def list_(self) -> Sequence[Account]:
        return [_user(user) for user in self.client.list_users()]

    def change(self, name: str, wanted: Change) -> Account:
        changed = self.client.change_user(
            name,
            roles=None if wanted.roles is None else _names(wanted.roles),
            keystores=_sorted(wanted.keystores),
            all_keystores=wanted.all_keystores,
            disabled=wanted.disabled,
        )
        return _user(changed)

    def set_password(self, name: str, password: Secret | None) -> tuple[Account, Secret | None]:
        one_time = self.client.set_password(name, values.text_of(password))
        return _user(self.client.get_user(name)), _secret(one_time)

    def remove(self, name: str) -> None:
        self.client.remove_user(name)


@dataclass(frozen=True, slots=True)
class _Clients:
    client: Client

    def add(
        self, name: str, roles: frozenset[Role], keystores: Keystores, days: int
    ) -> ClientSecret:
        made = self.client.add_client(
            name, _names(roles), keystores=_sorted(keystores), lifetime_days=days
        )
        return _made(made.secret)

    def list_(self) -> Sequence[ApiClient]:
        return [_api_client(one) for one in self.client.list_clients()]

    def change(self, name: str, wanted: Change) -> ApiClient:
        changed = self.client.change_client(
            name,
            roles=None if wanted.roles is None else _names(wanted.roles),
            keystores=_sorted(wanted.keystores),
            all_keystores=wanted.all_keystores,
            disabled=wanted.disabled,
        )
        return _api_client(changed)

    def rotate(self, name: str, days: int) -> tuple[ClientSecret, Sequence[StoredSecret]]:
        made = _made(self.client.add_secret(name, lifetime_days=days))
        kept = _api_client(self.client.get_client(name)).secrets
        return made, [secret for secret in kept if secret.id != made.id]

    def remove(self, name: str) -> None:
        self.client.remove_client(name)

    def remove_secret(self, name: str, number: int) -> None:
        self.client.remove_secret(name, number)


def users(client: Client) -> Users:
    """Return the users' part of the desk."""
    return _Users(client)


def clients(client: Client) -> Clients:
    """Return the API clients' part of the desk."""
    return _Clients(client)


def _user(given: records.User) -> Account:
    return _account(given, AccountKind.USER, must_change_password=given.must_change_password)


def _api_client(given: records.ApiClient) -> ApiClient:
    account = _account(given, AccountKind.CLIENT)
    # A server does not tell what its secrets are kept as.
    secrets = (
        StoredSecret(s.id, account.id, b"", s.created_at, s.created_by, s.expires_at)
        for s in given.secrets
    )
    return ApiClient(account, tuple(secrets))


def _account(
    given: records.User | records.ApiClient,
    kind: AccountKind,
    *,
    must_change_password: bool = False,
) -> Account:
    return Account(
        id=0,
        kind=kind,
        name=given.name,
        password_hash=None,
        must_change_password=must_change_password,
        roles=frozenset(values.word(Role, role) for role in given.roles),
        keystores=None if given.keystores is None else frozenset(given.keystores),
        created_at=given.created_at,
        created_by=given.created_by,
        modified_at=given.modified_at,
        modified_by=given.modified_by,
        disabled_at=given.disabled_at,
    )


def _made(given: records.Secret | None) -> ClientSecret:
    if given is None or given.secret is None:
        raise ConnectionFailed(
            "the server",
            "The secret was lost with the first answer.",
            "'keysteward client rotate' makes another one.",
        )
    secret = Secret(given.secret.encode())
    return ClientSecret(given.id, secret, given.created_at, given.expires_at)


def _names(roles: Iterable[Role]) -> list[RoleName]:
    return [role.value for role in sorted(roles)]


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text.encode())
