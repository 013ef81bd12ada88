"""What a process does to files, as strace saw it: the order of writes and syncs."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from tests import commands
from tests.endurance.processes import ROOT

_CALLS = "fsync,fdatasync,write,writev,pwrite64,pwritev,pwritev2,ftruncate,unlink,unlinkat"
_LINE = re.compile(r"^\d+ +(?P<call>\w+)\((?:(?P<fd>\d+)<(?P<path>[^>]*)>)?(?P<rest>.*)$")
_RESULT = re.compile(r"= (-?\d+)(?: |$)")
_SYNCS = frozenset({"fsync", "fdatasync"})
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that succeeded, on a file that strace named."""

    name: str
    descriptor: int
    path: str

    @property
    def syncs(self) -> bool:
        """Whether it brings to disk what was written before."""
        return self.name in _SYNCS

    @property
    def confirms(self) -> bool:
        """Whether it tells the caller something: a write to standard output."""
        return self.name == "write" and self.descriptor == 1


def require_strace() -> None:
    """Skip the test if there is no strace, or if it is not allowed to trace here."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace (Debian package strace)")
    if not _may_trace():
        pytest.skip("strace (Debian package strace) is not allowed to trace processes here")


def trace(folder: Path, command: Sequence[str], data: Path, stdin: bytes = b"") -> list[Call]:
    """Run a process to its good end and return what it wrote and synced, in order."""
    output = folder / "trace"
    # Stopping at the traced calls alone (--seccomp-bpf) makes a run twice as fast. It goes without
    # with injected signals: strace 6.1 does not deliver them then.
    options = ["-f", "-y", "--seccomp-bpf", "-o", str(output), "-e", f"trace={_CALLS}"]
    done = _run(options, command, data, stdin)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return list(parse(output.read_text("utf-8", "replace")))


def kill_at(command: Sequence[str], data: Path, call: str, when: int) -> bool:
    """Run a process that is killed instead of its n-th call; return whether it came that far."""
    inject = f"inject={call}:signal=KILL:when={when}"
    done = _run(["-o", "/dev/null", "-e", f"trace={call}", "-e", inject], command, data, b"")
    assert done.returncode in (0, -9), done.stderr.decode("utf-8", "replace")
    return done.returncode != 0


def parse(text: str) -> Iterator[Call]:
    """Return the calls of a trace that was made with ``-f -y``, put together where it was split."""
    unfinished: dict[str, str] = {}
    for line in text.splitlines():
        process = line.partition(" ")[0]
        if line.endswith("<unfinished ...>"):
            unfinished[process] = line.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"^\d+ +<\.\.\. \w+ resumed>(.*)$", line)
        whole = unfinished.pop(process) + resumed[1] if resumed else line
        found = _LINE.match(whole)
        result = _RESULT.search(whole.rpartition(")")[2]) if found else None
        if found and found["fd"] and result and int(result[1]) >= 0:
            yield Call(found["call"], int(found["fd"]), found["path"])


def _run(
    options: list[str], command: Sequence[str], data: Path, stdin: bytes
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["strace", *options, *command],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=commands.environment(data),
        timeout=_SECONDS,
    )


@lru_cache
def _may_trace() -> bool:
    command = ["strace", "-f", "-y", "--seccomp-bpf", "-o", "/dev/null", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
