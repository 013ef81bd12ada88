"""API clients: secrets that are seen once, end, and are changed without a pause."""

from datetime import timedelta

import pytest

from keysteward.accounts import clients, tokens
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    AccountNotFound,
    InstallationOwnedByTenant,
    NameInvalid,
    NameTaken,
    NotSignedIn,
    Problem,
    RolesInvalid,
    TooManySecrets,
    ValidityInvalid,
)
from keysteward.settings import Settings
from tests import steward as steward_
from tests.accounts import people
from tests.accounts.people import HERE, OPERATOR, VIEWER
from tests.steward import PROVIDER, TENANT, Clock


def test_client_gets_a_secret_that_is_stored_nowhere(steward: Steward, settings: Settings) -> None:
    """256 bits behind a prefix that tells what it is; only its digest is kept."""
    account, made = clients.add_client(steward, TENANT, "pipeline", OPERATOR, None)
    secret = made.secret.reveal().decode()
    assert secret.startswith("ks_")
    assert len("ks_") + 43 == len(secret)
    assert secret not in repr(steward_.rows(settings, without=()))
    assert steward.clock() + timedelta(days=365) == made.expires_at
    assert (None, False) == (account.password_hash, account.must_change_password)


def test_clients_are_listed_with_the_ends_of_their_secrets(steward: Steward, clock: Clock) -> None:
    """By name, the oldest secret first, nobody else's among them."""
    ends = {}
    for name in ("b", "a"):
        first = people.add_client(steward, name)
        clock.advance(days=1)
        second = clients.add_secret(steward, TENANT, name, 30)
        ends[name] = [(one.id, one.expires_at) for one in (first, second)]
    listed = clients.list_clients(steward)
    assert ["a", "b"] == [client.account.name for client in listed]
    assert ends == {
        client.account.name: [(one.id, one.expires_at) for one in client.secrets]
        for client in listed
    }
    assert listed[1] == clients.get_client(steward, "b")


def test_secret_is_changed_without_a_pause(steward: Steward) -> None:
    """Both are right until the old one is removed; then a third one fits."""
    old = people.add_client(steward)
    new = clients.add_secret(steward, TENANT, "pipeline")
    for secret in (old, new):
        tokens.issue(steward, "pipeline", secret.secret, HERE)
    with pytest.raises(TooManySecrets, match="'pipeline'"):
        clients.add_secret(steward, TENANT, "pipeline")
    clients.remove_secret(steward, TENANT, "pipeline", old.id)
    with pytest.raises(NotSignedIn):
        tokens.issue(steward, "pipeline", old.secret, HERE)
    tokens.issue(steward, "pipeline", new.secret, HERE)
    clients.add_secret(steward, TENANT, "pipeline")


def test_expired_secrets_make_room(steward: Steward, clock: Clock) -> None:
    """They count for nothing, and go when another one comes."""
    clients.add_client(steward, TENANT, "pipeline", OPERATOR, None, 1)
    clients.add_secret(steward, TENANT, "pipeline", 1)
    clock.advance(days=1)
    made = clients.add_secret(steward, TENANT, "pipeline")
    assert [made.id] == [one.id for one in clients.get_client(steward, "pipeline").secrets]


@pytest.mark.parametrize("days", [0, -1, 3651, 10**12])
def test_lifetime_has_limits(steward: Steward, days: int) -> None:
    """A secret that never ends is never changed."""
    with pytest.raises(ValidityInvalid):
        clients.add_client(steward, TENANT, "pipeline", OPERATOR, None, days)
    assert () == clients.list_clients(steward)
    people.add_client(steward)
    with pytest.raises(ValidityInvalid):
        clients.add_secret(steward, TENANT, "pipeline", days)


def test_what_is_true_of_users_is_true_of_clients(steward: Steward) -> None:
    """Names, roles, and whose they are."""
    people.add_client(steward)
    with pytest.raises(NameTaken, match="API client 'pipeline'"):
        people.add_client(steward)
    with pytest.raises(NameInvalid):
        people.add_client(steward, "a:b")
    with pytest.raises(RolesInvalid):
        people.add_client(steward, "other", frozenset())
    with pytest.raises(InstallationOwnedByTenant):
        clients.add_client(steward, PROVIDER, "other", OPERATOR, None)
    changed = clients.change_client(
        *(steward, TENANT, "pipeline"), roles=VIEWER, keystores=frozenset({"default"})
    )
    assert (VIEWER, frozenset({"default"})) == (changed.roles, changed.keystores)


@pytest.mark.parametrize("secret_id", [0, -1, 999, 10**30])
def test_secret_that_is_not_there_is_refused(steward: Steward, secret_id: int) -> None:
    """Whatever number was sent; so is another client's."""
    people.add_client(steward)
    other = people.add_client(steward, "other")
    for number in (secret_id, other.id):
        with pytest.raises(AccountNotFound, match=str(number)):
            clients.remove_secret(steward, TENANT, "pipeline", number)
    assert 1 == len(clients.get_client(steward, "other").secrets)


def test_log_tells_who_did_what(steward: Steward) -> None:
    """With the numbers of secrets, never with one."""
    secret = people.add_client(steward)
    clients.add_secret(steward, TENANT, "pipeline")
    clients.change_client(steward, TENANT, "pipeline", disabled=True)
    clients.remove_secret(steward, TENANT, "pipeline", secret.id)
    clients.remove_client(steward, TENANT, "pipeline")
    with pytest.raises(Problem):
        clients.remove_secret(steward, TENANT, "pipeline", secret.id)
    assert [
        ("tester", "client-added", "done"),
        ("tester", "secret-added", "done"),
        ("tester", "secret-added", "done"),
        ("tester", "client-changed", "done"),
        ("tester", "secret-removed", "done"),
        ("tester", "client-removed", "done"),
        ("tester", "secret-removed", "refused"),
    ] == people.words(steward)
    assert secret.secret.reveal().decode() not in repr(people.rows(steward))
