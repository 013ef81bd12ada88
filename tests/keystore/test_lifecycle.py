"""Rename, delete, undelete and purge."""

import pytest
from cryptography.hazmat.primitives import serialization

from keysteward.entries import Reason
from keysteward.keystore import audit, key_pairs, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    AliasExists,
    AliasInvalid,
    AliasNotFound,
    AliasReserved,
    ConfirmationRequired,
    NothingDeleted,
)
from keysteward.settings import Settings
from tests import beside, pki_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT, Clock

KEY = pki_maker.make_key("p256")
ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
LEAF = issue("client", KEY, CA, eku=("clientAuth",))


@pytest.fixture(autouse=True)
def entry(steward: Steward) -> None:
    """Make the entry "client": a placeholder, then a CA-issued chain."""
    steward_.add(steward, "client", issue("client", KEY))
    steward_.upload(steward, "client", LEAF, CA, ROOT)


# ---- rename


def test_rename_keeps_content_key_and_versions(steward: Steward) -> None:
    """It is a version of its own that notes the old alias."""
    before = steward.store.get_entry(steward.keystore_id, "client")
    after = lifecycle.rename_entry(steward, TENANT, "client", "partner / ключ [2]")
    assert "partner / ключ [2]" == after.alias
    assert before.version.chain == after.version.chain
    assert before.version.private_key_id == after.version.private_key_id
    assert (3, Reason.RENAMED, "client") == (
        *(after.version.number, after.version.reason, after.version.note),
    )
    with pytest.raises(AliasNotFound):
        steward.store.get_entry(steward.keystore_id, "client")


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("", AliasInvalid),
        ("x" * 251, AliasInvalid),
        ("SAP_mine", AliasReserved),
        ("taken", AliasExists),
        ("client", AliasExists),
    ],
)
def test_rename_to_what_cannot_be_an_alias_changes_nothing(
    steward: Steward, settings: Settings, new: str, problem: type[Exception]
) -> None:
    """Invalid, reserved and taken aliases are refused, each for what it is."""
    steward_.add_anchor(steward, "taken", ROOT)
    before = steward_.rows(settings)
    with pytest.raises(problem):
        lifecycle.rename_entry(steward, TENANT, "client", new)
    assert before == steward_.rows(settings)


def test_rename_to_the_same_alias_says_so(steward: Steward) -> None:
    """Nobody looks for another entry of that alias."""
    with pytest.raises(AliasExists, match="is called so already"):
        lifecycle.rename_entry(steward, TENANT, "client", "client")


# ---- delete and undelete


def test_deleted_entry_is_gone_from_sight_and_comes_back_whole(
    steward: Steward, clock: Clock
) -> None:
    """Chain, key, versions and alias are as before."""
    before = steward.store.get_entry(steward.keystore_id, "client")
    clock.advance(hours=1)
    lifecycle.delete_entry(steward, TENANT, "client")
    assert () == steward.store.list_entries(steward.keystore_id, limit=10)
    (listed,) = steward.store.list_entries(steward.keystore_id, limit=10, deleted=True)
    assert ("client", clock.now) == (listed.alias, listed.deleted_at)
    after = lifecycle.undelete_entry(steward, TENANT, "client")
    assert before.version == after.version
    assert 2 == len(steward.store.list_versions(after))
    assert () == steward.store.list_entries(steward.keystore_id, limit=10, deleted=True)


def test_alias_of_a_deleted_entry_is_free(steward: Steward) -> None:
    """Another entry can take it, and then the deleted one cannot come back under it."""
    lifecycle.delete_entry(steward, TENANT, "client")
    new = steward_.add(steward, "client", issue("somebody else"))
    with pytest.raises(AliasExists, match="Rename or delete that one"):
        lifecycle.undelete_entry(steward, TENANT, "client")
    assert new == steward.store.get_entry(steward.keystore_id, "client")
    lifecycle.rename_entry(steward, TENANT, "client", "moved")
    back = lifecycle.undelete_entry(steward, TENANT, "client")
    assert steward_.read(LEAF)[0] == back.version.certificate
    assert new.id != back.id


def test_undelete_takes_the_entry_that_was_deleted_last(steward: Steward, clock: Clock) -> None:
    """Of several under one alias."""
    lifecycle.delete_entry(steward, TENANT, "client")
    second = steward_.add(steward, "client", issue("second"))
    clock.advance(hours=1)
    lifecycle.delete_entry(steward, TENANT, "client")
    assert second.id == lifecycle.undelete_entry(steward, TENANT, "client").id


def test_undelete_of_what_was_not_deleted_is_refused(steward: Steward) -> None:
    """Neither a living entry nor an unknown alias."""
    for alias, living in (("client", True), ("nobody", False)):
        with pytest.raises(NothingDeleted) as refused:
            lifecycle.undelete_entry(steward, TENANT, alias)
        assert living == refused.value.living


