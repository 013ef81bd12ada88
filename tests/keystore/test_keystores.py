"""Several keystores in one installation: kept apart, and copied from one to another."""

from dataclasses import replace
from pathlib import Path

import pytest

from keysteward.entries import EntryType, Reason
from keysteward.keystore import audit, certificates, key_pairs, keystores, lifecycle, versions
from keysteward.keystore.intake import Status
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    AliasInvalid,
    AliasNotFound,
    AliasReserved,
    EntryOwnedByProvider,
    EntryOwnedByTenant,
    InstallationOwnedByTenant,
    KeyPairInTheWay,
    KeystoreTooLarge,
    KeystoreUnknown,
    NameInvalid,
    NameTaken,
    RootNotTrusted,
)
from keysteward.settings import Settings
from keysteward.storage import store
from tests import beside, pki_maker, verification
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import EVERYTHING, PLAIN, PROVIDER, TENANT, VERIFIED

CHAIN = pki_maker.make_chain()
ROOT = CHAIN[-1]


@pytest.fixture
def target(steward: Steward) -> Steward:
    """Return a steward of another, empty keystore, "other"."""
    keystores.create_keystore(steward, TENANT, "other")
    return keystores.steward_of(steward, "other")


@pytest.fixture
def filled(steward: Steward) -> Steward:
    """Add the key pair "client" with a pending key, and the trusted certificate "root"."""
    steward_.add(steward, "client", *CHAIN, usage=Usage.SIGNATURE)
    key_pairs.renew_key_pair(steward, TENANT, "client")
    steward_.add_anchor(steward, "root", ROOT)
    return steward


# ---- keystores


def test_new_keystore_is_empty_and_apart(filled: Steward, target: Steward) -> None:
    """It has its own entries, its own trust, and the same aliases."""
    assert () == target.store.list_entries(target.keystore_id, limit=10)
    steward_.add(target, "client", issue("another"))
    found = filled.store.get_entry(filled.keystore_id, "client")
    assert steward_.read(*CHAIN) == found.version.chain
    with pytest.raises(RootNotTrusted):
        certificates.add_certificate(target, TENANT, "root", ROOT.der)
    assert ("default", "other") == tuple(name for name, _ in target.store.list_keystores())


def test_keystore_of_a_taken_or_unusable_name_is_not_made(steward: Steward) -> None:
    """And the refusal is audited."""
    for name, problem in (("default", NameTaken), ("", NameInvalid), ("a\tb", NameInvalid)):
        with pytest.raises(problem):
            keystores.create_keystore(steward, TENANT, name)
        assert ("keystore-created", "refused", None) == steward_.audited(steward)[-1]
    assert ("default",) == tuple(name for name, _ in steward.store.list_keystores())


def test_provider_makes_no_keystore(steward: Steward) -> None:
    """The provider has entries of its own, and no more; the refusal is audited."""
    with pytest.raises(InstallationOwnedByTenant):
        keystores.create_keystore(steward, PROVIDER, "theirs")
    assert ("keystore-created", "refused", None) == steward_.audited(steward)[-1]
    assert ("default",) == tuple(name for name, _ in steward.store.list_keystores())


def test_unknown_keystore_has_no_steward(steward: Steward) -> None:
    """The refusal names those that there are."""
    with pytest.raises(KeystoreUnknown, match="'default'"):
        keystores.steward_of(steward, "nowhere")


# ---- copies


def test_copy_has_chain_key_usage_and_trust(
    filled: Steward, target: Steward, tmp_path: Path
) -> None:
    """The private key signs for its certificate over there; the pending key stays behind."""
    same = {"client": "client", "root": "root"}
    plan = keystores.copy_entries(filled, TENANT, same, target)
    assert [Status.NEW, Status.NEW] == [decision.status for decision in plan.decisions]
    client = target.store.get_entry(target.keystore_id, "client")
    assert (Usage.SIGNATURE, None, 1, Reason.COPIED, "from default") == (
        *(client.usage, client.pending, client.version.number, client.version.reason),
        client.version.note,
    )
    assert steward_.read(*CHAIN) == client.version.chain
    clear = key_pairs.unseal_private_key(target, client.version).reveal()
    verification.verify_key(tmp_path, clear, client.version.certificate)
    root = target.store.get_entry(target.keystore_id, "root")
    assert (EntryType.CERTIFICATE, True, steward_.read(ROOT)) == (
        *(root.type, root.trusted, root.version.chain),
    )


