"""Key pairs come into being: generated, added, renewed."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from keysteward.entries import Entry, EntryType, Owner, Reason
from keysteward.keystore import audit, key_pairs, signing_requests, versions
from keysteward.keystore.key_pairs import KeyUpload, PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki import private_keys
from keysteward.pki.key_pairs import parse_key_spec
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    CertificateExpired,
    CertificateMissing,
    CertificateOfAnotherKey,
    KeyTypeUnsupported,
    NotAKeyPair,
    PasswordWrong,
    PendingKeyExists,
    RootNotTrusted,
    SealedKeyDamaged,
    SeveralKeys,
    SigningRequestNotAvailable,
    SubjectInvalid,
    ValidityInvalid,
)
from keysteward.settings import Settings
from keysteward.storage.records import Base
from keysteward.values import Secret
from tests import key_uploads, pki_maker, verification
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, PROVIDER, START, TENANT, VERIFIED

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


def test_taken_alias_names_what_updates_the_entry(steward: Steward) -> None:
    """But no update of an entry of the other type."""
    for alias, certificate in (("pair", False), ("root", True)):
        if certificate:
            steward_.add_anchor(steward, alias, issue("Root", ca=True))
        else:
            steward_.add(steward, alias, issue("x"))
        with pytest.raises(AliasExists) as generated:
            _generate(steward, alias)
        with pytest.raises(AliasExists) as added:
            steward_.add(steward, alias, issue("y"))
        with pytest.raises(AliasExists) as anchored:
            steward_.add_anchor(steward, alias, issue("Other", ca=True))
        assert certificate is not ("or renew that entry with a new key." in generated.value.detail)
        assert certificate is not ("or update that entry with this key." in added.value.detail)
        anchor = "or update that entry with this certificate."
        assert certificate is (anchor in anchored.value.detail)
        for refused in (generated, added, anchored):
            assert "another alias, or rename that entry" in refused.value.detail


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
    with pytest.raises(SubjectInvalid, match="at least the common name"):
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
    with pytest.raises(PasswordWrong):
        key_pairs.add_key_pair(steward, TENANT, "client", KeyUpload(data, password))
    assert before == steward_.rows(settings)
    key_pairs.add_key_pair(steward, TENANT, "client", KeyUpload(data, Secret(b"right")))


def test_pkcs12_brings_its_whole_chain(steward: Steward, tmp_path: Path) -> None:
    """One file, one password; the stored key is the certificate's."""
    chain = pki_maker.make_chain(intermediates=2)
    data = key_uploads.openssl_pkcs12(tmp_path, *chain, password="geheim", name="other")
    upload = KeyUpload(data, Secret(b"geheim"))
    stored = key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    version = stored.entry.version
    assert (steward_.read(*chain), "client") == (version.chain, stored.entry.alias)
    assert hashlib.sha256(data).hexdigest() == version.file_sha256
    pkcs8 = key_pairs.unseal_private_key(steward, version)
    verification.verify_key(tmp_path, pkcs8.reveal(), version.certificate)


def test_several_keys_are_refused_and_one_is_chosen(steward: Steward, settings: Settings) -> None:
    """Nothing is stored until it is said which; what was left is told."""
    data = key_uploads.keytool_pkcs12("first", "second", password="changeit")
    upload = KeyUpload(data, Secret(b"changeit"))
    before = steward_.rows(settings)
    with pytest.raises(SeveralKeys, match="'first', 'second'"):
        key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    assert before == steward_.rows(settings)
    assert ("add-key-pair", "refused", "client") == steward_.audited(steward)[-1]
    chosen = replace(upload, choose="second")
    stored = key_pairs.add_key_pair(steward, TENANT, "client", chosen, consent=VERIFIED)
    assert "CN=second" == stored.entry.version.certificate.subject
    (left,) = (n.detail for n in stored.notices if n.slug == "rest-of-file-left")
    assert "'first'" in left
    assert "second" not in left


@pytest.mark.parametrize("length", [1, 2, 3])
def test_unknown_end_of_a_chain_has_to_be_confirmed(
    steward: Steward, settings: Settings, length: int
) -> None:
    """The root, or where the chain ends without it; the confirmation is remembered."""
    chain = pki_maker.make_chain()
    upload = KeyUpload(chain[0].key_pem(), certificates=steward_.read(*chain[:length]))
    before = steward_.rows(settings)
    with pytest.raises(RootNotTrusted) as caught:
        key_pairs.add_key_pair(steward, TENANT, "client", upload)
    top = steward_.read(chain[length - 1])[0].fingerprint
    assert top == caught.value.fingerprint
    assert before == steward_.rows(settings)
    confirmed = Consent(trust_root=top)
    key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=confirmed)
    assert (
        top
        == next(iter(steward.store.audit_log.read(steward.keystore_id, last=1))).detail[
            "confirmed_root"
        ]
    )
    key_pairs.add_key_pair(steward, TENANT, "again", upload)


