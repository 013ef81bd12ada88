"""Updates and lists over HTTP: the service against the bare sketch of one, each a process.

Whoever asks is the same client with one connection that stays open, so that its share of the time
is the same for both. Who waits how long while keys are made and a large keystore is imported is
measured by a second client that asks for one entry all the time.
"""

import base64
import hashlib
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pysqlite3.dbapi2 as driver
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from bench import filling, keystores, measure, update
from bench.arena import Say
from bench.authority import Authority
from bench.keystores import Files
from bench.measure import Once, Samples
from keysteward import app
from keysteward.accounts import clients
from keysteward.rights import Role

PAGE = 100
SMALL, LARGE = 1_000, 100_000
SKETCH_UPDATE, SKETCH_LIST = "sketch, update", "sketch, list"
ODATA, REST = "OData", "REST"
FACES = (ODATA, REST)

_START_SECONDS = 30
_IDLE_SECONDS = 5
_PAUSE_SECONDS = 0.005
_REST_SECONDS = 2
_KEYS, _AT_ONCE = 8, 4
_JSON = {"Accept": "application/json"}


@dataclass(slots=True)
class Peer:
    """A running server, and one connection to it."""

    port: int
    token: str
    _connection: http.client.HTTPConnection = field(init=False)
    _used_at: float = -_IDLE_SECONDS
    _csrf: str = ""

    def get_ready(self) -> None:
        """Connect anew if the server may have closed the connection, which nobody used."""
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            self._connection.connect()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the body of an answer. Raises RuntimeError for one that refuses."""
        self.get_ready()
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if method != "GET" and self._csrf:
            sent["X-CSRF-Token"] = self._csrf
        self._used_at = time.monotonic()
        self._connection.request(method, path, body or None, sent)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        self._csrf = answer.headers.get("X-CSRF-Token", self._csrf)
        return content

    def fetch_csrf_token(self) -> None:
        """Get what writing over OData needs."""
        self.ask("GET", "/api/v1/", headers={"X-CSRF-Token": "Fetch", **_JSON})


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(folder: Path) -> Iterator[Peer]:
    """Serve a keystore's folder with the product; requests are not limited in number."""
    with app.opened(update.settings(folder)) as steward:
        roles = frozenset({Role.ADMINISTRATOR})
        _, made = clients.add_client(steward, update.CALLER, "bench", roles, None)
        secret = made.secret.reveal().decode()
    port = free_port()
    environment = {
        **os.environ,
        "KEYSTEWARD_DATA": str(folder),
        "KEYSTEWARD_ODATA_KEYSTORE_RATE": "off",
        "KEYSTEWARD_ODATA_ACCOUNT_RATE": "off",
        "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES": "20000000",
        "KEYSTEWARD_LOG": "warning",
    }
    run = "from keysteward.app import main; main()"
    command = [sys.executable, "-c", run, "serve", "--port", str(port)]
    with _process(command, environment, port):
        form = f"grant_type=client_credentials&client_id=bench&client_secret={secret}"
        connection = http.client.HTTPConnection("127.0.0.1", port)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/oauth/token", form, kind)
        token = json.loads(connection.getresponse().read())["access_token"]
        connection.close()
        yield Peer(port, token)


@contextmanager
def sketching(database: Path) -> Iterator[Peer]:
    """Serve a copy of a keystore's database with the sketch."""
    port, token = free_port(), secrets.token_urlsafe(32)
    _add_token(database, token)
    command = [sys.executable, "-m", "bench.http_sketch", str(database), str(port)]
    with _process(command, dict(os.environ), port):
        yield Peer(port, token)


def _add_token(database: Path, token: str) -> None:
    """Give a copy of a database an account with a token that the sketch finds."""
    digest = hashlib.sha256(token.encode()).digest()
    with closing(driver.connect(str(database))) as connection:
        values = (digest, 1, 0, 1 << 62)
        connection.execute(
            "INSERT INTO tokens (sha256, account_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
            values,
        )
        connection.commit()


