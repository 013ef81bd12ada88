"""Certificates through the face: contract section 8.1."""

import base64

import pytest

from keysteward.keystore.steward import Steward
from tests import pki_maker
from tests import steward as steward_
from tests.odata import face
from tests.odata.face import Client, certificate, entry
from tests.pki_maker import issue

ROOT = issue("Root", ca=True)
OTHER = issue("Other Root", ca=True)
ALIAS = "partner root"
VERIFIED = "?fingerprintVerified=true&returnKeystoreEntries=false&update=false"
UPDATE = "?fingerprintVerified=true&returnKeystoreEntries=false&update=true"


@pytest.mark.parametrize(
    "data", [ROOT.der, ROOT.pem, base64.b64encode(ROOT.der)], ids=["der", "pem", "base64"]
)
def test_put_takes_a_certificate_in_each_form(client: Client, data: bytes) -> None:
    """204 with the ETag; what comes out by ``Certificate/$value`` can be put elsewhere."""
    answer = client.put(certificate(ALIAS, VERIFIED), data, Content_Type="application/pkix-cert")
    assert answer.status_code == 204, answer.text
    assert client.entry(ALIAS)["__metadata"]["etag"] == answer.headers["etag"]
    copied = client.get(f"{entry(ALIAS)}/Certificate/$value?keystoreName=system").content
    options = "?fingerprintVerified=true&returnKeystoreEntries=true&update=false"
    again = client.put(certificate("copy", options), copied)
    assert ["copy", ALIAS] == [one["Alias"] for one in face.results(again)]
    assert copied == client.get(certificate(ALIAS)).content


def test_put_asks_for_the_confirmation_of_a_root(client: Client) -> None:
    """409 with the parsed certificate, under the alias that it is for; nothing is stored."""
    answer = client.put(certificate(ALIAS), ROOT.pem)
    assert answer.status_code == 409
    told = answer.json()["d"]
    assert (ALIAS, "CN=Root", "Certificate", "notTrusted", "notImported") == tuple(
        told[name] for name in ("Alias", "SubjectDN", "Type", "Validity", "Status")
    )
    assert client.get(entry(ALIAS)).status_code == 404


def test_put_of_an_alias_that_exists_needs_update(client: Client) -> None:
    """400 in SAP's words; with ``update`` the entry has the other certificate."""
    assert client.put(certificate(ALIAS, VERIFIED), ROOT.pem).status_code == 204
    taken = client.put(certificate(ALIAS, VERIFIED), OTHER.pem)
    text = f'Keystore entry with alias "{ALIAS}" already exists'
    assert (400, "Bad Request", text) == face.error(taken)
    assert client.put(certificate(ALIAS, UPDATE), OTHER.pem).status_code == 204
    assert "CN=Other Root" == client.entry(ALIAS)["SubjectDN"]
    stale = client.put(certificate(ALIAS, UPDATE), ROOT.pem, If_Match='"1-1"')
    assert stale.status_code == 412


def test_update_of_what_is_not_there_is_bad(client: Client) -> None:
    """400, not 404: section 8.1."""
    answer = client.put(certificate(ALIAS, UPDATE), ROOT.pem)
    text = f"Alias '{ALIAS}' not found in the keystore"
    assert (400, "Bad Request", text) == face.error(answer)


def test_put_refuses_what_is_not_one_certificate(client: Client, steward: Steward) -> None:
    """415 for another kind of file, 413 above 10,240 bytes, 403 for reserved aliases."""
    assert client.put(certificate(ALIAS, VERIFIED), b"nothing").status_code == 415
    assert client.put(certificate(ALIAS, VERIFIED), b"").status_code == 415
    assert client.put(certificate(ALIAS, VERIFIED), ROOT.pem + OTHER.pem).status_code == 415
    at_limit = ROOT.pem.ljust(10_240, b"\n")
    assert client.put(certificate(ALIAS, VERIFIED), at_limit + b"\n").status_code == 413
    assert client.put(certificate(ALIAS, VERIFIED), at_limit).status_code == 204
    for alias in ("sap_root", "hcicertificate"):
        assert client.put(certificate(alias, VERIFIED), ROOT.pem).status_code == 403
    steward_.add(steward, "pair", issue("pair", pki_maker.make_key("p256")))
    assert client.put(certificate("pair", UPDATE), ROOT.pem).status_code == 400


def test_a_certificate_is_an_anchor(client: Client, steward: Steward) -> None:
    """As every certificate in SAP's keystore; what it signed needs no confirmation."""
    client.put(certificate(ALIAS, VERIFIED), ROOT.pem)
    assert steward.store.get_entry(steward.keystore_id, ALIAS).trusted
    below = issue("Issuing CA", issuer=ROOT, ca=True)
    assert client.put(certificate("below"), below.pem).status_code == 204
