"""Key pairs come in as PKCS#12: contract sections 7 and 8.2."""

import base64

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from keysteward.keystore.steward import Steward
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client
from tests.pki_maker import issue

RSA = rsa.generate_private_key(65537, 2048)

# Chain of a PKCS#12 file for tests alone.
ROOT = issue("P12 Root", ca=True)
LEAF = issue("p12.example", RSA, ROOT, eku=("clientAuth",))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


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
