"""What the provider supplies, and what it is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from keysteward.entries import Entry, EntryType, Owner, Reason, View
from keysteward.keystore import key_pairs, provider_keys, supplies
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasReserved,
    CertificateOfAnotherKey,
    CertificateUnreadable,
    KeyPairInTheWay,
    NotAKeyPair,
    NotTheProvider,
    PasswordWrong,
    Problem,
    SeveralKeys,
    UploadTooLarge,
)
from keysteward.settings import Settings
from keysteward.values import Secret
from tests import keystore_files, pki_maker, providers
from tests import steward as steward_
from tests.pki_maker import Issued
from tests.providers import ALIAS, CA, ROOT
from tests.steward import PROVIDER, START, TENANT, Clock

FIRST = providers.leaf("first", not_after=START.replace(year=2027))
SECOND = providers.leaf("second", not_after=START.replace(year=2028))

PASSWORD = b"for this test alone"


def _pkcs12(issued: Issued) -> bytes:
    assert isinstance(issued.key, ec.EllipticCurvePrivateKey)
    above = [CA.certificate, ROOT.certificate]
    encryption = BestAvailableEncryption(PASSWORD)
    return pkcs12.serialize_key_and_certificates(
        b"client", issued.key, issued.certificate, above, encryption
    )


def _private_key(steward: Steward, issued: Issued, view: View) -> bool:
    """Tell whether the stored private key is the one that was supplied."""
    entry = steward.store.get_entry(steward.keystore_id, ALIAS, view)
    clear = key_pairs.unseal_private_key(steward, entry.version).reveal()
    return clear == pki_maker.key_bytes(issued.key, Encoding.DER)


@pytest.mark.parametrize("view", [View.NEW, View.CURRENT])
@pytest.mark.parametrize(
    "delivery",
    [
        pytest.param(providers.delivery(FIRST), id="pem"),
        pytest.param(KeyUpload(_pkcs12(FIRST), Secret(PASSWORD)), id="pkcs12"),
        pytest.param(
            KeyUpload(FIRST.key_pem(), certificates=steward_.read(ROOT, FIRST, CA)), id="two files"
        ),
    ],
)
def test_supplied_key_pair_is_the_providers(
    steward: Steward, delivery: KeyUpload, view: View
) -> None:
    """With its key and its whole chain, in the view that was asked for and in no other."""
    entry = supplies.supply(steward, PROVIDER, ALIAS, delivery, view=view).entry
    assert (view, Owner.PROVIDER, EntryType.KEY_PAIR) == (entry.view, entry.owner, entry.type)
    assert (1, Reason.SUPPLIED) == (entry.version.number, entry.version.reason)
    assert providers.chain_of(FIRST) == entry.version.chain
    assert _private_key(steward, FIRST, view)
    other = View.CURRENT if view is View.NEW else View.NEW
    assert steward.store.find_entry(steward.keystore_id, ALIAS, other) is None
    assert [("supplied", "done", ALIAS)] == steward_.audited(steward)[-1:]


@pytest.mark.parametrize("view", [View.NEW, View.CURRENT])
def test_supply_again_makes_the_next_version(steward: Steward, view: View) -> None:
    """A waiting key is replaced, Current updated; the earlier version stays in the versions."""
    first = providers.supply(steward, FIRST, view=view)
    second = providers.supply(steward, SECOND, view=view)
    assert (first.id, 2, Reason.SUPPLIED) == (
        *(second.id, second.version.number, second.version.reason),
    )
    assert providers.chain_of(SECOND) == second.version.chain
    assert [1, 2] == [v.number for v in steward.store.list_versions(second)]
    assert _private_key(steward, SECOND, view)


def test_supply_of_what_is_there_writes_nothing(steward: Steward, settings: Settings) -> None:
    """A delivery that is repeated by a script makes no version."""
    providers.supply(steward, FIRST)
    supplies.supply(steward, PROVIDER, "sap_root", KeyUpload(ROOT.pem), view=View.CURRENT)
    before = steward_.rows(settings, without=())
    assert 1 == providers.supply(steward, FIRST).version.number
    supplies.supply(steward, PROVIDER, "sap_root", KeyUpload(ROOT.pem), view=View.CURRENT)
    assert before == steward_.rows(settings, without=())


def test_replaced_waiting_key_arrives_anew_and_stays_held(steward: Steward, clock: Clock) -> None:
    """Whoever decided to wait for a person meant the alias, not one delivery."""
    providers.supply(steward, FIRST)
    provider_keys.hold(steward, TENANT, ALIAS)
    clock.advance(days=2)
    providers.supply(steward, SECOND)
    (waiting,) = provider_keys.list_new(steward)
    assert (clock.now, True) == (waiting.arrived_at, waiting.held)


def test_usage_is_that_of_the_key_that_is_followed(steward: Steward) -> None:
    """Unless the provider says another one."""

    def supply(issued: Issued, view: View, usage: Usage) -> Usage:
        upload = providers.delivery(issued)
        return supplies.supply(steward, PROVIDER, ALIAS, upload, view=view, usage=usage).entry.usage

    assert Usage.SIGNATURE is supply(FIRST, View.CURRENT, Usage.SIGNATURE)
    assert Usage.SIGNATURE is providers.supply(steward, SECOND).usage
    assert Usage.TLS_SERVER is supply(SECOND, View.NEW, Usage.TLS_SERVER)
    assert Usage.TLS_CLIENT is providers.supply(steward, SECOND, alias="sap_other").usage


@pytest.mark.parametrize("trusted", [True, False])
def test_certificate_goes_to_current(steward: Steward, *, trusted: bool) -> None:
    """A root of the provider's, as an anchor or to complete chains; both can be changed later."""
    name = "sap_root"

    def anchors() -> int:
        return len(steward.store.all_trusted(steward.keystore_id))

    def supply(data: bytes, *, trusted: bool) -> Entry:
        return supplies.supply(
            steward, PROVIDER, name, KeyUpload(data), view=View.CURRENT, trusted=trusted
        ).entry

    entry = supply(ROOT.pem, trusted=trusted)
    assert (EntryType.CERTIFICATE, Owner.PROVIDER) == (entry.type, entry.owner)
    assert (steward_.read(ROOT), int(trusted)) == (entry.version.chain, anchors())
    entry = supply(CA.der, trusted=not trusted)
    assert (2, int(not trusted)) == (entry.version.number, anchors())
    assert steward_.read(CA) == entry.version.chain


