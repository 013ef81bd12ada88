"""How accounts look on a terminal, and as JSON for scripts."""

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from keysteward.accounts.clients import Client, ClientSecret
from keysteward.accounts.principals import Account
from keysteward.cli import output
from keysteward.storage.account_records import StoredSecret
from keysteward.values import Secret


def say_users(users: Sequence[Account]) -> None:
    """Print users as a table; where there are none, how to make one."""
    if not users:
        output.say("There are no users. 'keysteward user add NAME --role administrator' makes one.")
        return
    rows = [
        (user.name, _roles(user), _keystores(user), _state(user), f"{user.created_at:%Y-%m-%d}")
        for user in users
    ]
    columns = ("User", "Roles", "Keystores", "State", "Made on")
    output.table(columns, rows, folding=("Keystores",), spare=("Made on",))


def say_clients(clients: Sequence[Client], now: datetime) -> None:
    """Print API clients as a table, a line for each secret; where there are none, how to make one.

    The end of a secret is coloured as the end of a certificate is.
    """
    if not clients:
        output.say("There are no API clients. 'keysteward client add NAME --role ROLE' makes one.")
        return
    rows: list[tuple[str | Text, ...]] = []
    for client in clients:
        account = client.account
        told: tuple[str, ...] = (
            *(account.name, _roles(account), _keystores(account)),
            _state(account),
        )
        for secret in client.secrets or (None,):
            number = "" if secret is None else str(secret.id)
            end = "none" if secret is None else output.ends(secret.expires_at, now)
            rows.append((*told, number, end))
            told = ("", "", "", "")
    columns = ("API client", "Roles", "Keystores", "State", "Secret", "Secret ends")
    output.table(columns, rows, folding=("Keystores",), spare=("Keystores", "State"))


def say_one_time(name: str, password: Secret) -> None:
    """Print a one-time password, this once."""
    output.say(f"One-time password: {password.reveal().decode()}")
    output.say(f"It is shown this once, and only lets '{name}' choose a password of their own.")


def say_secret(name: str, made: ClientSecret) -> None:
    """Print what an API client signs in with, the secret this once."""
    output.say(f"Client id:      {name}")
    output.say(f"Client secret:  {made.secret.reveal().decode()}")
    output.say(
        f"The secret is shown this once. It is number {made.id}, and it ends on "
        f"{made.expires_at:%Y-%m-%d}."
    )


def account_json(account: Account) -> dict[str, object]:
    """Return an account as scripts get it."""
    keystores = account.keystores
    return {
        "name": account.name,
        "roles": sorted(account.roles),
        "keystores": None if keystores is None else sorted(keystores),
        "disabled_at": account.disabled_at,
        "created_at": account.created_at,
        "created_by": account.created_by,
        "modified_at": account.modified_at,
        "modified_by": account.modified_by,
    }


def user_json(user: Account, password: Secret | None = None) -> dict[str, object]:
    """Return a user as scripts get it; with a one-time password if there is one."""
    found = account_json(user) | {"must_change_password": user.must_change_password}
    return found if password is None else found | {"password": password.reveal().decode()}


def client_json(client: Client) -> dict[str, object]:
    """Return an API client as scripts get it."""
    return account_json(client.account) | {"secrets": [_secret_json(s) for s in client.secrets]}


def secret_json(name: str, made: ClientSecret) -> dict[str, object]:
    """Return what an API client signs in with as scripts get it."""
    return {
        "client_id": name,
        "client_secret": made.secret.reveal().decode(),
        "secret": made.id,
        "expires_at": made.expires_at,
    }


def _secret_json(secret: StoredSecret) -> dict[str, object]:
    return {
        "secret": secret.id,
        "created_at": secret.created_at,
        "created_by": secret.created_by,
        "expires_at": secret.expires_at,
    }


def _roles(account: Account) -> str:
    return ", ".join(sorted(account.roles))


def _keystores(account: Account) -> str:
    if account.keystores is None:
        return "all"
    return ", ".join(sorted(account.keystores)) or "none"


def _state(account: Account) -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "one-time password" if account.must_change_password else "enabled"
