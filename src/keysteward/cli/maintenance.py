"""init, database backup and upgrade."""

from pathlib import Path
from typing import Annotated

import typer

from keysteward.cli import files, output
from keysteward.cli.session import Session


def init(session: Session) -> None:
    """Make the keystore and its sealing key in the data folder."""
    key_id = session.composition.create(session.settings)
    output.say(f"Keystore {session.settings.keystore!r} is ready in {session.settings.data}.")
    output.say(f"Sealing key {key_id} lies in {session.settings.keyring}.")
    output.say(
        "Back that folder up now, apart from the database: without the sealing key no private key "
        "of this keystore can ever be used again."
    )


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
