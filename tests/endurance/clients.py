"""Clients of a running server that upload and read as fast as they can, until they are stopped."""

import hashlib
import http.client
import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tests import pki_maker
from tests.pki_maker import Issued

BUSY = 503
_TIMEOUT_SECONDS = 30
_JSON = {"Accept": "application/json"}
_ENTRIES = "/rest/v1/keystores/default/entries"


class Refused(AssertionError):
    """An answer that a client under load must never get."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(f"{what}: {status}")
        self.status = status


@dataclass(slots=True)
class Connection:
    """One connection of an API client to a server, signed in with a token of its own."""

    host: str
    port: int
    client_id: str
    secret: str
    _http: http.client.HTTPConnection = field(init=False)
    _headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._http = http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_SECONDS)
        form = f"grant_type=client_credentials&client_id={self.client_id}"
        self._headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", "/oauth/token", f"{form}&client_secret={self.secret}".encode())
        self._headers = _JSON | {"Authorization": f"Bearer {json.loads(answer)['access_token']}"}

    def fetch_csrf_token(self) -> Self:
        """Get what writing over OData needs."""
        self._http.request("GET", "/api/v1/", headers=self._headers | {"X-CSRF-Token": "Fetch"})
        answer = self._http.getresponse()
        answer.read()
        self._headers["X-CSRF-Token"] = answer.headers["X-CSRF-Token"]
        return self

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the body of an answer. Raises Refused for any that is no success."""
        self._http.request(method, path, body, self._headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise Refused(answer.status, f"{method} {path}: {content[:1000]!r}")
        return content

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


@dataclass(slots=True)
class Load:
    """Threads that go on until they are told to stop, and what they found."""

    patient: bool = False
    """Writers repeat what was answered with 503: what they wrote lost against another node's."""
    stopping: threading.Event = field(default_factory=threading.Event)
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    """Alias and SHA-256 of the end-entity certificate of each upload that was confirmed."""
    reads: int = 0
    failures: list[BaseException] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, work: Callable[[], None]) -> None:
        """Do some work again and again in a thread of its own."""

        def run() -> None:
            try:
                while not self.stopping.is_set():
                    work()
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(error)

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Let everybody finish what they are at."""
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def write_over_odata(
        self, connection: Connection, alias: str, leaf: Issued, ca: Issued
    ) -> None:
        """Upload new responses to an entry over SAP's API."""
        connection.fetch_csrf_token()
        path = f"/api/v1/CertificateChainResources('{alias.encode().hex()}')/$value"
        self._write(connection, path, alias, leaf, ca)

    def write_over_rest(self, connection: Connection, alias: str, leaf: Issued, ca: Issued) -> None:
        """Upload new responses to an entry over our own API."""
        self._write(connection, f"{_ENTRIES}/{alias}/signing-response", alias, leaf, ca)

    def _write(
        self, connection: Connection, path: str, alias: str, leaf: Issued, ca: Issued
    ) -> None:
        def upload() -> None:
            new = pki_maker.issue("client", leaf.key, ca, eku=("clientAuth",))
            self._ask_patiently(connection, path, new.pem + ca.pem)
            self.confirmed.append((alias, hashlib.sha256(new.der).hexdigest()))

        self.start(upload)

    def _ask_patiently(self, connection: Connection, path: str, body: bytes) -> None:
        while True:
            try:
                connection.ask("PUT", path, body)
            except Refused as refused:
                if not self.patient or refused.status != BUSY:
                    raise
            else:
                return

    def read(self, connection: Connection, aliases: tuple[str, ...]) -> None:
        """Read lists and entries over both APIs, in turn."""
        paths = ["/api/v1/KeystoreEntries?$top=100", f"{_ENTRIES}?limit=100"]
        for alias in aliases:
            entity = f"/api/v1/KeystoreEntries('{alias.encode().hex()}')"
            paths += [entity, f"{entity}/ChainCertificates", f"{_ENTRIES}/{alias}"]
        coming = itertools.cycle(paths)

        def read() -> None:
            connection.ask("GET", next(coming))
            self.reads += 1

        self.start(read)
