"""What every request goes through: rates, tunnels, addresses, headers."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from keysteward.keystore import keystores
from keysteward.keystore.steward import Steward
from keysteward.odata import reads
from keysteward.rights import Role
from keysteward.web.rates import Rates
from tests.odata import face
from tests.odata.face import Client
from tests.steward import TENANT


def test_an_account_that_asks_too_often_has_to_wait(steward: Steward) -> None:
    """429 in the form of the service, with the time to wait; the token is still there."""
    with face.opened(steward, Rates.of(None, 1)) as http:
        client = face.sign_in(http, steward, Role.VIEWER)
        answers = [client.get("KeystoreEntries", X_CSRF_Token="Fetch") for _ in range(11)]
    assert [200] * 10 == [answer.status_code for answer in answers[:10]]
    last = answers[-1]
    assert (429, "Too Many Requests") == face.error(last)[:2]
    assert "1" == last.headers["retry-after"]
    assert "x-csrf-token" in last.headers


def test_all_clients_of_a_keystore_share_its_rate(steward: Steward) -> None:
    """What one account has used up, another one of the same keystore has not."""
    with face.opened(steward, Rates.of(1, None)) as http:
        first = face.sign_in(http, steward, Role.VIEWER, name="first")
        second = face.sign_in(http, steward, Role.VIEWER, name="second")
        for _ in range(10):
            assert first.get("KeystoreEntries").status_code == 200
        assert second.get("KeystoreEntries").status_code == 429


@pytest.mark.parametrize("header", ["X-HTTP-Method", "X-HTTP-Method-Override"])
def test_another_method_inside_a_post_is_refused(client: Client, header: str) -> None:
    """It is not done as the POST that it looks like."""
    tunnel: dict[str, Any] = {header: "DELETE"}
    answer = client.call("POST", face.entry("a"), **tunnel)
    assert (400, "request-invalid") == (answer.status_code, face.slug(answer))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("MERGE", "KeystoreEntries('61')", 405, "Method Not Allowed"),
        ("PATCH", "KeystoreEntries('61')", 501, "Not Implemented"),
        ("PUT", "CertificateChainResources('61')", 405, "Method Not Allowed"),
        ("PUT", "KeystoreEntries('61')/Alias", 405, "Method Not Allowed"),
        ("POST", "KeystoreEntries('61')/ChainCertificates", 405, "Method Not Allowed"),
        ("DELETE", "KeystoreEntries", 405, "Method Not Allowed"),
        ("POST", "$metadata", 405, "Method Not Allowed"),
        ("POST", "$batch", 400, "Bad Request"),
        ("POST", "Nothing", 404, "Not Found"),
    ],
)
def test_what_cannot_be_done_at_an_address_is_said(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    """Statuses as on SAP's other resources; 405 names what is possible."""
    answer = client.call(method, path)
    assert (status, code) == face.error(answer)[:2]
    assert ("allow" in answer.headers) == (status in (405, 501))


def test_who_may_not_see_a_keystore_takes_none_of_its_rate(steward: Steward) -> None:
    """Nobody can make a keystore refuse its own clients from outside."""
    keystores.create_keystore(steward, TENANT, "other")
    with face.opened(steward, Rates.of(1, None)) as http:
        stranger = face.sign_in(
            http, steward, Role.VIEWER, name="stranger", keystores=frozenset({"other"})
        )
        for _ in range(20):
            assert stranger.get("KeystoreEntries").status_code == 404
        own = face.sign_in(http, steward, Role.VIEWER)
        assert own.get("KeystoreEntries").status_code == 200


def test_answers_name_their_version_and_the_address_they_were_asked_at(client: Client) -> None:
    """``DataServiceVersion`` on everything, and addresses with the host that the client used."""
    answer = client.get("KeystoreEntries", Host="keys.example:8443")
    assert "2.0" == answer.headers["dataserviceversion"]
    document = client.get("", Host="keys.example:8443", Accept="application/atomsvc+xml")
    assert b'xml:base="http://keys.example:8443/api/v1/"' in document.content
    assert "2.0" == client.get("Nothing").headers["dataserviceversion"]


@pytest.mark.parametrize("accept", ["image/png", "application/json;odata=minimalmetadata"])
def test_a_format_that_cannot_be_had_is_unsupported(client: Client, accept: str) -> None:
    """415, and the refusal itself in JSON; what has one form only is given out all the same."""
    answer = client.get("KeystoreEntries", Accept=accept)
    assert (415, "Unsupported Media Type") == face.error(answer)[:2]
    assert client.get("KeystoreEntries/$count", Accept=accept).status_code == 200


def test_wrong_credentials_are_refused_in_the_format_that_is_asked_for(http: TestClient) -> None:
    """401 as OData error, Atom for who asks for nothing else."""
    plain = http.get("/api/v1/KeystoreEntries", headers={"Accept": "*/*"})
    assert (401, True) == (plain.status_code, plain.content.startswith(b"<?xml"))
    as_json = http.get("/api/v1/KeystoreEntries?$format=json", headers={"Authorization": "X y"})
    assert (401, "Unauthorized") == face.error(as_json)[:2]


def test_the_root_of_the_host_is_this_faces_for_tokens_alone(client: Client) -> None:
    """What somebody sees there is the page."""
    fetched = client.http.get(
        "/", headers={"Authorization": f"Bearer {client.bearer}", "X-CSRF-Token": "Fetch"}
    )
    assert (200, True) == (fetched.status_code, "/api/v1/" in fetched.text)
    assert client.http.get("/").status_code == 404
    assert client.http.get("/api/v10").status_code == 404
    assert client.http.get("/location/api/v1/").status_code == 404


def test_links_are_the_addresses_alone(client: Client) -> None:
    """``$links`` of OData V2, for what a navigation leads to."""
    body = {
        "Alias": "a",
        "KeyType": "EC",
        "KeySize": 256,
        "CommonName": "a",
        "Country": "DE",
    }
    assert client.post("KeyPairGenerationRequests", body).status_code == 204
    one = client.get(f"{face.entry('a')}/$links/Keystore").json()["d"]
    assert f"{face.ROOT}Keystores('system')" == one["uri"]
    many = client.get(f"{face.entry('a')}/$links/ChainCertificates").json()["d"]["results"]
    assert [f"{face.ROOT}ChainCertificates(Hexalias='61',Index=0)"] == [e["uri"] for e in many]
    member = client.get(f"{face.entry('a')}/KeySize").json()
    assert {"d": {"KeySize": 256}} == member
    assert "256" == client.get(f"{face.entry('a')}/KeySize/$value").text
    assert client.get(f"{face.entry('a')}/Validity/$value").status_code == 404


def test_a_defect_is_told_in_the_form_of_the_service(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 with the id under which the log has it, and nothing of what went wrong."""

    def broken(*_: object) -> None:
        raise KeyError("something secret")

    monkeypatch.setattr(reads, "read", broken)
    answer = client.get("KeystoreEntries", X_Request_Id="request-7")
    assert (500, "Internal Server Error") == face.error(answer)[:2]
    assert "request-7" in face.error(answer)[2]
    assert "secret" not in answer.text
