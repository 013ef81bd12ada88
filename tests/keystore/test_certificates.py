"""Certificate entries: exactly one certificate, in any form."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7, pkcs12

from keysteward.entries import EntryType
from keysteward.keystore import certificates, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.problems import (
    CertificateUnreadable,
    KeyPairInTheWay,
    RootNotTrusted,
    UploadTooLarge,
)
from keysteward.settings import Settings
from keysteward.values import Fingerprint
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, TENANT, VERIFIED

ROOT = issue("Root", ca=True)


@pytest.mark.parametrize(
    "data",
    [
        ROOT.der,
        ROOT.pem,
        b"Root of all\n" + ROOT.pem + b"end\n",
        pkcs7.serialize_certificates([ROOT.certificate], Encoding.DER),
        b"".join(ROOT.pem.splitlines(keepends=True)[1:-1]),
    ],
    ids=["DER", "PEM", "text", "PKCS#7", "base64"],
)
def test_certificate_is_taken_in_any_form(steward: Steward, data: bytes) -> None:
    """What is stored is the certificate, byte for byte."""
    entry = certificates.add_certificate(steward, TENANT, "root", data, consent=VERIFIED)
    assert (EntryType.CERTIFICATE, True, ROOT.der) == (
        *(entry.type, entry.trusted, entry.version.certificate.der),
    )
    assert entry.version.private_key_id is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        ROOT.key_pem(),
        pki_maker.make_crl(ROOT).public_bytes(Encoding.PEM),
        ROOT.pem + issue("Other", ca=True).pem,
        b"\x30\x03\x02\x01\x05",
    ],
    ids=["nothing", "text", "key", "CRL", "two", "DER"],
)
def test_anything_else_is_refused(steward: Steward, settings: Settings, data: bytes) -> None:
    """With what it is, and without a change."""
    before = steward_.rows(settings)
    with pytest.raises(CertificateUnreadable):
        certificates.add_certificate(steward, TENANT, "root", data, consent=VERIFIED)
    assert before == steward_.rows(settings)
    assert ("add-certificate", "refused", "root") == steward_.audited(steward)[-1]


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (ROOT.key_pem(), "[Aa]s a key pair"),
        (
            pkcs12.serialize_key_and_certificates(
                None, None, None, [ROOT.certificate], NoEncryption()
            ),
            "Import it as a whole keystore",
        ),
        (b"\xfe\xed\xfe\xed\0\0\0\2", "JKS.*Import it as a whole keystore"),
        (ROOT.pem + issue("Other", ca=True).pem, "2 certificates .* one by one"),
    ],
    ids=["key", "PKCS#12", "JKS", "two"],
)
def test_refusal_names_what_takes_the_file(steward: Steward, data: bytes, remedy: str) -> None:
    """In words that fit every face: as what it is added, or how to split it."""
    with pytest.raises(CertificateUnreadable, match=remedy):
        certificates.add_certificate(steward, TENANT, "root", data, consent=VERIFIED)


@pytest.mark.parametrize("issued", [ROOT, issue("Issuing", issuer=ROOT, ca=True), issue("own")])
def test_certificate_that_nobody_vouches_for_has_to_be_confirmed(
    steward: Steward, settings: Settings, issued: Issued
) -> None:
    """By its own fingerprint, be it a root, under an unknown one, or self-signed."""
    before = steward_.rows(settings)
    wrong = Consent(trust_root=Fingerprint("0" * 64))
    for consent in (PLAIN, wrong):
        with pytest.raises(RootNotTrusted) as caught:
            certificates.add_certificate(steward, TENANT, "x", issued.der, consent=consent)
    assert before == steward_.rows(settings)
    (certificate,) = steward_.read(issued)
    assert certificate.fingerprint == caught.value.fingerprint
    assert certificate.fingerprint_sha1 in caught.value.detail
    right = Consent(trust_root=certificate.fingerprint)
    assert certificates.add_certificate(steward, TENANT, "x", issued.der, consent=right).trusted
    detail = next(iter(steward.store.audit_log.read(steward.keystore_id, last=1))).detail
    assert certificate.fingerprint == detail["confirmed"]


def test_certificate_under_an_anchor_is_taken_without_a_question(steward: Steward) -> None:
    """An anchor has issued it, or is it."""
    steward_.add_anchor(steward, "root", ROOT)
    for alias, issued in (("ca", issue("Issuing", issuer=ROOT, ca=True)), ("again", ROOT)):
        assert certificates.add_certificate(steward, TENANT, alias, issued.der).trusted


def test_certificate_that_vouches_for_nothing_is_not_asked_about(steward: Steward) -> None:
    """Only the mark makes an anchor; chains under it are still asked about."""
    entry = certificates.add_certificate(steward, TENANT, "root", ROOT.der, trusted=False)
    assert not entry.trusted
    with pytest.raises(RootNotTrusted):
        certificates.add_certificate(steward, TENANT, "again", ROOT.der)


def test_confirmation_ends_with_the_entry(steward: Steward) -> None:
    """What was trusted by its mark alone is asked about again once the entry is gone."""
    steward_.add_anchor(steward, "root", ROOT)
    lifecycle.delete_entry(steward, TENANT, "root")
    with pytest.raises(RootNotTrusted):
        certificates.add_certificate(steward, TENANT, "root", ROOT.der)


def test_update_keeps_alias_and_mark(steward: Steward) -> None:
    """The new certificate is the next version, the same once more is none."""
    for alias, trusted in (("anchor", True), ("completing", False)):
        before = steward_.add_anchor(steward, alias, ROOT, trusted=trusted)
        successor = issue("Successor", ca=True)
        entry = certificates.update_certificate(
            steward, TENANT, alias, successor.pem, consent=VERIFIED
        )
        assert (before.id, alias, trusted, 2) == (
            *(entry.id, entry.alias, entry.trusted, entry.version.number),
        )
        assert steward_.read(successor) == entry.version.chain
        assert ("uploaded", "done", alias) == steward_.audited(steward)[-1]
        again = certificates.update_certificate(steward, TENANT, alias, successor.der)
        assert 2 == again.version.number


def test_update_of_an_anchor_is_asked_about(steward: Steward, settings: Settings) -> None:
    """Unless the one that is there issued it: a CA's new certificate for its own key, say."""
    steward_.add_anchor(steward, "root", ROOT)
    before = steward_.rows(settings)
    with pytest.raises(RootNotTrusted):
        certificates.update_certificate(steward, TENANT, "root", issue("Root", ca=True).der)
    assert before == steward_.rows(settings)
    assert ("uploaded", "refused", "root") == steward_.audited(steward)[-1]
    prolonged = issue("Root", ROOT.key, ca=True, serial=7)
    entry = certificates.update_certificate(steward, TENANT, "root", prolonged.der)
    assert (2, True) == (entry.version.number, entry.trusted)


