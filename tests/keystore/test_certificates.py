"""Certificate entries: exactly one certificate, in any form."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from keysteward.entries import EntryType
from keysteward.keystore import certificates
from keysteward.keystore.steward import Steward
from keysteward.problems import CertificateUnreadable
from keysteward.settings import Settings
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT, VERIFIED

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
