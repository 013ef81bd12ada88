import base64
from collections.abc import Iterator
from urllib.parse import quote_plus, urlencode

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from keysteward.accounts import clients, users
from keysteward.keystore.steward import Steward
from keysteward.problems import Problem
from keysteward.rights import Role
from keysteward.values import Secret
from keysteward.web import access, application
from keysteward.web.csrf import CsrfTokens
from keysteward.web.rates import Rates
from keysteward.web.service import Service
from tests.steward import TENANT, Clock

PASSWORD = "correct horse battery"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _basic(name: str, password: str) -> dict[str, str]:
    pair = f"{name}:{password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


@pytest.fixture
def service(steward: Steward) -> Service:
    """Return a service that limits no rates."""
    return Service(steward, CsrfTokens(Secret(b"test-only"), steward.clock), Rates())


@pytest.fixture
def secret(steward: Steward) -> str:
    """Return the secret of the API client ``ci``."""
    _, made = clients.add_client(steward, TENANT, "ci", frozenset({Role.OPERATOR}), None)
    return made.secret.reveal().decode()


@pytest.fixture
def web(service: Service) -> Iterator[TestClient]:
    """Return a client of an application that has the endpoint and tells who asks."""

    async def who(request: Request) -> Response:
        try:
            principal = await access.authenticate(service, request)
        except Problem as problem:
            return PlainTextResponse(problem.slug, 401)
        return PlainTextResponse(principal.caller.name)

    with TestClient(application.build(service, [Route("/who", who)])) as client:
        yield client


def _who(web: TestClient, token: str) -> str:
    return str(web.get("/who", headers={"Authorization": f"Bearer {token}"}).text)


def test_token_is_given_for_credentials_in_the_basic_header(web: TestClient, secret: str) -> None:
    """Go's OAuth library and most others send them there."""
    answer = web.post(
        "/oauth/token", content="grant_type=client_credentials", headers=_basic("ci", secret) | FORM
    )

    assert 200 == answer.status_code
    assert "bearer" == answer.json()["token_type"]
    assert 3600 == answer.json()["expires_in"]
    assert "client:ci" == _who(web, answer.json()["access_token"])


def test_token_is_given_for_credentials_in_the_form(web: TestClient, secret: str) -> None:
    """RFC 6749 section 2.3.1 allows it, and many clients do it."""
    form = {"grant_type": "client_credentials", "client_id": "ci", "client_secret": secret}

    answer = web.post("/oauth/token", content=urlencode(form), headers=FORM)

    assert "client:ci" == _who(web, answer.json()["access_token"])


def test_token_is_given_for_credentials_in_the_query(web: TestClient, secret: str) -> None:
    """A client for SAP's API sends everything in the query and an empty body."""
    query = {"grant_type": "client_credentials", "client_id": "ci", "client_secret": secret}

    answer = web.post(f"/oauth/token?{urlencode(query)}", headers=FORM)

    assert "client:ci" == _who(web, answer.json()["access_token"])


def test_token_is_given_to_a_grant_type_in_the_query_alone(web: TestClient, secret: str) -> None:
    """SAP's help page has the grant type in the address and the credentials in the header."""
    answer = web.post(
        "/oauth/token?grant_type=client_credentials", headers=_basic("ci", secret) | FORM
    )

    assert 200 == answer.status_code


def test_token_is_given_to_a_name_that_is_form_encoded(web: TestClient, steward: Steward) -> None:
    """Name and secret are form-encoded before they go into the header (RFC 6749 section 2.3.1)."""
    _, made = clients.add_client(steward, TENANT, "ci+cd 100%", frozenset({Role.VIEWER}), None)
    header = _basic(quote_plus("ci+cd 100%"), made.secret.reveal().decode())

    answer = web.post(
        "/oauth/token", content="grant_type=client_credentials", headers=header | FORM
    )

    assert "client:ci+cd 100%" == _who(web, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("name", "given"), [("ci", "ks_wrong"), ("nobody", "ks_wrong"), ("ci", "\u00e4"), ("", "")]
)
def test_token_is_refused_to_wrong_credentials_alike(
    web: TestClient, secret: str, name: str, given: str
) -> None:
    """The answer does not tell whether there is such a client."""
    answer = web.post(
        "/oauth/token", content="grant_type=client_credentials", headers=_basic(name, given) | FORM
    )

    assert 401 == answer.status_code
    assert "invalid_client" == answer.json()["error"]
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert secret not in answer.text


@pytest.mark.parametrize("grant", ["", "grant_type=password", "grant_type=authorization_code"])
def test_token_is_refused_to_other_grants(web: TestClient, secret: str, grant: str) -> None:
    """There is one grant, and the answer says which."""
    answer = web.post("/oauth/token", content=grant, headers=_basic("ci", secret) | FORM)

    assert 400 == answer.status_code
    assert "unsupported_grant_type" == answer.json()["error"]
    assert "client_credentials" in answer.json()["error_description"]


def test_token_is_refused_to_a_user(web: TestClient, steward: Steward) -> None:
    """Users sign in with their password; tokens are for programs."""
    users.add_user(
        steward, TENANT, "anna", Secret(PASSWORD.encode()), frozenset({Role.VIEWER}), None
    )

    answer = web.post(
        "/oauth/token",
        content="grant_type=client_credentials",
        headers=_basic("anna", PASSWORD) | FORM,
    )

    assert 401 == answer.status_code


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"&".join(b"a=%d" % n for n in range(100)), b"x" * 8193],
    ids=["no-text", "too-many-fields", "too-long"],
)
def test_token_endpoint_refuses_what_is_no_form(web: TestClient, body: bytes) -> None:
    """Whatever comes ends in an answer in the form of the standard."""
    answer = web.post("/oauth/token", content=body, headers=FORM)

    assert answer.status_code in (400, 413)


def test_token_that_was_revoked_is_nobodys(web: TestClient, secret: str) -> None:
    """From the answer on the token opens nothing; that it is revoked twice is no error."""
    form = {"grant_type": "client_credentials", "client_id": "ci", "client_secret": secret}
    token = web.post("/oauth/token", content=urlencode(form), headers=FORM).json()["access_token"]

    for _ in range(2):
        answer = web.post("/oauth/revoke", content=urlencode({"token": token}), headers=FORM)
        assert 200 == answer.status_code

    assert "not-signed-in" == _who(web, token)


def test_token_ends(web: TestClient, secret: str, clock: Clock) -> None:
    """A token opens nothing after the seconds that its answer told."""
    form = {"grant_type": "client_credentials", "client_id": "ci", "client_secret": secret}
    answer = web.post("/oauth/token", content=urlencode(form), headers=FORM).json()

    clock.advance(seconds=answer["expires_in"] + 1)

    assert "not-signed-in" == _who(web, answer["access_token"])
