"""The product's own contestant: a keystore of any size in which any entry can be updated."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pysqlite3.dbapi2 as driver
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from bench.authority import ORGANIZATION, Authority
from keysteward import app
from keysteward.entries import Caller
from keysteward.keystore import key_pairs, signing_requests, signing_responses
from keysteward.keystore.key_pairs import PlaceholderWish
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki.key_pairs import KeySpec
from keysteward.pki.subjects import Subject
from keysteward.problems import Problem
from keysteward.settings import Settings

CALLER = Caller("local:bench")
COMMON_NAME = "client.example"
KEY = KeySpec("rsa", 4096)
"""The product's default kind of key."""

STEP = 7919
"""Entries from one update to the next."""

_FIRST_ALIAS = "partner-000000"
_CONSENT = Consent()


class Refused(Exception):
    """An upload that ended in a problem, and the seconds that this took."""

    def __init__(self, problem: Problem, seconds: float) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.seconds = seconds


@dataclass(slots=True)
class Keystore:
    """A filled keystore, opened as the command opens it.

    Its entries share one public key, so that one authority's response fits whichever entry it is
    uploaded to; everything else of them is their own.
    """

    steward: Steward
    authority: Authority
    public_key: CertificatePublicKeyTypes
    size: int
    _next: int = field(default=0)

    def update(self) -> float:
        """Upload a new response to the next entry and return the seconds from bytes to commit."""
        data = self.authority.respond(self.public_key, COMMON_NAME)
        # A prime step visits all entries and never two neighbours in a row.
        self._next = (self._next + STEP) % self.size
        return self.upload(data)

    def upload(self, data: bytes, where: str | None = None) -> float:
        """Upload a file to an entry, the one whose turn it is by default; return the seconds.

        Raises Refused, and RuntimeError if a notice was given: then a part of the work was spared.
        """
        where = where or alias(self._next)
        start = time.perf_counter()
        try:
            done = signing_responses.upload_signing_response(
                self.steward, CALLER, where, data, _CONSENT
            )
        except Problem as problem:
            raise Refused(problem, time.perf_counter() - start) from problem
        seconds = time.perf_counter() - start
        if done.plan.notices:
            raise RuntimeError(done.plan.notices)
        return seconds


def alias(position: int) -> str:
    """Return the alias of the entry at a position of a filled keystore."""
    return f"partner-{position:06}"


def rows(database: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(driver.connect(str(database))) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in names
        }


def settings(folder: Path, url: str | None = None) -> Settings:
    """Return the settings of a keystore in a folder of its own, or in the database at a URL."""
    return Settings(data=folder, keyring=folder / "sealing", database=url)


def database(folder: Path) -> Path:
    """Return the database file of the keystore in a folder."""
    return folder / "keysteward.db"


def make(folder: Path, authority: Authority, url: str | None = None) -> CertificatePublicKeyTypes:
    """Make a keystore with one entry through the product, from key pair to accepted response."""
    app.create(settings(folder, url))
    with app.opened(settings(folder, url)) as steward:
        wish = PlaceholderWish(Subject(common_name=COMMON_NAME, organization=ORGANIZATION))
        entry = key_pairs.generate_key_pair(steward, CALLER, _FIRST_ALIAS, KEY, wish)
        signing_requests.write_signing_request(
            steward, CALLER, _FIRST_ALIAS, RequestWish(Subject())
        )
        public_key = entry.version.certificate.loaded.public_key()
        signing_responses.upload_signing_response(
            steward,
            CALLER,
            _FIRST_ALIAS,
            authority.respond(public_key, COMMON_NAME),
            Consent(fingerprint_verified=True),
        )
    return public_key


@contextmanager
def opened(
    folder: Path,
    authority: Authority,
    public_key: CertificatePublicKeyTypes,
    size: int,
    url: str | None = None,
) -> Iterator[Keystore]:
    """Open a filled keystore for the time of a context."""
    with app.opened(settings(folder, url)) as steward:
        yield Keystore(steward, authority, public_key, size)
