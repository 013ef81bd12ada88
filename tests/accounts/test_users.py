"""Users: made, changed, removed; and there is always somebody who can manage them."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from keysteward.accounts import sessions, sign_in, users
from keysteward.accounts.principals import Means, Principal, principal_of
from keysteward.keystore import keystores
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    AccountNotFound,
    InstallationOwnedByTenant,
    KeystoreUnknown,
    LastAdministrator,
    NameInvalid,
    NameTaken,
    NotSignedIn,
    OldPasswordWrong,
    PasswordTooWeak,
    Problem,
    RolesInvalid,
    TooManyRequests,
)
from keysteward.rights import Permission, Role
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import commands
from tests import steward as steward_
from tests.accounts import people
from tests.accounts.people import ADMINISTRATOR, HERE, OPERATOR, OTHER, PASSWORD, VIEWER, WRONG
from tests.steward import PROVIDER, START, TENANT, Clock


def test_user_gets_a_one_time_password(steward: Steward) -> None:
    """It opens nothing but the choice of another one, and is gone after that."""
    user, one_time = users.add_user(steward, TENANT, "ann", None, OPERATOR, None)
    assert one_time is not None
    assert user.must_change_password
    principal = sign_in.sign_in(steward, "ann", one_time, HERE)
    assert principal.must_change_password
    users.change_own_password(steward, principal, one_time, PASSWORD)
    assert not sign_in.sign_in(steward, "ann", PASSWORD, HERE).must_change_password
    with pytest.raises(NotSignedIn):
        sign_in.sign_in(steward, "ann", one_time, HERE)


def test_user_with_a_given_password_needs_no_other(steward: Steward) -> None:
    """Nothing is returned that could be printed."""
    user, one_time = users.add_user(steward, TENANT, "ann", PASSWORD, OPERATOR, None)
    assert (None, False) == (one_time, user.must_change_password)
    assert ("tester", START, None) == (user.created_by, user.created_at, user.disabled_at)
    assert (user,) == users.list_users(steward)
    assert user == users.get_user(steward, "ann")
    assert "argon2" not in repr(user)


def test_users_are_listed_by_name(steward: Steward) -> None:
    """Those that are shut out, too; API clients of the same name are none of them."""
    for name in ("b", "a", "c"):
        people.add_user(steward, name)
    people.add_client(steward, "d")
    users.change_user(steward, TENANT, "a", disabled=True)
    assert ["a", "b", "c"] == [user.name for user in users.list_users(steward)]


@pytest.mark.parametrize("name", ["", " ann", "a\tb", "\ud800", "x" * 101, "a\u200bb"])
def test_name_that_cannot_be_told_apart_is_refused(steward: Steward, name: str) -> None:
    """As with keystores and backups."""
    with pytest.raises(NameInvalid):
        people.add_user(steward, name)


def test_name_with_a_colon_is_refused(steward: Steward) -> None:
    """It ends the name in Basic authentication, and marks others than users in the log."""
    with pytest.raises(NameInvalid, match="colon"):
        people.add_user(steward, "local:root")
    assert () == users.list_users(steward)


@pytest.mark.parametrize(
    "roles", [frozenset(), frozenset({Role.PROVIDER, Role.VIEWER}), frozenset(Role)]
)
def test_roles_that_do_not_go_together_are_refused(
    steward: Steward, roles: frozenset[Role]
) -> None:
    """Neither at first nor later."""
    with pytest.raises(RolesInvalid):
        people.add_user(steward, "ann", roles)
    people.add_user(steward, "ann")
    with pytest.raises(RolesInvalid):
        users.change_user(steward, TENANT, "ann", roles=roles)
    assert OPERATOR == users.get_user(steward, "ann").roles


def test_taken_name_is_refused(steward: Steward) -> None:
    """An API client's is another matter."""
    people.add_client(steward, "ann")
    people.add_user(steward, "ann")
    with pytest.raises(NameTaken, match="user 'ann'"):
        people.add_user(steward, "ann")


def test_keystores_of_a_user_must_be_there(steward: Steward) -> None:
    """And are named as they are, whatever their ids are."""
    keystores.create_keystore(steward, TENANT, "other")
    with pytest.raises(KeystoreUnknown, match="'third'"):
        people.add_user(steward, "ann", keystores=frozenset({"other", "third"}))
    found = people.add_user(steward, "ann", keystores=frozenset({"other"}))
    assert frozenset({"other"}) == found.keystores
    with pytest.raises(KeystoreUnknown):
        users.change_user(steward, TENANT, "ann", keystores=frozenset({"third"}))
    changed = users.change_user(steward, TENANT, "ann", keystores=frozenset({"default", "other"}))
    assert frozenset({"default", "other"}) == changed.keystores
    assert users.change_user(steward, TENANT, "ann", all_keystores=True).keystores is None


