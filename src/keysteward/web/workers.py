"""Several processes behind one address: a parent that listens, and workers that it forks.

The parent serves nothing. It forks another worker in the place of one that ended by itself, passes
on the signal that ends the server, and waits for the workers, who notice if it is killed.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import structlog

_TAKEN = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM)
_STEADY_SECONDS = 10
_PAUSE_SECONDS = 2
"""Passes before a worker takes the place of one that did not even live for _STEADY_SECONDS."""

_log = structlog.stdlib.get_logger("keysteward.server")


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker has of its parent: ends of pipes."""

    _ready: int
    _alive: int

    def report(self) -> None:
        """Tell the parent that requests can come; from now on its end is as good as SIGTERM."""
        os.write(self._ready, b"\n")
        os.close(self._ready)
        threading.Thread(target=self._outlive, name="parent", daemon=True).start()

    def _outlive(self) -> None:
        os.read(self._alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)


def divide(count: int, announce: Callable[[], None], ended: Callable[[int], None]) -> Worker | int:
    """Return once in each of so many new processes, and at the very end in this one: a status.

    That is 0, or the exit status of a worker that could not even start. ``announce`` is called here
    when all of them take requests, ``ended`` with the process id of each that ended. This process
    must have one thread.
    """
    return _Parent(count, announce, ended).run()


class _Parent:
    def __init__(
        self, count: int, announce: Callable[[], None], ended: Callable[[int], None]
    ) -> None:
        self._count = count
        self._announce: Callable[[], None] | None = announce
        self._ended = ended
        self._started_at: dict[int, float] = {}
        self._reported = 0
        self._missing = 0
        self._fork_at = 0.0
        self._stopping = False
        self._interrupted = False
        self._status = 0
        self._ready = os.pipe()
        self._alive = os.pipe()
        self._signals = os.pipe()

    def run(self) -> Worker | int:
        """Fork, then wait for signals and reports until no worker is left."""
        os.set_blocking(self._signals[1], False)
        signal.set_wakeup_fd(self._signals[1])
        before = {number: signal.signal(number, _wake) for number in _TAKEN}
        self._missing = self._count
        while self._started_at or self._missing:
            if self._fork_missing():
                signal.set_wakeup_fd(-1)
                for number, handler in before.items():
                    signal.signal(number, handler)
                return self._as_worker()
            self._wait()
        for number, handler in before.items():
            signal.signal(number, handler)
        return self._status

    def _fork_missing(self) -> bool:
        """Fork the workers that there should be; return whether this is one of them."""
        while self._missing and time.monotonic() >= self._fork_at:
            self._missing -= 1
            process = os.fork()
            if not process:
                return True
            self._started_at[process] = time.monotonic()
        return False

    def _as_worker(self) -> Worker:
        # A group of its own: Ctrl-C reaches the parent alone, which passes it on.
        os.setpgid(0, 0)
        for descriptor in (self._ready[0], self._alive[1], *self._signals):
            os.close(descriptor)
        return Worker(self._ready[1], self._alive[0])

    def _wait(self) -> None:
        pause = max(0.0, self._fork_at - time.monotonic()) if self._missing else None
        found, _, _ = select.select((self._signals[0], self._ready[0]), (), (), pause)
        if self._ready[0] in found:
            self._reported += len(os.read(self._ready[0], 64))
            if self._reported >= self._count and self._announce is not None:
                self._announce()
                self._announce = None
        if self._signals[0] in found:
            for number in os.read(self._signals[0], 64):
                self._take(number)

    def _take(self, number: int) -> None:
        if number == signal.SIGCHLD:
            while (ended := self._next_ended()) is not None:
                self._bury(*ended)
            return
        again = number == signal.SIGINT and self._interrupted
        self._interrupted = self._interrupted or number == signal.SIGINT
        self._stop(signal.SIGKILL if again else signal.SIGTERM)

    def _next_ended(self) -> tuple[int, int] | None:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        return (process, os.waitstatus_to_exitcode(status)) if process else None

    def _bury(self, process: int, status: int) -> None:
        started_at = self._started_at.pop(process, None)
        if started_at is None:
            # The first process of a container is given children that others left behind.
            return
        self._ended(process)
        if self._stopping:
            return
        if self._announce is not None:
            # What keeps one from starting keeps all.
            self._status = status if status > 0 else 1
            self._stop(signal.SIGTERM)
            return
        _log.error("worker ended", process=process, status=status)
        self._missing += 1
        if time.monotonic() - started_at < _STEADY_SECONDS:
            self._fork_at = time.monotonic() + _PAUSE_SECONDS

    def _stop(self, number: int) -> None:
        self._stopping = True
        self._missing = 0
        for process in self._started_at:
            os.kill(process, number)


def _wake(number: int, frame: FrameType | None) -> None:
    """Let the signal interrupt nothing: its number is in the pipe."""
