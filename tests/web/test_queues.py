"""Who waits for a password's turn is in nobody's way."""

import threading
from collections import Counter
from collections.abc import Awaitable, Callable

import anyio
import anyio.to_thread
import pytest

from keysteward.accounts import passwords
from keysteward.problems import ServerBusy
from keysteward.web import queues
from keysteward.web.queues import PasswordQueue, SlowQueue
from keysteward.web.service import in_thread

HERE, THERE = "192.0.2.1", "192.0.2.2"

Crowd = Callable[[str, int], Awaitable[None]]


def _crowded(test: Callable[[PasswordQueue, Crowd], Awaitable[None]]) -> Counter[str]:
    """Run a test while nothing in a queue comes to its end; return who did when the test had."""
    go_on, done = threading.Event(), Counter[str]()

    async def run() -> None:
        queue = PasswordQueue()
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1

        async def wait(address: str) -> None:
            await queue.run(address, go_on.wait)
            done[address] += 1

        async with anyio.create_task_group() as group:

            async def crowd(address: str, count: int) -> None:
                for _ in range(count):
                    group.start_soon(wait, address)
                await anyio.wait_all_tasks_blocked()

            try:
                await test(queue, crowd)
            finally:
                go_on.set()

    anyio.run(run)
    return done


def test_waiting_for_passwords_takes_no_worker_thread() -> None:
    """As many as may wait leave the only worker thread to others, and get their turn after."""

    async def test(_: PasswordQueue, crowd: Crowd) -> None:
        await crowd(HERE, queues.MOST_OF_ADDRESS)
        with anyio.fail_after(10):
            assert "answered" == await in_thread(lambda: "answered")

    assert Counter({HERE: queues.MOST_OF_ADDRESS}) == _crowded(test)


def test_one_address_keeps_no_other_one_out() -> None:
    """The next one from there is told to come again; one from elsewhere waits its turn."""

    async def test(queue: PasswordQueue, crowd: Crowd) -> None:
        await crowd(HERE, queues.MOST_OF_ADDRESS)
        with pytest.raises(ServerBusy):
            await queue.run(HERE, lambda: None)
        await crowd(THERE, 1)

    assert Counter({HERE: queues.MOST_OF_ADDRESS, THERE: 1}) == _crowded(test)


def test_addresses_of_one_ipv6_network_are_one() -> None:
    """Whoever has one of them has all."""

    async def test(queue: PasswordQueue, crowd: Crowd) -> None:
        for number in range(queues.MOST_OF_ADDRESS):
            await crowd(f"2001:db8::{number + 1:x}", 1)
        with pytest.raises(ServerBusy):
            await queue.run("2001:db8::ffff", lambda: None)

    assert queues.MOST_OF_ADDRESS == _crowded(test).total()


def test_queue_of_all_has_an_end() -> None:
    """Many addresses together cannot make anybody wait for ever."""

    async def test(queue: PasswordQueue, crowd: Crowd) -> None:
        for number in range(queues.MOST // queues.MOST_OF_ADDRESS):
            await crowd(f"198.51.100.{number}", queues.MOST_OF_ADDRESS)
        with pytest.raises(ServerBusy):
            await queue.run(HERE, lambda: None)

    assert queues.MOST == _crowded(test).total()


def test_no_more_compute_at_once_than_memory_is_for() -> None:
    """Each computation takes 64 MiB."""
    begun: list[int] = []

    async def test(queue: PasswordQueue, crowd: Crowd) -> None:
        await crowd(HERE, passwords.RUNNING)
        with anyio.move_on_after(0.1):
            await queue.run(THERE, lambda: begun.append(1))
        assert not begun

    _crowded(test)


def test_account_with_much_that_is_slow_leaves_a_thread_to_the_next_one() -> None:
    """However much it sends at once; beyond a limit it is told to come again."""
    go_on, done = threading.Event(), Counter[int]()

    async def run() -> None:
        queue = SlowQueue()

        async def wait(account: int, work: Callable[[], object]) -> None:
            await queue.run(account, work)
            done[account] += 1

        async with anyio.create_task_group() as group:
            for _ in range(queues.MOST_OF_ACCOUNT):
                group.start_soon(wait, 1, go_on.wait)
            await anyio.wait_all_tasks_blocked()
            try:
                with anyio.fail_after(10):
                    await wait(2, lambda: None)
                assert Counter({2: 1}) == done
                with pytest.raises(ServerBusy):
                    await queue.run(1, lambda: None)
            finally:
                go_on.set()
        assert Counter({1: queues.MOST_OF_ACCOUNT, 2: 1}) == done

    anyio.run(run)
