"""Key pairs come in through the face: contract sections 7 and 8.2."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from keysteward.keystore.steward import Steward
from tests import pki_maker
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client
from tests.pki_maker import issue

BODY = {
    "Hexalias": "00",
    "Alias": "shop-client",
    "KeyType": "EC",
    "KeySize": 256,
    "CommonName": "shop.example.test",
    "Country": "DE",
}
NAMES = {"CommonName": "ssh.example", "Country": "DE", "Organization": "Firm"}
GENERATE = "KeyPairGenerationRequests"
RSA = rsa.generate_private_key(65537, 2048)

# Chain of a PKCS#12 file for tests alone.
ROOT = issue("P12 Root", ca=True)
LEAF = issue("p12.example", RSA, ROOT, eku=("clientAuth",))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _generated(client: Client, **more: object) -> tuple[Any, Any]:
    """Return the status of generating, and the entry if there is one."""
    answer = client.post(GENERATE, {**BODY, **more})
    found = client.get(face.entry(str({**BODY, **more}["Alias"])))
    return answer, found.json().get("d")


def test_generate_makes_a_self_signed_entry(client: Client) -> None:
    """204 by default; the body's dates, names and algorithm are those of the certificate."""
    answer, entry = _generated(
        client,
        SignatureAlgorithm="SHA-256/ECDSA",
        OrganizationUnit="OU 1",
        Organization="Firm",
        Locality="Here",
        State="BW",
        Email="a@b.example",
        ValidNotBefore="/Date(1767225600000)/",
        ValidNotAfter="/Date(1861920000000)/",
    )
    assert (204, entry["__metadata"]["etag"]) == (answer.status_code, answer.headers["etag"])
    name = "EMAILADDRESS=a@b.example, CN=shop.example.test, OU=OU 1, O=Firm, L=Here, ST=BW, C=DE"
    assert (name, name) == (entry["SubjectDN"], entry["IssuerDN"])
    assert "/Date(1767225600000+0000)/" == entry["ValidNotBefore"]
    assert "/Date(1861920000000+0000)/" == entry["ValidNotAfter"]
    assert ("SHA256withECDSA", "Key Pair") == (entry["SignatureAlgorithm"], entry["Type"])
    assert ("client:program", "unchanged") == (entry["CreatedBy"], entry["Status"])


def test_generate_returns_the_entries_if_they_are_asked_for(client: Client) -> None:
    """``returnKeystoreEntries=true`` is 200."""
    answer = client.post(f"{GENERATE}?returnKeystoreEntries=true", BODY)
    assert ["shop-client"] == [one["Alias"] for one in face.results(answer)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"KeySize": 112}, ("EC", 192, "secp192r1", "SHA512withECDSA")),
        ({"KeySize": 192}, ("EC", 192, "secp192r1", "SHA512withECDSA")),
        ({"KeySize": 224}, ("EC", 224, "secp224r1", "SHA512withECDSA")),
        ({"KeySize": 384}, ("EC", 384, "secp384r1", "SHA512withECDSA")),
        ({"KeySize": 571}, ("EC", 521, "secp521r1", "SHA512withECDSA")),
        (
            {"KeySize": None, "KeyAlgorithmParameter": "NIST P-384"},
            ("EC", 384, "secp384r1", "SHA512withECDSA"),
        ),
        (
            {"KeyAlgorithmParameter": "X9.62 prime256v1", "SignatureAlgorithm": "SHA256/ECDSA"},
            ("EC", 256, "secp256r1", "SHA256withECDSA"),
        ),
        (
            {"KeyAlgorithmParameter": "secp256k1", "SignatureAlgorithm": "SHA512withECDSA"},
            ("EC", 256, "secp256k1", "SHA512withECDSA"),
        ),
        (
            {"KeyType": "RSA", "KeySize": 2048, "SignatureAlgorithm": "SHA-384/RSA"},
            ("RSA", 2048, None, "SHA384withRSA"),
        ),
        (
            {"KeyType": "RSA", "KeySize": "2048", "SignatureAlgorithm": "SHA256/RSA"},
            ("RSA", 2048, None, "SHA256withRSA"),
        ),
        ({"KeyType": None, "KeySize": 2048}, ("RSA", 2048, None, "SHA512withRSA")),
    ],
)
def test_generate_takes_what_the_documents_list(
    client: Client, more: dict[str, object], expected: tuple[object, ...]
) -> None:
    """Sizes go to the curves of SAP's help page; names in each of its spellings."""
    answer, entry = _generated(client, **more)
    assert answer.status_code == 204, answer.text
    shown = ("KeyType", "KeySize", "EllipticCurve", "SignatureAlgorithm")
    assert expected == tuple(entry[name] for name in shown)


