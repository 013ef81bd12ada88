"""Tokens of API clients: opaque, revocable, and as cheap as one look into the database."""

from dataclasses import replace

import pytest

from keysteward.accounts import clients, tokens
from keysteward.accounts.principals import AccountKind, Means
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn, TooManyRequests
from keysteward.settings import Settings
from keysteward.storage import accounts
from keysteward.values import Secret
from tests import steward as steward_
from tests.accounts import people
from tests.accounts.people import HERE, THERE, VIEWER
from tests.steward import TENANT, Clock

WRONG = Secret(b"ks_" + b"x" * 43)


def _issue(steward: Steward, secret: Secret) -> Secret:
    return tokens.issue(steward, "pipeline", secret, HERE).token


def _refused(steward: Steward, token: Secret) -> None:
    with pytest.raises(NotSignedIn):
        tokens.resolve(steward, token)


def test_token_is_the_client_it_was_issued_to(steward: Steward, settings: Settings) -> None:
    """With what it may do; the token itself is stored nowhere."""
    secret = people.add_client(steward, keystores=frozenset({"default"})).secret
    issued = tokens.issue(steward, "pipeline", secret, HERE)
    found = tokens.resolve(steward, issued.token)
    assert ("pipeline", AccountKind.CLIENT, Means.BEARER) == (found.name, found.kind, found.means)
    assert (people.OPERATOR, frozenset({"default"})) == (found.roles, found.keystores)
    assert "client:pipeline" == found.caller.name
    assert 3600 == issued.expires_in
    assert issued.token.reveal().startswith(b"kt_")
    assert issued.token.reveal().decode() not in repr(steward_.rows(settings, without=()))


def test_token_ends_after_its_time(steward: Steward, clock: Clock) -> None:
    """A setting says when."""
    secret = people.add_client(steward).secret
    short = replace(steward, settings=replace(steward.settings, token_seconds=60))
    issued = tokens.issue(short, "pipeline", secret, HERE)
    assert 60 == issued.expires_in
    clock.advance(seconds=59)
    tokens.resolve(steward, issued.token)
    clock.advance(seconds=1)
    _refused(steward, issued.token)


def test_token_that_was_never_issued_is_refused(steward: Steward) -> None:
    """Whatever it is: nothing, much, a secret, no text."""
    secret = people.add_client(steward).secret
    for content in (b"", b"x", b"x" * 1_000_000, b"\xff\0", secret.reveal()):
        _refused(steward, Secret(content))


def test_client_that_is_shut_out_has_no_token(steward: Steward) -> None:
    """From that moment on, and those that it had do not come back with it."""
    secret = people.add_client(steward).secret
    token = _issue(steward, secret)
    clients.change_client(steward, TENANT, "pipeline", disabled=True)
    _refused(steward, token)
    with pytest.raises(NotSignedIn):
        _issue(steward, secret)
    clients.change_client(steward, TENANT, "pipeline", disabled=False)
    _refused(steward, token)
    tokens.resolve(steward, _issue(steward, secret))


def test_removed_client_has_no_token(steward: Steward) -> None:
    """Nor has another one that gets its name."""
    token = _issue(steward, people.add_client(steward).secret)
    clients.remove_client(steward, TENANT, "pipeline")
    _refused(steward, token)
    people.add_client(steward)
    _refused(steward, token)


def test_roles_of_a_token_are_those_of_now(steward: Steward) -> None:
    """Nothing of the account is in the token."""
    token = _issue(steward, people.add_client(steward).secret)
    clients.change_client(
        *(steward, TENANT, "pipeline"), roles=VIEWER, keystores=frozenset({"default"})
    )
    found = tokens.resolve(steward, token)
    assert (VIEWER, frozenset({"default"})) == (found.roles, found.keystores)


def test_secret_that_ends_does_not_shorten_a_token(steward: Steward, clock: Clock) -> None:
    """It was right when it was sent; a removed one does not either."""
    made = clients.add_client(steward, TENANT, "pipeline", people.OPERATOR, None, 1)[1]
    clock.advance(hours=23, minutes=30)
    first, second = _issue(steward, made.secret), _issue(steward, made.secret)
    clock.advance(minutes=29, seconds=59)
    clients.remove_secret(steward, TENANT, "pipeline", made.id)
    clock.advance(seconds=1)
    for token in (first, second):
        tokens.resolve(steward, token)


