"""import: a whole keystore file, planned first."""

import sys
from functools import partial
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from keysteward.cli import files, intakes, options, output, questions
from keysteward.cli.desk_values import ImportProspect
from keysteward.cli.session import Session
from keysteward.keystore.imports import Upload
from keysteward.keystore.intake import Mode
from keysteward.problems import AliasExists, ConfirmationRequired, Kind, Problem
from keysteward.values import Secret

_SKIPPED_SHOWN = 20

_UNPROVEN = (
    "Nothing proves that the file is unaltered: no password was given, or it holds no digest under "
    "one. Compare what comes in with what its maker says."
)

KeyPassword = Annotated[
    bool,
    typer.Option(
        "--key-password",
        help="Take another password for the keys: ask for it, or read it from the second line.",
    ),
]
Roots = Annotated[
    bool,
    typer.Option(
        "--roots/--no-roots",
        help="Make trusted entries of the roots that a PKCS#12 file's chains end in.",
    ),
]


def import_(
    session: Session,
    file: options.File,
    *,
    mode: options.Mode = Mode.ADD,
    password_stdin: options.PasswordStdin = False,
    key_password: KeyPassword = False,
    roots: Roots = True,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> None:
    """Take a whole keystore in: JKS, JCEKS or PKCS#12 with any number of keys."""
    if file == "-" and password_stdin:
        raise typer.BadParameter("standard input is the file already; --password-stdin needs it.")
    data = files.read_upload(file, session.settings.keystore_file_limit_bytes)
    password, of_keys = _passwords(from_stdin=password_stdin, of_keys=key_password)
    upload = Upload(data, password, of_keys, mode, roots)
    asked = session.interactive and file != "-" and not (yes or dry_run or as_json)
    bar = _bar()

    def accept(plan: ImportProspect) -> None:
        bar.stop()
        if plan.prospect.changes_anything:
            _confirm(plan, asked=asked)

    try:
        with session.desk() as desk, bar:
            progress = partial(
                _advance, bar, bar.add_task("Opening the file", total=None, count="")
            )
            if dry_run:
                plan = desk.keystores.plan_import(upload, progress)
            else:
                plan = desk.keystores.import_(upload, None if yes else accept, progress)
    except Problem as problem:
        if as_json:
            output.say_json(_refused_json(mode, problem, dry_run=dry_run))
        raise
    if as_json:
        output.say_json(_plan_json(plan, dry_run=dry_run))
    else:
        _show_result(plan, asked=asked, dry_run=dry_run)
    if any(_fails(d.problem) for d in plan.prospect.fates):
        raise typer.Exit(output.EXIT_STATUS[Kind.INVALID])


def _passwords(*, from_stdin: bool, of_keys: bool) -> tuple[Secret | None, Secret | None]:
    """Return the password of the file and that of its keys.

    Raises BadParameter if a script is to give two and does not.
    """
    first = files.read_password(
        from_stdin=from_stdin, prompt="Password of the keystore (Enter for none): "
    )
    if not of_keys:
        return first, None
    second = files.read_password(from_stdin=from_stdin, prompt="Password of its keys: ")
    if second is None and not sys.stdin.isatty():
        raise typer.BadParameter(
            "standard input has no second line with the password of the keys."
            if from_stdin
            else "--key-password needs a terminal, or --password-stdin with two lines."
        )
    return first, second


def _confirm(plan: ImportProspect, *, asked: bool) -> None:
    """Let the person at the terminal decide; raise ConfirmationRequired on a no, or without one."""
    consequence = intakes.consequence(plan.prospect, "This import")
    refusal = ConfirmationRequired(
        consequence, "Look at the plan with '--dry-run', then repeat with '--yes'."
    )
    if not asked:
        raise refusal
    _show(plan, f"This import from a {plan.format} file would mean")
    questions.agree(f"{consequence} Go on?", refusal)


def _fails(problem: Problem | None) -> bool:
    """Tell whether something could not come in, other than by the mode that was chosen."""
    return problem is not None and not isinstance(problem, AliasExists)


def _show_result(plan: ImportProspect, *, asked: bool, dry_run: bool) -> None:
    if dry_run:
        _show(plan, f"This import from a {plan.format} file would mean")
        output.say("Nothing was stored.")
    elif not plan.prospect.changes_anything:
        _show(plan, f"There was nothing to import from the {plan.format} file")
    elif asked:  # the person has just read what it means
        output.say(f"Imported: {intakes.summary(plan.prospect)}.")
    else:
        _show(plan, f"Imported from a {plan.format} file")


def _show(plan: ImportProspect, heading: str) -> None:
    intakes.show(plan.prospect, heading)
    if not plan.proven:
        output.say(_UNPROVEN)
    anchors = intakes.new_anchors(plan.prospect)
    if anchors:
        output.say("Whatever ends in these is trusted from then on; compare the fingerprints:")
        output.table(("Alias", "SHA-256"), anchors, folding=("SHA-256",))
    for one in plan.skipped[:_SKIPPED_SHOWN]:
        output.say(f"Skipped: {one.reason}" + (f" ('{one.name}')." if one.name else "."))
    if len(plan.skipped) > _SKIPPED_SHOWN:
        output.say(f"Skipped: {len(plan.skipped) - _SKIPPED_SHOWN:,} more (--json lists them).")


def _plan_json(plan: ImportProspect, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "format": plan.format,
        "file_sha256": plan.file_sha256,
        "proven": plan.proven,
        **intakes.as_json(plan.prospect),
        "skipped": [{"name": s.name, "reason": s.reason} for s in plan.skipped],
    }


def _refused_json(mode: Mode, problem: Problem, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "format": None,
        "file_sha256": None,
        "proven": None,
        **intakes.refused_json(mode, problem),
        "skipped": [],
    }


def _bar() -> Progress:
    """Return a bar on standard error that is gone when the work is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
        console=output.console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    count = f"{done:,} of {total:,}"
    bar.update(task, description="Proving the keys", completed=done, total=total, count=count)