@pytest.mark.parametrize(
    "more",
    [
        {"Country": None},
        {"Country": ""},
        {"Country": "Germany"},
        {"CommonName": ""},
        {"Alias": ""},
        {"Alias": "x" * 251},
        {"KeyType": "ML-DSA"},
        {"KeySize": None},
        {"KeySize": 111},
        {"KeySize": 572},
        {"KeyType": "RSA", "KeySize": 1024},
        {"KeyType": "RSA", "KeySize": 2048, "SignatureAlgorithm": "SHA-256/DSA"},
        {"SignatureAlgorithm": "SHA-1/ECDSA"},
        {"SignatureAlgorithm": "MD5"},
        {"KeyAlgorithmParameter": "NIST K-283"},
        {"ValidNotAfter": "/Date(0)/"},
        {"ValidNotAfter": "tomorrow"},
        {"SerialNumber": "1"},
        {"Extensions": "MAA="},
        {"Nothing": 1},
        {"KeySize": [1]},
    ],
)
def test_generate_refuses_what_it_cannot_do(client: Client, more: dict[str, object]) -> None:
    """400, and no entry."""
    answer = client.post(GENERATE, {**BODY, **more})
    assert (400, "Bad Request") == face.error(answer)[:2]
    assert [] == face.results(client.get("KeystoreEntries"))


def test_curves_of_the_documents_are_made_or_refused_by_name(client: Client) -> None:
    """Each spelling of SAP's list; a refusal names the curve and lists those that are made."""
    numbers = {192: "P-192,prime192v1", 224: "P-224", 256: "P-256,prime256v1", 521: "P-521"}
    made = {f"secp{size}r1": f"secp{size}r1" for size in (192, 224, 256, 384, 521)}
    made["secp256k1"] = "secp256k1"
    for size, spellings in numbers.items():
        for name in spellings.split(","):
            prefix = "X9.62 " if name.startswith("prime") else "NIST "
            made[prefix + name] = f"secp{size}r1"
    for number, (spelled, expected) in enumerate(made.items()):
        alias = f"curve {number}"
        answer, entry = _generated(client, Alias=alias, KeyAlgorithmParameter=spelled, KeySize=None)
        assert answer.status_code == 204, answer.text
        assert expected == entry["EllipticCurve"]
    for refused in (
        *("secp160k1", "secp160r1", "secp160r2", "secp192k1", "secp224k1"),
        *("X9.62 prime192v2", "X9.62 prime192v3", "X9.62 prime239v1", "sect163k1", "sect571r1"),
        *("NIST B-571", "NIST K-163", "X9.62 c2tnb191v1", "X9.62 c2tnb359v1", "X9.62 c2tnb431r1"),
    ):
        answer = client.post(GENERATE, {**BODY, "KeyAlgorithmParameter": refused, "KeySize": None})
        status, _, text = face.error(answer)
        assert status == 400
        assert refused.rpartition(" ")[2] in text
        assert "secp256r1, secp384r1, secp521r1" in text


