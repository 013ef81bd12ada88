"""The OData face in the test's own process, and clients of it that are signed in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from keysteward.accounts import clients, tokens
from keysteward.keystore.steward import Steward
from keysteward.odata import application as odata
from keysteward.rights import Role
from keysteward.web import application, csrf
from keysteward.web.rates import Rates
from keysteward.web.service import Service
from tests.steward import TENANT

_UNLIMITED = Rates()

ROOT = "http://testserver/api/v1/"


@dataclass(frozen=True, slots=True)
class Client:
    """An account's program: each change carries a token, unless ``csrf`` is False."""

    http: TestClient
    bearer: str
    root: str = "/api/v1/"
    accept: str | None = "application/json"

    def call(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        json: object = None,
        csrf: bool = True,
        **headers: str,
    ) -> Response:
        """Send a request; underscores in the names of headers are hyphens."""
        sent = {"Authorization": f"Bearer {self.bearer}", "Accept": self.accept or ""}
        if self.accept is None:
            del sent["Accept"]
        if csrf and method not in ("GET", "HEAD"):
            sent["X-CSRF-Token"] = self.token()
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body: dict[str, Any] = {"json": json} if json is not None else {"content": content}
        return self.http.request(method, f"{self.root}{path}", headers=sent, **body)

    def get(self, path: str, **headers: Any) -> Response:  # noqa: ANN401
        """Read."""
        return self.call("GET", path, **headers)

    def post(self, path: str, json: object = None, **more: Any) -> Response:  # noqa: ANN401
        """Send a JSON document to a set."""
        return self.call("POST", path, json=json, **more)

    def put(
        self,
        path: str,
        content: bytes = b"",
        *,
        json: object = None,
        **more: Any,  # noqa: ANN401
    ) -> Response:
        """Send a file or a JSON document to an entity."""
        return self.call("PUT", path, content, json=json, **more)

    def delete(self, path: str, **headers: Any) -> Response:  # noqa: ANN401
        """Delete an entity."""
        return self.call("DELETE", path, **headers)

    def token(self) -> str:
        """Fetch a CSRF token at the service root."""
        fetched = self.http.get(
            self.root,
            headers={"Authorization": f"Bearer {self.bearer}", "X-CSRF-Token": "Fetch"},
        )
        return fetched.headers["x-csrf-token"]

    def entry(self, alias: str) -> dict[str, Any]:
        """Return an entry as the face shows it."""
        answer = self.get(entry(alias))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["d"]
        return found


@contextmanager
def opened(steward: Steward, rates: Rates = _UNLIMITED) -> Iterator[TestClient]:
    """Open the application with this face alone on a keystore; without rates there is no limit."""
    tokens_ = csrf.CsrfTokens(steward.sealer.derive_key("csrf"), steward.clock)
    service = Service(steward, tokens_, rates)
    app = application.build(service, odata.routes(service))
    yield TestClient(app, follow_redirects=False)


def sign_in(
    http: TestClient,
    steward: Steward,
    *roles: Role,
    name: str = "program",
    keystores: frozenset[str] | None = None,
) -> Client:
    """Make an API client with these roles and return it with a token."""
    _, made = clients.add_client(steward, TENANT, name, frozenset(roles), keystores)
    issued = tokens.issue(steward, name, made.secret, "testclient")
    return Client(http, issued.token.reveal().decode())


def hexalias(alias: str) -> str:
    """Return the key of an entry, as SAP's documents make it."""
    return alias.encode().hex().upper()


def entry(alias: str, set_: str = "KeystoreEntries") -> str:
    """Return the address of an entry."""
    return f"{set_}('{hexalias(alias)}')"


def chain(alias: str, options: str = "") -> str:
    """Return the address that takes a signing response."""
    return f"CertificateChainResources('{hexalias(alias)}')/$value{options}"


def certificate(alias: str, options: str = "") -> str:
    """Return the address that takes a certificate."""
    return f"CertificateResources('{hexalias(alias)}')/$value{options}"


def error(answer: Response) -> tuple[int, str, str]:
    """Return status, code and text of a refusal."""
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["message"]["value"]


def slug(answer: Response) -> str:
    """Return which problem a refusal is."""
    told: Mapping[str, Any] = answer.json()["error"]["innererror"]["errordetails"][0]
    return str(told["code"])


def results(answer: Response) -> list[dict[str, Any]]:
    """Return the entities of a page."""
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["d"]["results"]
    return found
