"""Accounts in the database: their keystores by name, and what no two of them share."""

from dataclasses import replace

import pytest

from keysteward.entries import Action
from keysteward.problems import KeystoreUnknown
from keysteward.rights import Role
from keysteward.storage import lifecycle
from keysteward.storage.account_records import AccountKind, NewAccount
from keysteward.storage.accounts import Accounts
from keysteward.storage.audit import DONE
from tests.storage.conftest import NOW, Bench


def _add(accounts: Accounts, name: str, keystores: frozenset[str] | None) -> int:
    roles = frozenset({Role.VIEWER, Role.OPERATOR})
    new = NewAccount(AccountKind.USER, name, "a hash", True, roles, keystores)  # noqa: FBT003  # as it is
    with accounts.writing("tester", NOW) as changes:
        return changes.add(new)


def test_keystores_of_other_processes_are_known_by_name(bench: Bench) -> None:
    """Also those that were made after names were looked up here."""
    _add(bench.store.accounts, "ann", frozenset({"default"}))
    assert bench.store.accounts.find(AccountKind.USER, "ann") is not None
    other = lifecycle.open_store(bench.settings)
    try:
        other.create_keystore("later", "tester", NOW)
        _add(other.accounts, "bob", frozenset({"default", "later"}))
    finally:
        other.close()
    found = bench.store.accounts.find(AccountKind.USER, "bob")
    assert found is not None
    assert frozenset({"default", "later"}) == found.keystores


@pytest.mark.parametrize("keystores", [None, frozenset(), frozenset({"default"})])
def test_account_comes_back_as_it_went(bench: Bench, keystores: frozenset[str] | None) -> None:
    """No keystore is not the same as all of them."""
    number = _add(bench.store.accounts, "ann", keystores)
    found = bench.store.accounts.find(AccountKind.USER, "ann")
    assert found is not None
    assert (number, keystores, NOW) == (found.id, found.keystores, found.created_at)
    assert frozenset({Role.VIEWER, Role.OPERATOR}) == found.roles
    assert (found,) == bench.store.accounts.list(AccountKind.USER)
    assert () == bench.store.accounts.list(AccountKind.CLIENT)


def _add_twice(accounts: Accounts) -> None:
    viewer = frozenset({Role.VIEWER})
    right = NewAccount(AccountKind.CLIENT, "ann", None, False, viewer, None)  # noqa: FBT003  # as it is
    with accounts.writing("tester", NOW) as changes:
        changes.add(right)
        changes.audit(Action.CLIENT_ADDED, DONE, {"account": "ann"})
        changes.add(replace(right, name="bob", keystores=frozenset({"nowhere"})))


def test_failed_change_leaves_nothing(bench: Bench) -> None:
    """Accounts and their audit rows are one transaction."""
    with pytest.raises(KeystoreUnknown, match="'nowhere'"):
        _add_twice(bench.store.accounts)
    assert () == bench.store.accounts.list(AccountKind.CLIENT)
    bench.link_audit()
    assert [] == bench.execute("SELECT * FROM audit WHERE keystore_id IS NULL")


@pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1])
def test_secret_of_a_number_that_none_has_is_not_there(bench: Bench, number: int) -> None:
    """Clients may name any number."""
    accounts = bench.store.accounts
    _add(accounts, "ann", None)
    ann = accounts.find(AccountKind.USER, "ann")
    assert ann is not None
    with accounts.writing("tester", NOW) as changes:
        assert not changes.remove_secret(ann, number)
