"""Certificates and requests that the library refuses and everybody else takes."""

import contextlib
import hashlib
import itertools
import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.pki import (
    certificates,
    contents,
    readable_copies,
    references,
    requests,
    second_opinion,
)
from keysteward.pki.certificates import read_certificate
from keysteward.pki.usages import Usage
from keysteward.problems import CertificateUnreadable
from tests import peers, pki_maker
from tests.corpus import forge
from tests.pki_maker import Issued, issue
from tests.steward import START

_SUBJECT = "CN=*.example.com,OU=a_b@c.example,O=Foo & Bar,C=DE"
_CUT = b"\x30\x03\x02\x01"


def _chain() -> tuple[Issued, Issued, Issued]:
    """Return leaf, CA and root, whose names and key identifiers all have what is not printable."""
    root = issue("CN=Root,O=Foo & Bar", ca=True)
    ca = issue("CN=Issuing,O=Foo & Bar", issuer=root, ca=True)
    authority = x509.AuthorityKeyIdentifier(
        None, [x509.DirectoryName(root.certificate.subject)], ca.certificate.serial_number
    )
    names = x509.SubjectAlternativeName([x509.DirectoryName(pki_maker.name(_SUBJECT))])
    extensions = ((authority, False), (names, False))
    leaf = issue(
        _SUBJECT, issuer=ca, eku=("clientAuth",), key_ids=False, extra_extensions=extensions
    )
    return forge.printable(leaf, ca), forge.printable(ca, root), forge.printable(root, root)


LEAF, CA, ROOT = _chain()


def _malformed(oid: x509.ObjectIdentifier, *, critical: bool = False) -> Issued:
    cut = x509.UnrecognizedExtension(oid, _CUT)
    return issue("client", eku=("clientAuth",), extra_extensions=((cut, critical),))


# ---- names


def test_library_refuses_what_is_tried_here() -> None:
    """Without which these tests would prove nothing."""
    with pytest.raises(ValueError, match="PrintableString"):
        x509.load_der_x509_certificate(LEAF.der)


def test_names_are_read_as_openssl_does(tmp_path: Path) -> None:
    """Subject, issuer and fingerprint are those of OpenSSL."""
    file = tmp_path / "certificate.pem"
    file.write_bytes(LEAF.pem)
    options = ("-noout", "-subject", "-issuer", "-nameopt", "sep_comma_plus,dn_rev,sname,utf8")
    said = peers.run("openssl", "x509", "-in", str(file), "-fingerprint", "-sha256", *options)
    read = read_certificate(LEAF.der)
    fingerprint = ":".join(re.findall("..", read.fingerprint.upper()))
    expected = [f"subject={read.subject}", f"issuer={read.issuer}", fingerprint]
    lines = said.decode().splitlines()
    assert sorted(expected) == sorted(line.removeprefix("sha256 Fingerprint=") for line in lines)
    assert (_SUBJECT, LEAF.der) == (read.subject, read.der)


def test_names_are_read_as_keytool_does() -> None:
    """Subject and fingerprint are those of Java."""
    said = peers.run("keytool", "-J-Duser.language=en", "-printcert", data=LEAF.pem).decode()
    assert "Owner: CN=*.example.com, OU=a_b@c.example, O=Foo & Bar, C=DE\n" in said
    fingerprint = hashlib.sha256(LEAF.der).hexdigest().upper()
    assert fingerprint == read_certificate(LEAF.der).fingerprint.upper()
    assert "SHA256: " + ":".join(re.findall("..", fingerprint)) in said


def test_names_compare_with_utf_8() -> None:
    """The same text in another string type is the same name (RFC 5280 section 7.1)."""
    other = read_certificate(ROOT.certificate.public_bytes(Encoding.DER))
    assert other.subject_name == read_certificate(ROOT.der).subject_name
    assert other.subject_name == read_certificate(CA.der).issuer_name
    assert read_certificate(LEAF.der).extensions.san == (f"DirName:{_SUBJECT}",)