def test_fingerprint_of_another_certificate_confirms_nothing(steward: Steward) -> None:
    """It was compared with something else."""
    chain = pki_maker.make_chain()
    upload = KeyUpload(chain[0].key_pem(), certificates=steward_.read(*chain))
    other = Consent(trust_root=steward_.read(chain[1])[0].fingerprint)
    with pytest.raises(RootNotTrusted):
        key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=other)


def test_self_signed_certificate_of_a_pkcs12_has_to_be_confirmed(
    steward: Steward, tmp_path: Path
) -> None:
    """As in SAP's monitor; beside a key in PEM it is the placeholder that its owner made."""
    own = issue("client", eku=("clientAuth",))
    upload = KeyUpload(key_uploads.openssl_pkcs12(tmp_path, own))
    with pytest.raises(RootNotTrusted, match="nobody else vouches for it"):
        key_pairs.add_key_pair(steward, TENANT, "client", upload)
    stored = key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    assert steward_.read(own) == stored.entry.version.chain
    assert {"self-signed"} == {notice.slug for notice in stored.notices}
    beside = KeyUpload(own.key_pem() + own.pem)
    again = key_pairs.add_key_pair(steward, TENANT, "again", beside)
    assert steward_.read(own) == again.entry.version.chain


def test_chain_of_a_key_pair_is_completed_from_the_keystore(steward: Steward) -> None:
    """Under a trusted entry nothing is asked."""
    chain = pki_maker.make_chain()
    steward_.add_anchor(steward, "ca", chain[1], trusted=False)
    steward_.add_anchor(steward, "root", chain[2])
    upload = KeyUpload(chain[0].key_pem(), certificates=steward_.read(chain[0]))
    stored = key_pairs.add_key_pair(steward, TENANT, "client", upload)
    assert steward_.read(*chain) == stored.entry.version.chain
    assert ["chain-completed-from-keystore"] == [notice.slug for notice in stored.notices]


def test_expired_certificate_is_taken_by_override_alone(steward: Steward) -> None:
    """It is a warning then, and the audit log has it."""
    ca = issue("CA", ca=True)
    end = issue("client", issuer=ca, eku=("clientAuth",), not_after=START - timedelta(days=1))
    upload = KeyUpload(end.key_pem(), certificates=steward_.read(end, ca))
    with pytest.raises(CertificateExpired):
        key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    consent = Consent(frozenset({"certificate-expired"}), fingerprint_verified=True)
    stored = key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=consent)
    assert ["certificate-expired"] == [notice.slug for notice in stored.notices]
    detail = next(iter(steward.store.audit_log.read(steward.keystore_id, last=1))).detail
    assert ["certificate-expired"] == detail["overridden"] == detail["warnings"]


def test_what_a_receiver_would_stumble_over_is_said(steward: Steward) -> None:
    """By the same rules as of a signing response."""
    root = issue("Root", ca=True)
    ca = issue("CA", issuer=root, ca=True, not_after=START - timedelta(days=1))
    end = issue("client", issuer=ca, eku=("serverAuth",))
    upload = KeyUpload(end.key_pem(), certificates=steward_.read(end, ca, root, issue("stranger")))
    stored = key_pairs.add_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    assert {"extended-key-usage", "issuer-expired", "unrelated-certificates-dropped"} == {
        notice.slug for notice in stored.notices
    }


# ---- update


def _client(steward: Steward, issued: Issued, *chain: Issued) -> Entry:
    return steward_.add(steward, "client", issued, *chain, usage=Usage.SIGNATURE)


