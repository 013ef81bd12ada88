from dataclasses import dataclass

import pytest

from keysteward.problems import TooManyRequests
from keysteward.web import rates
from keysteward.web.rates import Buckets, OncePerMinute, Rates


@dataclass(slots=True)
class Monotonic:
    """A monotonic clock that tests move."""

    now: float = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now


def _taken(buckets: Buckets, name: str, times: int) -> int:
    """Return how many of a number of requests in the same moment are let through."""
    let = 0
    for _ in range(times):
        try:
            buckets.take(name, "It")
        except TooManyRequests:
            break
        let += 1
    return let


def test_bucket_lets_a_burst_of_ten_seconds_through() -> None:
    """A client that was quiet may send at once what ten seconds allow, and no more."""
    assert 100 == _taken(Buckets(10, Monotonic()), "anna", 500)


def test_bucket_fills_up_again_at_its_rate() -> None:
    """After a burst the client goes on at the rate of the limit."""
    clock = Monotonic()
    buckets = Buckets(10, clock)
    _taken(buckets, "anna", 500)

    clock.now += 2

    assert 20 == _taken(buckets, "anna", 500)


def test_bucket_is_each_names_own() -> None:
    """One client's burst takes nothing from another one."""
    buckets = Buckets(10, Monotonic())
    _taken(buckets, "anna", 500)

    assert 100 == _taken(buckets, "bert", 500)


def test_bucket_tells_how_long_to_wait() -> None:
    """Whoever waits as long as the refusal says is let through."""
    clock = Monotonic()
    buckets = Buckets(0.1, clock)
    _taken(buckets, "anna", 1)

    with pytest.raises(TooManyRequests) as refused:
        buckets.take("anna", "It")
    clock.now += refused.value.retry_after_seconds

    assert 1 == _taken(buckets, "anna", 1)


def test_bucket_that_is_full_again_is_forgotten_without_a_difference() -> None:
    """Sweeping gives nobody more than the limit: only what is full again goes."""
    clock = Monotonic()
    buckets = Buckets(10, clock)
    _taken(buckets, "anna", 500)
    clock.now += 5
    _taken(buckets, "bert", 1)

    clock.now += 5.5  # the sweep: anna's bucket was used longer ago than it takes to fill

    assert 100 == _taken(buckets, "anna", 500)
    assert 100 == _taken(buckets, "bert", 500)


def test_limit_that_is_off_lets_everything_through() -> None:
    """None is no limit."""
    assert 10_000 == _taken(Buckets(None, Monotonic()), "anna", 10_000)


def test_limits_are_shared_by_the_processes_of_a_node() -> None:
    """Four processes let through together what one alone would."""
    rates = Rates.of(12, 10, processes=4)

    assert 30 == _taken(rates.keystores, "default", 500)
    assert 25 == _taken(rates.accounts, "anna", 500)


def _take(rates: Rates, keystore: str, account_id: int) -> None:
    rates.take_account(account_id)
    rates.take_keystore(keystore)


def test_request_counts_for_its_account_and_its_keystore() -> None:
    """Two accounts within their own limits still share that of the keystore."""
    rates = Rates.of(12, 10)
    for _ in range(100):
        _take(rates, "default", 1)
    for _ in range(20):
        _take(rates, "default", 2)

    with pytest.raises(TooManyRequests, match="of a keystore"):
        _take(rates, "default", 2)
    with pytest.raises(TooManyRequests, match="An account"):
        _take(rates, "default", 1)
    _take(rates, "production", 2)


def test_once_per_minute_is_told_again_after_a_minute() -> None:
    """The same name is let through once a minute, another one at once."""
    clock = Monotonic()
    once = OncePerMinute(monotonic=clock)
    assert [True, False, True] == [once.take("a"), once.take("a"), once.take("b")]
    clock.now = 60
    assert once.take("a")


def test_once_per_minute_knows_no_more_names_than_it_may() -> None:
    """Beyond them nothing is let through until some are a minute old."""
    clock = Monotonic()
    once = OncePerMinute(2, clock)
    assert [True, True, False] == [once.take(name) for name in "abc"]
    clock.now = 60
    assert once.take("c")


def test_connection_tests_are_thirty_in_a_minute() -> None:
    """A person is not stopped, a scan is; the refusal says how much is allowed."""
    buckets = rates.of_connection_tests()
    assert 5 == _taken(buckets, "anna", 100)
    with pytest.raises(TooManyRequests, match="30 requests a minute") as raised:
        buckets.take("anna", "It")
    assert raised.value.retry_after_seconds in (1, 2)