def test_eight_bit_characters_are_read_as_iso_8859_1() -> None:
    """As they are in other string types that have none."""
    der = CA.der.replace(b"Foo & Bar", b"F\xf6o & Bar")
    assert "CN=Issuing,O=Föo & Bar" == read_certificate(der).subject


def test_other_certificates_are_no_copies() -> None:
    """Whatever the library loads is what it loaded."""
    issued = issue("client")
    assert not read_certificate(issued.der).loaded_from_copy
    assert issued.der == readable_copies.with_other_strings(issued.der)


@pytest.mark.parametrize("kind", ["p256", "rsa2048", "ed25519", "dsa2048", "mldsa44"])
def test_signature_is_verified_over_the_original(kind: str) -> None:
    """Every kind of key verifies the bytes that were signed, and no others."""
    key = pki_maker.make_key(kind)
    cut = x509.UnrecognizedExtension(x509.AuthorityInformationAccess.oid, _CUT)
    read = read_certificate(issue("client", key, extra_extensions=((cut, False),)).der)
    assert read.loaded_from_copy
    assert read.self_signed
    changed = read_certificate(read.der.replace(b"client", b"cli*nt"))
    assert not changed.self_signed


def test_chain_of_such_names_verifies() -> None:
    """Link by link, and only with the right issuer; a string of another type breaks it."""
    chain = [read_certificate(one.der) for one in (LEAF, CA, ROOT)]
    for child, issuer in itertools.pairwise(chain):
        assert certificates.failure_of_signature(child, issuer) is None
        assert child.issuer_name == issuer.subject_name
    assert certificates.failure_of_signature(chain[0], chain[2]) is not None
    retagged = readable_copies.with_other_strings(LEAF.der)
    assert certificates.failure_of_signature(read_certificate(retagged), chain[1]) is not None


def test_second_opinion_is_not_asked_of_copies() -> None:
    """Over which the signatures could not verify."""
    chain = tuple(read_certificate(one.der) for one in (LEAF, CA, ROOT))
    assert second_opinion.objection(chain, START) is None


# ---- requests


def test_request_with_such_a_name_is_read_as_openssl_does() -> None:
    """And compares with the certificate of that name; as a reference too."""
    made = pki_maker.make_request(_SUBJECT, LEAF.key, san=("DNS:a.example",))
    der = forge.as_printable(made.public_bytes(Encoding.DER))
    with pytest.raises(ValueError, match="PrintableString"):
        x509.load_der_x509_csr(der)
    request = requests.read_request(der)
    options = ("-noout", "-subject", "-nameopt", "sep_comma_plus,dn_rev,sname,utf8")
    said = peers.run("openssl", "req", "-inform", "DER", *options, data=der)
    assert said.decode().strip() == f"subject={request.subject}"
    assert (der, ("DNS:a.example",)) == (request.der, request.san)
    assert read_certificate(LEAF.der).subject_name == request.subject_name
    assert request == references.read_reference(der).request


def test_request_for_such_a_name_writes_it_in_utf_8() -> None:
    """So that every CA can read it."""
    content = contents.of_certificate(read_certificate(LEAF.der), Usage.TLS_CLIENT)
    asked = x509.load_der_x509_csr(requests.build_request(LEAF.key, content)).subject
    assert pki_maker.name(_SUBJECT) == asked


# ---- extensions

_OPTIONAL = (
    x509.CertificatePolicies.oid,
    x509.AuthorityInformationAccess.oid,
    x509.IssuerAlternativeName.oid,
    x509.FreshestCRL.oid,
    x509.MSCertificateTemplate.oid,
    x509.PrecertificateSignedCertificateTimestamps.oid,
)
_NEEDED = (
    x509.BasicConstraints.oid,
    x509.KeyUsage.oid,
    x509.SubjectAlternativeName.oid,
    x509.NameConstraints.oid,
    x509.SubjectKeyIdentifier.oid,
    x509.AuthorityKeyIdentifier.oid,
    x509.CRLDistributionPoints.oid,
    x509.ExtendedKeyUsage.oid,
)


