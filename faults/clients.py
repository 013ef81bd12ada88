"""Clients of both nodes that upload and read until they are stopped, whatever they are answered."""

import hashlib
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from bench.authority import Authority
from faults.attempts import Attempt, Outcome, Reading
from faults.nodes import Server

ENTRIES = "/rest/v1/keystores/default/entries"
_ANSWER_SECONDS = 60
"""Longer than the server may take to find out what became of a commit."""
_PAUSE_SECONDS = 0.03
"""Between two requests of one client, so that cores are left for everybody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    """0 if nothing came."""
    content: Any
    told: str
    """Status and slug, or what happened instead, for people."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of an API client."""

    name: str
    secret: str = field(repr=False)

    def token(self, server: Server) -> str:
        """Sign in. Raises RuntimeError if that is refused."""
        form = f"grant_type=client_credentials&client_id={self.name}&client_secret={self.secret}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = ask(server, "POST", "/oauth/token", form.encode(), headers)
        if answer.status != 200:
            raise RuntimeError(f"no token: {answer.told}")
        return str(answer.content["access_token"])


@dataclass(slots=True)
class Clients:
    """Threads, and what they have seen."""

    authority: Authority
    keys: dict[str, CertificatePublicKeyTypes]
    """The public key of each entry, by alias."""
    attempts: list[Attempt] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _failures: list[BaseException] = field(default_factory=list)

    def write(self, server: Server, token: str, alias: str) -> None:
        """Upload responses to an entry, each with a certificate of its own."""

        def upload() -> None:
            self.attempts.append(self.upload(server, token, alias))

        self._repeat(upload)

    def read(self, server: Server, token: str) -> None:
        """Read entries and the list in turn."""
        paths = itertools.cycle([f"{ENTRIES}?limit=100", *(f"{ENTRIES}/{a}" for a in self.keys)])

        def read() -> None:
            answer = ask(server, "GET", next(paths), None, _signed_in(token))
            self.readings.append(Reading(server.name, time.monotonic(), answer.told))

        self._repeat(read)

    def upload(self, server: Server, token: str, alias: str, query: str = "") -> Attempt:
        """Upload one response and tell what became of it."""
        leaf = self.authority.issue(self.keys[alias], alias)
        chain = self.authority.chain(leaf)
        body = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
        path = f"{ENTRIES}/{alias}/signing-response{query}"
        answer = ask(server, "PUT", path, body, _signed_in(token))
        outcome = _outcome(answer)
        confirmed = outcome is Outcome.CONFIRMED
        return Attempt(
            server.name,
            alias,
            hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
            time.monotonic(),
            outcome,
            answer.content["version"] if confirmed else None,
            answer.told,
        )

    def stop(self) -> None:
        """Let everybody finish the request that runs. Raises what broke one of the threads."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _repeat(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                while not self._stopping.wait(_PAUSE_SECONDS):
                    work()
            except (KeyError, TypeError, ValueError) as error:
                self._failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()


def ask(
    server: Server, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> Answer:
    """Send a request over a connection of its own."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, None, type(error).__name__)
    finally:
        connection.close()
    media_type = response.headers.get_content_type()
    content: Any = json.loads(data) if media_type.endswith("json") else None
    problem = media_type == "application/problem+json"
    told = f"{response.status} {content['slug']}" if problem else str(response.status)
    return Answer(response.status, content, told)


def _signed_in(token: str) -> dict[str, str]:
    return {"Accept": "application/json", "Authorization": f"Bearer {token}"}


def _outcome(answer: Answer) -> Outcome:
    if answer.status == 200:
        return Outcome.CONFIRMED
    if answer.status >= 500 and answer.told.endswith(" outcome-unknown"):
        return Outcome.UNKNOWN
    problem = answer.status == 503 and " " in answer.told
    return Outcome.REFUSED if problem else Outcome.WRONG
