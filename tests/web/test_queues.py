"""Who waits for something that computes is in nobody's way."""

import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable

import anyio
import anyio.to_thread
import pytest

from keysteward.problems import ServerBusy
from keysteward.web import queues
from keysteward.web.queues import FairQueue
from keysteward.web.service import in_thread

ONE, OTHER, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"

Crowd = Callable[[Hashable, int], Awaitable[None]]


def _crowded(
    queue: FairQueue, test: Callable[[Crowd, Counter[Hashable]], Awaitable[None]]
) -> Counter[Hashable]:
    """Run a test while nothing in a queue comes to its end; return who did when the test had.

    The test is given what sends many, and a count of what has begun.
    """
    go_on, begun, done = threading.Event(), Counter[Hashable](), Counter[Hashable]()

    async def run() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1

        async def wait(party: Hashable) -> None:
            def work() -> None:
                begun[party] += 1
                go_on.wait()

            await queue.run(party, work)
            done[party] += 1

        async with anyio.create_task_group() as group:

            async def crowd(party: Hashable, count: int) -> None:
                for _ in range(count):
                    group.start_soon(wait, party)
                await anyio.wait_all_tasks_blocked()

            try:
                await test(crowd, begun)
            finally:
                go_on.set()

    anyio.run(run)
    return done


def test_waiting_for_passwords_takes_no_worker_thread() -> None:
    """As many as may wait leave the only worker thread to others, and get their turn after."""

    async def test(crowd: Crowd, _: Counter[Hashable]) -> None:
        await crowd(ONE, queues.OF_ADDRESS)
        with anyio.fail_after(10):
            assert "answered" == await in_thread(lambda: "answered")

    assert Counter({ONE: queues.OF_ADDRESS}) == _crowded(queues.of_passwords(), test)


@pytest.mark.parametrize(
    ("queue", "most"),
    [(queues.of_passwords(), queues.OF_ADDRESS), (queues.of_slow(), queues.OF_ACCOUNT)],
)
def test_one_party_keeps_no_other_one_waiting(queue: FairQueue, most: int) -> None:
    """However much it sends, half of the threads are others'; beyond a limit it is refused."""

    async def test(crowd: Crowd, _: Counter[Hashable]) -> None:
        await crowd(ONE, most)
        with pytest.raises(ServerBusy):
            await queue.run(ONE, lambda: None)
        with anyio.fail_after(10):
            assert "done" == await queue.run(OTHER, lambda: "done")

    assert Counter({ONE: most}) == _crowded(queue, test)


def test_no_more_compute_at_once_than_there_are_threads() -> None:
    """Each computation of a password takes 64 MiB."""
    queue = queues.of_passwords()

    async def test(crowd: Crowd, begun: Counter[Hashable]) -> None:
        for party in (ONE, OTHER, THIRD):
            await crowd(party, 2)
        with anyio.fail_after(10):
            while begun.total() < queue.threads.total_tokens:  # noqa: ASYNC110 - of other threads
                await anyio.sleep(0.01)
        assert Counter({ONE: 1, OTHER: 1}) == begun

    assert Counter({ONE: 2, OTHER: 2, THIRD: 2}) == _crowded(queue, test)


def test_party_that_failed_can_come_again() -> None:
    """What goes wrong in a thread leaves no place taken."""
    queue = FairQueue(2, 1)

    async def run() -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await queue.run(ONE, lambda: 1 // 0)
        assert "done" == await queue.run(ONE, lambda: "done")

    anyio.run(run)
