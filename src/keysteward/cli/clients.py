"""client add, list, change, rotate and remove."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from keysteward.accounts import clients
from keysteward.cli import account_options, account_views, options, output
from keysteward.cli.session import Session


def add(
    session: Session,
    name: account_options.ClientName,
    *,
    role: account_options.Role,
    access: account_options.Access = None,
    days: account_options.Days = clients.LIFETIME_DAYS,
    as_json: options.Json = False,
) -> None:
    """Make an API client and its first secret."""
    with session.desk() as desk:
        made = desk.clients.add(name, frozenset(role), account_options.keystores(access), days)
    if as_json:
        output.say_json(account_views.secret_json(name, made))
    else:
        account_views.say_secret(name, made)


def list_(session: Session, *, as_json: options.Json = False) -> None:
    """List the API clients of this installation, and when their secrets end."""
    with session.desk() as desk:
        found = desk.clients.list_()
    if as_json:
        output.say_json([account_views.client_json(client) for client in found])
    else:
        account_views.say_clients(found, datetime.now(UTC))


def change(
    session: Session,
    name: account_options.ClientName,
    *,
    role: account_options.OtherRole = None,
    access: account_options.OtherAccess = None,
    all_keystores: account_options.AllKeystores = False,
    disabled: account_options.Disabled = None,
    as_json: options.Json = False,
) -> None:
    """Give an API client other roles or keystores, or shut it out; it acts at once."""
    wanted = account_options.change(role, access, disabled, all_keystores=all_keystores)
    with session.desk() as desk:
        client = desk.clients.change(name, wanted)
    if as_json:
        output.say_json(account_views.client_json(client))
    else:
        account_views.say_clients([client], datetime.now(UTC))


def rotate(
    session: Session,
    name: account_options.ClientName,
    *,
    days: account_options.Days = clients.LIFETIME_DAYS,
    as_json: options.Json = False,
) -> None:
    """Make another secret; the one in use works on until it ends or is removed."""
    with session.desk() as desk:
        made, others = desk.clients.rotate(name, days)
    if as_json:
        output.say_json(account_views.secret_json(name, made))
        return
    account_views.say_secret(name, made)
    for other in others:
        output.say_next("keysteward", "client", "remove", name, "--secret", str(other.id))


def remove(
    session: Session,
    name: account_options.ClientName,
    *,
    secret: Annotated[
        int | None,
        typer.Option(
            "--secret",
            metavar="N",
            help="Remove this secret alone, by its number.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Remove an API client with its secrets and tokens, or one of its secrets."""
    with session.desk() as desk:
        if secret is None:
            desk.clients.remove(name)
            output.say(f"The API client '{name}' is gone.")
        else:
            desk.clients.remove_secret(name, secret)
            output.say(
                f"Secret {secret} of '{name}' is gone. A token got with it stays until it ends."
            )