def test_update_keeps_alias_usage_and_versions(steward: Steward, tmp_path: Path) -> None:
    """The new key and chain are the next version; the old one can be brought back."""
    old, new = pki_maker.make_chain(), pki_maker.make_chain(subject="new")
    before = _client(steward, *old)
    upload = KeyUpload(key_uploads.openssl_pkcs12(tmp_path, *new, password="x"), Secret(b"x"))
    with pytest.raises(RootNotTrusted):
        key_pairs.update_key_pair(steward, TENANT, "client", upload)
    stored = key_pairs.update_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    entry = stored.entry
    assert (before.id, "client", Usage.SIGNATURE, 2) == (
        *(entry.id, entry.alias, entry.usage, entry.version.number),
    )
    assert (Reason.UPLOADED, steward_.read(*new)) == (entry.version.reason, entry.version.chain)
    assert {"key-changed", "root-changed"} <= {notice.slug for notice in stored.notices}
    pkcs8 = key_pairs.unseal_private_key(steward, entry.version)
    verification.verify_key(tmp_path, pkcs8.reveal(), entry.version.certificate)
    assert ("uploaded", "done", "client") == steward_.audited(steward)[-1]
    back = versions.roll_back(steward, TENANT, "client", 1, PLAIN)
    assert 3 == back.version
    rolled = steward.store.get_entry(steward.keystore_id, "client")
    assert before.version.private_key_id == rolled.version.private_key_id


def test_update_under_the_root_in_use_asks_nothing(steward: Steward) -> None:
    """The root of the current chain is an anchor, as for signing responses."""
    old = pki_maker.make_chain()
    _client(steward, *old)
    new = issue("client", issuer=old[1], eku=("emailProtection",))
    upload = KeyUpload(new.key_pem(), certificates=steward_.read(new, *old[1:]))
    stored = key_pairs.update_key_pair(steward, TENANT, "client", upload)
    assert steward_.read(new, *old[1:]) == stored.entry.version.chain


def test_update_with_what_is_current_stores_nothing(steward: Steward, settings: Settings) -> None:
    """Neither with the chain, nor with the key in use alone."""
    chain = pki_maker.make_chain()
    _client(steward, *chain)
    before = steward_.rows(settings)
    pem = chain[0].key_pem()
    for upload in (KeyUpload(pem), KeyUpload(pem, certificates=steward_.read(*chain[::-1]))):
        stored = key_pairs.update_key_pair(steward, TENANT, "client", upload)
        assert (False, 1) == (stored.changed, stored.entry.version.number)
        assert ["already-current"] == [notice.slug for notice in stored.notices]
    assert before == steward_.rows(settings)


def test_update_with_another_key_alone_is_refused(steward: Steward, settings: Settings) -> None:
    """Its placeholder would take the place of the certificate in use."""
    _client(steward, *pki_maker.make_chain())
    before = steward_.rows(settings)
    with pytest.raises(CertificateMissing, match="'client'"):
        key_pairs.update_key_pair(steward, TENANT, "client", KeyUpload(issue("x").key_pem()))
    assert before == steward_.rows(settings)
    assert ("uploaded", "refused", "client") == steward_.audited(steward)[-1]


def test_update_with_a_foreign_certificate_is_refused(steward: Steward, settings: Settings) -> None:
    """A certificate of the entry's own key does not make up for it."""
    chain = pki_maker.make_chain()
    _client(steward, *chain)
    before = steward_.rows(settings)
    upload = KeyUpload(issue("x").key_pem(), certificates=steward_.read(*chain))
    with pytest.raises(CertificateOfAnotherKey):
        key_pairs.update_key_pair(steward, TENANT, "client", upload, consent=VERIFIED)
    assert before == steward_.rows(settings)


@pytest.mark.parametrize("same", [False, True])
def test_pending_key_stays_unless_it_is_the_one_that_comes(steward: Steward, *, same: bool) -> None:
    """An update is no answer to a renewal, but may bring its key."""
    chain = pki_maker.make_chain()
    _client(steward, *chain)
    renewed = key_pairs.renew_key_pair(steward, TENANT, "client")
    assert renewed.pending is not None
    pending = private_keys.from_pkcs8(key_pairs.unseal_private_key(steward, renewed.pending))
    new = issue("client", pending if same else None, chain[1], eku=("emailProtection",))
    upload = KeyUpload(new.key_pem(), certificates=steward_.read(new, *chain[1:]))
    entry = key_pairs.update_key_pair(steward, TENANT, "client", upload).entry
    assert (3, None if same else 2) == (
        entry.version.number,
        entry.pending.number if entry.pending else None,
    )


def test_update_of_a_certificate_entry_is_refused(steward: Steward) -> None:
    """It would hide that the entry has no key yet."""
    steward_.add_anchor(steward, "root", issue("Root", ca=True))
    with pytest.raises(NotAKeyPair):
        key_pairs.update_key_pair(steward, TENANT, "root", KeyUpload(issue("x").key_pem()))


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
