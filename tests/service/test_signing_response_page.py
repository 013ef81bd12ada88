"""SAP's help page "Updating a Key Pair with a Signing Response", step by step over HTTP.

The steps: download the signing request of the entry, let the CA sign it, upload the response (one
of the listed formats, at most 30,720 bytes, not for an entry of SAP), look at the entry.
"""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from cryptography import x509

from keysteward import app
from keysteward.accounts import clients
from keysteward.formats import downloads
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import pki_maker, providers, servers
from tests import steward as steward_
from tests.fresh import Fresh
from tests.pki_maker import Issued, issue
from tests.steward import TENANT

ROOT = issue("Page Root", ca=True)
CA = issue("Page CA", issuer=ROOT, ca=True)
FORMATS = (
    "pkcs7-binary",
    "pkcs7-pem",
    "pkcs7-base64",
    "pem-certificates",
    "pkipath",
    "spc",
)
_MEDIA_TYPES = {
    "pem-certificates": None,
    "pkipath": "application/pkix-pkipath",
    "spc": "application/x-pkcs7-certificates",
}
"""As SAP's specification has them; PKCS#7 otherwise."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a bearer token and a CSRF token."""

    http: httpx2.Client
    settings: Settings

    def address(self, set_: str, alias: str, rest: str = "") -> str:
        """Return the address of what belongs to an alias."""
        return f"/api/v1/{set_}('{alias.encode().hex()}'){rest}"

    def request(self, alias: str) -> x509.CertificateSigningRequest:
        """Step 1: the signing request of an entry."""
        answer = self.http.get(self.address("KeystoreEntries", alias, "/SigningRequest/$value"))
        assert (200, "application/pkcs10") == (answer.status_code, answer.headers["content-type"])
        return x509.load_pem_x509_csr(answer.content)

    def upload(self, alias: str, data: bytes, media_type: str | None) -> httpx2.Response:
        """Step 3: the response of the CA."""
        headers = {} if media_type is None else {"Content-Type": media_type}
        options = "/$value?fingerprintVerified=true&returnKeystoreEntries=false"
        address = self.address("CertificateChainResources", alias, options)
        return self.http.put(address, content=data, headers=headers)

    def entry(self, alias: str) -> dict[str, str]:
        """Step 4: the entry."""
        answer = self.http.get(self.address("KeystoreEntries", alias))
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()["d"]
        return found


