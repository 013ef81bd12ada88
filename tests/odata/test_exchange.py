"""CSRF tokens where real programs fetch them (contract section 3); threads of what takes long."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import CapacityLimiter
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.testclient import TestClient

from keysteward.accounts import users
from keysteward.keystore.steward import Steward
from keysteward.odata import application as odata
from keysteward.rights import Role
from keysteward.values import Secret
from keysteward.web import application, csrf
from keysteward.web.rates import Rates
from keysteward.web.service import Service
from tests.odata import face
from tests.odata.face import ROOT, Client
from tests.steward import TENANT, Clock

PASSWORD = "correct horse battery staple"
BODY = {
    "Alias": "shop",
    "KeyType": "EC",
    "KeySize": 256,
    "CommonName": "a.example",
    "Country": "DE",
}
GENERATE = "KeyPairGenerationRequests"

_LONG = (
    ("GET", "KeystoreEntries?$filter=Alias eq 'a'", "searches"),
    ("GET", "KeystoreEntries?$orderby=KeySize", "searches"),
    ("GET", "KeystoreEntries?$expand=ChainCertificates", "searches"),
    ("GET", "KeystoreEntries/$count?$filter=Alias eq 'a'", "searches"),
    ("POST", "KeyPairGenerationRequests", "slow"),
    ("POST", "KeyPairResources", "slow"),
    ("POST", "KeystoreResources", "slow"),
    ("PUT", "KeystoreResources('system')", "slow"),
    ("POST", "SSHKeyGenerationRequests", "slow"),
)


def _fetched(client: Client, method: str, address: str, word: str = "Fetch") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {client.bearer}", "X-CSRF-Token": word}
    answer = client.http.request(method, address, headers=headers)
    return answer.status_code, answer.headers.get("x-csrf-token", "")


def _generate(client: Client, token: str | None) -> int:
    headers = {} if token is None else {"X_CSRF_Token": token}
    return client.post(GENERATE, BODY, csrf=False, **headers).status_code


def test_terraform_writes_first_then_fetches_at_the_same_address(client: Client) -> None:
    """403 with ``Required``; a GET of the address of the write, whatever it says; then it works."""
    refused = client.post(GENERATE, BODY, csrf=False)
    assert (403, "Required") == (refused.status_code, refused.headers["x-csrf-token"])
    status, token = _fetched(client, "GET", f"/api/v1/{GENERATE}", "fetch")
    assert status == 404
    assert _generate(client, token) == 204


def test_contiva_fetches_at_the_root_of_the_host(client: Client) -> None:
    """``GET /`` has the token, without any cookie."""
    status, token = _fetched(client, "GET", "/")
    assert status == 200
    assert _generate(client, token) == 204


def test_cloud_sdk_fetches_with_head_and_a_slash_at_the_end(client: Client) -> None:
    """``HEAD <set>/`` has the token and no body."""
    headers = {"Authorization": f"Bearer {client.bearer}", "x-csrf-token": "Fetch"}
    answer = client.http.head("/api/v1/KeystoreEntries/", headers=headers)
    assert (200, b"") == (answer.status_code, answer.content)
    assert _generate(client, answer.headers["x-csrf-token"]) == 204


def test_pyodata_reuses_one_token_of_the_service_root(client: Client) -> None:
    """A session fetches once and keeps it for all that follows."""
    _, token = _fetched(client, "GET", "/api/v1/")
    assert _generate(client, token) == 204
    renamed = client.put(
        face.entry(str(BODY["Alias"])) + "?renameAlias=other",
        json={"Status": None},
        csrf=False,
        X_CSRF_Token=token,
    )
    assert renamed.status_code == 204


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/", 200),
        ("/api/v1", 200),
        ("/api/v1/", 200),
        ("/api/v1/$metadata", 200),
        ("/api/v1/KeystoreEntries", 200),
        ("/api/v1/KeystoreEntries('00')", 404),
        ("/api/v1/KeystoreEntries('0')", 500),
        ("/api/v1/KeystoreEntries?$filter=no", 400),
        ("/api/v1/Nothing", 404),
        ("/api/v1/$batch", 400),
        ("/api/v1/KeyPairGenerationRequests", 404),
        ("/api/v1/KeystoreResources('nothing')", 400),
        ("/location/default/api/v1/", 200),
        ("/location/nowhere/api/v1/", 404),
    ],
)
def test_every_reading_that_fetches_has_a_token(
    client: Client, address: str, expected: int
) -> None:
    """Also an error has one: a client fetches where it wants to write."""
    for method in ("GET", "HEAD"):
        for word in ("Fetch", "fetch", "FETCH"):
            status, token = _fetched(client, method, address, word)
            assert expected == status
            assert len(token) == 36


@pytest.mark.parametrize("address", ["/", "/api/v1/", "/api/v1/KeystoreEntries"])
def test_without_credentials_there_is_no_token(http: TestClient, address: str) -> None:
    """401 says how to sign in, and nothing else."""
    answer = http.get(address, headers={"X-CSRF-Token": "Fetch"})
    assert answer.status_code == 401
    assert "x-csrf-token" not in answer.headers
    challenges = answer.headers.get_list("www-authenticate")
    assert ["Basic", "Bearer"] == [each.split()[0] for each in challenges]


def test_who_does_not_fetch_gets_no_token(client: Client) -> None:
    """A plain reading has no header of it."""
    assert "x-csrf-token" not in client.get("KeystoreEntries").headers


@pytest.mark.parametrize("token", [None, "", "Fetch", "x", "A" * 36, "é", "A" * 100])
def test_a_change_with_a_wrong_token_is_refused(client: Client, token: str | None) -> None:
    """403 with ``Required``, and nothing was done."""
    headers = {b"Authorization": f"Bearer {client.bearer}".encode()}
    if token is not None:
        headers[b"X-CSRF-Token"] = token.encode()
    answer = client.http.post(f"/api/v1/{GENERATE}", json=BODY, headers=headers)
    assert (403, "Required") == (answer.status_code, answer.headers["x-csrf-token"])
    assert [] == face.results(client.get("KeystoreEntries"))


def test_the_token_of_another_account_is_refused(client: Client, steward: Steward) -> None:
    """A token is its account's."""
    other = face.sign_in(client.http, steward, Role.ADMINISTRATOR, name="other")
    assert _generate(client, other.token()) == 403
    assert _generate(other, other.token()) == 204