@contextmanager
def _process(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("a server did not start")


@dataclass(frozen=True, slots=True)
class Answers:
    """The authority, and the one public key that all entries of the filled keystores share."""

    authority: Authority
    public_key: CertificatePublicKeyTypes

    def make(self) -> bytes:
        """Return a new signing response."""
        return self.authority.respond(self.public_key, update.COMMON_NAME)


@dataclass(slots=True)
class Updates:
    """A contestant that uploads a new response to one entry after the other."""

    peer: Peer
    answers: Answers
    path: str
    """With the alias, or the alias in hexadecimal, in braces."""
    _next: int = field(default=0)

    def update(self) -> float:
        """Upload a response and return the seconds from the request to the answer."""
        data = self.answers.make()
        self._next = (self._next + update.STEP) % SMALL
        alias = update.alias(self._next)
        path = self.path.format(alias=alias, hexalias=alias.encode().hex())
        kind = {"Content-Type": "application/pkcs7-mime", **_JSON}
        self.peer.get_ready()
        return measure.timed(lambda: self.peer.ask("PUT", path, data, kind))


_KEYSTORE = "/rest/v1/keystores/default"
_ENTRIES = f"{_KEYSTORE}/entries"
_UPDATES = {
    ODATA: "/api/v1/CertificateChainResources('{hexalias}')/$value",
    REST: f"{_ENTRIES}/{{alias}}/signing-response",
}
_PAGES = {
    ODATA: f"/api/v1/KeystoreEntries?$top={PAGE}&$format=json",
    REST: f"{_ENTRIES}?limit={PAGE}",
}


@dataclass(frozen=True, slots=True)
class Served:
    """What was measured over HTTP: contestants by name, and the longest waits by what went on."""

    contestants: Mapping[str, Samples]
    waits: Mapping[str, Samples]


def measure_all(
    folder: Path, issuer: Authority, files: Files, rounds: int, repeats: int, say: Say
) -> Served:
    """Make keystores in an empty folder, serve them and measure.

    ``rounds`` of alternating contestants with ``repeats`` requests of each. ``files`` has what is
    imported while another client waits.
    """
    public_key = update.make(folder / "one", issuer)
    with ExitStack() as stack:
        served = {}
        for size in (SMALL, LARGE):
            say(f"Serving a keystore with {size:,} entries ...")
            shutil.copytree(folder / "one", folder / str(size))
            filling.fill(update.database(folder / str(size)), size)
            if size == SMALL:
                copy = shutil.copy(update.database(folder / str(size)), folder / "sketch.db")
            served[size] = stack.enter_context(serving(folder / str(size)))
            served[size].fetch_csrf_token()
        bare = stack.enter_context(sketching(Path(copy)))
        contestants = _contestants(served, bare, Answers(issuer, public_key))
        measure.alternate(contestants, 1, repeats)
        samples = measure.alternate(contestants, rounds, repeats)
        say("Waiting while others are busy ...")
        return Served(samples, _waits(served[SMALL], files))


def update_name(face: str) -> str:
    """Return the name of a face's contestant that uploads responses."""
    return f"{face}, update"


def list_name(face: str, size: int) -> str:
    """Return the name of a face's contestant that lists entries of a keystore of a size."""
    return f"{face}, list of {size:,}"


def _contestants(served: Mapping[int, Peer], bare: Peer, answers: Answers) -> dict[str, Once]:
    found: dict[str, Once] = {
        SKETCH_UPDATE: Updates(bare, answers, "/update/{alias}").update,
        SKETCH_LIST: _asking(bare, f"/entries?limit={PAGE}"),
    }
    for face, path in _UPDATES.items():
        found[update_name(face)] = Updates(served[SMALL], answers, path).update
    for face, page in _PAGES.items():
        for size, peer in served.items():
            found[list_name(face, size)] = _asking(peer, page)
    return found


def _asking(peer: Peer, path: str) -> Once:
    def ask() -> float:
        peer.get_ready()
        return measure.timed(lambda: peer.ask("GET", path, headers=_JSON))

    return ask


def _waits(peer: Peer, files: Files) -> dict[str, Samples]:
    """Return how long requests for one entry take, at rest and while others are busy."""
    probe = Peer(peer.port, peer.token)
    return {
        "nothing else": _asked_while(probe, lambda: time.sleep(_REST_SECONDS)),
        f"{_KEYS} RSA keys of 4,096 bits are made, four at a time": _asked_while(
            probe, lambda: _make_keys(peer)
        ),
        f"{keystores.KEY_PAIRS:,} key pairs are imported": _asked_while(
            probe, lambda: _import(peer, files)
        ),
    }


def _asked_while(probe: Peer, work: Callable[[], object]) -> Samples:
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(work)
        taken = []
        while not busy.done():
            taken.append(_asking(probe, f"{_ENTRIES}/{update.alias(1)}")())
            time.sleep(_PAUSE_SECONDS)
        busy.result()
    return Samples((tuple(taken),))


def _make_keys(peer: Peer) -> None:
    def make(number: int) -> None:
        wish = {"alias": f"made-{number}", "type": "rsa", "size": 4096}
        body = json.dumps({**wish, "subject": {"common_name": "made.example"}}).encode()
        kind = {"Content-Type": "application/json"}
        Peer(peer.port, peer.token).ask("POST", f"{_KEYSTORE}/key-pairs", body, kind)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(make, range(_KEYS)))


def _import(peer: Peer, files: Files) -> None:
    password = base64.b64encode(keystores.PASSWORD.encode()).decode()
    headers = {"Keysteward-Password": password}
    Peer(peer.port, peer.token).ask(
        "POST", f"{_KEYSTORE}/import?mode=add", files.jks.read_bytes(), headers
    )
