"""init, audit verify and show, database backup and upgrade."""

import re
from pathlib import Path
from typing import Annotated

import typer

from keysteward.cli import files, options, output
from keysteward.cli.session import Session
from keysteward.keystore import audit
from keysteward.problems import AuditChainBroken

_HEAD = re.compile(r"[0-9]+:(?:[0-9a-f]{64})?")


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


def _as_head(value: str | None) -> str | None:
    if value is not None and not _HEAD.fullmatch(value):
        raise typer.BadParameter(
            "a head looks like 138:4eb2…, a number and 64 hexadecimal digits, as 'audit verify' "
            "prints it."
        )
    return value


def verify(
    session: Session,
    *,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD",
            help="A head printed earlier that must be there.",
            show_default=False,
            callback=_as_head,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Check that no row of the audit log was altered, removed or reordered."""
    with session.opened() as steward:
        checked = audit.verify_chain(steward, expect)
    if as_json:
        output.say_json(
            {
                "rows": checked.rows,
                "head": checked.head,
                "broken": list(checked.broken),
                "missing": list(checked.missing),
                "not_linked": list(checked.not_linked),
                "expected_found": checked.expected_found,
                "clean": checked.clean,
            }
        )
    elif checked.clean:
        output.say(f"The audit log's {checked.rows:,} rows are whole and in order.")
        output.say(f"Head: {checked.head}")
        output.say("Keep the head elsewhere: 'audit verify --expect HEAD' finds a log cut short.")
    if not checked.clean:
        raise AuditChainBroken(audit.in_words(checked))


def show(
    session: Session,
    *,
    last: Annotated[int, typer.Option(metavar="N", min=1, help="How many rows, newest last.")] = 50,
    as_json: options.Json = False,
) -> None:
    """Show the latest rows of the audit log."""
    with session.opened() as steward:
        rows = steward.store.read_last_audit(steward.keystore_id, last)
    if as_json:
        output.say_json(
            [
                {
                    "sequence": r.sequence,
                    "at": r.at,
                    "actor": r.actor,
                    "action": r.action,
                    "outcome": r.outcome,
                    "alias": r.alias,
                    "version": r.version,
                    "detail": dict(r.detail),
                }
                for r in rows
            ]
        )
        return
    columns = ("", "When (UTC)", "Who", "What", "Outcome", "Alias", "Version")
    output.table(
        columns,
        [
            (
                str(r.sequence),
                f"{r.at:%Y-%m-%d %H:%M:%S}",
                r.actor,
                r.action,
                r.outcome,
                r.alias or "",
                str(r.version or ""),
            )
            for r in rows
        ],
        spare=("Version", "", "Who"),
    )


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