def test_a_stale_token_is_refused(http: TestClient, steward: Steward, clock: Clock) -> None:
    """Twelve hours later it is as good as none; who is signed in still gets a new one."""
    old = face.sign_in(http, steward, Role.ADMINISTRATOR).token()
    clock.advance(hours=13)
    client = face.sign_in(http, steward, Role.ADMINISTRATOR, name="other")
    assert _generate(client, old) == 403
    assert _generate(client, client.token()) == 204


def test_basic_credentials_need_a_token_too(client: Client, steward: Steward) -> None:
    """What a browser may add by itself proves nothing."""
    users.add_user(
        steward, TENANT, "anna", Secret(PASSWORD.encode()), frozenset({Role.OPERATOR}), None
    )
    basic = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    refused = client.http.post(f"/api/v1/{GENERATE}", json=BODY, headers=headers)
    assert (403, "Required") == (refused.status_code, refused.headers["x-csrf-token"])
    token = client.http.get("/", headers={**headers, "X-CSRF-Token": "fetch"})
    headers["X-CSRF-Token"] = token.headers["x-csrf-token"]
    assert client.http.post(f"/api/v1/{GENERATE}", json=BODY, headers=headers).status_code == 204


@pytest.mark.parametrize(
    "address",
    ["CertificateSigningRequests('{}')/$value", "KeystoreEntries('{}')/SigningRequest/$value"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_page_of_another_site_makes_no_signing_request(
    http: TestClient, client: Client, steward: Steward, address: str, method: str
) -> None:
    """Reading one leaves it behind: a browser that knows the password does it for its own pages."""
    client.post(GENERATE, BODY)
    secret = Secret(PASSWORD.encode())
    users.add_user(steward, TENANT, "ann", secret, frozenset({Role.OPERATOR}), None)
    path = f"{client.root}{address.format(face.hexalias('shop'))}"
    foreign = ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://other.example"})
    for headers in foreign:
        refused = http.request(method, path, headers=headers, auth=("ann", PASSWORD))
        assert 403 == refused.status_code
    assert steward.store.get_entry(steward.keystore_id, "shop").waiting_since is None
    for given in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert 200 == http.request(method, path, headers=given, auth=("ann", PASSWORD)).status_code
    assert 200 == client.get(path.removeprefix(client.root), **foreign[0]).status_code


# ---- threads


@asynccontextmanager
async def _taken(limiter: CapacityLimiter) -> AsyncIterator[None]:
    """Hold all threads that a limiter lets run."""
    borrowers = [object() for _ in range(int(limiter.total_tokens))]
    for borrower in borrowers:
        await limiter.acquire_on_behalf_of(borrower)
    try:
        yield
    finally:
        for borrower in borrowers:
            limiter.release_on_behalf_of(borrower)


@pytest.mark.parametrize(("method", "path", "which"), _LONG)
def test_what_takes_long_keeps_nobody_else_waiting(
    http: TestClient, steward: Steward, method: str, path: str, which: str
) -> None:
    """While its threads are taken it waits, a plain list is answered, and then it is."""
    client: Client = face.sign_in(http, steward, Role.ADMINISTRATOR)
    tokens = csrf.CsrfTokens(steward.sealer.derive_key("csrf"), steward.clock)
    service = Service(steward, tokens, Rates())
    app = application.build(service, odata.routes(service))
    headers = {"Authorization": f"Bearer {client.bearer}", "X-CSRF-Token": client.token()}
    answers: list[Response] = []

    async def run() -> None:
        async with AsyncClient(transport=ASGITransport(app), base_url=ROOT) as program:

            async def ask() -> None:
                answers.append(
                    await program.request(method, path, headers=headers, json={"Status": None})
                )

            limiter = service.searches if which == "searches" else service.slow.threads
            async with anyio.create_task_group() as group, _taken(limiter):
                group.start_soon(ask)
                with anyio.fail_after(20):
                    listed = await program.get("KeystoreEntries", headers=headers)
                    while not limiter.statistics().tasks_waiting:  # noqa: ASYNC110 - it has no event
                        await anyio.sleep(0.01)
                assert (200, []) == (listed.status_code, answers)

    anyio.run(run)
    assert 1 == len(answers)
    assert answers[0].status_code in (200, 400)
