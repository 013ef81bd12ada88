"""Tenant and provider keep apart, below the faces and for every operation."""

from collections.abc import Callable

import pytest

from keysteward.entries import Caller, Owner
from keysteward.keystore import audit, certificates, key_pairs, lifecycle, versions
from keysteward.keystore import signing_responses as responses
from keysteward.keystore.steward import Steward
from keysteward.problems import AliasReserved, EntryOwnedByProvider, EntryOwnedByTenant
from keysteward.settings import Settings
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, PROVIDER, TENANT, VERIFIED

ROOT = issue("Root", ca=True)
TENANTS = issue("tenant's", issuer=ROOT, eku=("clientAuth",))
PROVIDERS = issue("provider's", issuer=ROOT, eku=("clientAuth",))

Operation = Callable[[Steward, Caller, str, bytes], object]

OPERATIONS: dict[str, Operation] = {
    "upload": lambda s, c, a, d: responses.upload_signing_response(s, c, a, d, VERIFIED),
    "plan": lambda s, c, a, d: responses.plan_signing_response(s, c, a, d, VERIFIED),
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
