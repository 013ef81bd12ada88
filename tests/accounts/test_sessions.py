"""Sessions of users: they end by themselves, and at once when the user's rights do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keysteward.accounts import sessions, users
from keysteward.accounts.principals import Means, principal_of
from keysteward.keystore.steward import Steward
from keysteward.problems import AccountNotFound, NotSignedIn
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import steward as steward_
from tests.accounts import people
from tests.accounts.people import VIEWER
from tests.steward import TENANT, Clock


@pytest.fixture
def session(steward: Steward) -> Secret:
    """Return the token of a session of the user "ann"."""
    account = people.add_user(steward)
    return sessions.open_session(steward, principal_of(account, Means.BASIC))[0]


def _ended(steward: Steward, session: Secret) -> None:
    with pytest.raises(NotSignedIn):
        sessions.resolve_session(steward, session)


def test_session_is_its_user(steward: Steward, settings: Settings, session: Secret) -> None:
    """The token is stored nowhere."""
    found = sessions.resolve_session(steward, session)
    assert ("ann", people.OPERATOR, Means.SESSION) == (found.name, found.roles, found.means)
    assert session.reveal().startswith(b"kn_")
    assert session.reveal().decode() not in repr(steward_.rows(settings, without=()))


def test_session_ends_when_nobody_uses_it(steward: Steward, clock: Clock, session: Secret) -> None:
    """After half an hour; each use begins it anew."""
    for _ in range(3):
        clock.advance(minutes=29, seconds=59)
        sessions.resolve_session(steward, session)
    clock.advance(minutes=30)
    _ended(steward, session)


def test_session_ends_however_much_it_is_used(
    steward: Steward, clock: Clock, session: Secret
) -> None:
    """After twelve hours."""
    for _ in range(71):
        clock.advance(minutes=10)
        sessions.resolve_session(steward, session)
    clock.advance(minutes=10)
    _ended(steward, session)


def test_settings_say_when_sessions_end(steward: Steward, clock: Clock) -> None:
    """Both times."""
    account = people.add_user(steward)
    changed = replace(steward.settings, session_idle_seconds=100, session_seconds=150)
    other = replace(steward, settings=changed)
    token, ends = sessions.open_session(other, principal_of(account, Means.BASIC))
    assert clock.now + timedelta(seconds=150) == ends
    clock.advance(seconds=99)
    sessions.resolve_session(other, token)
    clock.advance(seconds=51)
    _ended(other, token)
    token, _ = sessions.open_session(other, principal_of(account, Means.BASIC))
    clock.advance(seconds=100)
    _ended(other, token)


def test_use_is_written_down_once_a_minute(
    steward: Steward, settings: Settings, clock: Clock, session: Secret
) -> None:
    """Looking at something must not write each time."""
    written = set()
    for _ in range(120):
        sessions.resolve_session(steward, session)
        written.add(steward_.rows(settings)["sessions"][0])
        clock.advance(seconds=1)
    assert 2 == len(written)


def test_session_ends_with_the_rights_of_its_user(steward: Steward, session: Secret) -> None:
    """Roles are those of now; shut out is out, and is not in again when let in."""
    users.change_user(steward, TENANT, "ann", roles=VIEWER)
    assert VIEWER == sessions.resolve_session(steward, session).roles
    users.change_user(steward, TENANT, "ann", disabled=True)
    _ended(steward, session)
    users.change_user(steward, TENANT, "ann", disabled=False)
    _ended(steward, session)


def test_closed_session_has_ended(steward: Steward, session: Secret) -> None:
    """Others of the user have not; to close it once more is no problem."""
    principal = sessions.resolve_session(steward, session)
    other, _ = sessions.open_session(steward, principal)
    for token in (session, session, Secret(b"x" * 1000)):
        sessions.close_session(steward, token)
    _ended(steward, session)
    sessions.resolve_session(steward, other)
    assert [
        ("ann", "session-opened", "done"),
        ("ann", "session-opened", "done"),
        ("ann", "session-closed", "done"),
    ] == people.words(steward)[1:]


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\0", b"x" * 1_000_000])
def test_token_that_was_never_given_is_refused(steward: Steward, content: bytes) -> None:
    """Whatever it is."""
    _ended(steward, Secret(content))


def test_api_client_has_no_session(steward: Steward) -> None:
    """Not even with the name of a user."""
    people.add_user(steward, "pipeline")
    people.add_client(steward, "pipeline")
    client = steward.store.accounts.list(people.CLIENT)[0]
    with pytest.raises(AccountNotFound):
        sessions.open_session(steward, replace(principal_of(client, Means.BEARER)))


def test_ended_sessions_go_when_others_begin(
    steward: Steward, settings: Settings, clock: Clock, session: Secret
) -> None:
    """Nothing stays for ever."""
    principal = sessions.resolve_session(steward, session)
    clock.advance(hours=12)
    sessions.open_session(steward, principal)
    assert 1 == len(steward_.rows(settings)["sessions"])
