"""Users and API clients."""

import msgspec

from keysteward.accounts import clients, users
from keysteward.accounts.clients import Client, ClientSecret
from keysteward.accounts.principals import Account
from keysteward.problems import RequestInvalid
from keysteward.rest import account_models as models
from keysteward.rest.account_wishes import (
    AccountChange,
    ClientWanted,
    Lifetime,
    NewPassword,
    UserWanted,
)
from keysteward.rest.models import Page
from keysteward.rest.routing import Answer, Call, Routes
from keysteward.rest.uploads import secret
from keysteward.rights import Permission, Role
from keysteward.values import Secret

MANAGE = Permission.USERS_EDIT

USER = "/users/{name}"
CLIENT = "/clients/{name}"

routes = Routes("Accounts", "Users with passwords, and API clients with secrets that expire.")


@routes.on("GET", "/users", MANAGE)
def list_users(call: Call[None, None]) -> Answer[Page[models.User]]:
    """All users, by name; disabled ones, too."""
    return Answer(Page(items=tuple(map(_user, users.list_users(call.steward)))))


def _made_user(call: Call[None, UserWanted]) -> Answer[models.NewUser]:
    """Return the user that was made; its one-time password was said to nobody, and is lost."""
    return Answer(_new_user(users.get_user(call.steward, call.body.name), None))


@routes.on("POST", "/users", MANAGE, status=201, hashes=True, again=_made_user)
def add_user(call: Call[None, UserWanted]) -> Answer[models.NewUser]:
    """Make a user; without a password one is made, with which another has to be chosen."""
    wanted = call.body
    account, one_time = users.add_user(
        *(call.steward, call.caller, wanted.name, secret(wanted.password)),
        *(frozenset(wanted.roles), _names(wanted.keystores)),
    )
    return Answer(_new_user(account, one_time))


@routes.on("GET", USER, MANAGE)
def show_user(call: Call[None, None]) -> Answer[models.User]:
    """One user."""
    return Answer(_user(users.get_user(call.steward, call.path["name"])))


@routes.on("PATCH", USER, MANAGE)
def change_user(call: Call[None, AccountChange]) -> Answer[models.User]:
    """Give a user other roles or keystores, or shut it out; what is left out stays."""
    wanted = call.body
    account = users.change_user(
        *(call.steward, call.caller, call.path["name"]),
        roles=_roles(wanted.roles),
        keystores=_names(wanted.keystores),
        all_keystores=wanted.all_keystores,
        disabled=wanted.disabled,
    )
    return Answer(_user(account))


@routes.on("DELETE", USER, MANAGE)
def remove_user(call: Call[None, None]) -> Answer[None]:
    """Delete a user and its sessions; the audit log keeps the name."""
    users.remove_user(call.steward, call.caller, call.path["name"])
    return Answer(None)


def _password_set(call: Call[None, NewPassword]) -> Answer[models.OneTimePassword]:
    """Return nothing: a one-time password that was said to nobody is lost."""
    users.get_user(call.steward, call.path["name"])
    return Answer(models.OneTimePassword(one_time_password=None))


@routes.on("POST", f"{USER}/password", MANAGE, hashes=True, again=_password_set)
def set_password(call: Call[None, NewPassword]) -> Answer[models.OneTimePassword]:
    """Give a user another password, or a one-time password; ends the user's sessions."""
    name, password = call.path["name"], secret(call.body.password)
    one_time = users.set_password(call.steward, call.caller, name, password)
    return Answer(models.OneTimePassword(one_time_password=_said(one_time)))


@routes.on("GET", "/clients", MANAGE)
def list_clients(call: Call[None, None]) -> Answer[Page[models.Client]]:
    """All API clients, by name, with the numbers and ends of their secrets."""
    return Answer(Page(items=tuple(map(_client, clients.list_clients(call.steward)))))


def _made_client(call: Call[None, ClientWanted]) -> Answer[models.NewClient]:
    """Return the client that was made; its secret was said to nobody, and is lost."""
    client = clients.get_client(call.steward, call.body.name)
    return Answer(_new_client(client.account, _lost(client)))


@routes.on("POST", "/clients", MANAGE, status=201, again=_made_client)
def add_client(call: Call[None, ClientWanted]) -> Answer[models.NewClient]:
    """Make an API client with its first secret, which is said in this answer alone."""
    wanted = call.body
    account, made = clients.add_client(
        *(call.steward, call.caller, wanted.name, frozenset(wanted.roles)),
        *(_names(wanted.keystores), wanted.lifetime_days),
    )
    return Answer(_new_client(account, _new_secret(made)))


