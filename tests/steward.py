"""A throw-away keystore on a real database, with a clock that tests move.

The fixtures ``clock``, ``settings`` and ``steward`` of ``tests/conftest.py`` are made of this. A
fresh keystore is a copy of one that ``init`` made in the same run: database and keyring.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keysteward import app
from keysteward import settings as settings_
from keysteward.entries import Caller, Entry, Owner
from keysteward.keystore import certificates, key_pairs, signing_requests, signing_responses
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.signing_requests import RequestWish
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.subjects import Subject
from keysteward.pki.usages import Usage
from keysteward.problems import OVERRIDES
from keysteward.settings import Settings
from tests import beside
from tests.pki_maker import Issued

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
"""The present of every test that does not move the clock."""

TENANT = Caller("tester")
PROVIDER = Caller("tester", Owner.PROVIDER)
VERIFIED = Consent(fingerprint_verified=True)
PLAIN = Consent()
EVERYTHING = Consent(OVERRIDES, fingerprint_verified=True)


@dataclass(slots=True)
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        """Return the present, aware UTC."""
        return self.now

    def advance(self, **duration: float) -> None:
        """Move on by a duration, given like a timedelta: ``advance(days=3)``."""
        self.now += timedelta(**duration)


def make_template(folder: Path) -> Path:
    """Make a keystore as ``init`` does and return its folder, from which others are copied."""
    app.create(settings_for(folder))
    return folder


def copy_template(template: Path, folder: Path, database: str | None = None) -> Settings:
    """Copy a closed keystore with its keyring; ``database`` is a copy of its database already."""
    shutil.copytree(template, folder)
    return settings_for(folder, database)


def settings_for(folder: Path, database: str | None = None) -> Settings:
    """Return the settings of a data folder, whatever the environment says."""
    return settings_.from_environment({}, data=folder, database=database)


@contextmanager
def opened(settings: Settings, clock: Clock) -> Iterator[Steward]:
    """Open a keystore with the test's clock in the place of the system's."""
    with app.opened(settings) as steward:
        yield replace(steward, clock=clock)


def read(*issued: Issued) -> tuple[Certificate, ...]:
    """Return what the PKI maker issued as values of the product."""
    return tuple(read_certificate(one.der) for one in issued)


def add(
    steward: Steward,
    alias: str,
    *chain: Issued,
    key: Issued | None = None,
    caller: Caller = TENANT,
    usage: Usage = Usage.TLS_CLIENT,
) -> Entry:
    """Add the key of the chain's end entity (or of ``key``) with this chain as its current one."""
    upload = KeyUpload((key or chain[0]).key_pem(), certificates=read(*chain))
    return key_pairs.add_key_pair(
        steward, caller, alias, upload, usage=usage, consent=EVERYTHING
    ).entry


def add_anchor(
    steward: Steward, alias: str, issued: Issued, *, trusted: bool = True, caller: Caller = TENANT
) -> Entry:
    """Add a certificate entry."""
    return certificates.add_certificate(
        steward, caller, alias, issued.der, trusted=trusted, consent=VERIFIED
    )


def ask(steward: Steward, alias: str, cn: str | None = None, san: tuple[str, ...] = ()) -> bytes:
    """Write a signing request and return it in PEM."""
    wish = RequestWish(Subject(cn), san)
    return signing_requests.write_signing_request(steward, TENANT, alias, wish)


def upload(
    steward: Steward, alias: str, *issued: Issued, consent: Consent = VERIFIED
) -> signing_responses.Uploaded:
    """Upload the certificates as PEM, in the given order."""
    data = b"".join(one.pem for one in issued)
    return signing_responses.upload_signing_response(steward, TENANT, alias, data, consent)


def public_pem(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Return the public half of a key as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def connect(settings: Settings, *, writing: bool = False) -> Any:  # noqa: ANN401 - has no types
    """Open the database beside the product; see ``beside``."""
    return beside.connect(settings, writing=writing)


def rows(settings: Settings, *, without: tuple[str, ...] = ("audit",)) -> dict[str, list[str]]:
    """Return every row of every table as the database has it, the audit log left out."""
    return beside.rows(settings, without=without)


def sealed_keys(settings: Settings) -> list[bytes]:
    """Return every sealed private key as the database has it."""
    return [row[0] for row in beside.query(settings, "SELECT sealed FROM private_keys")]


def audited(steward: Steward) -> list[tuple[str, str, str | None]]:
    """Return action, outcome and alias of the audit rows, the first one first."""
    found = tuple(steward.store.audit_log.read(steward.keystore_id, last=1000))
    return [(row.action, row.outcome, row.alias) for row in found]