_KEY = providers.delivery(FIRST)
_OTHER = steward_.read(CA)
_TWO = keystore_files.key_entries(keystore_files.distinct_rsa_keys(2))
_SEVERAL = keystore_files.write_pkcs12(_TWO, "x", 1)

REFUSALS: dict[str, tuple[str, KeyUpload, View, type[Problem]]] = {
    "certificate to new": ("sap_root", KeyUpload(ROOT.pem), View.NEW, NotAKeyPair),
    "two certificates": (
        *("sap_root", KeyUpload(ROOT.pem + CA.pem), View.CURRENT, CertificateUnreadable),
    ),
    "large certificate": (
        *("sap_root", KeyUpload(ROOT.pem + b"\n" * 10_240), View.CURRENT, UploadTooLarge),
    ),
    "large key": (ALIAS, KeyUpload(_KEY.data + b"\n" * 30_720), View.NEW, UploadTooLarge),
    "key alone": (ALIAS, KeyUpload(FIRST.key_pem()), View.NEW, CertificateUnreadable),
    "another key's certificate": (
        *(
            ALIAS,
            KeyUpload(FIRST.key_pem(), certificates=_OTHER),
            View.NEW,
            CertificateOfAnotherKey,
        ),
    ),
    "several keys": (ALIAS, KeyUpload(_SEVERAL, Secret(b"x")), View.NEW, SeveralKeys),
    "wrong password": (ALIAS, KeyUpload(_pkcs12(FIRST), Secret(b"x")), View.NEW, PasswordWrong),
    "the tenant's alias": ("client", _KEY, View.NEW, AliasReserved),
    "key pair for a certificate": ("sap_there", _KEY, View.CURRENT, NotAKeyPair),
    "new key for a certificate": ("sap_there", _KEY, View.NEW, NotAKeyPair),
    "certificate for a key pair": (
        *("sap_key", KeyUpload(ROOT.pem), View.CURRENT, KeyPairInTheWay),
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refused_supply_changes_nothing(steward: Steward, settings: Settings, what: str) -> None:
    """And is in the audit log."""
    supplies.supply(steward, PROVIDER, "sap_there", KeyUpload(ROOT.pem), view=View.CURRENT)
    providers.supply(steward, SECOND, alias="sap_key", view=View.CURRENT)
    alias, delivery, view, problem = REFUSALS[what]
    before = steward_.rows(settings)
    with pytest.raises(problem):
        supplies.supply(steward, PROVIDER, alias, delivery, view=view)
    assert before == steward_.rows(settings)
    assert ("supplied", "refused", alias) == steward_.audited(steward)[-1]


def test_refused_supply_names_no_import(steward: Steward) -> None:
    """Imports are the tenant's."""
    for what in ("several keys", "large key"):
        alias, delivery, view, problem = REFUSALS[what]
        with pytest.raises(problem) as refused:
            supplies.supply(steward, PROVIDER, alias, delivery, view=view)
        assert "import" not in str(refused.value)


@pytest.mark.parametrize("view", [View.NEW, View.CURRENT])
@pytest.mark.parametrize("alias", ["mine", ALIAS])
def test_tenant_supplies_nothing(
    steward: Steward, settings: Settings, alias: str, view: View
) -> None:
    """Neither under the provider's names nor under its own."""
    before = steward_.rows(settings)
    with pytest.raises(NotTheProvider) as refused:
        supplies.supply(steward, TENANT, alias, _KEY, view=view)
    assert "SAP alone supplies" in refused.value.detail
    assert before == steward_.rows(settings)


def test_chosen_key_is_supplied_and_the_others_are_named(steward: Steward) -> None:
    """Of a file with several keys, one is taken if it is said which."""
    delivery = KeyUpload(_SEVERAL, Secret(b"x"), choose="#2")
    supplied = supplies.supply(steward, PROVIDER, ALIAS, delivery)
    assert _TWO[1].chain[0] == supplied.entry.version.certificate.der
    assert "rest-of-file-left" in {notice.slug for notice in supplied.notices}
