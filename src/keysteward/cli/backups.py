"""backup create, list, show, compare, restore and delete."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from keysteward.cli import intakes, options, output, questions, views
from keysteward.cli.desk_values import Prospect
from keysteward.cli.session import Session, as_text, as_texts
from keysteward.keystore.backups import Difference, Since
from keysteward.keystore.intake import Mode
from keysteward.problems import ConfirmationRequired, Problem
from keysteward.storage.records import Backup

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The backup's name.", callback=as_text)]
_Newest = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="The backup's name; the newest one by default.",
        show_default=False,
        callback=as_text,
    ),
]
_STYLES = {Since.NEW: "green", Since.CHANGED: "yellow", Since.REMOVED: "bold red"}


def create(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="What to call it; the time in UTC by default.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """Keep a snapshot of all entries of the tenant administrator."""
    with session.desk() as desk:
        backup, kept = desk.backups.create(name)
    if as_json:
        output.say_json(_backup_json(backup))
        return
    output.say(f"Backup '{backup.name}' holds {_entries(backup.size)}.")
    if kept is not None:
        output.say(f"The newest {kept} backups are kept.")


def list_(session: Session, *, as_json: options.Json = False) -> None:
    """List the backups, newest first."""
    with session.desk() as desk:
        found = desk.backups.list_()
    if as_json:
        output.say_json([_backup_json(backup) for backup in found])
        return
    if not found:
        output.say("No backups yet.")
        return
    rows = [(b.name, f"{b.size:,}", f"{b.created_at:%Y-%m-%d %H:%M}", b.created_by) for b in found]
    output.table(("Name", "Entries", "When (UTC)", "Who"), rows, folding=("Name",), spare=("Who",))


def show(session: Session, name: _Newest = None, *, as_json: options.Json = False) -> None:
    """List the entries of a backup as they were."""
    now = datetime.now(UTC)
    with session.desk() as desk, output.working("Reading the backup"):
        backup, found = desk.backups.look_into(name)
    if as_json:
        entries = [views.listed_json(entry, now) for entry in found]
        output.say_json({**_backup_json(backup), "entries": entries})
        return
    output.say(f"{_described(backup)}: {_entries(backup.size)}.")
    if found:
        columns = ("Alias", "Type", "Version", "Valid until", "State", "Subject", "Issuer")
        rows = [views.listed_row(entry, now, session.settings.provider) for entry in found]
        own = [(alias, *rest) for alias, _, *rest in rows]
        spare = ("Type", "Version", "Subject", "Issuer")
        output.table(columns, own, folding=("Subject", "Issuer"), spare=spare)


def compare(session: Session, name: _Newest = None, *, as_json: options.Json = False) -> None:
    """Show what is not now as a backup holds it."""
    with session.desk() as desk, output.working("Comparing"):
        found = desk.backups.compare(name)
    backup = found.backup
    if as_json:
        output.say_json(
            {
                **_backup_json(backup),
                "unchanged": found.unchanged,
                "differences": [_difference_json(d) for d in found.differences],
            }
        )
        return
    count = len(found.differences)
    differences = "1 difference" if count == 1 else f"{count:,} differences"
    output.say(f"{_described(backup)}: {differences}, {_entries(found.unchanged)} unchanged.")
    rows = [
        (d.alias, Text(d.since.value, style=_STYLES[d.since]), _explained(d))
        for d in found.differences
    ]
    if rows:
        output.table(("Alias", "Since then", "What"), rows, folding=("Alias", "What"))


def restore(
    session: Session,
    name: _Newest = None,
    *,
    alias: Annotated[
        list[str] | None,
        typer.Option(
            "--alias",
            metavar="ALIAS",
            help="Only this entry of the backup; can be repeated.",
            show_default=False,
            callback=as_texts,
        ),
    ] = None,
    mode: options.Mode = Mode.OVERWRITE,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> None:
    """Bring entries back as a backup holds them, each as a new version."""
    if alias and mode is Mode.REPLACE:
        raise typer.BadParameter("--mode replace is for all entries; leave --alias out.")
    asked = not (dry_run or yes or as_json) and session.interactive
    try:
        with session.desk() as desk, output.working("Restoring") as turning:
            chosen = name or desk.backups.newest()

            def accept(plan: Prospect) -> None:
                if plan.changes_anything:
                    turning.stop()
                    _confirm(plan, chosen, asked=asked)
                    turning.start()

            if dry_run:
                plan = desk.backups.plan_restore(chosen, alias or None, mode)
            else:
                plan = desk.backups.restore(chosen, alias or None, mode, None if yes else accept)
    except Problem as problem:
        if as_json:
            refused = intakes.refused_json(mode, problem)
            output.say_json({"backup": name, "dry_run": dry_run, **refused})
        raise
    if as_json:
        output.say_json({"backup": chosen, "dry_run": dry_run, **intakes.as_json(plan)})
    elif dry_run:
        intakes.show(plan, f"A restore from '{chosen}' would mean")
        output.say("Nothing was stored.")
    elif not plan.changes_anything:
        intakes.show(plan, f"There was nothing to restore from '{chosen}'")
    elif asked:  # the person has just read what it means
        output.say(f"Restored from '{chosen}'.")
    else:
        intakes.show(plan, f"Restored from '{chosen}'")


def delete(session: Session, name: _Name) -> None:
    """Delete a backup; the entries stay as they are."""
    with session.desk() as desk:
        destroyed = desk.backups.delete(name)
    output.say(f"Backup '{name}' is deleted.")
    if destroyed:
        what = "A private key" if destroyed == 1 else f"{destroyed} private keys"
        output.say(f"{what} of purged entries, which it was the last to hold, went with it.")


def _confirm(plan: Prospect, name: str, *, asked: bool) -> None:
    """Let the person at the terminal decide; raise ConfirmationRequired on a no, or without one."""
    refusal = ConfirmationRequired(
        intakes.consequence(plan, "This restore"),
        "Look at the plan with '--dry-run', then repeat with '--yes'.",
    )
    if not asked:
        raise refusal
    intakes.show(plan, f"A restore from '{name}' would mean")
    questions.agree("Restore?", refusal)


def _explained(difference: Difference) -> str:
    if difference.since is Since.CHANGED:
        return ", ".join(part.value for part in difference.parts)
    if difference.renamed is None:
        return ""
    if difference.since is Since.NEW:
        return f"was '{difference.renamed}'"
    return f"is '{difference.renamed}' now"


def _difference_json(difference: Difference) -> dict[str, object]:
    return {
        "alias": difference.alias,
        "since": difference.since.value,
        "parts": [part.value for part in difference.parts],
        "renamed": difference.renamed,
    }


def _backup_json(backup: Backup) -> dict[str, object]:
    return {
        "name": backup.name,
        "size": backup.size,
        "created_at": backup.created_at,
        "created_by": backup.created_by,
    }


def _described(backup: Backup) -> str:
    return f"Backup '{backup.name}' ({backup.created_at:%Y-%m-%d %H:%M} UTC)"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
