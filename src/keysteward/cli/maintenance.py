"""init, database backup, copy and upgrade."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from keysteward.accounts import users
from keysteward.cli import (
    account_options,
    account_views,
    files,
    installation_views,
    options,
    output,
)
from keysteward.cli.session import Session, as_text
from keysteward.rights import Role
from keysteward.storage import lifecycle

_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})


def init(
    session: Session,
    *,
    admin: Annotated[
        str | None,
        typer.Option(
            "--admin",
            metavar="NAME",
            help="Make a first user of this name who may do everything.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    password_stdin: options.PasswordStdin = False,
) -> None:
    """Make the keystore and its sealing key in the data folder, and the first administrator."""
    if password_stdin and admin is None:
        raise typer.BadParameter("--password-stdin goes with --admin: it is that user's password.")
    password = account_options.password(from_stdin=password_stdin)
    if admin is not None:
        # Nothing is made for a name or password that would be refused afterwards.
        users.require_addable(admin, password, _ADMINISTRATOR)
    key_id = session.composition.create(session.settings)
    place = lifecycle.place(session.settings)
    output.say(f"Keystore {session.settings.keystore!r} is ready in {place}.")
    output.say(f"Sealing key {key_id} lies in {session.settings.keyring}.")
    output.say(
        "Back that folder up now, apart from the database: without the sealing key no private key "
        "of this keystore can ever be used again."
    )
    if admin is None:
        output.say(
            "Nobody can sign in to the server yet: 'keysteward user add NAME --role administrator' "
            "makes the first user."
        )
        return
    with session.opened() as steward:
        _, one_time = users.add_user(steward, session.caller, admin, password, _ADMINISTRATOR, None)
    output.say(f"'{admin}' is the first administrator.")
    if one_time is not None:
        account_views.say_one_time(admin, one_time)


def upgrade(session: Session) -> None:
    """Bring the database of an older version of Keysteward to this version's schema."""
    if session.composition.upgrade(session.settings):
        output.say("The database is upgraded.")
    else:
        output.say("The database has this version's schema already.")


def backup(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file to write.")],
) -> None:
    """Write a consistent copy of the database, checked afterwards."""
    files.require_file_name(file)
    with session.opened() as steward, output.console(stderr=True).status("Copying the database"):
        steward.store.backup(Path(file))
    output.say(f"The database was copied to {file} and the copy was checked.")
    output.say("It holds sealed keys only; back the keyring folder up apart from it.")
    if not lifecycle.is_embedded(session.settings):
        output.say("To bring it back, into an empty database NAME:")
        command = f"pg_restore --exit-on-error --no-owner --dbname NAME {shlex.quote(file)}"
        output.write(f"  {command}\n")


def copy(
    session: Session,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="The database to copy into, which is empty or not there yet.",
            callback=as_text,
        ),
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Copy the installation into another database, SQLite or PostgreSQL, and compare every row."""
    with installation_views.bar("Copying") as told:
        copied = session.composition.copy(session.settings, url, told)
    if as_json:
        found = installation_views.as_json(copied.contents)
        output.say_json({**found, "source": copied.source, "target": copied.target})
        return
    installation_views.show(copied.contents)
    output.say(f"All of it is in {copied.target}, and every row was compared.")
    output.say(
        f"From now on work there: KEYSTEWARD_DATABASE={copied.target} for every server and command "
        "(a password is not shown here)."
    )
    output.say(
        f"The sealing keys stay in {session.settings.keyring} and open both databases. Who was "
        "signed in signs in again."
    )
    output.say(
        f"{copied.source} is as it was. Never work with both: keep it aside until the new one "
        "has proven itself and has a backup, then remove it."
    )
