"""SSH keys come in under the alias of their algorithm: contract sections 7 and 8.2."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests import pki_maker
from tests.odata import face
from tests.odata.face import Client

NAMES = {"CommonName": "ssh.example", "Country": "DE", "Organization": "Firm"}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _openssh(key: CertificateIssuerPrivateKeyTypes, password: bytes | None = None) -> str:
    hidden = NoEncryption() if password is None else BestAvailableEncryption(password)
    return _base64(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, hidden))


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