def test_delete_of_an_unknown_alias_is_refused(steward: Steward, settings: Settings) -> None:
    """And nothing changes; letter case makes another alias."""
    before = steward_.rows(settings)
    with pytest.raises(AliasNotFound):
        lifecycle.delete_entry(steward, TENANT, "CLIENT")
    assert before == steward_.rows(settings)


# ---- purge


@pytest.mark.parametrize("typed", ["", "yes", "CLIENT", "client "])
def test_purge_needs_the_alias_typed(steward: Steward, settings: Settings, typed: str) -> None:
    """Anything else destroys nothing."""
    before = steward_.rows(settings)
    with pytest.raises(ConfirmationRequired):
        lifecycle.purge_entry(steward, TENANT, "client", typed)
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("deleted", [False, True], ids=["living", "deleted"])
def test_purge_destroys_entry_versions_and_keys(
    steward: Steward, settings: Settings, *, deleted: bool
) -> None:
    """Certificates stay, they are public; the audit log says how many keys went."""
    key_pairs.renew_key_pair(steward, TENANT, "client")
    if deleted:
        lifecycle.delete_entry(steward, TENANT, "client")
    before, sealed = steward_.rows(settings), steward_.sealed_keys(settings)
    assert 2 == len(sealed)
    assert 2 == lifecycle.purge_entry(steward, TENANT, "client", "client")
    after = steward_.rows(settings)
    for table in ("entries", "versions", "version_certificates"):
        assert [] == after[table], table
    assert set(sealed).isdisjoint(steward_.sealed_keys(settings))
    content = beside.content(settings)
    assert not [key for key in sealed if key[-32:] in content]
    assert before["certificates"] == after["certificates"]
    (row,) = tuple(steward.store.audit_log.read(steward.keystore_id, last=1))
    assert ("purge", "client", 2) == (row.action, row.alias, row.detail["keys_destroyed"])
    assert audit.verify_chain(steward, None).clean


def test_purge_spares_a_key_that_another_entry_uses(steward: Steward, settings: Settings) -> None:
    """The same key under two aliases is destroyed with the last one."""
    steward_.add(steward, "same key", LEAF)
    assert 1 == len(steward_.rows(settings)["private_keys"])
    assert 0 == lifecycle.purge_entry(steward, TENANT, "client", "client")
    entry = steward.store.get_entry(steward.keystore_id, "same key")
    assert b"" != key_pairs.unseal_private_key(steward, entry.version).reveal()
    assert 1 == lifecycle.purge_entry(steward, TENANT, "same key", "same key")


def test_purged_key_can_be_added_anew(steward: Steward) -> None:
    """Its old row is no obstacle: the key is sealed again and opens."""
    lifecycle.purge_entry(steward, TENANT, "client", "client")
    entry = steward_.add(steward, "client", LEAF)
    again = key_pairs.unseal_private_key(steward, entry.version).reveal()
    der = serialization.load_der_private_key(again, None)
    assert pki_maker.key_bytes(KEY) == pki_maker.key_bytes(der)  # type: ignore[arg-type]


def test_purged_entrys_id_is_never_used_again(steward: Steward) -> None:
    """Entry and version together name one state for ever."""
    old = steward.store.get_entry(steward.keystore_id, "client").id
    lifecycle.purge_entry(steward, TENANT, "client", "client")
    assert old < steward_.add(steward, "client", LEAF).id


def test_each_step_stands_in_the_audit_log(steward: Steward) -> None:
    """In order, refusals included, and the chain verifies."""
    lifecycle.rename_entry(steward, TENANT, "client", "b")
    lifecycle.delete_entry(steward, TENANT, "b")
    lifecycle.undelete_entry(steward, TENANT, "b")
    with pytest.raises(ConfirmationRequired):
        lifecycle.purge_entry(steward, TENANT, "b", "")
    lifecycle.purge_entry(steward, TENANT, "b", "b")
    assert [
        ("rename", "done", "client"),
        ("delete", "done", "b"),
        ("undelete", "done", "b"),
        ("purge", "refused", "b"),
        ("purge", "done", "b"),
    ] == steward_.audited(steward)[-5:]
    assert audit.verify_chain(steward, None).clean


def test_many_entries_are_deleted_together(steward: Steward) -> None:
    """All in one transaction; what is not there, and what is named twice, is no error."""
    steward_.add_anchor(steward, "root", ROOT)
    steward_.add_anchor(steward, "kept", CA)
    asked = ["root", "nobody", "client", "root"]
    gone = lifecycle.delete_entries(steward, TENANT, asked)
    assert ["root", "client"] == [entry.alias for entry in gone]
    assert ("kept",) == steward.store.list_aliases(steward.keystore_id, "", 9)
    told = steward_.audited(steward)[-2:]
    assert [("delete", "done", "root"), ("delete", "done", "client")] == told


def test_many_entries_stay_if_one_of_them_is_not_the_callers(steward: Steward) -> None:
    """A reserved alias is refused also where there is no such entry."""
    with pytest.raises(AliasReserved):
        lifecycle.delete_entries(steward, TENANT, ["client", "sap_nobody"])
    assert steward.store.find_entry(steward.keystore_id, "client") is not None
