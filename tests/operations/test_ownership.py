"""Tenant and provider keep apart, below the faces and for every operation."""

from collections.abc import Callable

import pytest

from keysteward.entries import Caller, Entry, Owner, Reason, View
from keysteward.keystore import (
    activations,
    audit,
    certificates,
    intake,
    key_pairs,
    lifecycle,
    provider_keys,
    supplies,
    versions,
)
from keysteward.keystore import signing_responses as responses
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    AliasNotFound,
    AliasReserved,
    EntryOwnedByProvider,
    EntryOwnedByTenant,
    NotTheProvider,
    Problem,
)
from keysteward.settings import Settings
from tests import providers
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import EVERYTHING, PLAIN, PROVIDER, TENANT, VERIFIED

ROOT = issue("Root", ca=True)
TENANTS = issue("tenant's", issuer=ROOT, eku=("clientAuth",))
PROVIDERS = issue("provider's", issuer=ROOT, eku=("clientAuth",))

UPDATE = issue("update", issuer=ROOT, eku=("clientAuth",))
UPLOAD = KeyUpload(UPDATE.key_pem(), certificates=steward_.read(UPDATE, ROOT))

Operation = Callable[[Steward, Caller, str, bytes], object]

OPERATIONS: dict[str, Operation] = {
    "upload": lambda s, c, a, d: responses.upload_signing_response(s, c, a, d, VERIFIED),
    "plan": lambda s, c, a, d: responses.plan_signing_response(s, c, a, d, VERIFIED),
    "update": lambda s, c, a, d: key_pairs.update_key_pair(s, c, a, UPLOAD, consent=EVERYTHING),
    "renew": lambda s, c, a, d: key_pairs.renew_key_pair(s, c, a),
    "roll back": lambda s, c, a, d: versions.roll_back(s, c, a, 1, PLAIN),
    "rename": lambda s, c, a, d: lifecycle.rename_entry(s, c, a, _free(c)),
    "delete": lambda s, c, a, d: lifecycle.delete_entry(s, c, a),
    "purge": lambda s, c, a, d: lifecycle.purge_entry(s, c, a, a),
}


def _free(caller: Caller) -> str:
    return "sap_free" if caller.owner is Owner.PROVIDER else "free"


@pytest.fixture(autouse=True)
def entries(steward: Steward) -> None:
    """Make a key pair of each owner, with two versions."""
    steward_.add(steward, "mine", issue("tenant's", TENANTS.key))
    steward_.add(steward, "sap_theirs", issue("provider's", PROVIDERS.key), caller=PROVIDER)
    data = TENANTS.pem + ROOT.pem
    responses.upload_signing_response(steward, TENANT, "mine", data, VERIFIED)
    data = PROVIDERS.pem + ROOT.pem
    responses.upload_signing_response(steward, PROVIDER, "sap_theirs", data, VERIFIED)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("caller", "alias", "issued", "problem"),
    [
        pytest.param(TENANT, "sap_theirs", PROVIDERS, EntryOwnedByProvider, id="tenant"),
        pytest.param(PROVIDER, "mine", TENANTS, EntryOwnedByTenant, id="provider"),
    ],
)
def test_operation_on_the_others_entry_is_refused(
    steward: Steward,
    settings: Settings,
    name: str,
    caller: Caller,
    alias: str,
    issued: Issued,
    problem: type[Exception],
) -> None:
    """Nothing changes, the refusal is audited, and the audit chain verifies."""
    before = steward_.rows(settings)
    new = issue("new", issued.key, ROOT, eku=("clientAuth",), not_before=steward_.START)
    with pytest.raises(problem):
        OPERATIONS[name](steward, caller, alias, new.pem + ROOT.pem)
    assert before == steward_.rows(settings)
    assert name == "plan" or ("refused", alias) == steward_.audited(steward)[-1][1:]
    assert audit.verify_chain(steward, None).clean


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("caller", "alias", "issued"),
    [
        pytest.param(TENANT, "mine", TENANTS, id="tenant"),
        pytest.param(PROVIDER, "sap_theirs", PROVIDERS, id="provider"),
    ],
)
def test_operation_on_ones_own_entry_is_done(
    steward: Steward, name: str, caller: Caller, alias: str, issued: Issued
) -> None:
    """Each operation works for the owner, so the refusals above are about ownership."""
    new = issue("new", issued.key, ROOT, eku=("clientAuth",), not_before=steward_.START)
    assert OPERATIONS[name](steward, caller, alias, new.pem + ROOT.pem) is not None


@pytest.mark.parametrize(("caller", "other"), [(TENANT, PROVIDER), (PROVIDER, TENANT)])
def test_deleted_entry_of_the_other_cannot_be_brought_back_or_purged(
    steward: Steward, settings: Settings, caller: Caller, other: Caller
) -> None:
    """Deletion does not end ownership."""
    alias = "mine" if other is TENANT else "sap_theirs"
    lifecycle.delete_entry(steward, other, alias)
    before = steward_.rows(settings)
    with pytest.raises((EntryOwnedByProvider, EntryOwnedByTenant)):
        lifecycle.undelete_entry(steward, caller, alias)
    with pytest.raises((EntryOwnedByProvider, EntryOwnedByTenant)):
        lifecycle.purge_entry(steward, caller, alias, alias)
    assert before == steward_.rows(settings)


