"""API clients: programs with secrets that expire, and that can be changed without a pause."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from keysteward.accounts import digests, register, rules
from keysteward.entries import Action, Caller
from keysteward.keystore.steward import Steward, require_administrator
from keysteward.problems import AccountNotFound, TooManySecrets, ValidityInvalid
from keysteward.rights import Role
from keysteward.storage.account_records import Account, AccountKind, NewAccount, StoredSecret
from keysteward.storage.accounts import AccountChanges
from keysteward.storage.audit import DONE
from keysteward.values import Secret

PREFIX = "ks_"
"""What every secret begins with."""

LIFETIME_DAYS = 365
LONGEST_DAYS = 3650

LIVE = 2
"""Secrets of a client that are valid at once: the one in use, and the one that comes next."""


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret that was made just now: the only time that it can be seen."""

    id: int
    secret: Secret
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """An API client with its secrets, the oldest first; an expired one stays until the next."""

    account: Account
    secrets: tuple[StoredSecret, ...]


def add_client(
    steward: Steward,
    caller: Caller,
    name: str,
    roles: frozenset[Role],
    keystores: frozenset[str] | None,
    lifetime_days: int = LIFETIME_DAYS,
) -> tuple[Account, ClientSecret]:
    """Make an API client with its first secret. ``keystores`` is None for all.

    Raises InstallationOwnedByTenant, NameInvalid, NameTaken, RolesInvalid, KeystoreUnknown,
    ValidityInvalid for a lifetime that is not 1 to 3,650 days.
    """
    made: list[ClientSecret] = []

    def make() -> NewAccount:
        _require_lifetime(lifetime_days)
        return NewAccount(AccountKind.CLIENT, name, None, False, roles, keystores)  # noqa: FBT003  # a password to change

    def more(changes: AccountChanges, account_id: int) -> None:
        made.append(_add_secret(changes, name, account_id, lifetime_days))

    account = register.add(steward, caller, make, AccountKind.CLIENT, name, more)
    return account, made[0]


def list_clients(steward: Steward) -> tuple[Client, ...]:
    """Return all API clients, by name, with the numbers and ends of their secrets."""
    clients = steward.store.accounts.list(AccountKind.CLIENT)
    secrets = steward.store.accounts.list_secrets()
    return tuple(
        Client(client, tuple(one for one in secrets if one.account_id == client.id))
        for client in clients
    )


def get_client(steward: Steward, name: str) -> Client:
    """Return an API client. Raises AccountNotFound."""
    account = register.get(steward, AccountKind.CLIENT, name)
    return Client(account, steward.store.accounts.list_secrets(account.id))


def change_client(
    steward: Steward,
    caller: Caller,
    name: str,
    *,
    roles: frozenset[Role] | None = None,
    keystores: frozenset[str] | None = None,
    all_keystores: bool = False,
    disabled: bool | None = None,
) -> Account:
    """Give an API client other roles or keystores, or shut it out; what is None stays as it is.

    ``all_keystores`` comes before ``keystores``. Disabling ends the client's tokens.

    Raises InstallationOwnedByTenant, AccountNotFound, RolesInvalid, KeystoreUnknown.
    """
    return register.change(
        *(steward, caller, AccountKind.CLIENT, name),
        roles=roles,
        keystores=keystores,
        all_keystores=all_keystores,
        disabled=disabled,
    )


def remove_client(steward: Steward, caller: Caller, name: str) -> None:
    """Delete an API client with its secrets and tokens; the audit log keeps the name.

    Raises InstallationOwnedByTenant, AccountNotFound.
    """
    register.remove(steward, caller, AccountKind.CLIENT, name)


def add_secret(
    steward: Steward, caller: Caller, name: str, lifetime_days: int = LIFETIME_DAYS
) -> ClientSecret:
    """Give an API client another secret; the one that it has works on until it ends or is removed.

    Expired ones are removed. Raises InstallationOwnedByTenant, AccountNotFound, ValidityInvalid,
    TooManySecrets for a third one.
    """
    with rules.recording_refusals(steward, caller, Action.SECRET_ADDED, name):
        require_administrator(caller)
        _require_lifetime(lifetime_days)
        now = steward.clock()
        with steward.store.accounts.writing(caller.name, now, steward.receipt) as changes:
            account = register.found(changes, AccountKind.CLIENT, name)
            secrets = changes.list_secrets(account)
            live = [secret for secret in secrets if secret.expires_at > now]
            if len(live) >= LIVE:
                raise TooManySecrets(name, LIVE)
            for secret in secrets:
                if secret not in live:
                    changes.remove_secret(account, secret.id)
            return _add_secret(changes, name, account.id, lifetime_days)


def remove_secret(steward: Steward, caller: Caller, name: str, secret_id: int) -> None:
    """End a secret of an API client now. Tokens that it was given for it stay until they end.

    Raises InstallationOwnedByTenant, AccountNotFound, also for a secret that is not there.
    """
    with rules.recording_refusals(steward, caller, Action.SECRET_REMOVED, name):
        require_administrator(caller)
        with steward.store.accounts.writing(caller.name, steward.clock()) as changes:
            account = register.found(changes, AccountKind.CLIENT, name)
            if not _is_id(secret_id) or not changes.remove_secret(account, secret_id):
                raise AccountNotFound(
                    f"secret of the API client {name!r} with the number", str(secret_id)
                )
            detail = {"account": name, "secret": secret_id}
            changes.audit(Action.SECRET_REMOVED, DONE, detail)


def _is_id(number: int) -> bool:
    return 0 < number < 1 << 63


def _require_lifetime(days: int) -> None:
    if not 1 <= days <= LONGEST_DAYS:
        raise ValidityInvalid(f"A secret lives for 1 to {LONGEST_DAYS:,} days; {days} are not.")


def _add_secret(
    changes: AccountChanges, name: str, account_id: int, lifetime_days: int
) -> ClientSecret:
    secret = digests.make(PREFIX)
    expires_at = changes.at + timedelta(days=lifetime_days)
    number = changes.add_secret(account_id, digests.digest_of_new(secret), expires_at)
    detail = {"account": name, "secret": number, "expires_at": expires_at.isoformat()}
    changes.audit(Action.SECRET_ADDED, DONE, detail)
    return ClientSecret(number, secret, changes.at, expires_at)
