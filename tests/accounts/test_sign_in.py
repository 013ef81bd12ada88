"""Sign-in by name and password: the same for everybody who may not, at once for every change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import argon2
import pytest

from keysteward.accounts import attempts, passwords, sessions, sign_in, tokens, users
from keysteward.accounts.principals import AccountKind, Means
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn, Problem, TooManyRequests
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import steward as steward_
from tests.accounts import people
from tests.accounts.people import HERE, OTHER, PASSWORD, THERE, VIEWER, WRONG
from tests.steward import TENANT, Clock


def _fail(steward: Steward, times: int, name: str = "ann", address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            sign_in.sign_in(steward, name, WRONG, address)


def test_user_signs_in_with_what_it_may_do(steward: Steward) -> None:
    """Roles and keystores are those of the account."""
    account = people.add_user(steward, keystores=frozenset({"default"}))
    found = sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    assert (account.id, "ann", AccountKind.USER) == (found.account_id, found.name, found.kind)
    assert (Means.BASIC, frozenset({Role.OPERATOR})) == (found.means, found.roles)
    assert (frozenset({"default"}), False) == (found.keystores, found.must_change_password)


def test_everybody_who_may_not_costs_the_same_and_is_told_the_same(steward: Steward) -> None:
    """One computation each, one sentence.

    A wrong password, an unknown name, an API client's, one that no account can have, a user who is
    shut out.
    """
    people.add_user(steward, "ann")
    people.add_user(steward, "out")
    people.add_client(steward, "pipeline")
    users.change_user(steward, TENANT, "out", disabled=True)
    told = set()
    names = ("ann", "nobody", "pipeline", "a:b", "\ud800", "x" * 5000, "")
    for name, password in (*((name, WRONG) for name in names), ("out", PASSWORD)):
        with people.counting() as work, pytest.raises(NotSignedIn) as refused:
            sign_in.sign_in(steward, name, password, HERE)
        assert 1 == work.done, name
        told.add(refused.value.detail)
    assert 1 == len(told)


def test_password_found_right_is_not_computed_again_for_five_minutes(
    steward: Steward, clock: Clock
) -> None:
    """Programs send it with every request."""
    people.add_user(steward)
    with people.counting() as work:
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)
        clock.advance(minutes=4, seconds=59)
        sign_in.sign_in(steward, "ann", PASSWORD, THERE)
        assert 1 == work.done
        clock.advance(seconds=1)
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)
        assert 2 == work.done


def test_clock_that_is_put_back_prolongs_nothing(steward: Steward, clock: Clock) -> None:
    """What was found right in what is the future now is computed again."""
    people.add_user(steward)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    clock.advance(minutes=-6)
    with people.counting() as work:
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    assert 1 == work.done


def test_wrong_password_is_never_taken_for_one_that_was_right(steward: Steward) -> None:
    """Nor one user's for another's."""
    people.add_user(steward, "ann")
    people.add_user(steward, "bob")
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    users.set_password(steward, TENANT, "bob", OTHER)
    for name, password in (("ann", WRONG), ("bob", PASSWORD), ("ann", OTHER)):
        with pytest.raises(NotSignedIn):
            sign_in.sign_in(steward, name, password, HERE)


def test_changes_act_at_the_next_request(steward: Steward) -> None:
    """Whatever is remembered of the password: roles, keystores, shut out, let in, removed."""
    people.add_user(steward)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    users.change_user(steward, TENANT, "ann", roles=VIEWER, keystores=frozenset({"default"}))
    with people.counting() as work:
        found = sign_in.sign_in(steward, "ann", PASSWORD, HERE)
        assert (VIEWER, frozenset({"default"})) == (found.roles, found.keystores)
        users.change_user(steward, TENANT, "ann", disabled=True)
        with pytest.raises(NotSignedIn):
            sign_in.sign_in(steward, "ann", PASSWORD, HERE)
        users.change_user(steward, TENANT, "ann", disabled=False)
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)
        assert 0 == work.done
    users.remove_user(steward, TENANT, "ann")
    with pytest.raises(NotSignedIn):
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)


def test_old_password_is_refused_from_its_change_on(steward: Steward) -> None:
    """Also where it was right a moment ago; and so is one of a removed user for its successor."""
    people.add_user(steward)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    users.set_password(steward, TENANT, "ann", OTHER)
    _refused(steward, PASSWORD)
    sign_in.sign_in(steward, "ann", OTHER, HERE)
    users.remove_user(steward, TENANT, "ann")
    people.add_user(steward)
    _refused(steward, OTHER)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)


def _refused(steward: Steward, password: Secret) -> None:
    with pytest.raises(NotSignedIn):
        sign_in.sign_in(steward, "ann", password, HERE)


def test_password_changed_during_the_computation_is_refused(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is the account at the end."""
    people.add_user(steward)
    real = passwords.verify

    def verify(password_hash: str | None, password: Secret) -> bool:
        right = real(password_hash, password)
        with steward.store.accounts.writing("tester", steward.clock()) as changes:
            account = changes.find(AccountKind.USER, "ann")
            assert account is not None
            changes.set_password(account, other, must_change=False)
        return right

    other = passwords.hash_password(OTHER)
    monkeypatch.setattr(passwords, "verify", verify)
    _refused(steward, PASSWORD)


