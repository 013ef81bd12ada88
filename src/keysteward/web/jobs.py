"""What a serving process does besides requests: jobs that one process has at a time, and linking.

Three threads. One keeps the leases: it seeks those that are free and renews those that are held.
One does the jobs whose leases are held, through a store that writes nothing once the lease is
another's. One links rows of the audit log, where they wait; that needs no lease, because whoever
links has the end of the log's chain locked until the links are committed (ADR 27).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event, Thread

import structlog

from keysteward.accounts import leftovers
from keysteward.entries import Caller
from keysteward.keystore import activations, backups, keystores
from keysteward.keystore.steward import Steward
from keysteward.problems import Problem
from keysteward.storage.leases import LEASE_SECONDS, Lease, LeaseLost

ACTIVATION, RETENTION = "activation", "retention"
"""Names of leases."""

LINK_SECONDS = 0.25
_ACTIVATION_SECONDS = 60.0
_RETENTION_SECONDS = 3600.0
_REFUSED_SECONDS = 3600.0
"""Passes before a job tries again what was refused: every refusal is a row of the audit log."""
_FAILED_SECONDS = 10.0
_TICK_SECONDS = 0.5
_BEATS = 3
"""In the time after which a lease ends."""

_log = structlog.stdlib.get_logger("keysteward.jobs")


@dataclass(frozen=True, slots=True)
class Step:
    """What a job did, for the log; nothing, for a step that found nothing to do."""

    event: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Work that one process does at a time, again and again; it can end after every step."""

    name: str
    """Of its lease."""
    seconds: float
    """Between the end of one run and the next."""
    run: Callable[[Steward], Iterator[Step]]


def _activate(steward: Steward) -> Iterator[Step]:
    """Activate keys of the provider whose day has come, in every keystore."""
    caller = Caller(f"job:{ACTIVATION}")
    for name, _ in steward.store.list_keystores():
        there = keystores.steward_of(steward, name)
        for due in activations.each_due(there, caller, steward.clock()):
            told: dict[str, object] = {"keystore": name, "alias": due.alias}
            if due.activated is not None:
                yield Step("key activated", {**told, "version": due.activated.version})
            if due.problem is not None:
                told |= {"problem": due.problem.slug, "detail": due.problem.detail}
                yield Step("key not activated", told, refused=True)
        yield Step()


def _retain(steward: Steward) -> Iterator[Step]:
    """Remove backups beyond the setting, and what is over of sign-ins and requests."""
    actor = f"job:{RETENTION}"
    for name, _ in steward.store.list_keystores():
        for backup in backups.each_surplus(keystores.steward_of(steward, name), Caller(actor)):
            yield Step("backup deleted", {"keystore": name, "backup": backup})
        yield Step()
    for gone in leftovers.remove(steward, actor):
        yield Step("leftovers removed", gone) if any(gone.values()) else Step()


JOBS = (
    Job(ACTIVATION, _ACTIVATION_SECONDS, _activate),
    Job(RETENTION, _RETENTION_SECONDS, _retain),
)


class Jobs:
    """The threads of one process. ``tell`` hears of every lease: 1 when it is held, 0 when not."""

    def __init__(
        self,
        steward: Steward,
        stopping: Event,
        tell: Callable[[str, int], None] = lambda name, held: None,
        lease_seconds: float = LEASE_SECONDS,
        jobs: tuple[Job, ...] = JOBS,
    ) -> None:
        self._steward = steward
        self._stopping = stopping
        self._tell = tell
        self._jobs = jobs
        self._leases = steward.store.sharing.leases(lease_seconds)
        self._held: dict[str, Lease] = {}
        self._due: dict[str, float] = {}
        self._ended = Event()
        self._worker = Thread(target=self._work, name="jobs", daemon=True)
        self._others = [Thread(target=self._keep, name="leases", daemon=True)]
        if steward.store.sharing.links_later:
            self._others.append(Thread(target=self._link, name="audit", daemon=True))

    def start(self) -> None:
        """Begin. The jobs end, and the leases are given back, as soon as ``stopping`` is set."""
        for job in self._jobs:
            self._tell(job.name, 0)
        for thread in (self._worker, *self._others):
            thread.start()

    def end(self) -> None:
        """Return when all threads have ended, which link what was written until now."""
        self._stopping.set()
        self._ended.set()
        for thread in (self._worker, *self._others):
            if thread.is_alive():
                thread.join()

    # ---- leases

    def _keep(self) -> None:
        trouble = _Trouble("leases")
        while not self._stopping.wait(self._leases.seconds / _BEATS if trouble.tried else 0):
            with trouble.told():
                self._renew()
                for job in self._jobs:
                    if job.name not in self._held:
                        self._seek(job.name)
        self._worker.join()
        with trouble.told():
            self._leases.give_back(self._held.values())
        for name in list(self._held):
            self._drop(name)

    def _renew(self) -> None:
        held = dict(self._held)
        if not held:
            return
        still = self._leases.renew(held.values())
        for name, lease in held.items():
            if lease not in still:
                _log.warning("lease lost", lease=name)
                self._drop(name)

    def _seek(self, name: str) -> None:
        lease = self._leases.seek(name)
        if lease is not None:
            _log.info("lease taken", lease=name, token=lease.token)
            self._due[name] = time.monotonic()
            self._held[name] = lease
            self._tell(name, 1)

    def _drop(self, name: str) -> None:
        self._held.pop(name, None)
        self._tell(name, 0)

    # ---- jobs

    def _work(self) -> None:
        troubles = {job.name: _Trouble(job.name) for job in self._jobs}
        while not self._stopping.wait(_TICK_SECONDS):
            for job in self._jobs:
                lease = self._held.get(job.name)
                if lease is not None and time.monotonic() >= self._due[job.name]:
                    self._due[job.name] = time.monotonic() + _FAILED_SECONDS
                    with troubles[job.name].told():
                        self._run(job, lease)

    def _run(self, job: Job, lease: Lease) -> None:
        fenced = replace(self._steward, store=self._steward.store.fenced(lease))
        pause = job.seconds
        for step in job.run(fenced):
            if step.event is not None:
                say = _log.warning if step.refused else _log.info
                say(step.event, job=job.name, **step.fields)
            if step.refused:
                pause = max(pause, _REFUSED_SECONDS)
            if self._stopping.is_set():
                return
        self._due[job.name] = time.monotonic() + pause

    # ---- linking

    def _link(self) -> None:
        trouble = _Trouble("audit linking")
        link = self._steward.store.sharing.link_waiting
        while not self._ended.wait(LINK_SECONDS):
            with trouble.told():
                while link():
                    pass
        with trouble.told():
            while link():
                pass


class _Trouble:
    """Tells once that something does not work, and once that it works again."""

    def __init__(self, name: str) -> None:
        self.tried = False
        self._name = name
        self._down = False

    @contextmanager
    def told(self) -> Iterator[None]:
        """Survive what the block raises: it is tried again."""
        self.tried = True
        try:
            yield
        except LeaseLost:
            _log.warning("job stopped: another process has its lease", job=self._name)
        except Problem as problem:
            if not self._down:
                told = {"problem": problem.slug, "detail": problem.detail}
                _log.warning("job waits", job=self._name, **told)
            self._down = True
        except Exception:  # noqa: BLE001 - a thread that ended would end its job for ever
            if not self._down:
                _log.exception("job failed", job=self._name)
            self._down = True
        else:
            if self._down:
                _log.info("job works again", job=self._name)
            self._down = False
