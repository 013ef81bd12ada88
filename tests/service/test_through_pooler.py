"""Two servers on one database behind a real pgbouncer, which lends connections by transaction."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from keysteward.client import Client, Consent, Placeholder, Subject
from keysteward.client.client import Keystore
from keysteward.problems import KeystoreBusy
from tests import commands, poolers, postgresql, servers, steward
from tests.pki_maker import issue
from tests.poolers import Pooler
from tests.servers import Server

PASSWORD = "correct horse battery staple"
_ROOT = issue("Pooled Root", ca=True)
_VERIFIED = Consent(fingerprint_verified=True)
_WRITERS = 2 * poolers.CONNECTIONS
_EACH = 5
"""Uploads of each writer."""


@dataclass(frozen=True, slots=True)
class Site:
    """Two servers, and what stands between them and their database."""

    pooler: Pooler
    database: str
    data: Path
    servers: tuple[Server, Server]

    def client(self, number: int) -> Client:
        """Sign in at one of the servers."""
        return Client(self.servers[number].url, user="admin", password=PASSWORD)

    def run(self, *words: str) -> commands.Run:
        """Run a command beside the servers, on the same database."""
        return commands.inside(
            self.data, *words, KEYSTEWARD_DATABASE=self.pooler.url(self.database)
        )


@pytest.fixture(scope="module")
def site(
    postgresql_server: postgresql.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Return two servers that share a database and its sealing keys."""
    folder, database = tmp_path_factory.mktemp("pooled"), postgresql_server.create()
    with ExitStack() as stack:
        stack.callback(postgresql_server.drop, database)
        pooler = stack.enter_context(poolers.pooled(postgresql_server))
        url, data = pooler.url(database), folder / "data-0"
        first = ("init", "--admin", "admin", "--password-stdin")
        made = commands.inside(data, *first, stdin=PASSWORD.encode(), KEYSTEWARD_DATABASE=url)
        assert 0 == made.status, made.stderr
        shutil.copytree(data / "sealing", folder / "data-1" / "sealing")
        one, two = (
            stack.enter_context(
                servers.served(
                    steward.settings_for(folder / f"data-{number}", url),
                    folder / f"output-{number}",
                    KEYSTEWARD_DATABASE=url,
                )
            )
            for number in range(2)
        )
        yield Site(pooler, database, data, (one, two))


def _answer(request: bytes) -> bytes:
    """Answer a signing request as a CA does."""
    wanted = x509.load_pem_x509_csr(request)
    return _signed(wanted.subject, wanted.public_key())


def _signed(subject: x509.Name, key: CertificatePublicKeyTypes) -> bytes:
    issued = issue(subject, issuer=_ROOT, public_key=key, eku=["clientAuth"])
    return issued.pem + _ROOT.pem


def _generate(keystore: Keystore, alias: str) -> bytes:
    """Generate a key pair and return its signing request."""
    keystore.generate_key_pair(alias, Placeholder(Subject(common_name=alias)), type="ec")
    return keystore.write_signing_request(alias)


def _uploaded(keystore: Keystore, alias: str, file: bytes) -> int:
    """Upload until no other writer was quicker five times in a row; return the version."""
    while True:
        with suppress(KeystoreBusy):
            return keystore.upload_signing_response(alias, file, consent=_VERIFIED).version


def test_main_job_goes_through_pooler(site: Site) -> None:
    """A key pair is made at one server and updated at the other, under its alias."""
    with site.client(0) as one, site.client(1) as two:
        request = _generate(one.keystore("default"), "shop")
        keystore = two.keystore("default")
        done = keystore.upload_signing_response("shop", _answer(request), consent=_VERIFIED)
        found = [(line.alias, line.issuer) for line in one.keystore("default").list_entries()]
        reasons = [str(one.reason) for one in keystore.list_versions("shop")]
    assert ("shop", 2) == (done.alias, done.version)
    assert ("shop", "CN=Pooled Root") in found
    assert ["generated", "signing-response"] == reasons


def test_session_of_one_server_reads_the_page_of_the_other(site: Site) -> None:
    """Sessions are in the database, and a search for a part of a name finds it there."""
    with site.client(0) as client:
        _generate(client.keystore("default"), "a-needle-in-hay")
    wish = {"name": "admin", "password": PASSWORD}
    with httpx2.Client() as browser:
        signed_in = browser.post(f"{site.servers[0].url}/rest/v1/session", json=wish)
        path = "/keystores/default/entries"
        page = browser.get(f"{site.servers[1].url}{path}?text=needle")
        other = browser.get(f"{site.servers[1].url}{path}?text=thimble")
    assert (201, 200, 200) == (signed_in.status_code, page.status_code, other.status_code)
    assert ("a-needle-in-hay" in page.text, "a-needle-in-hay" in other.text) == (True, False)


def test_writers_at_both_servers_lose_nothing(site: Site) -> None:
    """More writers than connections upload to one entry; each confirmed version is its own."""
    with site.client(0) as client:
        wanted = x509.load_pem_x509_csr(_generate(client.keystore("default"), "contested"))

    def upload(number: int) -> list[int]:
        with site.client(number % 2) as client:
            keystore = client.keystore("default")
            files = [_signed(wanted.subject, wanted.public_key()) for _ in range(_EACH)]
            return [_uploaded(keystore, "contested", file) for file in files]

    with ThreadPoolExecutor(_WRITERS) as pool:
        versions = [version for found in pool.map(upload, range(_WRITERS)) for version in found]
    with site.client(1) as client:
        stored = [v.number for v in client.keystore("default").list_versions("contested")]
    assert list(range(2, _WRITERS * _EACH + 2)) == sorted(versions)
    assert list(range(1, _WRITERS * _EACH + 2)) == stored


def test_audit_log_is_whole_behind_pooler(site: Site) -> None:
    """Rows that several processes wrote are linked, and nothing of them is missing."""
    before = site.pooler.transactions(site.database)
    verified = site.run("audit", "verify")
    assert (0, "") == (verified.status, verified.stderr)
    assert "are whole and in order" in verified.stdout
    assert before < site.pooler.transactions(site.database)
