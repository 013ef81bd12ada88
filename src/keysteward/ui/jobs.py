"""Work that takes long: it goes on while its page shows how far it is, or is left.

Kept in memory, because what was done is in the keystore and the audit log; this is only the way
back to its result. Where several processes serve, the store keeps it for the others.
"""

import asyncio
import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from keysteward.problems import Problem
from keysteward.storage.kept_jobs import KeptAnswer, KeptJobs
from keysteward.web.service import in_thread

T = TypeVar("T")

_log = structlog.stdlib.get_logger("keysteward.page")

MOST_OF_ACCOUNT = 20
_KEPT_SECONDS = 3600
_TOLD_SECONDS = 1.0
_ATTEMPTS = 30
_AT_ONCE_SECONDS = 0.7
"""What is done by then is answered as if it were no job."""


@dataclass(slots=True)
class Job:
    """One piece of work: counted by the thread that does it, looked at by its page."""

    id: str
    title: str
    started_at: datetime
    done: int = 0
    whole: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)
    seen: bool = False
    """Whether its result was shown."""
    kept: bool = False
    """Whether other processes know it."""
    task: asyncio.Task[object] | None = field(default=None, repr=False)

    def progress(self, done: int, whole: int) -> None:
        """Tell how much is done, and of how much."""
        with self._counting:
            self.done, self.whole = done, whole

    @property
    def percent(self) -> int | None:
        """How much is done; None while nobody knows of how much."""
        with self._counting:
            return None if not self.whole else min(100, self.done * 100 // self.whole)

    @property
    def finished(self) -> bool:
        """Whether its result is there, be it a refusal."""
        return self.task is not None and self.task.done()


@dataclass(frozen=True, slots=True)
class Sharing:
    """How jobs are known to the other processes."""

    kept: KeptJobs
    clock: Callable[[], datetime]
    answer: Callable[[object], KeptAnswer]
    """Makes an answer of a result, be it a refusal."""


class Jobs:
    """The jobs of all accounts, the last twenty of each, which sees its own.

    A result that was there at once is not kept, because nobody has to come back for it; any other
    one is kept for ``kept_seconds``.

    The event loop alone calls this, but for the counting.
    """

    def __init__(self, kept_seconds: float = _KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._telling: set[asyncio.Task[None]] = set()
        self._of: dict[int, OrderedDict[str, Job]] = {}

    async def run(
        self,
        account_id: int,
        title: str,
        now: datetime,
        work: Callable[[Job], Awaitable[object]],
        sharing: Sharing | None = None,
    ) -> Job:
        """Begin a job and wait for its end, but only as long as nobody would notice."""
        job = Job(secrets.token_urlsafe(12), title, now)
        job.task = asyncio.ensure_future(_result(work, job))
        mine = self._of.setdefault(account_id, OrderedDict())
        mine[job.id] = job
        self._forget(mine)
        await asyncio.wait({job.task}, timeout=_AT_ONCE_SECONDS)
        if job.finished:
            self._drop(account_id, job)
        else:
            job.task.add_done_callback(lambda _: self._drop_later(account_id, job))
            if sharing is not None:
                telling = asyncio.ensure_future(_tell(sharing, account_id, job))
                self._telling.add(telling)
                telling.add_done_callback(self._telling.discard)
        return job

    def find(self, account_id: int, job_id: str) -> Job | None:
        """Return a job of an account; None if it has none such, or not any longer."""
        return self._of.get(account_id, OrderedDict()).get(job_id)

    def list(self, account_id: int) -> tuple[Job, ...]:
        """Return the jobs of an account, the last one first."""
        return tuple(reversed(self._of.get(account_id, OrderedDict()).values()))

    def count_unseen(self, account_id: int) -> int:
        """Return how many jobs of an account run, or have a result that was not looked at."""
        return sum(not job.seen for job in self.list(account_id))

    def _drop_later(self, account_id: int, job: Job) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._kept_seconds, self._drop, account_id, job)

    def _drop(self, account_id: int, job: Job) -> None:
        mine = self._of.get(account_id, OrderedDict())
        mine.pop(job.id, None)
        if not mine:
            self._of.pop(account_id, None)

    @staticmethod
    def _forget(mine: OrderedDict[str, Job]) -> None:
        too_many = max(0, len(mine) - MOST_OF_ACCOUNT)
        for job in [job for job in mine.values() if job.finished][:too_many]:
            del mine[job.id]


async def _tell(sharing: Sharing, account_id: int, job: Job) -> None:
    """Let the other processes know how far a job is, and at last its answer.

    While the database cannot be written they know less, and the work goes on all the same.
    """
    if job.task is None:
        return
    kept = sharing.kept
    with contextlib.suppress(Problem):
        await in_thread(lambda: kept.put(account_id, job.id, job.title, job.started_at))
        job.kept = True
    while not job.finished:
        await asyncio.wait({job.task}, timeout=_TOLD_SECONDS)
        with contextlib.suppress(Problem):
            await in_thread(lambda: kept.note(job.id, job.done, job.whole, sharing.clock()))
    result = job.task.result()
    if isinstance(result, Exception) and not isinstance(result, Problem):
        _log.error("failed", job=job.id, exc_info=result)
    answer = sharing.answer(result)
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(Problem):
            await in_thread(lambda: kept.end(job.id, answer, sharing.clock()))
            return
        await asyncio.sleep(_TOLD_SECONDS)


async def _result(work: Callable[[Job], Awaitable[object]], job: Job) -> object:
    """Keep a refusal as a result: nobody may be there any longer to see it raised.

    Of a problem it keeps nothing else: what raised it still has the form, with passwords and keys.
    """
    try:
        return await work(job)
    except Problem as problem:
        problem.__cause__ = problem.__context__ = None
        return problem.with_traceback(None)
    except Exception as error:  # noqa: BLE001  # raised again where its result is shown
        return error
