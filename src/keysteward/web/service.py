"""What the HTTP faces are given: made once by the composition root, before the server listens."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from keysteward.accounts.principals import Principal
from keysteward.keystore import keystores
from keysteward.keystore.steward import Steward
from keysteward.problems import KeystoreUnknown
from keysteward.storage import commits
from keysteward.web import queues, rates
from keysteward.web.csrf import CsrfTokens
from keysteward.web.queues import FairQueue, Turns
from keysteward.web.rates import Buckets, OncePerMinute, Rates

T = TypeVar("T")

_SEARCHES = 4
"""A quarter of the worker threads: all of them at once would not be faster."""


@dataclass(frozen=True, slots=True)
class Service:
    """The first argument of whatever answers requests."""

    steward: Steward
    """Of the keystore that is addressed when none is named."""
    csrf: CsrfTokens
    odata_rates: Rates
    passwords: FairQueue = field(default_factory=queues.of_passwords)
    slow: FairQueue = field(default_factory=queues.of_slow)
    connecting: FairQueue = field(default_factory=queues.of_connecting)
    uploads: Turns = field(default_factory=Turns)
    """Of signing responses at an entry, by keystore and alias: at once they would plan against each
    other in vain, and waiting in worker threads they would keep everybody from them."""
    connection_tests: Buckets = field(default_factory=rates.of_connection_tests)
    searches: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_SEARCHES))
    """The threads of readings that a caller can make as long as the store lets them be."""
    told_refusals: OncePerMinute = field(default_factory=OncePerMinute)
    """For the audit log, which nobody shall fill by asking for what they may not."""
    _stewards: dict[str, Steward] = field(default_factory=dict)
    """Keystores are neither renamed nor removed, so one that was found once stays."""

    def take_connection_test(self, principal: Principal) -> None:
        """Count a connection that the server is to make for an account. Raises TooManyRequests."""
        self.connection_tests.take(principal.account_id, "Testing connections, an account")

    async def find_steward(self, principal: Principal, keystore: str | None) -> Steward:
        """Return what ``steward_of`` does, at once for a keystore that was found before."""
        name = keystore or self.steward.settings.keystore
        if principal.may_see(name) and name in self._stewards:
            return self._stewards[name]
        return await in_thread(lambda: self.steward_of(principal, name))

    def steward_of(self, principal: Principal, keystore: str | None) -> Steward:
        """Return the steward of a keystore that exists for the account; None means the default.

        Raises KeystoreUnknown alike for one that is not there and one that is not the account's.
        """
        name = keystore or self.steward.settings.keystore
        if principal.may_see(name):
            try:
                found = keystores.steward_of(self.steward, name)
            except KeystoreUnknown:
                pass
            else:
                self._stewards[name] = found
                return found
        raise KeystoreUnknown(name, ", ".join(map(repr, self.keystores_of(principal))) or "none")

    def keystores_of(self, principal: Principal) -> tuple[str, ...]:
        """Return the names of the keystores that exist for the account, in their order."""
        names = (name for name, _ in self.steward.store.list_keystores())
        return tuple(name for name in names if principal.may_see(name))


async def in_thread(work: Callable[[], T], limiter: CapacityLimiter | None = None) -> T:
    """Run what blocks in a worker thread; endpoints themselves only read and answer.

    A limiter says how many do so at once besides those without one.
    """
    work = commits.told(work)
    if limiter is not None:
        return await anyio.to_thread.run_sync(work, limiter=limiter)
    # The event loop's own threads are reached some 0.2 ms sooner than anyio's.
    return await asyncio.get_running_loop().run_in_executor(None, work)