def test_generate_refuses_a_taken_alias_and_a_reserved_one(client: Client) -> None:
    """400 in SAP's words, and 403."""
    assert client.post(GENERATE, BODY).status_code == 204
    text = 'Keystore entry with alias "shop-client" already exists'
    assert (400, "Bad Request", text) == face.error(client.post(GENERATE, BODY))
    assert client.post(GENERATE, {**BODY, "Alias": "sap_x"}).status_code == 403


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"Alias": {"x": 1}}', b'"x"'])
def test_bodies_that_are_no_document_are_refused(client: Client, content: bytes) -> None:
    """400 whatever the bytes are; 415 for a media type that has no properties."""
    answer = client.call("POST", GENERATE, content, Content_Type="application/json")
    assert answer.status_code == 400
    form = "application/x-www-form-urlencoded"
    assert client.call("POST", GENERATE, content, Content_Type=form).status_code == 415


def test_a_body_above_the_limit_is_cut_off(client: Client) -> None:
    """413 before anything is parsed."""
    answer = client.call("POST", GENERATE, b" " * 65_537)
    assert (413, "Payload Too Large") == face.error(answer)[:2]


# ---- RSA and SSH keys


def _pkcs1(key: CertificateIssuerPrivateKeyTypes = RSA) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _openssh(key: CertificateIssuerPrivateKeyTypes, password: bytes | None = None) -> str:
    hidden = NoEncryption() if password is None else BestAvailableEncryption(password)
    return _base64(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, hidden))


def test_rsa_keys_come_in_as_pkcs1(client: Client) -> None:
    """204; SHA-256 and ten years unless the body says otherwise; 400 and 413 as documented."""
    body = {"Hexalias": "00", "Alias": "rsa", "RSAFile": _base64(_pkcs1()), **NAMES}
    assert client.post("RSAKeyGenerationRequests", body).status_code == 204
    entry = client.entry("rsa")
    assert "CN=ssh.example, O=Firm, C=DE" == entry["SubjectDN"]
    assert "SHA256withRSA" == entry["SignatureAlgorithm"]
    other = {**body, "Alias": "other"}
    refused = [
        body,
        {**other, "Country": None},
        {**other, "CommonName": ""},
        {**other, "Alias": ""},
        {**other, "RSAFile": _base64(LEAF.key_pem())},
        {**other, "RSAFile": _base64(_pkcs1().ljust(10_001, b"\n"))},
        {**other, "RSAFile": "no base64"},
        {**other, "SignatureAlgorithm": "SHA-1/RSA"},
        {**other, "SerialNumber": "7"},
    ]
    assert [400] * len(refused) == [
        client.post("RSAKeyGenerationRequests", each).status_code for each in refused
    ]
    full = {**other, "RSAFile": _base64(_pkcs1().ljust(10_000, b"\n"))}
    assert client.post("RSAKeyGenerationRequests", full).status_code == 204


@pytest.mark.parametrize(
    ("kind", "alias"), [("rsa2048", "id_rsa"), ("dsa2048", "id_dsa"), ("p256", "id_ec")]
)
def test_ssh_keys_have_the_alias_of_their_algorithm(client: Client, kind: str, alias: str) -> None:
    """The alias in the body makes no difference; a second key of the kind needs ``update``."""
    if kind.startswith("dsa"):
        file = _base64(
            pki_maker.make_key(kind).private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            )
        )
    else:
        file = _openssh(pki_maker.make_key(kind))
    body = {"Hexalias": "00", "Alias": "mine", "SSHFile": file, **NAMES}
    answer = client.post("SSHKeyGenerationRequests", body)
    assert (200, {"d": {"Alias": alias}}) == (answer.status_code, answer.json())
    assert "CN=ssh.example, O=Firm, C=DE" == client.entry(alias)["SubjectDN"]
    taken = client.post("SSHKeyGenerationRequests", body)
    assert (400, "alias-exists") == (taken.status_code, face.slug(taken))
    again = {**body, "CommonName": "new.example"}
    options = "?update=true&returnKeystoreEntries=true"
    updated = client.post(f"SSHKeyGenerationRequests{options}", again)
    assert [alias] == [one["Alias"] for one in face.results(updated)]
    assert "CN=new.example, O=Firm, C=DE" == client.entry(alias)["SubjectDN"]