@pytest.fixture(scope="module")
def program(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Return a program at a real server, without rate limits."""
    folder = tmp_path_factory.mktemp("page")
    with fresh.keystore(folder / "data") as settings, _programmed(settings, folder) as program:
        yield program


@contextmanager
def _programmed(settings: Settings, folder: Path) -> Iterator[Program]:
    with app.opened(settings) as steward:
        roles = frozenset({Role.OPERATOR})
        _, made = clients.add_client(steward, TENANT, "page", roles, None)
        providers.supply(steward, providers.leaf("one", not_after=pki_maker.NOT_AFTER))
        for name in (*FORMATS, "limits", "twice", "threads"):
            steward_.add(steward, name, issue(f"CN={name},C=DE", eku=("clientAuth",)))
    with (
        servers.served(
            settings,
            folder / "server",
            KEYSTEWARD_ODATA_KEYSTORE_RATE="off",
            KEYSTEWARD_ODATA_ACCOUNT_RATE="off",
        ) as server,
        httpx2.Client(base_url=server.url, headers={"Accept": "application/json"}) as http,
    ):
        secret = made.secret.reveal().decode()
        told = http.post("/oauth/token?grant_type=client_credentials", auth=("page", secret))
        http.headers["Authorization"] = f"Bearer {told.json()['access_token']}"
        fetched = http.get("/api/v1/", headers={"X-CSRF-Token": "Fetch"})
        http.headers["X-CSRF-Token"] = fetched.headers["x-csrf-token"]
        yield Program(http, settings)


def _sign(request: x509.CertificateSigningRequest) -> Issued:
    """Step 2: what the CA does."""
    key = request.public_key()
    return issue(request.subject, None, CA, eku=("clientAuth",), public_key=key)


def _written(leaf: Issued, form: str) -> bytes:
    chain = steward_.read(leaf, CA, ROOT)
    binary = downloads.chain_p7b_der(chain)
    return {
        "pkcs7-binary": binary,
        "pkcs7-pem": downloads.chain_p7b(chain),
        "pkcs7-base64": base64.encodebytes(binary),
        "pem-certificates": downloads.chain_pem(chain),
        "pkipath": downloads.chain_pkipath(chain),
        "spc": binary,
    }[form]


@pytest.mark.parametrize("form", FORMATS)
def test_a_key_pair_is_updated_with_each_format_of_the_page(program: Program, form: str) -> None:
    """Alias, key and entry stay; subject, issuer, serial number, validity are the new ones."""
    before = program.entry(form)
    leaf = _sign(program.request(form))
    data = _written(leaf, form)
    answer = program.upload(form, data, _MEDIA_TYPES.get(form, "application/pkcs7-mime"))
    assert (204, b"") == (answer.status_code, answer.content), answer.text
    after = program.entry(form)
    same = ("Hexalias", "Alias", "SubjectDN", "Type", "Owner", "KeyType", "KeySize", "CreatedTime")
    assert [before[name] for name in same] == [after[name] for name in same]
    certificate = leaf.certificate
    assert (f"0x{certificate.serial_number:X}", "CN=Page CA") == (
        *(after["SerialNumber"], after["IssuerDN"]),
    )
    until = int(certificate.not_valid_after_utc.timestamp() * 1000)
    assert f"/Date({until}+0000)/" == after["ValidNotAfter"]
    assert "client:page" == after["LastModifiedBy"]


@pytest.mark.parametrize(("size", "status"), [(30_721, 413), (30_720, 204)])
def test_a_response_has_at_most_30_720_bytes(program: Program, size: int, status: int) -> None:
    """One byte more is refused before it is parsed, and changes nothing."""
    before = program.entry("limits")
    data = _written(_sign(program.request("limits")), "pem-certificates").ljust(size, b"\n")
    answer = program.upload("limits", data, None)
    assert status == answer.status_code
    assert (program.entry("limits") == before) == (status == 413)


def test_an_entry_of_the_provider_cannot_be_updated(program: Program) -> None:
    """Neither request nor response: 403 and 400 for what is not the tenant's."""
    leaf = _sign(program.request("limits"))
    answer = program.upload(providers.ALIAS, _written(leaf, "pkcs7-binary"), None)
    assert answer.status_code == 403
    assert "Forbidden" == answer.json()["error"]["code"]


def test_the_same_response_twice_in_a_row_stores_it_once(program: Program) -> None:
    """Who repeats an upload after a lost answer gets the same answer, ETag included."""
    data = _written(_sign(program.request("twice")), "pkcs7-binary")
    first, second = (program.upload("twice", data, None) for _ in range(2))
    assert (204, 204) == (first.status_code, second.status_code)
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["etag"] == program.entry("twice")["__metadata"]["etag"]  # type: ignore[index]


def test_eight_programs_lose_no_update(program: Program) -> None:
    """Every answer of 204 is a version, whoever was faster; nobody is refused."""
    request = program.request("threads")
    leaves = [_sign(request) for _ in range(16)]
    statuses: list[int] = []

    def update(mine: list[Issued]) -> None:
        for leaf in mine:
            answer = program.upload("threads", _written(leaf, "pkcs7-binary"), None)
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=update, args=(leaves[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [204] * 16 == statuses
    with app.opened(program.settings) as steward:
        entry = steward.store.get_entry(steward.keystore_id, "threads")
        stored = {version.certificate for version in steward.store.list_versions(entry)}
    assert set(steward_.read(*leaves)) <= stored