def test_weak_passwords_are_refused_everywhere(steward: Steward) -> None:
    """When a user is made, given another one, or chooses it."""
    weak = Secret(b"password1234")
    with pytest.raises(PasswordTooWeak):
        users.add_user(steward, TENANT, "ann", weak, OPERATOR, None)
    assert () == users.list_users(steward)
    people.add_user(steward)
    with pytest.raises(PasswordTooWeak):
        users.set_password(steward, TENANT, "ann", weak)
    principal = sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    for new in (weak, PASSWORD):
        with pytest.raises(PasswordTooWeak):
            users.change_own_password(steward, principal, PASSWORD, new)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)


def test_provider_manages_no_users(steward: Steward) -> None:
    """The installation is the tenant administrator's."""
    people.add_user(steward)
    for attempt in (
        lambda: users.add_user(steward, PROVIDER, "bob", PASSWORD, OPERATOR, None),
        lambda: users.change_user(steward, PROVIDER, "ann", disabled=True),
        lambda: users.set_password(steward, PROVIDER, "ann", OTHER),
        lambda: users.remove_user(steward, PROVIDER, "ann"),
    ):
        with pytest.raises(InstallationOwnedByTenant):
            attempt()
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)


def test_administrator_of_some_keystores_manages_no_users(steward: Steward) -> None:
    """Else it could make itself one of all."""
    one = people.add_user(steward, "one", ADMINISTRATOR, frozenset({"default"}))
    of_all = people.add_user(steward, "all", ADMINISTRATOR)
    may = [principal_of(account, Means.BASIC).permissions for account in (one, of_all)]
    assert {Permission.USERS_EDIT} == may[1] - may[0]


def test_what_is_not_there_is_refused(steward: Steward) -> None:
    """By its name, whatever that is."""
    for name in ("nobody", "a:b", "\ud800", "x" * 5000):
        for attempt in (users.get_user, _changed, _reset, _removed):
            with pytest.raises(AccountNotFound):
                attempt(steward, name)


def _changed(steward: Steward, name: str) -> None:
    users.change_user(steward, TENANT, name, disabled=True)


def _reset(steward: Steward, name: str) -> None:
    users.set_password(steward, TENANT, name, OTHER)


def _removed(steward: Steward, name: str) -> None:
    users.remove_user(steward, TENANT, name)


def test_change_leaves_the_rest(steward: Steward, clock: Clock) -> None:
    """Roles, keystores and being shut out are changed apart; who and when is kept."""
    people.add_user(steward, keystores=frozenset({"default"}))
    clock.advance(days=1)
    changed = users.change_user(steward, TENANT, "ann", roles=VIEWER)
    assert (VIEWER, frozenset({"default"})) == (changed.roles, changed.keystores)
    assert (START, clock.now, "tester") == (
        *(changed.created_at, changed.modified_at, changed.modified_by),
    )
    out = users.change_user(steward, TENANT, "ann", disabled=True)
    clock.advance(days=1)
    assert out == users.change_user(steward, TENANT, "ann", disabled=True)
    assert (VIEWER, clock.now) != (out.roles, out.disabled_at)
    assert users.change_user(steward, TENANT, "ann", disabled=False).disabled_at is None


@pytest.mark.parametrize(
    "change",
    [
        lambda s: users.change_user(s, TENANT, "ann", roles=OPERATOR),
        lambda s: users.change_user(s, TENANT, "ann", keystores=frozenset({"default"})),
        lambda s: users.change_user(s, TENANT, "ann", disabled=True),
        lambda s: users.remove_user(s, TENANT, "ann"),
    ],
    ids=["demoted", "restricted", "disabled", "removed"],
)
def test_last_administrator_stays(steward: Steward, change: Callable[[Steward], object]) -> None:
    """Neither a restricted nor a disabled one nor an API client counts; another one does."""
    people.add_user(steward, "ann", ADMINISTRATOR)
    people.add_user(steward, "restricted", ADMINISTRATOR, frozenset({"default"}))
    people.add_user(steward, "disabled", ADMINISTRATOR)
    users.change_user(steward, TENANT, "disabled", disabled=True)
    people.add_client(steward, "client", ADMINISTRATOR)
    with pytest.raises(LastAdministrator, match="'ann'"):
        change(steward)
    assert users.get_user(steward, "ann").administers
    users.change_user(steward, TENANT, "disabled", disabled=False)
    change(steward)


def test_two_administrators_cannot_remove_each_other_at_once(settings: Settings) -> None:
    """Two processes at the same moment: one of them is refused, every time."""
    with steward_.opened(settings, Clock()) as steward:
        for name in ("ann", "bob"):
            people.add_user(steward, name, ADMINISTRATOR)
        for _ in range(2):
            assert {"done", "last-administrator"} == set(_at_once(settings, "ann", "bob"))
            left = [user.name for user in users.list_users(steward) if user.administers]
            assert 1 == len(left)
            for name in ("ann", "bob"):
                users.change_user(steward, TENANT, name, disabled=False)


_DISABLE = """
import sys
from keysteward.accounts import users
from keysteward.problems import Problem
from tests import steward as steward_
from pathlib import Path
settings = steward_.settings_for(Path(sys.argv[1]), sys.argv[2] or None)
with steward_.opened(settings, steward_.Clock()) as steward:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        users.change_user(steward, steward_.TENANT, sys.argv[3], disabled=True)
        print("done")
    except Problem as problem:
        print(problem.slug)
"""