def test_private_key_is_sealed_anew(filled: Steward, target: Steward, settings: Settings) -> None:
    """No sealed bytes are shared between keystores, and the clear ones are nowhere."""
    before = steward_.sealed_keys(settings)
    keystores.copy_entries(filled, TENANT, {"client": "client"}, target)
    (new,) = set(steward_.sealed_keys(settings)) - set(before)
    assert new not in before
    client = target.store.get_entry(target.keystore_id, "client")
    source = filled.store.get_entry(filled.keystore_id, "client")
    assert source.version.private_key_id != client.version.private_key_id
    clear = key_pairs.unseal_private_key(target, client.version).reveal()
    content = beside.content(settings)
    assert (True, False) == (new in content, clear in content)


def test_copy_is_audited_in_both_keystores(filled: Steward, target: Steward) -> None:
    """Each tells from where or to where, and under which aliases; the chain verifies."""
    keystores.copy_entries(filled, TENANT, {"client": "copy"}, target)
    (there,) = (
        row
        for row in tuple(target.store.audit_log.read(target.keystore_id, last=9))
        if row.alias is None and row.action == "copied"
    )
    here = next(iter(filled.store.audit_log.read(filled.keystore_id, last=1)))
    assert ("default", {"client": "copy"}) == (there.detail["from"], there.detail["aliases"])
    assert ("copied-to", "other", {"client": "copy"}) == (
        *(here.action, here.detail["to"], here.detail["aliases"]),
    )
    assert audit.verify_chain(filled, None).clean


def test_entries_that_are_there_stay_unless_overwriting_is_asked_for(
    filled: Steward, target: Steward
) -> None:
    """Then the copy is a new version, the old one can be brought back, a pending key stays."""
    old = issue("old")
    steward_.add(target, "client", old)
    key_pairs.renew_key_pair(target, TENANT, "client")
    with pytest.raises(AliasExists):
        keystores.copy_entries(filled, TENANT, {"client": "client"}, target)
    keystores.copy_entries(filled, TENANT, {"client": "client"}, target, overwrite=True)
    client = target.store.get_entry(target.keystore_id, "client")
    assert (3, steward_.read(*CHAIN)) == (client.version.number, client.version.chain)
    assert client.pending is not None
    versions.roll_back(target, TENANT, "client", 1, PLAIN)
    back = target.store.get_entry(target.keystore_id, "client")
    assert steward_.read(old) == back.version.chain


def test_same_copy_again_writes_nothing(
    filled: Steward, target: Steward, settings: Settings
) -> None:
    """With or without overwriting."""
    keystores.copy_entries(filled, TENANT, {"client": "client", "root": "root"}, target)
    before = steward_.rows(settings, without=())
    for overwrite in (False, True):
        plan = keystores.copy_entries(
            filled, TENANT, {"client": "client", "root": "root"}, target, overwrite=overwrite
        )
        assert 2 == plan.count(Status.UNCHANGED)
    assert before == steward_.rows(settings, without=())


