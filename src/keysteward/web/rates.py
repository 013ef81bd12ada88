"""Rate limits: token buckets in the memory of this process.

A bucket holds what ten seconds allow, so that a client may send a burst as long as its average
stays below the limit.
"""

import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from keysteward.problems import TooManyRequests

BURST_SECONDS = 10
_MINUTE_SECONDS = 60

CONNECTION_TESTS = 30
"""Tests of connections that one account may have the server make in a minute, on average: enough
for a person and for a nightly script, too few to scan a network."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Buckets:
    """One bucket for each name; names that nobody used for a while are forgotten."""

    def __init__(
        self, per_second: float | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = per_second
        self._clock = monotonic
        self._buckets: dict[Hashable, _Bucket] = {}
        self._swept_at = monotonic()
        self._lock = threading.Lock()

    def take(self, name: Hashable, what: str) -> None:
        """Take one request out of a bucket. Raises TooManyRequests with the time to wait."""
        if self._rate is None:
            return
        most = self._rate * BURST_SECONDS
        with self._lock:
            now = self._clock()
            self._sweep(now)
            bucket = self._buckets.setdefault(name, _Bucket(most, now))
            bucket.left = min(most, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.left >= 1:
                bucket.left -= 1
                return
            wait = math.ceil((1 - bucket.left) / self._rate)
        raise TooManyRequests(f"{what} may send {_spoken(self._rate)} on average.", max(1, wait))

    def _sweep(self, now: float) -> None:
        """Forget buckets that are full again; that they were there makes no difference."""
        if now - self._swept_at < BURST_SECONDS:
            return
        self._swept_at = now
        self._buckets = {n: b for n, b in self._buckets.items() if now - b.at < BURST_SECONDS}


def _spoken(per_second: float) -> str:
    if per_second < 1:
        return f"{per_second * _MINUTE_SECONDS:g} requests a minute"
    return f"{per_second:g} requests a second"


class OncePerMinute:
    """Tells whether something was not said within the last minute; of ``most`` names at most."""

    def __init__(self, most: int = 10_000, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = monotonic
        self._said: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def take(self, name: Hashable) -> bool:
        """Return whether it is to be said, which it then was; never while it knows too many."""
        with self._lock:
            now = self._clock()
            if name in self._said and now - self._said[name] < _MINUTE_SECONDS:
                return False
            if len(self._said) >= self._most:
                fresh = {n: at for n, at in self._said.items() if now - at < _MINUTE_SECONDS}
                self._said = fresh
            if len(self._said) >= self._most:
                return False
            self._said[name] = now
            return True


def of_connection_tests() -> Buckets:
    """Return the limit of tests of connections; names are ids of accounts."""
    return Buckets(CONNECTION_TESTS / _MINUTE_SECONDS)


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits of a face: for each keystore and for each account."""

    keystores: Buckets = field(default_factory=lambda: Buckets(None))
    accounts: Buckets = field(default_factory=lambda: Buckets(None))

    @classmethod
    def of(
        cls, per_keystore: float | None, per_account: float | None, processes: int = 1
    ) -> "Rates":
        """Return limits in requests a second for one of a node's processes; None is no limit."""

        def share(rate: float | None) -> Buckets:
            return Buckets(None if rate is None else rate / processes)

        return cls(share(per_keystore), share(per_account))

    def take_account(self, account_id: int) -> None:
        """Count a request against its account. Raises TooManyRequests."""
        self.accounts.take(account_id, "An account")

    def take_keystore(self, keystore: str) -> None:
        """Count a request against a keystore that the account may see. Raises TooManyRequests."""
        self.keystores.take(keystore, "All clients of a keystore together")
