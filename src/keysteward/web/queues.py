"""Those who wait for something that computes: in the event loop, so they hold no thread.

Anybody can make the server compute passwords. If strangers waited in the worker threads, all of
them would soon wait, and those with a token or a session behind them. So it is with key generation
and whole keystores, if only among accounts.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio import CapacityLimiter

from keysteward.accounts import attempts, passwords
from keysteward.problems import ServerBusy

T = TypeVar("T")

MOST_OF_ADDRESS = passwords.RUNNING + passwords.WAITING
"""At once from one network address: about a second and a half for whoever comes then."""
MOST = 4 * MOST_OF_ADDRESS
"""At once: one address alone keeps nobody else out."""


class PasswordQueue:
    """Runs what computes passwords, in threads of its own, in the order of coming."""

    def __init__(self) -> None:
        self._threads = CapacityLimiter(passwords.RUNNING)
        self._there: Counter[str] = Counter()

    async def run(self, address: str, work: Callable[[], T]) -> T:
        """Return what the work does. Raises ServerBusy if too many are there."""
        network = attempts.network_of(address)
        if self._there.total() >= MOST or self._there[network] >= MOST_OF_ADDRESS:
            raise ServerBusy
        self._there[network] += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._there[network] -= 1
            if not self._there[network]:
                del self._there[network]


MOST_OF_ACCOUNT = 16
"""At once of what is slow; each may hold a file of some megabytes while it waits."""


class SlowQueue:
    """Runs what computes for long in a few threads, of which one account has half at most."""

    def __init__(self) -> None:
        self.threads = CapacityLimiter(max(2, (os.cpu_count() or 1) - 1))
        self._there: Counter[int] = Counter()
        self._turns: dict[int, anyio.Semaphore] = {}

    async def run(self, account_id: int, work: Callable[[], T]) -> T:
        """Return what the work does, once it is the account's turn.

        Raises ServerBusy if too much of the account is there.
        """
        if self._there[account_id] >= MOST_OF_ACCOUNT:
            raise ServerBusy
        turns = self._turns.get(account_id)
        if turns is None:
            turns = anyio.Semaphore(int(self.threads.total_tokens) // 2)
            self._turns[account_id] = turns
        self._there[account_id] += 1
        try:
            async with turns:
                return await anyio.to_thread.run_sync(work, limiter=self.threads)
        finally:
            self._there[account_id] -= 1
            if not self._there[account_id]:
                del self._there[account_id], self._turns[account_id]
