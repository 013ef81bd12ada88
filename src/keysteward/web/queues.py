"""Those who wait for something that computes: in the event loop, so they hold no thread.

Anybody can make the server compute passwords. If strangers waited in the worker threads, all of
them would soon wait, and those with a token or a session behind them. So it is with key generation
and whole keystores, if only among accounts.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio import CapacityLimiter

from keysteward.accounts import passwords
from keysteward.problems import ServerBusy
from keysteward.storage import commits

T = TypeVar("T")

OF_ADDRESS = 100
"""Sign-ins from one network address at once: programs that all start at the full hour. Of those
with the same password only the first one computes it."""
OF_ACCOUNT = 16
"""Slow operations of one account at once; each may hold a file of some megabytes while it waits."""


OF_CONNECTING = 16
"""Connections to other servers at once, and those of one account that wait; a thread of them costs
nothing but its time, and must not take it from those that compute."""


class FairQueue:
    """A few threads, of which one party has half at most, and a line of its own before them.

    So whoever sends much waits behind itself, and anybody else behind one of it.
    """

    def __init__(self, threads: int, most: int) -> None:
        self.threads = CapacityLimiter(threads)
        self._most = most
        self._there: Counter[Hashable] = Counter()
        self._turns: dict[Hashable, anyio.Semaphore] = {}

    async def run(self, party: Hashable, work: Callable[[], T]) -> T:
        """Return what the work does, once it is the party's turn.

        Raises ServerBusy if too much of the party is there.
        """
        if self._there[party] >= self._most:
            raise ServerBusy
        turns = self._turns.get(party)
        if turns is None:
            turns = self._turns[party] = anyio.Semaphore(int(self.threads.total_tokens) // 2)
        self._there[party] += 1
        try:
            async with turns:
                return await anyio.to_thread.run_sync(commits.told(work), limiter=self.threads)
        finally:
            self._there[party] -= 1
            if not self._there[party]:
                del self._there[party], self._turns[party]


class Turns:
    """Lets one at a time do something about the same matter, in this process."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, anyio.Lock] = {}
        self._there: Counter[Hashable] = Counter()

    @asynccontextmanager
    async def alone(self, matter: Hashable) -> AsyncIterator[None]:
        """Wait until nobody else is about this matter; who came first goes first."""
        lock = self._locks.setdefault(matter, anyio.Lock())
        self._there[matter] += 1
        try:
            async with lock:
                yield
        finally:
            self._there[matter] -= 1
            if not self._there[matter]:
                del self._there[matter], self._locks[matter]


def of_passwords() -> FairQueue:
    """Return the queue of what computes passwords; parties are network addresses."""
    return FairQueue(passwords.RUNNING, OF_ADDRESS)


def of_slow() -> FairQueue:
    """Return the queue of what computes for long; parties are the ids of accounts."""
    return FairQueue(max(2, (os.cpu_count() or 1) - 1), OF_ACCOUNT)


def of_connecting() -> FairQueue:
    """Return the queue of what waits for other servers; parties are the ids of accounts."""
    return FairQueue(OF_CONNECTING, OF_CONNECTING)
