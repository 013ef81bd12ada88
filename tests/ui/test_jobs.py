import asyncio
import threading
from datetime import UTC, datetime

from keysteward.problems import KeystoreBusy
from keysteward.ui.jobs import Job, Jobs

_NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_work_that_is_done_at_once_is_finished_when_its_job_is_given() -> None:
    """Nobody has to ask for what was there before they could look."""

    async def run() -> Job:
        async def work(job: Job) -> object:
            job.progress(1, 2)
            return "made"

        return await Jobs().run(1, "title", _NOW, work)

    job = asyncio.run(run())
    assert job.task is not None
    assert (True, "made", 50) == (job.finished, job.task.result(), job.percent)


def test_work_goes_on_when_nobody_waits_for_it() -> None:
    """A job that takes longer is found by its account, alone, and its refusal is its result."""
    told = threading.Event()

    async def run() -> tuple[bool, bool, bool, int, object]:
        jobs = Jobs()

        async def work(_: Job) -> object:
            await asyncio.to_thread(told.wait, 10)
            raise KeystoreBusy

        job = await jobs.run(1, "title", _NOW, work)
        before = job.finished
        told.set()
        assert job.task is not None
        result = await job.task
        found = jobs.find(1, job.id) is job
        foreign = jobs.find(2, job.id) is not None
        return before, found, foreign, jobs.count_unseen(1), result

    before, found, foreign, unseen, result = asyncio.run(run())
    assert (False, True, False, 1) == (before, found, foreign, unseen)
    assert isinstance(result, KeystoreBusy)


def test_account_keeps_its_last_jobs_only() -> None:
    """Those that still run are never forgotten, those of others neither."""

    async def run() -> tuple[int, bool, int]:
        jobs = Jobs()
        never = asyncio.Event()

        async def waits(_: Job) -> object:
            return await never.wait()

        async def ends(_: Job) -> object:
            return None

        running = await jobs.run(1, "runs", _NOW, waits)
        for _ in range(30):
            await jobs.run(1, "ended", _NOW, ends)
        await jobs.run(2, "of another", _NOW, ends)
        kept = len(jobs.list(1)), jobs.find(1, running.id) is running, len(jobs.list(2))
        never.set()
        return kept

    assert (20, True, 1) == asyncio.run(run())
