"""Running the ``keysteward`` command: as a process of its own, or, faster, inside this one.

Both run the same ``app.main`` with no terminal at either end and return what a shell would see.
"""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import typer
from typer.core import TyperGroup

from keysteward import app
from keysteward.cli import application

COMMAND = (sys.executable, "-c", "from keysteward.app import main; main()")
"""What the installed script runs; works where only the sources are there, too."""

_BUILD = application.build


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        """Standard output as JSON."""
        return json.loads(self.stdout)


def environment(data: Path | None, **more: str) -> dict[str, str]:
    """Return the environment of a run: this one's without Keysteward's own variables."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KEYSTEWARD_")}
    return {**kept, **({"KEYSTEWARD_DATA": str(data)} if data else {}), **more}


def run(data: Path | None, *arguments: str, stdin: bytes = b"", **more: str) -> Run:
    """Run the command as a process; ``more`` are environment variables."""
    done = subprocess.run(
        (*COMMAND, *arguments),
        input=stdin,
        env=environment(data, **more),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def inside(data: Path | None, *arguments: str, stdin: bytes = b"", **more: str) -> Run:
    """Run the command in this process; ``more`` are environment variables."""
    out_bytes, err_bytes = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(b, "utf-8", newline="") for b in (out_bytes, err_bytes))
    given = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    with (
        mock.patch.object(sys, "argv", ["keysteward", *arguments]),
        mock.patch.object(sys, "stdin", given),
        mock.patch.object(application, "build", _built),
        mock.patch.dict(os.environ, environment(data, **more), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = _status()
    out.flush()
    err.flush()
    return Run(status, out_bytes.getvalue().decode(), err_bytes.getvalue().decode())


@cache
def _built() -> TyperGroup:
    """Return the command; to put it together takes longer than most of what it does."""
    root = typer.main.get_command(_BUILD())
    assert isinstance(root, TyperGroup)
    return root


def _status() -> int:
    try:
        app.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def names() -> list[tuple[str, str]]:
    """Return every command as it is typed ("keypair add"), hidden ones included, and its help."""
    found = []
    for name, command in _built().commands.items():
        inner = command.commands if isinstance(command, TyperGroup) else {"": command}
        found += [(f"{name} {sub}".strip(), one.help or "") for sub, one in inner.items()]
    return found
