"""Worker processes of the endurance tests, started, listened to, and ended."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from keysteward.settings import Settings
from tests import commands
from tests.commands import COMMAND

ROOT = Path(__file__).parents[2]

Step: TypeAlias = dict[str, Any]
"""What a worker says of one step; see ``worker``."""

_SECONDS = 60


def worker_command(work: str, settings: Settings, *arguments: str) -> list[str]:
    """Return the command of a worker on one node."""
    module = (COMMAND[0], "-m", "tests.endurance.worker")
    return [*module, work, str(settings.data), *arguments, *database_option(settings)]


def database_option(settings: Settings) -> list[str]:
    """Return what tells a worker of a database outside the data folder."""
    return [] if settings.database is None else ["--database", settings.database]


def database_variable(settings: Settings) -> dict[str, str]:
    """Return what tells the product's own command of it."""
    return {} if settings.database is None else {"KEYSTEWARD_DATABASE": settings.database}


@contextmanager
def running(
    command: Sequence[str], settings: Settings | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that is killed at the end of the context if it still lives.

    The product's own command is told of its installation; workers have it in their arguments.
    """
    variables = {} if settings is None else database_variable(settings)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=commands.environment(None if settings is None else settings.data, **variables),
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def run_together(commands_: Sequence[Sequence[str]]) -> list[list[Step]]:
    """Run workers that start as soon as all of them are ready; return what each one said."""
    with ExitStack() as stack:
        workers = [stack.enter_context(running(command)) for command in commands_]
        for worker in workers:
            say_start(worker, wait=True)
        return [finished(worker) for worker in workers]


def say_start(worker: subprocess.Popen[bytes], *, wait: bool) -> None:
    """Let a worker begin; ``wait`` until it is ready, so that several begin together."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    if wait:
        assert {"ready": True} == json.loads(worker.stdout.readline() or b"{}"), worker.stderr
    worker.stdin.write(b"\n")
    worker.stdin.flush()


def steps(said: bytes) -> list[Step]:
    """Return what a worker said in whole lines; it may have been killed while it wrote one."""
    whole = said[: said.rfind(b"\n") + 1]
    return [step for step in map(json.loads, whole.splitlines()) if "ready" not in step]


def finished(worker: subprocess.Popen[bytes]) -> list[Step]:
    """Wait for a worker's good end and return what it said."""
    said, complaints = worker.communicate(timeout=_SECONDS)
    outcome = (worker.returncode, complaints.decode("utf-8", "replace"))
    assert (0, "") == outcome, outcome
    return steps(said)