def test_plan_of_a_copy_opens_and_stores_nothing(
    filled: Steward, target: Steward, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says of each entry what would become of it, and why."""
    steward_.add_anchor(target, "root", issue("Other", ca=True))
    before = steward_.rows(settings, without=())

    def refuse(_store: store.Store, private_key_id: int) -> None:
        raise AssertionError(private_key_id)

    monkeypatch.setattr(store.Store, "get_private_key", refuse)
    same = {"client": "client", "root": "root"}
    plan = keystores.plan_copy(filled, TENANT, same, target)
    assert [Status.NEW, Status.NOT_IMPORTED] == [d.status for d in plan.decisions]
    problem = plan.decisions[1].problem
    assert isinstance(problem, AliasExists)
    assert "Give the copy another alias, or have that entry overwritten." in problem.detail
    assert before == steward_.rows(settings, without=())


@pytest.mark.parametrize(
    ("aliases", "problem"),
    [
        ({"client": "copy", "nobody": "nobody"}, AliasNotFound),
        ({"client": "copy", "root": "client"}, KeyPairInTheWay),
        ({"client": "x", "root": "x"}, AliasExists),
        ({"client": "x" * 251, "root": "root"}, AliasInvalid),
        ({"root": "root", "client": "sap_client"}, AliasReserved),
        ({"root": "root", "sap_key": "key"}, EntryOwnedByProvider),
        ({"root": "sap_theirs"}, AliasReserved),
    ],
)
def test_copy_is_all_or_nothing(
    filled: Steward,
    target: Steward,
    settings: Settings,
    aliases: dict[str, str],
    problem: type[Exception],
) -> None:
    """One entry that cannot be copied keeps the others from being copied."""
    steward_.add(filled, "sap_key", issue("x"), caller=PROVIDER)
    steward_.add(target, "client", issue("theirs"))
    before = steward_.rows(settings)
    with pytest.raises(problem):
        keystores.copy_entries(filled, TENANT, aliases, target, overwrite=True)
    assert before == steward_.rows(settings)
    assert ("copied-to", "refused", None) == steward_.audited(filled)[-1]


@pytest.mark.parametrize(
    ("alias", "problem"), [("client", EntryOwnedByTenant), ("sap_key", EntryOwnedByProvider)]
)
def test_provider_copies_nothing(
    filled: Steward, target: Steward, alias: str, problem: type[Exception]
) -> None:
    """Neither the tenant's entries nor its own, whose life is told by their activations."""
    steward_.add(filled, "sap_key", issue("x"), caller=PROVIDER)
    with pytest.raises(problem):
        keystores.copy_entries(filled, PROVIDER, {alias: "sap_copy"}, target)


def test_copy_within_a_keystore_needs_another_alias(filled: Steward) -> None:
    """Then it is an entry of its own, with the same sealed key."""
    with pytest.raises(AliasExists):
        keystores.copy_entries(filled, TENANT, {"client": "client"}, filled, overwrite=True)
    keystores.copy_entries(filled, TENANT, {"client": "copy"}, filled)
    lifecycle.delete_entry(filled, TENANT, "client")
    copy = filled.store.get_entry(filled.keystore_id, "copy")
    assert steward_.read(*CHAIN) == copy.version.chain
    key_pairs.unseal_private_key(filled, copy.version)


# ---- the compatibility limit of the whole keystore


def _limited(steward: Steward, limit_bytes: int) -> Steward:
    return replace(steward, settings=replace(steward.settings, keystore_limit_bytes=limit_bytes))


def _size_bytes(steward: Steward) -> int:
    with steward.writing(TENANT) as writing:
        return writing.size_bytes()


def _big(number: int) -> Issued:
    return issue(f"{number} {'x' * 60}", ca=True)


def test_limit_of_the_keystore_holds_for_every_way_in(
    filled: Steward, target: Steward, settings: Settings
) -> None:
    """Add, update and copy are refused beyond it, and nothing of them is stored."""
    full = _limited(filled, _size_bytes(filled))
    steward_.add(target, "theirs", issue("theirs"))
    before = steward_.rows(settings)
    other = issue("other", san=("DNS:a.example",))
    large = issue("y" * 60, san=[f"DNS:{n}.example" for n in range(200)], ca=True)
    upload = KeyUpload(large.key_pem(), certificates=steward_.read(large))
    for refused in (
        lambda: steward_.add(full, "more", other),
        lambda: steward_.add_anchor(full, "more", _big(1)),
        lambda: key_pairs.update_key_pair(full, TENANT, "client", upload, consent=EVERYTHING),
        lambda: certificates.update_certificate(full, TENANT, "root", large.der, consent=VERIFIED),
        lambda: keystores.copy_entries(
            keystores.steward_of(filled, "other"), TENANT, {"theirs": "more"}, full
        ),
    ):
        with pytest.raises(KeystoreTooLarge, match="KEYSTEWARD_KEYSTORE_LIMIT_BYTES"):
            refused()
        assert before == steward_.rows(settings)


def test_keystore_above_its_limit_can_still_shrink(filled: Steward) -> None:
    """Deleting works, so does what does not make it larger."""
    tight = _limited(filled, 1)
    assert _size_bytes(tight) > 1
    lifecycle.rename_entry(tight, TENANT, "root", "renamed")
    lifecycle.delete_entry(tight, TENANT, "renamed")
    lifecycle.delete_entry(tight, TENANT, "client")
    assert () == tight.store.list_entries(tight.keystore_id, limit=10)


def test_limit_counts_the_target_of_a_copy(filled: Steward, target: Steward) -> None:
    """Not the keystore that the entry comes from."""
    with pytest.raises(KeystoreTooLarge):
        keystores.copy_entries(filled, TENANT, {"client": "client"}, _limited(target, 100))
    keystores.copy_entries(_limited(filled, 1), TENANT, {"client": "client"}, target)
