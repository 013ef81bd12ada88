"""Arguments and options of the commands about users and API clients."""

from typing import Annotated

import typer

from keysteward import rights
from keysteward.cli import files
from keysteward.cli.desk_accounts import Change
from keysteward.cli.session import as_text, as_texts
from keysteward.values import Secret

UserName = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.", callback=as_text)]
ClientName = Annotated[
    str, typer.Argument(metavar="NAME", help="The API client's name.", callback=as_text)
]
Role = Annotated[list[rights.Role], typer.Option("--role", help="What it may do; can be repeated.")]
OtherRole = Annotated[
    list[rights.Role] | None,
    typer.Option(
        "--role",
        help="What it may do from now on, instead of before; can be repeated.",
        show_default=False,
    ),
]
Access = Annotated[
    list[str] | None,
    typer.Option(
        "--keystore-access",
        metavar="KEYSTORE",
        help="Let it see this keystore and no other; can be repeated. All without it.",
        show_default=False,
        callback=as_texts,
    ),
]
OtherAccess = Annotated[
    list[str] | None,
    typer.Option(
        "--keystore-access",
        metavar="KEYSTORE",
        help="Let it see this keystore and no other from now on; can be repeated.",
        show_default=False,
        callback=as_texts,
    ),
]
AllKeystores = Annotated[
    bool,
    typer.Option("--all-keystores", help="Let it see all keystores, also those to come."),
]
Disabled = Annotated[
    bool | None,
    typer.Option(
        "--disable/--enable", help="Shut it out at once, or let it in again.", show_default=False
    ),
]
Days = Annotated[
    int,
    typer.Option("--days", metavar="N", min=1, max=3650, help="How long the secret is valid."),
]


def keystores(access: list[str] | None) -> frozenset[str] | None:
    """Return the keystores that were named; None for no names."""
    return frozenset(access) if access else None


def change(
    roles: list[rights.Role] | None,
    access: list[str] | None,
    disabled: bool | None,
    *,
    all_keystores: bool,
) -> Change:
    """Return what is to be changed; refuse the two ways of saying which keystores together."""
    if access and all_keystores:
        raise typer.BadParameter("--keystore-access and --all-keystores exclude each other.")
    named = frozenset(roles) if roles else None
    return Change(named, keystores(access), all_keystores, disabled)


def password(*, from_stdin: bool) -> Secret | None:
    """Return the password that was given, an empty one too; None if one is to be made."""
    if not from_stdin:
        return None
    return files.read_password(from_stdin=True, prompt="Password: ") or Secret(b"")