def test_expired_secret_is_told_to_whoever_has_it(steward: Steward, clock: Clock) -> None:
    """To nobody else, and without counting against them."""
    made = clients.add_client(steward, TENANT, "pipeline", people.OPERATOR, None, 1)[1]
    clock.advance(days=1)
    for _ in range(10):
        with pytest.raises(NotSignedIn, match="ended on 2026-06-02"):
            _issue(steward, made.secret)
    with pytest.raises(NotSignedIn, match="There is no such API client"):
        _issue(steward, WRONG)


def test_wrong_secrets_make_wait_where_they_come_from(steward: Steward, clock: Clock) -> None:
    """As wrong passwords do, known or not; tokens and other addresses are not affected."""
    secret = people.add_client(steward).secret
    token = _issue(steward, secret)
    for name in ("pipeline", "nobody"):
        told = set()
        for _ in range(5):
            with pytest.raises(NotSignedIn) as refused:
                tokens.issue(steward, name, WRONG, HERE)
            told.add(refused.value.detail)
        assert {True} == {"There is no such API client" in text for text in told}
        with pytest.raises(TooManyRequests):
            tokens.issue(steward, name, secret, HERE)
    tokens.resolve(steward, token)
    tokens.issue(steward, "pipeline", secret, THERE)
    clock.advance(seconds=1)
    _issue(steward, secret)
    assert steward.store.accounts.find_failures("client:pipeline", HERE) is None
    refusals = [row for row in people.rows(steward) if row.action == "sign-in-refused"]
    assert [("pipeline", "client")] == [(r.detail["account"], r.detail["kind"]) for r in refusals]


@pytest.mark.parametrize("name", ["", "a:b", "\ud800", "x" * 100_000])
def test_client_id_that_cannot_be_is_refused_as_any_other(steward: Steward, name: str) -> None:
    """Nothing of it is stored."""
    with pytest.raises(NotSignedIn):
        tokens.issue(steward, name, WRONG, HERE)
    with pytest.raises(NotSignedIn):
        tokens.issue(steward, "pipeline", Secret(b"x" * 100_000), HERE)


def test_user_gets_no_token_for_a_password(steward: Steward) -> None:
    """Tokens are for programs."""
    people.add_user(steward, "pipeline")
    with pytest.raises(NotSignedIn):
        tokens.issue(steward, "pipeline", people.PASSWORD, HERE)


def test_revoked_token_is_refused_at_once(steward: Steward) -> None:
    """No other one is; to revoke what is not valid is no problem."""
    secret = people.add_client(steward).secret
    first, second = _issue(steward, secret), _issue(steward, secret)
    for token in (first, first, WRONG, Secret(b"x" * 1_000_000)):
        tokens.revoke(steward, token)
    _refused(steward, first)
    tokens.resolve(steward, second)
    assert [
        ("client:pipeline", "token-issued", "done"),
        ("client:pipeline", "token-issued", "done"),
        ("client:pipeline", "token-revoked", "done"),
    ] == people.words(steward)[2:]


def test_old_tokens_go_a_few_at_a_time(steward: Steward, settings: Settings, clock: Clock) -> None:
    """Nobody pays for all that a busy day left, and nothing stays for ever."""
    secret = people.add_client(steward).secret
    for _ in range(accounts._AT_ONCE + 5):
        _issue(steward, secret)
    clock.advance(hours=2)
    _issue(steward, secret)
    assert 6 == len(steward_.rows(settings)["tokens"])
    _issue(steward, secret)
    assert 2 == len(steward_.rows(settings)["tokens"])


@pytest.mark.sqlite_alone  # its trace and its plan
def test_token_is_resolved_by_one_statement(steward: Steward) -> None:
    """It is asked for at every request; that finds its row by the primary key."""
    token = _issue(steward, people.add_client(steward, keystores=frozenset({"default"})).secret)
    tokens.resolve(steward, token)
    database = steward.store.accounts._database
    with database.reading() as link:
        seen: list[str] = []
        link.connection.set_trace_callback(seen.append)
    tokens.resolve(steward, token)
    with database.reading() as link:
        link.connection.set_trace_callback(None)
    assert 1 == len(seen)
    with database.reading() as link:
        cursor = link.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {seen[0]}")
        plan = [str(row[3]) for row in cursor.fetchall()]
    assert ["SEARCH tokens USING PRIMARY KEY (sha256=?)"] == plan[:1]
    assert ["SEARCH accounts USING INTEGER PRIMARY KEY (rowid=?)"] == plan[1:]
