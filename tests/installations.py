"""An installation with something of everything, for what has to carry all of it elsewhere.

Every key made here is for tests alone.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from keysteward.accounts import clients, sessions, tokens, users
from keysteward.accounts.principals import Means, principal_of
from keysteward.keystore import activations, backups, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn
from keysteward.rights import Role
from keysteward.values import Secret
from tests import providers
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import START, TENANT

ROOT = issue("Root", ca=True)
CA = issue("CA", issuer=ROOT, ca=True)
CLIENT = issue("client", issuer=CA, eku=("clientAuth",))
SECOND = "second"
"""Name of the other keystore."""
PASSWORD = Secret(b"a password for tests")
"""Of the user ``ann``."""


def furnish(steward: Steward) -> None:
    """Fill a fresh installation: two keystores, views, versions, backups, deleted and purged."""
    steward_.add_anchor(steward, "root", ROOT)
    steward_.add(steward, "client", issue("client", CLIENT.key))
    steward_.ask(steward, "client")
    steward_.upload(steward, "client", CLIENT, CA, ROOT)
    steward_.add(steward, "waiting", issue("waiting"))
    steward_.ask(steward, "waiting")
    _supply(steward)
    steward_.add(steward, "deleted", issue("deleted"))
    backups.create_backup(steward, TENANT, "first")
    lifecycle.rename_entry(steward, TENANT, "client", "shop client")
    lifecycle.delete_entry(steward, TENANT, "deleted")
    backups.create_backup(steward, TENANT, "later")
    other = steward.store.create_keystore(SECOND, TENANT.name, steward.clock())
    elsewhere = replace(steward, keystore_id=other)
    steward_.add(elsewhere, "client", CLIENT, CA, ROOT)
    steward_.add(elsewhere, "purged", issue("purged"))
    lifecycle.purge_entry(elsewhere, TENANT, "purged", "purged")
    _people(steward)


def _people(steward: Steward) -> None:
    """Make a user and an API client who have signed in, and one failure."""
    account, _ = users.add_user(
        steward, TENANT, "ann", PASSWORD, frozenset({Role.ADMINISTRATOR}), None
    )
    _, made = clients.add_client(
        steward, TENANT, "pipeline", frozenset({Role.OPERATOR}), frozenset({SECOND})
    )
    tokens.issue(steward, "pipeline", made.secret, "192.0.2.1")
    sessions.open_session(steward, principal_of(account, Means.BASIC))
    with suppress(NotSignedIn):
        tokens.issue(steward, "pipeline", PASSWORD, "192.0.2.1")


def _supply(steward: Steward) -> None:
    for unit, days in (("one", 30), ("two", 60), ("three", 90)):
        providers.supply(steward, _leaf(unit, days))
        if unit != "three":
            activations.activate(steward, TENANT, providers.ALIAS)


def _leaf(unit: str, days: int) -> Issued:
    return providers.leaf(unit, not_after=START + timedelta(days=days))
