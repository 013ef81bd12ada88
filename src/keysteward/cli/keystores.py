"""keystore create and list; copy."""

from typing import Annotated

import typer
from rich.text import Text

from keysteward.cli import intakes, options, output
from keysteward.cli.session import Session, as_text, as_texts, complete_alias
from keysteward.keystore.intake import Mode
from keysteward.problems import Problem


def create(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The new keystore's name.", callback=as_text)
    ],
) -> None:
    """Make another, empty keystore in this installation; '--keystore NAME' works on it."""
    with session.desk() as desk:
        desk.keystores.create(name)
    output.say(f"Keystore '{name}' is there. '--keystore' or KEYSTEWARD_KEYSTORE names it.")


def list_(session: Session, *, as_json: options.Json = False) -> None:
    """List the keystores of this installation."""
    with session.desk() as desk:
        found = desk.keystores.names()
    chosen = session.settings.keystore
    if as_json:
        output.say_json([{"name": name, "chosen": name == chosen} for name in found])
        return
    rows = [(Text(name), "chosen" if name == chosen else "") for name in found]
    output.table(("Keystore", ""), rows)


def copy(
    session: Session,
    aliases: Annotated[
        list[str],
        typer.Argument(
            metavar="ALIAS",
            help="The entries to copy.",
            autocompletion=complete_alias,
            callback=as_texts,
        ),
    ],
    *,
    to: Annotated[
        str,
        typer.Option("--to", metavar="KEYSTORE", help="The keystore to copy to.", callback=as_text),
    ],
    renamed: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            metavar="ALIAS=NEW",
            help="Call the copy of ALIAS NEW; can be repeated.",
            show_default=False,
            callback=as_texts,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Give entries that are there the copy as a new version."),
    ] = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Copy entries to another keystore of this installation: all of them, or none."""
    names = _names(aliases, renamed or [])
    mode = Mode.OVERWRITE if overwrite else Mode.ADD
    try:
        with session.desk() as desk:
            plan = desk.keystores.copy(names, to, overwrite=overwrite, dry_run=dry_run)
    except Problem as problem:
        if as_json:
            refused = intakes.refused_json(mode, problem)
            output.say_json({"keystore": to, "dry_run": dry_run, **refused})
        raise
    if as_json:
        output.say_json({"keystore": to, "dry_run": dry_run, **intakes.as_json(plan)})
    elif dry_run:
        intakes.show(plan, f"A copy to '{to}' would mean")
        output.say("Nothing was stored.")
    elif plan.changes_anything:
        intakes.show(plan, f"Copied to '{to}'")
    else:
        intakes.show(plan, f"There was nothing to copy to '{to}'")
    refusals = [d.problem for d in plan.fates if d.problem is not None]
    if refusals:
        raise typer.Exit(output.EXIT_STATUS[refusals[0].kind])


def _names(aliases: list[str], renamed: list[str]) -> dict[str, str]:
    """Return the aliases there by those here; an alias may have an equals sign itself."""
    names = {alias: alias for alias in aliases}
    for text in renamed:
        fitting = [alias for alias in names if text.startswith(f"{alias}=")]
        if not fitting:
            raise typer.BadParameter(
                f"{text!r} is not ALIAS=NEW with one of the aliases to copy.", param_hint="--as"
            )
        alias = max(fitting, key=len)
        names[alias] = text[len(alias) + 1 :]
    return names
