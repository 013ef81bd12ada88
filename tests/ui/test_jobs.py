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
        never, ended = asyncio.Event(), asyncio.Event()

        async def waits(_: Job) -> object:
            return await never.wait()

        async def ends(_: Job) -> object:
            return await ended.wait()

        running = await jobs.run(1, "runs", _NOW, waits)
        made = [jobs.run(1, "ended", _NOW, ends) for _ in range(30)]
        ending = await asyncio.gather(*made, jobs.run(2, "of another", _NOW, ends))
        ended.set()
        await asyncio.wait({job.task for job in ending if job.task is not None})
        await jobs.run(1, "another", _NOW, ends)
        kept = len(jobs.list(1)), jobs.find(1, running.id) is running, len(jobs.list(2))
        never.set()
        return kept

    # The one that was added last was there at once.
    assert (19, True, 1) == asyncio.run(run())


def test_result_that_was_there_at_once_is_not_kept() -> None:
    """Nobody comes back for it, and a file or a plan takes memory."""

    async def run() -> int:
        async def ends(_: Job) -> object:
            return b"a file"

        jobs = Jobs()
        await jobs.run(1, "title", _NOW, ends)
        return len(jobs.list(1))

    assert 0 == asyncio.run(run())


def test_result_is_forgotten_after_its_time() -> None:
    """What somebody left is not in memory for ever, whoever else has work."""

    async def run() -> tuple[int, int]:
        ended, forgotten = asyncio.Event(), asyncio.Event()

        async def ends(_: Job) -> object:
            return await ended.wait()

        jobs = Jobs(kept_seconds=0)
        job = await jobs.run(1, "title", _NOW, ends)
        before = len(jobs.list(1))
        ended.set()
        assert job.task is not None
        await job.task
        asyncio.get_running_loop().call_later(0.01, forgotten.set)
        await forgotten.wait()
        return before, len(jobs.list(1))

    assert (1, 0) == asyncio.run(run())


def test_refusal_is_kept_without_what_raised_it() -> None:
    """The frames of what raised it hold the form, and in it passwords and private keys."""

    async def run() -> object:
        async def refuses(_: Job) -> object:
            try:
                return int("secret")
            except ValueError as error:
                raise KeystoreBusy from error

        job = await Jobs().run(1, "title", _NOW, refuses)
        assert job.task is not None
        return await job.task

    refusal = asyncio.run(run())
    assert isinstance(refusal, KeystoreBusy)
    held = refusal.__traceback__, refusal.__cause__, refusal.__context__
    assert (None, None, None) == held