@pytest.mark.parametrize(("caller", "alias"), [(TENANT, "SAP_new"), (PROVIDER, "new")])
def test_new_entry_under_the_others_alias_is_refused(
    steward: Steward, settings: Settings, caller: Caller, alias: str
) -> None:
    """Neither a key pair, a certificate, nor a rename gets into the other's names."""
    own = "mine" if caller is TENANT else "sap_theirs"
    before = steward_.rows(settings)
    with pytest.raises(AliasReserved):
        steward_.add(steward, alias, issue("x"), caller=caller)
    with pytest.raises(AliasReserved):
        certificates.add_certificate(steward, caller, alias, ROOT.der, consent=VERIFIED)
    with pytest.raises(AliasReserved):
        lifecycle.rename_entry(steward, caller, own, alias)
    assert before == steward_.rows(settings)


# ---- new keys and the history

NEXT = providers.leaf("next", not_after=steward_.START.replace(year=2030))
LATER = providers.leaf("later", not_after=steward_.START.replace(year=2031))
WAITING, REPLACED = "sap_theirs", "[1]_sap_theirs"


@pytest.fixture
def views(steward: Steward) -> dict[View, str]:
    """A key of the provider in each of the other views; returns their aliases."""
    providers.supply(steward, NEXT, alias=WAITING)
    activations.activate(steward, TENANT, WAITING)
    providers.supply(steward, LATER, alias=WAITING)
    providers.supply(steward, LATER, alias="sap_alone")
    return {View.NEW: "sap_alone", View.HISTORY: REPLACED}


def _kept(steward: Steward) -> list[tuple[Entry, bytes]]:
    """Return all entries of both views, each with its private key as it opens."""
    aliases = ((View.NEW, WAITING), (View.NEW, "sap_alone"), (View.HISTORY, REPLACED))
    entries = [steward.store.get_entry(steward.keystore_id, a, view) for view, a in aliases]
    return [(e, key_pairs.unseal_private_key(steward, e.version).reveal()) for e in entries]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("caller", [TENANT, PROVIDER], ids=["tenant", "provider"])
@pytest.mark.parametrize("view", [View.NEW, View.HISTORY])
def test_operation_on_entries_does_not_reach_other_views(
    steward: Steward,
    settings: Settings,
    views: dict[View, str],
    name: str,
    caller: Caller,
    view: View,
) -> None:
    """What waits or was replaced is no current entry: nobody changes it by its alias."""
    before = steward_.rows(settings)
    with pytest.raises(AliasNotFound):
        OPERATIONS[name](steward, caller, views[view], PROVIDERS.pem + ROOT.pem)
    assert before == steward_.rows(settings)


@pytest.mark.usefixtures("views")
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_on_the_current_entry_leaves_other_views(steward: Steward, name: str) -> None:
    """Also a purge: the keys that wait, and those in the history, stay and open."""
    before = _kept(steward)
    new = issue("new", NEXT.key, ROOT, eku=("clientAuth",), not_before=steward_.START)
    OPERATIONS[name](steward, PROVIDER, WAITING, new.pem + ROOT.pem)
    assert before == _kept(steward)


@pytest.mark.usefixtures("views")
def test_replacing_a_whole_keystore_leaves_the_other_owner(steward: Steward) -> None:
    """The tenant replaces its entries with nothing: all views of the provider stay as they are."""
    before = _kept(steward)
    current = steward.store.get_entry(steward.keystore_id, "sap_theirs")
    plan = intake.plan(steward, TENANT, [], Mode.REPLACE)
    with steward.writing(TENANT) as writing:
        intake.carry_out(steward, writing, plan, Reason.IMPORTED, {})
    assert steward.store.find_entry(steward.keystore_id, "mine") is None
    assert current == steward.store.get_entry(steward.keystore_id, "sap_theirs")
    assert before == _kept(steward)


@pytest.mark.usefixtures("views")
def test_what_the_tenant_may_do_changes_no_content(steward: Steward) -> None:
    """It holds, activates and restores: every entry is the provider's, with a supplied chain."""
    supplied = {steward_.read(one)[0] for one in (NEXT, LATER, PROVIDERS)}
    provider_keys.hold(steward, TENANT, "sap_alone")
    activations.activate(steward, TENANT, "sap_alone")
    activations.activate(steward, TENANT, WAITING)
    provider_keys.restore(steward, TENANT, REPLACED)
    for view in View:
        for listed in steward.store.list_entries(steward.keystore_id, limit=100, view=view):
            entry = steward.store.get_entry(steward.keystore_id, listed.alias, view)
            if entry.alias != "mine":
                assert Owner.PROVIDER is entry.owner
                assert entry.version.certificate in supplied


@pytest.mark.parametrize("alias", ["mine", "sap_theirs", "sap_new"])
@pytest.mark.parametrize("view", [View.NEW, View.CURRENT])
@pytest.mark.parametrize(("caller", "problem"), [(TENANT, NotTheProvider), (PROVIDER, Problem)])
def test_supply_reaches_only_the_providers_names(
    steward: Steward, alias: str, view: View, caller: Caller, problem: type[Problem]
) -> None:
    """The tenant supplies nothing at all, the provider nothing under the tenant's aliases."""
    mine = steward.store.get_entry(steward.keystore_id, "mine")
    upload = providers.delivery(NEXT)
    if caller is PROVIDER and alias != "mine":
        assert alias == supplies.supply(steward, caller, alias, upload, view=view).entry.alias
    else:
        with pytest.raises(problem):
            supplies.supply(steward, caller, alias, upload, view=view)
    assert mine == steward.store.get_entry(steward.keystore_id, "mine")
