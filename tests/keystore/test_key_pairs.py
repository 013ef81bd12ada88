"""Key pairs come into being: generated, added, renewed."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from keysteward.entries import Entry, EntryType, Owner, Reason
from keysteward.keystore import audit, key_pairs, signing_requests
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    CertificateOfAnotherKey,
    KeyTypeUnsupported,
    NotAKeyPair,
    PendingKeyExists,
    PrivateKeyUnreadable,
    SealedKeyDamaged,
    SigningRequestNotAvailable,
    SubjectInvalid,
    ValidityInvalid,
)
from keysteward.settings import Settings
from keysteward.storage.records import Base
from keysteward.values import Secret
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import PROVIDER, START, TENANT, VERIFIED

P256 = parse_key_spec("ec", None, "P-256")
WISH = PlaceholderWish(Subject("client", country="DE"), ("DNS:client.example",))


def _generate(steward: Steward, alias: str = "client", wish: PlaceholderWish = WISH) -> Entry:
    return key_pairs.generate_key_pair(steward, TENANT, alias, P256, wish)


# ---- generate


def test_generated_key_pair_has_a_placeholder_that_says_what_was_asked(steward: Steward) -> None:
    """Version 1 is self-signed, valid from now for three years, and waits for nothing yet."""
    entry = _generate(steward)
    certificate = entry.version.certificate
    assert (EntryType.KEY_PAIR, Owner.TENANT, Usage.TLS_CLIENT) == (
        *(entry.type, entry.owner, entry.usage),
    )
    assert (1, Reason.GENERATED, "tester", START) == (
        *(entry.version.number, entry.version.reason, entry.version.created_by),
        entry.version.created_at,
    )
    assert ("CN=client,C=DE", ("DNS:client.example",)) == (
        *(certificate.subject, certificate.extensions.san),
    )
    assert certificate.self_signed
    assert certificate.not_before <= START < certificate.not_after
    assert timedelta(days=3 * 365) <= certificate.not_after - START <= timedelta(days=3 * 366)
    assert entry.waiting_since is None


def test_stored_private_key_is_the_certificates(steward: Steward) -> None:
    """What is unsealed is PKCS#8 of the key that the certificate certifies."""
    entry = _generate(steward)
    pkcs8 = key_pairs.unseal_private_key(steward, entry.version).reveal()
    key = serialization.load_der_private_key(pkcs8, None)
    assert key.public_key() == entry.version.certificate.loaded.public_key()


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (PlaceholderWish(Subject("x", country="Germany")), SubjectInvalid),
        (PlaceholderWish(Subject("x"), ("client.example:",)), SubjectInvalid),
        (PlaceholderWish(Subject("x"), not_after=START - timedelta(days=1)), ValidityInvalid),
        (PlaceholderWish(Subject("x"), hash_name="md5"), KeyTypeUnsupported),
    ],
)
def test_wish_that_cannot_be_granted_makes_nothing(
    steward: Steward, settings: Settings, wish: PlaceholderWish, problem: type[Exception]
) -> None:
    """It is refused before a key is made, and the audit log tells."""
    before = steward_.rows(settings)
    with pytest.raises(problem):
        _generate(steward, wish=wish)
    assert before == steward_.rows(settings)
    assert ("generate", "refused", "client") == steward_.audited(steward)[-1]


def test_taken_alias_is_refused(steward: Steward, settings: Settings) -> None:
    """By any other entry, of whatever type; letter case makes another alias."""
    steward_.add_anchor(steward, "client", issue("Root", ca=True))
    before = steward_.rows(settings)
    with pytest.raises(AliasExists):
        _generate(steward)
    with pytest.raises(AliasExists):
        steward_.add(steward, "client", issue("x"))
    with pytest.raises(AliasExists):
        steward_.add_anchor(steward, "client", issue("Root", ca=True))
    assert before == steward_.rows(settings)
    assert "Client" == _generate(steward, "Client").alias


# ---- add


def test_added_key_brings_its_chain_into_order(steward: Steward) -> None:
    """The certificates may lie in any order, strangers among them."""
    chain = pki_maker.make_chain()
    entry = key_pairs.add_key_pair(
        *(steward, TENANT, "client"),
        KeyUpload(
            chain[0].key_pem(), certificates=steward_.read(issue("stranger"), *reversed(chain))
        ),
        consent=VERIFIED,
    ).entry
    assert steward_.read(*chain) == entry.version.chain
    assert Reason.UPLOADED == entry.version.reason


def test_added_key_takes_the_certificates_of_its_own_file(steward: Steward) -> None:
    """A PEM file with the key and its chain is enough."""
    chain = pki_maker.make_chain()
    data = b"".join(one.pem for one in chain) + chain[0].key_pem()
    entry = key_pairs.add_key_pair(
        steward, TENANT, "client", KeyUpload(data), consent=VERIFIED
    ).entry
    assert steward_.read(*chain) == entry.version.chain


def test_key_added_alone_has_no_subject_yet(steward: Steward) -> None:
    """Its request needs at least a common name; with that it is written."""
    entry = key_pairs.add_key_pair(steward, TENANT, "client", KeyUpload(issue("x").key_pem())).entry
    assert ("", True) == (
        entry.version.certificate.subject,
        entry.version.certificate.self_signed,
    )
    with pytest.raises(SubjectInvalid, match="--cn"):
        steward_.ask(steward, "client")
    assert steward_.ask(steward, "client", "now it has one")