def test_update_can_mark_anew(steward: Steward) -> None:
    """Taking trust away asks nothing, giving it does; either is a version."""
    steward_.add_anchor(steward, "root", ROOT)
    taken = certificates.update_certificate(steward, TENANT, "root", ROOT.der, trusted=False)
    assert (2, False) == (taken.version.number, taken.trusted)
    with pytest.raises(RootNotTrusted):
        certificates.update_certificate(steward, TENANT, "root", ROOT.der, trusted=True)
    given = certificates.update_certificate(
        steward, TENANT, "root", ROOT.der, trusted=True, consent=VERIFIED
    )
    assert (3, True) == (given.version.number, given.trusted)


def test_update_of_a_key_pair_is_refused(steward: Steward, settings: Settings) -> None:
    """Its private key would be hidden."""
    steward_.add(steward, "client", issue("client"))
    before = steward_.rows(settings)
    with pytest.raises(KeyPairInTheWay):
        certificates.update_certificate(steward, TENANT, "client", ROOT.der, consent=VERIFIED)
    assert before == steward_.rows(settings)


def test_file_beyond_the_limit_is_refused_unread(steward: Steward) -> None:
    """The limit is the setting, to the byte; an update has the same."""
    for data, refused in ((ROOT.pem, ROOT.pem + b"\n"), (ROOT.der, bytes(len(ROOT.der) + 1))):
        limited = replace(
            steward, settings=replace(steward.settings, certificate_limit_bytes=len(data))
        )
        alias = f"root {len(data)}"
        certificates.add_certificate(limited, TENANT, alias, data, consent=VERIFIED)
        with pytest.raises(UploadTooLarge, match="KEYSTEWARD_CERTIFICATE_LIMIT_BYTES"):
            certificates.add_certificate(limited, TENANT, "new", refused, consent=VERIFIED)
        with pytest.raises(UploadTooLarge):
            certificates.update_certificate(limited, TENANT, alias, refused, consent=VERIFIED)
