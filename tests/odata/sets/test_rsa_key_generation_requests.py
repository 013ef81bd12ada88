"""RSA keys come in as PKCS#1: contract sections 7 and 8.2."""

import base64

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.odata.face import Client

NAMES = {"CommonName": "rsa.example", "Country": "DE", "Organization": "Firm"}
ADDRESS = "RSAKeyGenerationRequests"
RSA = rsa.generate_private_key(65537, 2048)


def _pem(format_: PrivateFormat = PrivateFormat.TraditionalOpenSSL, length: int = 0) -> str:
    """Return the key as it stands in a body, padded to a length in bytes."""
    pem = RSA.private_bytes(Encoding.PEM, format_, NoEncryption())
    return base64.b64encode(pem.ljust(length, b"\n")).decode()


def test_rsa_keys_come_in_as_pkcs1(client: Client) -> None:
    """204; SHA-256 and ten years unless the body says otherwise; 400 and 413 as documented."""
    body = {"Hexalias": "00", "Alias": "rsa", "RSAFile": _pem(), **NAMES}
    assert client.post(ADDRESS, body).status_code == 204
    entry = client.entry("rsa")
    assert "CN=rsa.example, O=Firm, C=DE" == entry["SubjectDN"]
    assert "SHA256withRSA" == entry["SignatureAlgorithm"]
    other = {**body, "Alias": "other"}
    refused = [
        body,
        {**other, "Country": None},
        {**other, "CommonName": ""},
        {**other, "Alias": ""},
        {**other, "RSAFile": _pem(PrivateFormat.PKCS8)},
        {**other, "RSAFile": _pem(length=10_001)},
        {**other, "RSAFile": "no base64"},
        {**other, "SignatureAlgorithm": "SHA-1/RSA"},
        {**other, "SerialNumber": "7"},
    ]
    assert [400] * len(refused) == [client.post(ADDRESS, each).status_code for each in refused]
    full = {**other, "RSAFile": _pem(length=10_000)}
    assert client.post(ADDRESS, full).status_code == 204