def test_hash_of_old_parameters_is_replaced_at_sign_in(steward: Steward) -> None:
    """The password stays; the next sign-in finds a hash of today's."""
    account = people.add_user(steward)
    old = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    with steward.store.accounts.writing("tester", steward.clock()) as changes:
        changes.set_password(account, old.hash(PASSWORD.reveal()), must_change=False)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    hashed = users.get_user(steward, "ann").password_hash
    assert hashed is not None
    assert not passwords.needs_rehash(hashed)
    with people.counting() as work:
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    assert 0 == work.done
    _refused(steward, WRONG)


def test_five_failures_make_the_next_attempt_wait(steward: Steward, clock: Clock) -> None:
    """Also with the right password, which would tell that it is; then all is forgotten."""
    people.add_user(steward)
    _fail(steward, 5)
    with people.counting() as work, pytest.raises(TooManyRequests) as refused:
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    assert (0, 1) == (work.done, refused.value.retry_after_seconds)
    clock.advance(seconds=1)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    assert steward.store.accounts.find_failures("ann", HERE) is None
    _fail(steward, 5)


def test_remembered_password_is_no_way_around_the_wait(steward: Steward) -> None:
    """Else whoever guesses would be told at once when a guess is the one that is remembered."""
    people.add_user(steward)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    _fail(steward, 5)
    with pytest.raises(TooManyRequests):
        sign_in.sign_in(steward, "ann", PASSWORD, HERE)


def test_nobody_can_lock_a_user_out_from_elsewhere(steward: Steward) -> None:
    """Password, session, and the token of a client of the same name go on working."""
    people.add_user(steward)
    secret = people.add_client(steward, "ann").secret
    session, _ = sessions.open_session(steward, sign_in.sign_in(steward, "ann", PASSWORD, THERE))
    token = tokens.issue(steward, "ann", secret, THERE).token
    _fail(steward, 5)
    sign_in.sign_in(steward, "ann", PASSWORD, THERE)
    assert "ann" == sessions.resolve_session(steward, session).name
    assert "ann" == tokens.resolve(steward, token).name
    tokens.issue(steward, "ann", secret, HERE)


def test_unknown_names_wait_as_known_ones_do(steward: Steward) -> None:
    """Or the wait would tell which names there are; names that cannot be share one count."""
    _fail(steward, 5, name="nobody")
    for number in range(5):
        _fail(steward, 1, name=f"a:{number}")
    for name in ("nobody", "b:1"):
        with pytest.raises(TooManyRequests):
            sign_in.sign_in(steward, name, WRONG, HERE)


def test_failures_are_counted_across_processes(settings: Settings, clock: Clock) -> None:
    """The count lies in the database: a restart does not help who guesses."""
    with steward_.opened(settings, clock) as first:
        people.add_user(first)
        _fail(first, 3)
    with steward_.opened(settings, clock) as second:
        _fail(second, 2)
        with pytest.raises(TooManyRequests):
            sign_in.sign_in(second, "ann", PASSWORD, HERE)


def test_many_guesses_at_once_are_no_more_than_a_few(steward: Steward) -> None:
    """Those who waited for their turn are counted with those who had it."""
    people.add_user(steward)

    def guess(number: int) -> type[Problem]:
        with pytest.raises(Problem) as refused:
            sign_in.sign_in(steward, "ann", Secret(f"guess number {number}".encode()), HERE)
        return refused.type

    with people.counting() as work, ThreadPoolExecutor(16) as pool:
        refusals = list(pool.map(guess, range(32)))
    assert attempts.FREE <= work.done < attempts.FREE + passwords.RUNNING
    assert work.done == refusals.count(NotSignedIn)
    assert {NotSignedIn, TooManyRequests} == set(refusals)


def test_failures_of_yesterday_are_forgotten(steward: Steward, clock: Clock) -> None:
    """A count begins anew a day after the last failure, and other old rows go as well."""
    people.add_user(steward)
    _fail(steward, 4)
    _fail(steward, 1, name="nobody")
    clock.advance(days=1, seconds=1)
    _fail(steward, 4)
    assert steward.store.accounts.find_failures("nobody", HERE) is None
    failures = steward.store.accounts.find_failures("ann", HERE)
    assert failures is not None
    assert (4, timedelta()) == (failures.count, clock.now - failures.first_at)


def test_memory_of_passwords_is_bounded(steward: Steward) -> None:
    """A thousand are remembered; the one kept longest makes room."""
    account = people.add_user(steward)
    assert account.password_hash is not None
    memory = sign_in._Memory()
    for number in range(1001):
        secret = Secret(f"{number}".encode())
        memory.keep("ann", secret, account.password_hash, steward.clock())
    assert 1000 == len(memory._verified)
    known = [memory.knows(account, Secret(f"{n}".encode()), steward.clock()) for n in (0, 1, 1000)]
    assert [False, True, True] == known


def test_nothing_of_a_password_is_written_down(steward: Steward, settings: Settings) -> None:
    """Neither right ones nor wrong ones, in no table and not in the log."""
    people.add_user(steward)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    _fail(steward, 5)
    written = repr(steward_.rows(settings, without=())).encode()
    assert PASSWORD.reveal() not in written
    assert WRONG.reveal() not in written