def test_certificate_of_another_key_is_refused(steward: Steward, settings: Settings) -> None:
    """Key and certificate that do not belong together do not get in."""
    before = steward_.rows(settings)
    with pytest.raises(CertificateOfAnotherKey):
        steward_.add(steward, "client", issue("a"), key=issue("b"))
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("password", [None, Secret(b"wrong")], ids=["none", "wrong"])
def test_encrypted_key_needs_its_password(
    steward: Steward, settings: Settings, password: Secret | None
) -> None:
    """Missing or wrong it is refused; right it is taken."""
    data = issue("a").key_pem(password=b"right")
    before = steward_.rows(settings)
    with pytest.raises(PrivateKeyUnreadable):
        key_pairs.add_key_pair(steward, TENANT, "client", KeyUpload(data, password))
    assert before == steward_.rows(settings)
    key_pairs.add_key_pair(steward, TENANT, "client", KeyUpload(data, Secret(b"right")))


def test_same_key_twice_is_sealed_once(steward: Steward, settings: Settings) -> None:
    """Two aliases of one key share its row."""
    one = issue("a")
    first, second = steward_.add(steward, "a", one), steward_.add(steward, "b", one)
    assert first.version.private_key_id == second.version.private_key_id
    assert 1 == len(steward_.sealed_keys(settings))


def test_sealed_key_copied_to_another_row_does_not_open(
    steward: Steward, settings: Settings
) -> None:
    """Whoever writes to the database cannot pass one key off as another."""
    first = steward_.add(steward, "a", issue("a"))
    steward_.add(steward, "b", issue("b"))
    connection = steward_.connect(settings, writing=True)
    connection.execute(
        "UPDATE private_keys SET sealed = (SELECT sealed FROM private_keys WHERE id = 2)"
        " WHERE id = 1"
    )
    connection.commit()
    connection.close()
    with pytest.raises(SealedKeyDamaged):
        key_pairs.unseal_private_key(steward, first.version)


# ---- renew


def test_renewal_takes_over_subject_names_usage_and_kind(steward: Steward) -> None:
    """The live version stays current; the pending one has a new key."""
    before = _generate(steward)
    after = key_pairs.renew_key_pair(steward, TENANT, "client")
    assert before.version == after.version
    assert after.pending
    old, new = before.version.certificate, after.pending.certificate
    assert (old.subject, old.extensions.san, old.key) == (new.subject, new.extensions.san, new.key)
    assert old.extensions.extended_key_usage == new.extensions.extended_key_usage
    assert old.public_key_sha256 != new.public_key_sha256
    assert (2, Reason.RENEWAL) == (after.pending.number, after.pending.reason)


def test_renewal_can_change_the_kind_of_key(steward: Steward) -> None:
    """From P-256 to Ed25519, say."""
    _generate(steward)
    spec = parse_key_spec("ed25519", None, None)
    after = key_pairs.renew_key_pair(steward, TENANT, "client", spec)
    assert after.pending
    assert "Ed25519" == after.pending.certificate.key.type


def test_second_renewal_needs_replace(steward: Steward, settings: Settings) -> None:
    """A pending key is not given up by accident; what is given up stays in the versions."""
    _generate(steward)
    first = key_pairs.renew_key_pair(steward, TENANT, "client")
    before = steward_.rows(settings)
    with pytest.raises(PendingKeyExists):
        key_pairs.renew_key_pair(steward, TENANT, "client")
    assert before == steward_.rows(settings)
    second = key_pairs.renew_key_pair(steward, TENANT, "client", replace=True)
    assert first.pending
    assert second.pending
    assert (2, 3) == (first.pending.number, second.pending.number)
    assert first.pending == steward.store.get_version(Base.of(second), 2)


def test_request_is_for_the_pending_key_unless_told_otherwise(steward: Steward) -> None:
    """While a key is pending both can be asked for."""
    _generate(steward)
    entry = key_pairs.renew_key_pair(steward, TENANT, "client")
    assert entry.pending
    for of_current, version in ((False, entry.pending), (True, entry.version)):
        wish = RequestWish(Subject(), of_current_key=of_current)
        pem = signing_requests.write_signing_request(steward, TENANT, "client", wish)
        asked = x509.load_pem_x509_csr(pem)
        assert version.certificate.loaded.public_key() == asked.public_key()
        assert asked.is_signature_valid


def test_certificate_entry_is_neither_renewed_nor_asked_for(
    steward: Steward, settings: Settings
) -> None:
    """It has no private key."""
    steward_.add_anchor(steward, "root", issue("Root", ca=True))
    before = steward_.rows(settings)
    with pytest.raises(NotAKeyPair):
        key_pairs.renew_key_pair(steward, TENANT, "root")
    with pytest.raises(NotAKeyPair):
        steward_.ask(steward, "root")
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("alias", ["id_rsa", "id_dsa"])
def test_ssh_keys_have_no_signing_request(steward: Steward, settings: Settings, alias: str) -> None:
    """As in SAP's monitor."""
    steward_.add(steward, alias, issue("x"), usage=Usage.SSH)
    before = steward_.rows(settings)
    with pytest.raises(SigningRequestNotAvailable):
        steward_.ask(steward, alias)
    assert before == steward_.rows(settings)


def test_provider_owned_entry_has_no_signing_request(steward: Steward, settings: Settings) -> None:
    """Not for the tenant, and not for the provider, who has other ways."""
    steward_.add(steward, "sap_key", issue("x"), caller=PROVIDER)
    before = steward_.rows(settings)
    for caller in (TENANT, PROVIDER):
        with pytest.raises(SigningRequestNotAvailable):
            signing_requests.write_signing_request(
                steward, caller, "sap_key", RequestWish(Subject())
            )
    assert before == steward_.rows(settings)
    assert audit.verify_chain(steward, None).clean
