"""What an installation holds, and how far a command is that carries all of it elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from keysteward.cli import output
from keysteward.storage.recovery import Contents
from keysteward.storage.recovery import Progress as Told


def show(contents: Contents, *, stderr: bool = False) -> None:
    """Print what there is, as a table."""
    counts = contents.rows
    rows = [
        ("Keystores", ", ".join(contents.keystores)),
        ("Entries, deleted ones too", f"{counts['entries']:,}"),
        ("Their versions", f"{counts['versions']:,}"),
        ("Private keys", f"{counts['private_keys']:,}"),
        ("Backups", f"{counts['backups']:,}"),
        ("Sealing keys", ", ".join(contents.sealing_keys)),
        ("Rows of the audit log", f"{counts['audit']:,}"),
        ("Its head", contents.head),
    ]
    if not contents.clean:
        rows.append(("Warning", "the log does not verify; 'keysteward audit verify' says where"))
    output.table(("", ""), rows, folding=("",), stderr=stderr)


def as_json(contents: Contents) -> dict[str, object]:
    """Return the same for scripts."""
    return {
        "schema": contents.schema,
        "keystores": contents.keystores,
        "sealing_keys": contents.sealing_keys,
        "rows": dict(contents.rows),
        "head": contents.head,
        "clean": contents.clean,
    }


@contextmanager
def bar(description: str) -> Iterator[Told]:
    """Show a bar on standard error, which is gone when the work is done."""
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=output.console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with shown:
        task: TaskID = shown.add_task(description, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