@pytest.mark.parametrize("oid", _OPTIONAL, ids=str)
def test_malformed_extension_is_set_aside_as_openssl_does(
    oid: x509.ObjectIdentifier, tmp_path: Path
) -> None:
    """It is named, the others count, and OpenSSL takes the certificate for its purpose."""
    issued = _malformed(oid)
    read = read_certificate(issued.der)
    assert (oid.dotted_string,) == read.extensions.unreadable
    assert frozenset({"1.3.6.1.5.5.7.3.2"}) == read.extensions.extended_key_usage
    assert read.extensions.key_usage == frozenset({"digital_signature"})
    file = tmp_path / "certificate.pem"
    file.write_bytes(issued.pem)
    verify = ("openssl", "verify", "-purpose", "sslclient", "-CAfile", str(file), str(file))
    assert peers.run(*verify).endswith(b": OK\n")


def test_only_the_malformed_extension_is_set_aside() -> None:
    """Two of three are, and the third is not named."""
    policies = x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)]
    )
    cut = [x509.UnrecognizedExtension(oid, _CUT) for oid in _OPTIONAL[1:3]]
    issued = issue("client", extra_extensions=[(value, False) for value in (policies, *cut)])
    found = read_certificate(issued.der)
    assert tuple(value.oid.dotted_string for value in cut) == found.extensions.unreadable
    assert policies == found.loaded.extensions.get_extension_for_class(type(policies)).value


@pytest.mark.parametrize("oid", _NEEDED, ids=str)
def test_malformed_extension_that_counts_is_refused(oid: x509.ObjectIdentifier) -> None:
    """The rules depend on it, or OpenSSL refuses the certificate."""
    cut = x509.UnrecognizedExtension(oid, _CUT)
    issued = issue("client", ca=None, key_usage=(), key_ids=False, extra_extensions=((cut, False),))
    with pytest.raises(CertificateUnreadable):
        read_certificate(issued.der)


def test_malformed_critical_extension_is_refused() -> None:
    """Every receiver must do so (RFC 5280 section 4.2)."""
    with pytest.raises(CertificateUnreadable):
        read_certificate(_malformed(x509.CertificatePolicies.oid, critical=True).der)


def test_too_many_extensions_are_refused() -> None:
    """So that a hostile certificate takes no long time."""
    cut = x509.UnrecognizedExtension(_OPTIONAL[0], _CUT)
    others = (
        x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{number}"), b"\x05\x00")
        for number in range(1000)
    )
    issued = issue("client", extra_extensions=[(value, False) for value in (cut, *others)])
    with pytest.raises(CertificateUnreadable):
        read_certificate(issued.der)


# ---- hostile bytes


def test_no_changed_byte_gets_through_unread() -> None:
    """Each is a certificate that can be shown, or is refused."""
    for der in (LEAF.der, _malformed(_OPTIONAL[0]).der):
        for position in range(len(der) - 70):
            for octet in (0x00, 0x13, 0x1F, 0x80, 0x84, 0xFF):
                changed = der[:position] + bytes([octet]) + der[position + 1 :]
                with contextlib.suppress(CertificateUnreadable):
                    certificate = read_certificate(changed)
                    assert (certificate.subject + certificate.issuer).isprintable()
                    assert certificate.der == changed


@pytest.mark.parametrize("length", range(0, len(LEAF.der), 7))
def test_part_of_a_certificate_is_refused(length: int) -> None:
    """Wherever it is cut."""
    with pytest.raises(CertificateUnreadable):
        read_certificate(LEAF.der[:length])


@pytest.mark.parametrize(
    "der",
    [b"\x30\x80" * 50_000, b"\x30\x84\xff\xff\xff\xff", b"\x05\x00" * 500_000, b"\x1f" * 9, b""],
    ids=["nested", "long", "many", "tags", "nothing"],
)
def test_bytes_that_are_no_der_come_back(der: bytes) -> None:
    """Unchanged, without recursion and in linear time."""
    assert der == readable_copies.with_other_strings(der)
