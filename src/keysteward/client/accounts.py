"""Users and API clients of an installation."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from keysteward.client.part import Part, given, segment
from keysteward.client.records import ApiClient, Secret, User
from keysteward.client.values import Page

Role = Literal["administrator", "operator", "viewer", "provider"]


class _OneTimePassword(msgspec.Struct):
    one_time_password: str | None = None


class Accounts(Part):
    """Who may sign in; all of it is for those who may edit users."""

    def list_users(self) -> Iterator[User]:
        """Yield the users, by name."""
        return self._items("/users", Page[User])

    def get_user(self, name: str) -> User:
        """Return a user. Raises AccountNotFound."""
        return self._connection.get(_user(name), User)

    def add_user(
        self,
        name: str,
        roles: Sequence[Role],
        *,
        password: str | None = None,
        keystores: Sequence[str] | None = None,
    ) -> User:
        """Make a user; without a password with one for the first sign-in, which is told once."""
        body = given(name=name, roles=list(roles), password=password, keystores=_listed(keystores))
        return self._connection.read(self._connection.ask("POST", "/users", json=body), User)

    def change_user(
        self,
        name: str,
        *,
        roles: Sequence[Role] | None = None,
        keystores: Sequence[str] | None = None,
        all_keystores: bool = False,
        disabled: bool | None = None,
    ) -> User:
        """Change what is not None."""
        body = _changes(roles, keystores, disabled, all_keystores=all_keystores)
        answer = self._connection.ask("PATCH", _user(name), json=body)
        return self._connection.read(answer, User)

    def set_password(self, name: str, password: str | None = None) -> str | None:
        """Give a user another password; return a one-time password if none was given."""
        path = f"{_user(name)}/password"
        answer = self._connection.ask("POST", path, json=given(password=password))
        return self._connection.read(answer, _OneTimePassword).one_time_password

    def remove_user(self, name: str) -> None:
        """Remove a user; its sessions end."""
        self._connection.ask("DELETE", _user(name))

    def list_clients(self) -> Iterator[ApiClient]:
        """Yield the API clients, by name."""
        return self._items("/clients", Page[ApiClient])

    def get_client(self, name: str) -> ApiClient:
        """Return an API client. Raises AccountNotFound."""
        return self._connection.get(_client(name), ApiClient)

    def add_client(
        self,
        name: str,
        roles: Sequence[Role],
        *,
        keystores: Sequence[str] | None = None,
        lifetime_days: int = 365,
    ) -> ApiClient:
        """Make an API client; its ``secret`` is told once."""
        body = given(
            name=name,
            roles=list(roles),
            keystores=_listed(keystores),
            lifetime_days=lifetime_days,
        )
        answer = self._connection.ask("POST", "/clients", json=body)
        return self._connection.read(answer, ApiClient)

    def change_client(
        self,
        name: str,
        *,
        roles: Sequence[Role] | None = None,
        keystores: Sequence[str] | None = None,
        all_keystores: bool = False,
        disabled: bool | None = None,
    ) -> ApiClient:
        """Change what is not None."""
        body = _changes(roles, keystores, disabled, all_keystores=all_keystores)
        answer = self._connection.ask("PATCH", _client(name), json=body)
        return self._connection.read(answer, ApiClient)

    def remove_client(self, name: str) -> None:
        """Remove an API client with its secrets and tokens."""
        self._connection.ask("DELETE", _client(name))

    def add_secret(self, name: str, *, lifetime_days: int = 365) -> Secret:
        """Make another secret of an API client; it is told once."""
        path = f"{_client(name)}/secrets"
        answer = self._connection.ask("POST", path, json={"lifetime_days": lifetime_days})
        return self._connection.read(answer, Secret)

    def remove_secret(self, name: str, secret_id: int) -> None:
        """Remove one secret of an API client."""
        self._connection.ask("DELETE", f"{_client(name)}/secrets/{secret_id}")


def _changes(
    roles: Sequence[Role] | None,
    keystores: Sequence[str] | None,
    disabled: bool | None,  # noqa: FBT001  # it is what is written
    *,
    all_keystores: bool,
) -> dict[str, object]:
    return given(
        roles=_listed(roles),
        keystores=_listed(keystores),
        all_keystores=all_keystores or None,
        disabled=disabled,
    )


def _user(name: str) -> str:
    return f"/users/{segment(name)}"


def _client(name: str) -> str:
    return f"/clients/{segment(name)}"


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)
