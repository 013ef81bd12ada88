"""Names with eight-bit characters in string types that have none, as older CAs wrote them."""

import contextlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from keysteward.pki import contents, names, requests
from keysteward.pki.certificates import read_certificate
from keysteward.pki.usages import Usage
from keysteward.problems import CertificateUnreadable
from tests import peers
from tests.pki_maker import Issued, issue

_TYPES = (_ASN1Type.T61String, _ASN1Type.IA5String)
_EXPECTED = "CN=Issuing,O=Müller,C=DE"


def _name(type_: _ASN1Type, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization, _type=type_),
            x509.NameAttribute(NameOID.COMMON_NAME, "Issuing"),
        ]
    )


def _issued(type_: _ASN1Type) -> tuple[Issued, bytes]:
    """Return a certificate of O=M#ller, and its DER with ISO 8859-1's ü in its place."""
    issued = issue(_name(type_, "M#ller"))
    return issued, issued.der.replace(b"M#ller", b"M\xfcller")


@pytest.mark.parametrize("type_", _TYPES)
def test_eight_bit_characters_are_read_as_iso_8859_1(type_: _ASN1Type) -> None:
    """Subject and issuer say what the CA meant."""
    certificate = read_certificate(_issued(type_)[1])
    assert (_EXPECTED, _EXPECTED) == (certificate.subject, certificate.issuer)


@pytest.mark.parametrize("type_", _TYPES)
def test_eight_bit_characters_are_read_as_openssl_does(type_: _ASN1Type, tmp_path: Path) -> None:
    """Of the same certificate."""
    file = tmp_path / "certificate.der"
    file.write_bytes(_issued(type_)[1])
    options = ("-noout", "-subject", "-nameopt", "sep_comma_plus,dn_rev,sname,utf8")
    shown = peers.run("openssl", "x509", "-inform", "DER", "-in", str(file), *options)
    assert f"subject={_EXPECTED}" == shown.decode().strip()


@pytest.mark.parametrize("type_", _TYPES)
def test_eight_bit_characters_compare_with_utf_8(type_: _ASN1Type) -> None:
    """A CA that changed to UTF8String keeps its name (RFC 5280 section 7.1)."""
    certificate = read_certificate(_issued(type_)[1])
    renewed = names.comparable(_name(_ASN1Type.UTF8String, "MÜLLER"))
    assert renewed == certificate.subject_name == certificate.issuer_name


def test_request_asks_for_the_name_in_utf_8() -> None:
    """So that every CA can read it."""
    issued, der = _issued(_ASN1Type.T61String)
    content = contents.of_certificate(read_certificate(der), Usage.TLS_CLIENT)
    request = requests.read_request(requests.build_request(issued.key, content))
    assert _EXPECTED == request.subject
    assert "Müller".encode() in request.der


def test_no_changed_byte_of_such_a_name_gets_through_unread() -> None:
    """Each is a certificate that can be shown, or is refused."""
    _, der = _issued(_ASN1Type.T61String)
    for position in range(len(der) // 2):
        for octet in (0x00, 0x1F, 0x80, 0x84, 0xFF):
            changed = der[:position] + bytes([octet]) + der[position + 1 :]
            with contextlib.suppress(CertificateUnreadable):
                certificate = read_certificate(changed)
                assert (certificate.subject + certificate.issuer).isprintable()
