"""Processes that all work in one folder, and end with it.

PostgreSQL refuses to run as root, so as root the programs run as the user of Debian's PostgreSQL
packages, or as nobody. Each ends when this process does, whatever ended it, but for PostgreSQL's
servers, which leave their parents; those are found by the folder that they work in.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from faults import programs

_PREFIX = "keysteward-faults-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_ROOM_BYTES = 2 << 30
_END_SECONDS = 20
_QUIT_SECONDS = 10
_SET_CHILD_SUBREAPER = 36
"""Of ``linux/prctl.h``."""


class Identity(TypedDict, total=False):
    """As whom a program runs; empty for ourselves."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(slots=True)
class Processes:
    """What runs in a folder."""

    folder: Path
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(
        self, name: str, *command: str, environment: Mapping[str, str], as_server: bool = True
    ) -> subprocess.Popen[bytes]:
        """Start a program; what it says is appended to ``NAME.log``.

        Call this from the main thread: who is started ends with the thread that did.

        Args:
            name: of the log.
            command: the program and its arguments.
            environment: the whole of it.
            as_server: as the user under which PostgreSQL may run, instead of as ourselves.
        """
        identity = server_identity() if as_server else Identity()
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                (_found("setpriv"), "--pdeathsig", "KILL", "--", *command),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **identity,
            )
        self._started.append(process)
        return process

    def end(self) -> None:
        """End everything that works in the folder. Raises RuntimeError if something survives.

        What was started is killed. What that had started is told to quit first, and killed after a
        few seconds: a killed database server leaves a piece of shared memory behind.
        """
        began = time.monotonic()
        for process in self._started:
            process.kill()
            process.wait(_END_SECONDS)
        while found := list(working_in(self.folder)):
            seconds = time.monotonic() - began
            if seconds > _END_SECONDS:
                raise RuntimeError(f"these processes cannot be ended: {found}")
            if seconds > _QUIT_SECONDS:
                kill(*found)
            send(signal.SIGQUIT, found)
            time.sleep(0.1)
            for one in found:
                _bury(one)


@contextmanager
def opened(*, adopting: bool = True) -> Iterator[Processes]:
    """Make the folder, and remove it and everything that runs in it at the end of the context.

    With ``adopting`` this process becomes the parent of servers that leave theirs, and notes their
    ends: not every system's first process does, and a killed server that nobody took note of looks
    alive to Patroni.

    It is in memory where there is room: what is killed here loses no write that the system has, so
    a disk would only make the run slower.
    """
    if adopting:
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    with tempfile.TemporaryDirectory(dir=_MEMORY if roomy else None, prefix=_PREFIX) as name:
        processes = Processes(Path(name).resolve())
        give(processes.folder)
        try:
            yield processes
        finally:
            processes.end()


def give(path: Path) -> None:
    """Let the servers' user own a file or folder."""
    identity = server_identity()
    if identity:
        os.chown(path, identity["user"], identity["group"])


def working_in(folder: Path) -> Iterator[int]:
    """Yield the ids of all processes whose working directory is a folder or lies in it."""
    for process in Path("/proc").glob("[0-9]*"):
        # Processes end while we look, and those of others do not tell where they work.
        with suppress(OSError):
            where = Path(str((process / "cwd").readlink()).removesuffix(" (deleted)"))
            if where.is_relative_to(folder) and int(process.name) != os.getpid():
                yield int(process.name)


def command_line(process: int) -> str:
    """Return how a process calls itself; nothing if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace")
    return ""


def kill(*ids: int) -> None:
    """Kill processes at once and wait until nothing is left of them, not even their numbers."""
    send(signal.SIGKILL, ids)
    deadline = time.monotonic() + _END_SECONDS
    while any(Path(f"/proc/{one}").exists() for one in ids) and time.monotonic() < deadline:
        for one in ids:
            _bury(one)
        time.sleep(0.01)


def free_port(host: str) -> int:
    """Return a port of an address of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    """Return what the programs of others get: where programs are, and nothing of ours."""
    return {"PATH": programs.search_path(), "HOME": str(folder), "LC_ALL": "C.UTF-8"}


def _bury(one: int) -> None:
    """Take note of a process's end, if it is ours to do so and it has ended."""
    with suppress(ChildProcessError):
        os.waitpid(one, os.WNOHANG)


def send(number: int, ids: Iterable[int]) -> None:
    """Send a signal to processes; those that have ended are left out."""
    for one in ids:
        with suppress(ProcessLookupError):
            os.kill(one, number)


def _found(program: str) -> str:
    found = shutil.which(program, path=programs.search_path())
    assert found is not None, program  # noqa: S101 - main has looked for all of them
    return found


def server_identity() -> Identity:
    """Return the arguments of ``subprocess`` with which a program runs as the servers' user."""
    if os.geteuid() != 0:
        return Identity()
    known = {one.pw_name: one for one in pwd.getpwall()}
    chosen = known.get("postgres") or known["nobody"]
    return Identity(user=chosen.pw_uid, group=chosen.pw_gid, extra_groups=[])
