import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

from keysteward.pki import certificates, public_keys, references
from keysteward.pki.key_pairs import PrivateKey
from keysteward.pki.references import ReferenceKind
from keysteward.problems import ReferenceUnreadable
from tests import peers, pki_maker
from tests.keystore_files import tlv

CHAIN = pki_maker.make_chain()
SPKI = public_keys.spki(CHAIN[0].key.public_key())
REQUEST = pki_maker.make_request("client", CHAIN[0].key)
FORMS = {
    ReferenceKind.REQUEST: (
        REQUEST.public_bytes(Encoding.PEM),
        REQUEST.public_bytes(Encoding.DER),
    ),
    ReferenceKind.CERTIFICATE: (CHAIN[0].pem, CHAIN[0].der),
    ReferenceKind.PUBLIC_KEY: (
        CHAIN[0].key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        SPKI,
    ),
}


@pytest.mark.parametrize("kind", list(ReferenceKind))
@pytest.mark.parametrize("form", ["pem", "mislabelled", "der", "base64", "wrapped"])
def test_reference_is_recognised_by_its_content(kind: ReferenceKind, form: str) -> None:
    """Request, certificate and public key are told apart in PEM under any label, DER and base64."""
    pem, der = FORMS[kind]
    data = {
        "pem": pem,
        "mislabelled": b"-----BEGIN X-----\n" + base64.encodebytes(der) + b"-----END X-----\n",
        "der": der,
        "base64": base64.b64encode(der),
        "wrapped": base64.encodebytes(der).replace(b"\n", b"\r\n"),
    }[form]
    found = references.read_reference(data)
    assert (kind, SPKI) == (found.kind, found.spki)
    assert (kind is ReferenceKind.REQUEST) == (found.request is not None)
    assert (kind is ReferenceKind.CERTIFICATE) == bool(found.chain)


def test_certificates_after_the_first_are_its_chain() -> None:
    """The first certificate is the entry's current one, the others are its chain in file order."""
    data = b"".join(link.pem for link in CHAIN)
    expected = tuple(certificates.read_certificate(link.der) for link in CHAIN)
    assert expected == references.read_reference(data).chain


@pytest.mark.parametrize("public_form", ["PUBLIC KEY", "RSA PUBLIC KEY"])
def test_rsa_public_key_is_read_in_both_forms(rsa_key: PrivateKey, public_form: str) -> None:
    """What OpenSSL writes as PUBLIC KEY and as RSA PUBLIC KEY is the same key."""
    clear = pki_maker.key_bytes(rsa_key)
    option = "-pubout" if public_form == "PUBLIC KEY" else "-RSAPublicKey_out"
    pem = peers.run("openssl", "rsa", option, data=clear)
    assert f"BEGIN {public_form}".encode() in pem
    assert public_keys.spki(rsa_key.public_key()) == references.read_reference(pem).spki


@pytest.mark.parametrize("password", [None, b"abcd"])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_private_key_is_refused(encoding: Encoding, password: bytes | None) -> None:
    """A private key given by mistake is named as such, encrypted or not, beside anything else."""
    data = pki_maker.key_bytes(CHAIN[0].key, encoding, PrivateFormat.PKCS8, password)
    with pytest.raises(ReferenceUnreadable, match="never needed"):
        references.read_reference(data)
    if encoding is Encoding.PEM:
        with pytest.raises(ReferenceUnreadable, match="never needed"):
            references.read_reference(CHAIN[0].pem + data)


def test_private_key_of_a_wrong_length_is_refused() -> None:
    """It is meant as a private key, though no program takes it."""
    algorithm = tlv(0x30, tlv(6, bytes.fromhex("2b6570")))  # Ed25519
    pkcs8 = tlv(0x30, tlv(2, b"\0"), algorithm, tlv(4, tlv(4, bytes(31))))
    with pytest.raises(ReferenceUnreadable, match="never needed"):
        references.read_reference(pkcs8)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x30\x00",
        b"\x30\x80",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        CHAIN[0].der[:-1],
        CHAIN[0].der + b"\0",
        CHAIN[0].pem * 129,
    ],
)
def test_bytes_that_are_no_reference_are_refused(data: bytes) -> None:
    """Anything that names no key ends in a problem."""
    with pytest.raises(ReferenceUnreadable):
        references.read_reference(data)


def test_public_key_that_cannot_sign_is_refused() -> None:
    """No certificate is ever issued for a key-agreement key here."""
    key = peers.run("openssl", "genpkey", "-algorithm", "X25519")
    pem = peers.run("openssl", "pkey", "-pubout", data=key)
    with pytest.raises(ReferenceUnreadable):
        references.read_reference(pem)


@pytest.mark.parametrize("kind", list(ReferenceKind))
def test_altered_bytes_end_in_a_reference_or_a_problem(kind: ReferenceKind) -> None:
    """No single altered byte ends in anything but a value or a problem."""
    der = FORMS[kind][1]
    for position in range(len(der)):
        for octet in (b"\x13", b"\xff"):
            try:
                found = references.read_reference(der[:position] + octet + der[position + 1 :])
            except ReferenceUnreadable:
                continue
            assert len(found.public_key_sha256) == 64
