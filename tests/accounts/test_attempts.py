"""Whose failures are counted together, and how long they make wait."""

from datetime import timedelta

import pytest

from keysteward.accounts import attempts
from keysteward.accounts.principals import AccountKind
from keysteward.keystore.steward import Steward
from keysteward.problems import TooManyRequests
from keysteward.settings import Settings
from tests import steward as steward_
from tests.accounts import people
from tests.accounts.people import HERE
from tests.steward import Clock


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
        ("\ud800" + "x" * 100, "?" + "x" * 63),
    ],
)
def test_addresses_of_one_network_count_together(address: str, counted: str) -> None:
    """An IPv6 network is one customer's; what is no address is bounded text."""
    assert counted == attempts.make(AccountKind.USER, "ann", address).address


def test_user_and_client_of_a_name_are_counted_apart() -> None:
    """No user has a name with a colon, so they cannot be mixed up."""
    made = [attempts.make(kind, "ann", "192.0.2.1").name for kind in AccountKind]
    assert ["ann", "client:ann"] == made


@pytest.mark.parametrize("name", ["", "a:b", " ann", "\ud800", "a\nb", "x" * 101])
def test_names_that_cannot_be_share_one_count(name: str) -> None:
    """A stranger's text, however long, is never stored."""
    assert [""] * 2 == [attempts.make(kind, name, "192.0.2.1").name for kind in AccountKind]


def test_wait_grows_from_a_second_to_a_quarter_of_an_hour() -> None:
    """However large the number becomes."""
    waits = [attempts.wait_seconds(number) for number in (0, 4, 5, 6, 14, 15, 16, 10**9)]
    assert [0, 0, 1, 2, 512, 900, 900, 900] == waits


def test_old_counts_go_a_few_at_a_time(steward: Steward, clock: Clock) -> None:
    """One failure never pays for all the counts of a bad day."""
    for number in range(50):
        attempt = attempts.make(AccountKind.USER, f"user {number}", HERE)
        attempts.count(steward, attempt, None)
    clock.advance(days=2)
    found = []
    for _ in range(3):
        attempts.count(steward, attempts.make(AccountKind.USER, "new", "192.0.2.1"), None)
        names = (f"user {number}" for number in range(50))
        left = [steward.store.accounts.find_failures(name, "192.0.2.1") for name in names]
        found.append(len([one for one in left if one is not None]))
    assert [30, 10, 0] == found


def test_attempt_under_way_when_a_wait_begins_is_not_counted(
    steward: Steward, clock: Clock
) -> None:
    """Else who came at the same moment would wait for twice as long."""
    attempt = attempts.make(AccountKind.USER, "ann", HERE)
    for _ in range(8):
        attempts.count(steward, attempt, None)
    failures = steward.store.accounts.find_failures("ann", HERE)
    assert failures is not None
    assert (5, clock.now + timedelta(seconds=1)) == (failures.count, failures.blocked_until)


def test_waits_double_up_to_a_quarter_of_an_hour(steward: Steward, clock: Clock) -> None:
    """What comes during a wait does not prolong it."""
    attempt = attempts.make(AccountKind.USER, "ann", HERE)
    for _ in range(4):
        attempts.count(steward, attempt, None)
    waits = []
    for _ in range(13):
        attempts.count(steward, attempt, None)
        with pytest.raises(TooManyRequests) as refused:
            attempts.require_no_wait(steward, attempt)
        waits.append(refused.value.retry_after_seconds)
        clock.advance(seconds=waits[-1])
        assert attempts.require_no_wait(steward, attempt)
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] == waits


def test_log_tells_of_each_longer_wait_and_no_more(steward: Steward, clock: Clock) -> None:
    """Mistyping is no news, guessing is; nobody fills the log with it, nor with unknown names."""
    account = people.add_user(steward)
    before = len(people.rows(steward))
    for _ in range(30):
        clock.advance(hours=1)
        attempts.count(steward, attempts.make(AccountKind.USER, "ann", HERE), account)
        attempts.count(steward, attempts.make(AccountKind.USER, "nobody", HERE), None)
    rows = people.rows(steward)[before:]
    assert list(range(5, 16)) == [row.detail["failures"] for row in rows]
    assert {("address:192.0.2.1", "sign-in-refused", "refused", "ann")} == {
        (row.actor, row.action, row.outcome, row.detail["account"]) for row in rows
    }


def test_made_up_names_do_not_fill_the_disk(
    steward: Steward, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The latest counts are kept, as many as there is room for."""
    monkeypatch.setattr(attempts, "MOST", 30)
    for number in range(100):
        attempts.count(steward, attempts.make(AccountKind.CLIENT, f"{number}", HERE), None)
        clock.advance(seconds=1)
    assert 31 == len(steward_.rows(settings)["sign_in_failures"])
    assert steward.store.accounts.find_failures("client:99", HERE) is not None
    assert steward.store.accounts.find_failures("client:69", HERE) is not None
    assert steward.store.accounts.find_failures("client:68", HERE) is None
