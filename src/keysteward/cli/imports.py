"""import: a whole keystore file, planned first."""

import sys
from functools import partial
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from keysteward.cli import files, intakes, output
from keysteward.cli.session import Session
from keysteward.keystore import imports
from keysteward.keystore.imports import ImportPlan, Upload
from keysteward.keystore.intake import Mode
from keysteward.problems import AliasExists, ConfirmationRequired, Kind, Problem

_SKIPPED_SHOWN = 20

File = Annotated[str, typer.Argument(metavar="FILE", help="JKS, JCEKS or PKCS#12; - is stdin.")]
ModeOption = Annotated[
    Mode,
    typer.Option(
        help="add: only new aliases; overwrite: existing ones as well; replace: and delete others."
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the file's password from the first line of standard input."
    ),
]
KeyPassword = Annotated[
    bool,
    typer.Option(
        "--key-password",
        help="The keys have another password than the file: ask for it, or read a second line.",
    ),
]
Roots = Annotated[
    bool,
    typer.Option(
        "--roots/--no-roots",
        help="Make trusted entries of the roots that a PKCS#12 file's chains end in.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and store nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Carry the plan out without a question.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def import_(
    session: Session,
    file: File,
    *,
    mode: ModeOption = Mode.ADD,
    password_stdin: PasswordStdin = False,
    key_password: KeyPassword = False,
    roots: Roots = True,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take a whole keystore in: JKS, JCEKS or PKCS#12 with any number of keys."""
    data = files.read_upload(file, session.settings.keystore_file_limit_bytes)
    password = files.read_password(
        from_stdin=password_stdin, prompt="Password of the keystore (Enter for none): "
    )
    of_keys = (
        files.read_password(from_stdin=password_stdin, prompt="Password of its keys: ")
        if key_password
        else None
    )
    upload = Upload(data, password, of_keys, mode, roots)
    bar = _bar()

    def accept(plan: ImportPlan) -> None:
        bar.stop()
        if as_json or not plan.intake.changes_anything:
            _require(plan, yes=yes)
            return
        if not yes and session.interactive and file != "-":
            _show(plan, "This import would take in")
            if typer.confirm("Carry it out?"):
                return
        _require(plan, yes=yes)

    try:
        with session.opened() as steward, bar:
            progress = partial(_advance, bar, bar.add_task("Opening"))
            if dry_run:
                plan = imports.plan_import(steward, session.caller, upload, progress)
            else:
                plan = imports.import_keystore(
                    steward, session.caller, upload, accept=accept, progress=progress
                )
    except Problem as problem:
        if as_json:
            output.say_json({"problem": output.problem_json(problem)})
        raise
    if as_json:
        output.say_json(_plan_json(plan, dry_run=dry_run))
    elif dry_run:
        _show(plan, "This import would take in")
        output.say("Nothing was stored.")
    else:
        _show(plan, "Imported")
    if any(_fails(d.problem) for d in plan.intake.decisions):
        raise typer.Exit(output.EXIT_STATUS[Kind.INVALID])


def _require(plan: ImportPlan, *, yes: bool) -> None:
    if plan.intake.changes_anything and not yes:
        raise ConfirmationRequired(
            intakes.consequence(plan.intake, "This import"),
            "Repeat it with --yes; --dry-run shows the plan.",
        )


def _fails(problem: Problem | None) -> bool:
    """Tell whether something could not come in, other than by the mode that was chosen."""
    return problem is not None and not isinstance(problem, AliasExists)


def _show(plan: ImportPlan, heading: str) -> None:
    intakes.show(plan.intake, f"{heading} from a {plan.format} file")
    for one in plan.skipped[:_SKIPPED_SHOWN]:
        output.say(f"Skipped: {one.reason}" + (f" ('{one.name}')." if one.name else "."))
    if len(plan.skipped) > _SKIPPED_SHOWN:
        output.say(f"Skipped: {len(plan.skipped) - _SKIPPED_SHOWN:,} more.")


def _plan_json(plan: ImportPlan, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "format": plan.format,
        "file_sha256": plan.file_sha256,
        **intakes.as_json(plan.intake),
        "skipped": [{"name": s.name, "reason": s.reason} for s in plan.skipped],
        "problem": None,
    }


def _bar() -> Progress:
    """Return a bar on standard error that is gone when the work is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=output.console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, description="Proving keys", completed=done, total=total)
