from pathlib import Path

import pytest
from cryptography import x509

from keysteward.pki import certificates, contents, names, public_keys, requests, subjects
from keysteward.pki.contents import Content
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import ReferenceUnreadable
from tests import peers, pki_maker

CONTENT = Content(
    subjects.build_name(Subject("shop.example.test", organization="Shop AG", country="DE")),
    subjects.build_san(
        ["shop.example.test", "192.0.2.1", "keys@example.test", "https://shop.example.test/"]
    ),
    Usage.TLS_CLIENT,
)
CLIENT_AUTH = frozenset({"1.3.6.1.5.5.7.3.2"})


def test_request_reads_back_as_it_was_asked(any_key: PrivateKey) -> None:
    """A request of each kind of key says what was asked for."""
    read = requests.read_request(requests.build_request(any_key, CONTENT))
    assert CONTENT.san is not None
    assert names.comparable(CONTENT.name) == read.subject_name
    assert certificates.san_texts(CONTENT.san) == read.san
    assert CLIENT_AUTH == read.extended_key_usage
    assert public_keys.spki(any_key.public_key()) == read.spki


def test_request_verifies_with_openssl(any_key: PrivateKey) -> None:
    """OpenSSL accepts the signature of a request of each kind of key."""
    if public_keys.kind(any_key.public_key()).type.startswith("ML-DSA"):
        peers.require_openssl_with_ml_dsa()
    pem = requests.to_pem(requests.build_request(any_key, CONTENT))
    peers.run("openssl", "req", "-verify", "-noout", data=pem)


def test_request_reads_in_openssl_as_asked(rsa_key: PrivateKey) -> None:
    """OpenSSL shows subject, hash, usages and every alternative name."""
    content = Content(CONTENT.name, CONTENT.san, Usage.TLS_SERVER)
    pem = requests.to_pem(requests.build_request(rsa_key, content, "SHA-256"))
    text = peers.run("openssl", "req", "-noout", "-text", data=pem).decode()
    lines = [line.strip() for line in text.splitlines()]
    for expected in (
        "Subject: C = DE, O = Shop AG, CN = shop.example.test",
        "Signature Algorithm: sha256WithRSAEncryption",
        "X509v3 Key Usage: critical",
        "Digital Signature, Key Encipherment",
        "TLS Web Server Authentication",
        (
            "DNS:shop.example.test, IP Address:192.0.2.1, email:keys@example.test, "
            "URI:https://shop.example.test/"
        ),
    ):
        assert expected in lines


def test_request_reads_in_java(rsa_key: PrivateKey) -> None:
    """Java's keytool shows the subject and the asked extended key usage."""
    pem = requests.to_pem(requests.build_request(rsa_key, CONTENT))
    text = peers.run("keytool", "-J-Duser.language=en", "-printcertreq", data=pem).decode()
    assert "CN=shop.example.test, O=Shop AG, C=DE" in text
    assert "clientAuth" in text


def test_request_reads_in_gnutls(ec_key: PrivateKey) -> None:
    """GnuTLS finds the self-signature valid and the client purpose asked."""
    pem = requests.to_pem(requests.build_request(ec_key, CONTENT))
    text = peers.run("certtool", "--crq-info", data=pem).decode()
    assert "Self signature: verified" in text
    assert "TLS WWW Client." in text


def test_request_takes_over_the_names_of_a_certificate(ec_key: PrivateKey) -> None:
    """Subject and alternative names go over as they stand, even in forms never written anew."""
    name = x509.Name(
        [
            x509.NameAttribute(
                x509.NameOID.ORGANIZATION_NAME, "Shop", x509.name._ASN1Type.PrintableString
            ),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop_1"),
            x509.NameAttribute(x509.NameOID.DOMAIN_COMPONENT, "test"),
        ]
    )
    issued = pki_maker.issue(name, ec_key, san=("DNS:under_score.test", "DNS:b.test"))
    certificate = certificates.read_certificate(issued.der)
    content = contents.of_certificate(certificate, Usage.SIGNATURE)
    der = requests.build_request(ec_key, content)
    read, name = requests.read_request(der), x509.load_der_x509_csr(der).subject
    assert issued.certificate.subject.public_bytes() == name.public_bytes()
    assert certificate.extensions.san == read.san
    assert read.extended_key_usage is None


def test_request_without_a_subject_makes_the_names_critical(ec_key: PrivateKey) -> None:
    """RFC 5280 section 4.2.1.6: with an empty subject the alternative names must be understood."""
    content = Content(x509.Name([]), CONTENT.san, Usage.TLS_CLIENT)
    loaded = x509.load_der_x509_csr(requests.build_request(ec_key, content))
    assert loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_request_of_others_is_read(tmp_path: Path) -> None:
    """A request that openssl wrote, with its text in front, reads the same in PEM and DER."""
    key = tmp_path / "key.pem"
    command = ("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key))
    asked = ("-subj", "/C=DE/CN=a", "-addext", "subjectAltName=DNS:a.test", "-text")
    pem = peers.run(*command, *asked)
    der = peers.run("openssl", "req", "-outform", "DER", data=pem)
    read = requests.read_request(pem)
    assert requests.read_request(der) == read
    assert ("CN=a,C=DE", ("DNS:a.test",), None) == (read.subject, read.san, read.extended_key_usage)


@pytest.mark.parametrize("hash_name", ["SHA-256", "SHA-384", "SHA-512"])
def test_dsa_request_is_verified_with_each_hash(hash_name: str) -> None:
    """DSA with each hash verifies in GnuTLS."""
    der = requests.build_request(pki_maker.make_key("dsa2048"), CONTENT, hash_name)
    text = peers.run("certtool", "--crq-info", data=requests.to_pem(der))
    assert b"Self signature: verified" in text


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x30\x00", pki_maker.issue("a", pki_maker.make_key()).pem]
)
def test_bytes_that_are_no_request_are_refused(data: bytes) -> None:
    """Whatever is no request ends in a problem."""
    with pytest.raises(ReferenceUnreadable):
        requests.read_request(data)


def test_cut_off_and_altered_requests_end_in_a_value_or_a_problem(ec_key: PrivateKey) -> None:
    """No bytes end in anything but a request or a problem."""
    der = requests.build_request(ec_key, CONTENT)
    for position in range(len(der)):
        for data in (der[:position], der[:position] + b"\x13" + der[position + 1 :]):
            try:
                read = requests.read_request(data)
            except ReferenceUnreadable:
                continue
            assert data == read.der
