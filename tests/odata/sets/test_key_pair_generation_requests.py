"""Key pairs are generated: contract sections 7 and 8.2."""

from typing import Any

import pytest

from tests.odata import face
from tests.odata.face import Client

BODY = {
    "Hexalias": "00",
    "Alias": "shop-client",
    "KeyType": "EC",
    "KeySize": 256,
    "CommonName": "shop.example.test",
    "Country": "DE",
}
GENERATE = "KeyPairGenerationRequests"


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
