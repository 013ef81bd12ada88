"""recovery export and restore: an installation in one encrypted file, for the worst day."""

import sys
from typing import Annotated

import typer

from keysteward.cli import files, installation_views, options, output, streams
from keysteward.cli.session import Session
from keysteward.keystore import recovery
from keysteward.problems import PassphraseTooShort
from keysteward.sealing.recovery import LEAST_CHARACTERS
from keysteward.storage import lifecycle
from keysteward.values import Secret


def export(
    session: Session,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A new file to write; - is standard output."),
    ],
    *,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Write the whole installation with its private keys, encrypted under a passphrase."""
    with session.opened() as steward, streams.new_private(file) as target:
        passphrase = _new_passphrase(from_stdin=password_stdin)
        with installation_views.bar("Exporting") as told:
            contents = recovery.export(steward, session.caller, target, file, passphrase, told)
    if as_json and file != "-":
        output.say_json(installation_views.as_json(contents))
        return
    installation_views.show(contents, stderr=file == "-")
    if file != "-":
        output.say(f"All of it was written to {file}, every private key included.")
        output.say(
            "Keep the file and the passphrase apart, away from this machine. Without the "
            "passphrase nobody opens it, and whoever has both has every key. Try it: restore it "
            "into an empty folder (--data)."
        )


def restore(
    session: Session,
    file: options.File,
    *,
    password_stdin: options.PasswordStdin = False,
    as_json: options.Json = False,
) -> None:
    """Make the installation of a recovery file in an empty data folder."""
    with streams.existing(file) as source:
        passphrase = _passphrase("Passphrase of the file: ", from_stdin=password_stdin)
        with installation_views.bar("Restoring") as told:
            contents = session.composition.restore(session.settings, source, passphrase, told)
    if as_json:
        output.say_json(installation_views.as_json(contents))
        return
    installation_views.show(contents)
    output.say(f"All of it is back, in {lifecycle.place(session.settings)}.")
    output.say(
        f"The sealing keys are those of before, and lie in {session.settings.keyring}: other nodes "
        "and older backups keep working with them. Back that folder up apart from the database."
    )
    output.say(
        "The audit log goes on where the file ended. Compare it with a head that was kept: "
        "'keysteward audit verify --expect HEAD'."
    )


def _new_passphrase(*, from_stdin: bool) -> Secret:
    while True:
        prompt = f"Passphrase for the file, of {LEAST_CHARACTERS} characters or more: "
        passphrase = _passphrase(prompt, from_stdin=from_stdin)
        if not sys.stdin.isatty():
            return passphrase
        if len(passphrase.reveal().decode(errors="replace")) < LEAST_CHARACTERS:
            # Asked again here: what is typed next would go to the shell, and into its history.
            output.say(f"Too short. {PassphraseTooShort(LEAST_CHARACTERS).detail}")
            continue
        again = _passphrase("The same again: ", from_stdin=from_stdin)
        if passphrase.reveal() == again.reveal():
            return passphrase
        output.say("These were two different ones.")


def _passphrase(prompt: str, *, from_stdin: bool) -> Secret:
    if not from_stdin and not sys.stdin.isatty():
        raise typer.BadParameter(
            "nobody can be asked for the passphrase here; give it with --password-stdin."
        )
    return files.read_password(from_stdin=from_stdin, prompt=prompt) or Secret(b"")