def test_ssh_keys_that_cannot_be_taken_are_refused(client: Client) -> None:
    """A wrong password, another kind of key, no key, and an update of nothing are 400."""
    secret = _openssh(pki_maker.make_key("p256"), b"right")
    good: dict[str, Any] = {
        "Hexalias": "00",
        "Alias": "x",
        "SSHFile": secret,
        "Password": "right",
        **NAMES,
    }
    refused: list[tuple[str, dict[str, Any]]] = [
        ("", {**good, "Password": "wrong"}),
        ("", {**good, "Password": None}),
        ("", {**good, "SSHFile": _openssh(pki_maker.make_key("ed25519")), "Password": None}),
        ("", {**good, "SSHFile": _base64(b"nothing")}),
        ("", {**good, "SSHFile": "?"}),
        ("", {**good, "SSHFile": None}),
        ("?update=true", good),
        ("", {**good, "Country": None}),
    ]
    found = [client.post(f"SSHKeyGenerationRequests{o}", body).status_code for o, body in refused]
    assert [400] * len(refused) == found
    assert client.post("SSHKeyGenerationRequests", good).status_code == 200


# ---- PKCS#12


def _p12(password: bytes = b"secret", *, alone: bool = False) -> str:
    above = None if alone else [ROOT.certificate]
    hidden = BestAvailableEncryption(password)
    made = pkcs12.serialize_key_and_certificates(
        b"key",
        RSA,
        LEAF.certificate,
        above,
        hidden,
    )
    return _base64(made)


def test_pkcs12_comes_in_and_is_updated(client: Client) -> None:
    """409 for a root that nobody knows, 204 with the confirmation, 400 and ``update``."""
    body = {"Hexalias": "00", "Alias": "p12", "Resource": _p12(), "Password": "secret"}
    refused = client.post("KeyPairResources", body)
    assert refused.status_code == 409
    top = refused.json()["d"]
    assert ("p12", "CN=P12 Root", "notTrusted", "notImported") == tuple(
        top[name] for name in ("Alias", "SubjectDN", "Validity", "Status")
    )
    verified = "KeyPairResources?fingerprintVerified=true"
    assert client.post(verified, body).status_code == 204
    assert "CN=p12.example" == client.entry("p12")["SubjectDN"]
    assert (400, "alias-exists") == (
        client.post(verified, body).status_code,
        face.slug(client.post(verified, body)),
    )
    updated = client.post(f"{verified}&update=true&returnKeystoreEntries=true", body)
    assert ["p12"] == [one["Alias"] for one in face.results(updated)]
    missing = client.post(f"{verified}&update=true", {**body, "Alias": "none"})
    assert (400, "Alias 'none' not found in the keystore") == face.error(missing)[::2]


def test_pkcs12_that_cannot_be_taken_is_refused(client: Client, steward: Steward) -> None:
    """Section 8.2: wrong password 400, other files 415, too large 413, reserved 403."""
    verified = "KeyPairResources?fingerprintVerified=true"
    body = {"Hexalias": "00", "Alias": "p12", "Resource": _p12(), "Password": "secret"}

    def status(**more: object) -> int:
        return client.post(verified, {**body, **more}).status_code

    assert 400 == status(Password="wrong")
    assert 400 == status(Resource=None)
    assert 400 == status(Alias="")
    assert 415 == status(Resource=_base64(LEAF.key_pem()))
    assert 415 == status(Resource=_base64(b"nothing"))
    assert 403 == status(Alias="sap_p12")
    assert 413 == status(Resource=_base64(b"\x30" + b"0" * 30_720))
    assert 413 == status(Resource="A" * 200_000)
    steward_.add_anchor(steward, "root", ROOT)
    update = client.post(f"{verified}&update=true", {**body, "Alias": "root"})
    assert (400, "not-a-key-pair") == (update.status_code, face.slug(update))
