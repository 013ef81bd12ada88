"""The requests of the Terraform provider for SAP Integration Suite, as it sends them.

It writes without a CSRF token first. Told that one is required, it fetches it with a GET of the
very address of the write, whatever that answers, and writes once more. Any status below 400 is
success. Keys are in lower-case hexadecimal; entries are deleted through the mass deletion.
"""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.clients.contract import Place, RefusedError, Shown

_FORBIDDEN, _FIRST_ERROR = 403, 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - as the server has it
        """The member ``d``."""
        return json.loads(self.body)["d"]


@dataclass(slots=True)
class TerraformClient:
    """A token, and the addresses that were written to."""

    place: Place
    token: str
    cookies: dict[str, str] = field(default_factory=dict)
    fetched: list[tuple[str, int]] = field(default_factory=list)
    """Where a CSRF token was fetched, and with which status."""

    def aliases(self) -> list[str]:
        """Follow the next links, which are absolute."""
        found, address = [], f"{self.place.root}/KeystoreEntries"
        while address:
            page = self._read(address).json
            found += [entry["Alias"] for entry in page["results"]]
            address = page.get("__next", "")
        return found

    def generate(self, alias: str, common_name: str) -> None:
        """Make a key pair."""
        body = {
            "Hexalias": _hex(alias),
            "Alias": alias,
            "KeyType": "RSA",
            "KeySize": 2048,
            "CommonName": common_name,
            "Country": "DE",
        }
        self._write("POST", "/KeyPairGenerationRequests", json.dumps(body).encode(), _JSON)

    def show(self, alias: str) -> Shown:
        """Read an entry."""
        d = self._read(f"{self.place.root}/KeystoreEntries('{_hex(alias)}')").json
        return Shown(d["Alias"], d["Type"], d["SubjectDN"], d["IssuerDN"], d["KeySize"])

    def signing_request(self, alias: str) -> bytes:
        """Fetch a signing request, with the Accept of everything else."""
        return self._read(f"{self._entry(alias)}/SigningRequest/$value").body

    def upload(self, alias: str, response: bytes, *, verified: bool) -> None:
        """Send a signing response; a raw body says nothing of what it accepts."""
        path = f"/CertificateChainResources('{_hex(alias)}')/$value"
        query = f"?fingerprintVerified={str(verified).lower()}&returnKeystoreEntries=false"
        self._write("PUT", path + query, response, {"Content-Type": "application/pkcs7-mime"})

    def chain(self, alias: str) -> list[str]:
        """Read the subjects from the list; the resource must be readable, too."""
        assert self._read(f"{self._entry(alias)}/ChainResource/$value").body
        found = self._read(f"{self._entry(alias)}/ChainCertificates").json["results"]
        return [one["SubjectDN"] for one in sorted(found, key=lambda one: int(one["Index"]))]

    def rename(self, alias: str, new: str) -> None:
        """Give an entry another alias, as the API's description has it; the provider never does."""
        path = f"/KeystoreEntries('{_hex(alias)}')?renameAlias={quote(new, safe='')}"
        self._write("PUT", path, b'{"Status":null}', _JSON)

    def delete(self, alias: str) -> None:
        """Delete one alias by the mass deletion: the backslash is escaped first."""
        escaped = alias.replace("\\", "\\\\").replace(";", "\\;")
        body = json.dumps({"Aliases": escaped}).encode()
        self._write("PUT", "/KeystoreResources('system')?deleteEntries=true", body, _JSON)

    def _entry(self, alias: str) -> str:
        return f"{self.place.root}/KeystoreEntries('{_hex(alias)}')"

    def _read(self, address: str) -> Answer:
        return self._require(self._send("GET", address, b"", {"Accept": "application/json"}))

    def _write(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        address = self.place.root + path
        answer = self._send(method, address, body, headers)
        if answer.status == _FORBIDDEN and answer.headers["X-CSRF-Token"] == "Required":
            fetch = {"X-CSRF-Token": "fetch", "Accept": "application/json"}
            fetched = self._send("GET", address, b"", fetch)
            self.fetched.append((path, fetched.status))
            token = {"X-CSRF-Token": fetched.headers["X-CSRF-Token"]}
            answer = self._send(method, address, body, {**headers, **token})
        self._require(answer)

    def _require(self, answer: Answer) -> Answer:
        if answer.status >= _FIRST_ERROR:
            raise RefusedError(answer.status, answer.body.decode(errors="replace"))
        return answer

    def _send(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        split = urlsplit(address)
        connection = http.client.HTTPConnection(split.netloc, timeout=60)
        try:
            target = split.path + (f"?{split.query}" if split.query else "")
            kept = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
            connection.request(
                *(method, target, body or None),
                {
                    "Authorization": f"Bearer {self.token}",
                    **headers,
                    **(kept if self.cookies else {}),
                },
            )
            found = connection.getresponse()
            answer = Answer(found.status, found.headers, found.read())
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def _hex(alias: str) -> str:
    return alias.encode().hex()


def connect(place: Place) -> TerraformClient:
    """Sign in as Go's OAuth library does: the name and secret in a Basic header."""
    signing_in = TerraformClient(place, "")
    name, secret = (quote(text, safe="") for text in (place.client_id, place.client_secret))
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    answer = signing_in._send(
        *("POST", place.token_url, urlencode({"grant_type": "client_credentials"}).encode()),
        {
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert 200 == answer.status, answer.body
    return TerraformClient(place, json.loads(answer.body)["access_token"])