def _at_once(settings: Settings, *names: str) -> list[str]:
    """Disable each user in a process of its own, and return how that ended."""
    database = settings.database or ""
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    (sys.executable, "-c", _DISABLE, str(settings.data), database, name),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=commands.environment(None, PYTHONPATH=":".join(filter(None, sys.path))),
                    text=True,
                )
            )
            for name in names
        ]
        for one in running:
            assert one.stdout is not None
            assert "ready\n" == one.stdout.readline()
        for one in running:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        return [one.communicate(timeout=60)[0].strip() for one in running]


def test_other_password_ends_the_sessions(steward: Steward) -> None:
    """Whoever had the old one is out, whether an administrator changed it or the user."""
    people.add_user(steward)
    principal = sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    changes: tuple[Callable[[], object], ...] = (
        lambda: users.set_password(steward, TENANT, "ann", OTHER),
        lambda: users.change_own_password(steward, principal, OTHER, PASSWORD),
    )
    for change in changes:
        session, _ = sessions.open_session(steward, principal)
        change()
        with pytest.raises(NotSignedIn):
            sessions.resolve_session(steward, session)


def test_wrong_old_password_is_refused_and_counted(steward: Steward, clock: Clock) -> None:
    """A stolen session is no way to guess; signing in elsewhere is not held up by it."""
    people.add_user(steward)
    principal = sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    for _ in range(5):
        with pytest.raises(OldPasswordWrong, match="old password"):
            users.change_own_password(steward, principal, WRONG, OTHER)
    with pytest.raises(TooManyRequests):
        users.change_own_password(steward, principal, PASSWORD, OTHER)
    sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    clock.advance(seconds=1)
    users.change_own_password(steward, principal, PASSWORD, OTHER)
    sign_in.sign_in(steward, "ann", OTHER, HERE)


def test_api_client_has_no_password(steward: Steward) -> None:
    """Not even that of a user of the same name."""
    people.add_user(steward, "pipeline")
    people.add_client(steward, "pipeline")
    client = steward.store.accounts.list(people.CLIENT)[0]
    with pytest.raises(AccountNotFound):
        users.change_own_password(steward, principal_of(client, Means.BEARER), PASSWORD, OTHER)


def test_removed_user_leaves_nothing_to_its_successor(steward: Steward) -> None:
    """Another one of the same name is another one: session, number, roles."""
    before = people.add_user(steward)
    principal = sign_in.sign_in(steward, "ann", PASSWORD, HERE)
    session, _ = sessions.open_session(steward, principal)
    users.remove_user(steward, TENANT, "ann")
    after = people.add_user(steward, roles=VIEWER)
    assert before.id < after.id
    with pytest.raises(NotSignedIn):
        sessions.resolve_session(steward, session)
    with pytest.raises(AccountNotFound):
        sessions.open_session(steward, principal)


def test_log_tells_who_did_what_to_whom(steward: Steward) -> None:
    """Done or refused, with what it was before; it still verifies, and keystores know nothing."""
    before = steward_.audited(steward)
    people.add_user(steward)
    users.change_user(steward, TENANT, "ann", roles=VIEWER)
    users.set_password(steward, TENANT, "ann", None)
    users.remove_user(steward, TENANT, "ann")
    with pytest.raises(Problem):
        users.remove_user(steward, TENANT, "ann")
    assert [
        ("tester", "user-added", "done"),
        ("tester", "user-changed", "done"),
        ("tester", "password-changed", "done"),
        ("tester", "user-removed", "done"),
        ("tester", "user-removed", "refused"),
    ] == people.words(steward)
    rows = people.rows(steward)
    assert {"ann"} == {row.detail["account"] for row in rows}
    assert (
        {"roles": ["operator"], "keystores": None, "disabled": False},
        {"roles": ["viewer"], "keystores": None, "disabled": False},
    ) == (rows[1].detail["from"], rows[1].detail["to"])
    assert "account-not-found" == rows[4].detail["problem"]
    assert before == steward_.audited(steward)
    assert steward.store.verify_audit().clean


def test_refusal_of_a_long_name_is_a_short_row(steward: Steward) -> None:
    """Whoever sends a megabyte of a name does not write it into the log."""
    with pytest.raises(NameInvalid):
        people.add_user(steward, "x" * 1_000_000)
    (row,) = people.rows(steward)
    assert len(repr(row.detail)) < 3000


def test_caller_of_a_user_is_its_name() -> None:
    """And the provider's acts on the provider's entries."""
    caller = Principal(1, "ann", people.USER, frozenset({Role.PROVIDER}), None, Means.BASIC).caller
    assert ("ann", PROVIDER.owner) == (caller.name, caller.owner)


def test_passwords_cost_no_turn_when_they_are_weak(steward: Steward) -> None:
    """What is refused anyway is not computed."""
    with people.counting() as work, pytest.raises(PasswordTooWeak):
        users.add_user(steward, TENANT, "ann", Secret(b"short"), OPERATOR, None)
    assert 0 == work.done