@routes.on("GET", CLIENT, MANAGE)
def show_client(call: Call[None, None]) -> Answer[models.Client]:
    """One API client, with the numbers and ends of its secrets."""
    return Answer(_client(clients.get_client(call.steward, call.path["name"])))


@routes.on("PATCH", CLIENT, MANAGE)
def change_client(call: Call[None, AccountChange]) -> Answer[models.Client]:
    """Give an API client other roles or keystores, or shut it out; what is left out stays."""
    wanted, name = call.body, call.path["name"]
    clients.change_client(
        *(call.steward, call.caller, name),
        roles=_roles(wanted.roles),
        keystores=_names(wanted.keystores),
        all_keystores=wanted.all_keystores,
        disabled=wanted.disabled,
    )
    return Answer(_client(clients.get_client(call.steward, name)))


@routes.on("DELETE", CLIENT, MANAGE)
def remove_client(call: Call[None, None]) -> Answer[None]:
    """Delete an API client with its secrets and tokens; the audit log keeps the name."""
    clients.remove_client(call.steward, call.caller, call.path["name"])
    return Answer(None)


def _added_secret(call: Call[None, Lifetime]) -> Answer[models.NewSecret]:
    """Return the secret that was made last, without itself: it was said to nobody, and is lost."""
    return Answer(_lost(clients.get_client(call.steward, call.path["name"])))


@routes.on("POST", f"{CLIENT}/secrets", MANAGE, status=201, again=_added_secret)
def add_secret(call: Call[None, Lifetime]) -> Answer[models.NewSecret]:
    """Give an API client another secret; the one that it has works on until it ends."""
    made = clients.add_secret(call.steward, call.caller, call.path["name"], call.body.lifetime_days)
    return Answer(_new_secret(made))


@routes.on("DELETE", f"{CLIENT}/secrets/{{number}}", MANAGE)
def remove_secret(call: Call[None, None]) -> Answer[None]:
    """End a secret of an API client now."""
    number = call.path["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 20):
        raise RequestInvalid("Secrets are named by their number.")
    clients.remove_secret(call.steward, call.caller, call.path["name"], int(number))
    return Answer(None)


def _roles(given: tuple[Role, ...] | None) -> frozenset[Role] | None:
    return None if given is None else frozenset(given)


def _names(given: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if given is None else frozenset(given)


def _said(made: Secret | None) -> str | None:
    return None if made is None else made.reveal().decode()


def _common(account: Account) -> models.Account:
    keystores = account.keystores
    return models.Account(
        name=account.name,
        roles=tuple(sorted(account.roles)),
        keystores=None if keystores is None else tuple(sorted(keystores)),
        created_at=account.created_at,
        created_by=account.created_by,
        modified_at=account.modified_at,
        modified_by=account.modified_by,
        disabled_at=account.disabled_at,
    )


def _user(account: Account) -> models.User:
    common = msgspec.structs.asdict(_common(account))
    return models.User(**common, must_change_password=account.must_change_password)


def _new_user(account: Account, one_time: Secret | None) -> models.NewUser:
    user = msgspec.structs.asdict(_user(account))
    return models.NewUser(**user, one_time_password=_said(one_time))


def _client(client: Client) -> models.Client:
    secrets = tuple(
        models.Secret(
            id=one.id,
            created_at=one.created_at,
            created_by=one.created_by,
            expires_at=one.expires_at,
        )
        for one in client.secrets
    )
    return models.Client(**msgspec.structs.asdict(_common(client.account)), secrets=secrets)


def _new_client(account: Account, made: models.NewSecret) -> models.NewClient:
    return models.NewClient(**msgspec.structs.asdict(_common(account)), secret=made)


def _new_secret(made: ClientSecret) -> models.NewSecret:
    return models.NewSecret(
        id=made.id,
        secret=_said(made.secret),
        created_at=made.created_at,
        expires_at=made.expires_at,
    )


def _lost(client: Client) -> models.NewSecret:
    last = client.secrets[-1]
    return models.NewSecret(
        id=last.id, secret=None, created_at=last.created_at, expires_at=last.expires_at
    )
