"""The bare sketch: the same work and the same rows with nothing around them, as a lower bound.

It knows one form of response, in one order, looks at nothing that an attacker or an odd CA could
send, judges no rule and explains nothing. What it does do, as the product does:

1. load the certificates, by the cheapest call that does it for this form;
2. read the entry and compare the public key;
3. verify both signatures above the leaf, and run one ClientVerifier;
4. write the same rows with the product's own statements by the raw driver, in one transaction with
   ``synchronous=FULL``, on a copy of the same database.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store
from sqlalchemy import Integer, String, bindparam
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement

from bench import measure, update
from bench.authority import Authority
from keysteward.entries import ChainState, Reason
from keysteward.storage import changes, statements
from keysteward.storage.engines import sqlite

_MICROSECONDS = 1_000_000
KEYSTORE_ID = 1
_CA_POLICY = ExtensionPolicy.permit_all().require_present(
    x509.BasicConstraints, Criticality.AGNOSTIC, None
)
_Chain = tuple[x509.Certificate, x509.Certificate, x509.Certificate]

_FIND_ENTRY = sql(
    """
SELECT e.id, e.current_version, v.private_key_id, c.public_key_sha256
FROM entries e
JOIN versions v ON v.entry_id = e.id AND v.number = e.current_version
JOIN certificates c ON c.id = e.certificate_id
WHERE e.keystore_id = :keystore AND e.view = 'current' AND e.alias = :alias
AND e.deleted_at IS NULL
"""
).bindparams(bindparam("keystore", type_=Integer), bindparam("alias", type_=String))

_SQLITE = dialect(paramstyle="named")


def text(statement: ClauseElement, of: Dialect = _SQLITE) -> str:
    """Return one of the product's own statements as the raw driver takes it."""
    return str(statement.compile(dialect=of))


@dataclass(frozen=True, slots=True)
class Texts:
    """What both drivers run, in an engine's SQL."""

    find_entry: str
    find_certificates: str
    insert_certificate: str
    replace_current: str
    insert_version: str
    insert_version_certificate: str
    answer_requests: str

    @classmethod
    def of(cls, of: Dialect) -> "Texts":
        """Return them for a dialect."""
        return cls(
            text(_FIND_ENTRY, of),
            text(statements.FIND_CERTIFICATES, of),
            text(changes.INSERT_CERTIFICATE, of),
            text(changes.REPLACE_CURRENT, of),
            text(changes.INSERT_VERSION, of),
            text(changes.INSERT_VERSION_CERTIFICATE, of),
            text(changes.ANSWER_REQUESTS, of),
        )


_TEXTS = Texts.of(_SQLITE)
_LAST_AUDIT = text(statements.LAST_AUDIT)
_INSERT_AUDIT = text(changes.INSERT_AUDIT)


@dataclass(slots=True)
class Writer:
    """A connection to a copy of a filled keystore's database; for one thread at a time."""

    connection: Any
    """Of the raw driver."""
    texts: Texts = _TEXTS
    _mac_key: bytes = bytes(32)

    def take(self, data: bytes, alias: str) -> None:
        """Do all four steps with one response."""
        issuing, leaf, root = pkcs7.load_der_pkcs7_certificates(data)  # 1
        chain = leaf, issuing, root
        wanted = {"keystore": KEYSTORE_ID, "alias": alias}
        row = self.connection.execute(self.texts.find_entry, wanted).fetchone()  # 2
        entry_id, current, private_key_id, expected = row
        spki = chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        public_key = hashlib.sha256(spki).digest()
        if public_key != expected:
            raise ValueError("the response is for another key")
        _verify(chain)  # 3
        self.begin()  # 4
        self._write(alias, entry_id, current, private_key_id, public_key, chain, data)
        self.connection.execute("COMMIT")

    def begin(self) -> None:
        """Begin a transaction as the engine wants it."""
        self.connection.execute("BEGIN IMMEDIATE")

    def insert_certificate(self, row: dict[str, object]) -> int:
        """Write a certificate and return its id."""
        number: int = self.connection.execute(self.texts.insert_certificate, row).lastrowid
        return number

    def insert_members(self, rows: list[dict[str, object]]) -> None:
        """Write the certificates of a version."""
        self.connection.executemany(self.texts.insert_version_certificate, rows)

    def _write(  # the row's parts, as they lie at hand
        self,
        alias: str,
        entry_id: int,
        current: int,
        private_key_id: int,
        public_key: bytes,
        chain: _Chain,
        data: bytes,
    ) -> None:
        execute, texts, now = self.connection.execute, self.texts, time.time_ns() // 1000
        ders = [certificate.public_bytes(Encoding.DER) for certificate in chain]
        digests = [hashlib.sha256(der).digest() for der in ders]
        wanted = {f"value_{n}": digests[n % len(digests)] for n in range(statements.MANY)}
        known = dict(execute(texts.find_certificates, wanted).fetchall())
        ids = []
        for certificate, der, digest in zip(chain, ders, digests, strict=True):
            if digest not in known:
                key = certificate.public_key()
                new = certificate_row(certificate, key, der, digest, public_key)
                known[digest] = self.insert_certificate(new)
            ids.append(known[digest])
        condition = {
            "entry": entry_id,
            "keystore": KEYSTORE_ID,
            "base_version": current,
            "base_pending": None,
            "at": now,
            "actor": update.CALLER.name,
            "new_pending": None,
            "new_certificate": ids[0],
            "new_not_after": microseconds(chain[0].not_valid_after_utc),
            "new_subject_name": None,
        }
        number = execute(texts.replace_current, condition).fetchone()[0]
        file_sha256 = hashlib.sha256(data).digest()
        version = {
            "entry_id": entry_id,
            "number": number,
            "keystore_id": KEYSTORE_ID,
            "reason": Reason.SIGNING_RESPONSE.value,
            "private_key_id": private_key_id,
            "file_sha256": file_sha256,
            "note": None,
            "chain_state": ChainState.COMPLETE.value,
            "created_at": now,
            "created_by": update.CALLER.name,
        }
        execute(texts.insert_version, version)
        members: list[dict[str, object]] = [
            {
                "entry_id": entry_id,
                "number": number,
                "position": position,
                "keystore_id": KEYSTORE_ID,
                "certificate_id": certificate_id,
            }
            for position, certificate_id in enumerate(ids)
        ]
        self.insert_members(members)
        execute(texts.answer_requests, {"at": now, "entry": entry_id, "public_key": public_key})
        detail = {"chain": [d.hex() for d in digests], "file_sha256": file_sha256.hex()}
        event = {
            "keystore_id": KEYSTORE_ID,
            "at": now,
            "actor": update.CALLER.name,
            "action": Reason.SIGNING_RESPONSE.value,
            "outcome": "done",
            "alias": alias,
            "entry_id": entry_id,
            "version": number,
            "detail": json.dumps(detail),
        }
        self.audit(event)

    def audit(self, event: dict[str, object]) -> None:
        """Write a row of the audit log and link it."""
        sequence, previous = self.connection.execute(_LAST_AUDIT).fetchone()
        row = {"sequence": sequence + 1, **event}
        digest = hashlib.sha256(json.dumps(row).encode()).digest()
        mac = hmac.digest(self._mac_key, previous + digest, "sha256")
        self.connection.execute(
            _INSERT_AUDIT,
            {**row, "digest": digest, "sealing_key_id": "sketch", "mac": mac, "receipt": None},
        )


@dataclass(slots=True)
class Sketch:
    """The contestant: a new response for one entry after the other."""

    writer: Writer
    authority: Authority
    public_key: CertificatePublicKeyTypes
    size: int
    _next: int = field(default=0)

    def update(self) -> float:
        """Take a new response for the next entry and return the seconds from bytes to commit."""
        data = self.authority.respond(self.public_key, update.COMMON_NAME)
        self._next = (self._next + update.STEP) % self.size
        alias = update.alias(self._next)
        return measure.timed(lambda: self.writer.take(data, alias))


@contextmanager
def opened(
    path: Path, authority: Authority, public_key: CertificatePublicKeyTypes, size: int
) -> Iterator[Sketch]:
    """Open a copy of a filled keystore's database with the product's own settings of the engine."""
    with closing(connect(path)) as connection:
        yield Sketch(Writer(connection), authority, public_key, size)


def connect(path: Path) -> "driver.Connection":
    """Return a connection with the product's own settings of the engine."""
    connection = driver.connect(str(path), isolation_level=None, check_same_thread=False)
    for pragma, (value, _) in sqlite.PRAGMAS.items():
        connection.execute(f"PRAGMA {pragma}={value}")
    return connection


def _verify(chain: _Chain) -> None:
    leaf, issuing, root = chain
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    verifier = (
        PolicyBuilder()
        .store(Store([root]))
        .extension_policies(ee_policy=ExtensionPolicy.permit_all(), ca_policy=_CA_POLICY)
        .build_client_verifier()
    )
    verifier.verify(leaf, [issuing])


def certificate_row(
    certificate: x509.Certificate,
    key: CertificatePublicKeyTypes,
    der: bytes,
    digest: bytes,
    public_key: bytes,
) -> dict[str, object]:
    """Return the columns of a certificate with an RSA key, derived by the shortest way."""
    subject, issuer = certificate.subject, certificate.issuer
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the sketch knows RSA keys alone")
    return {
        "id": None,
        "sha256": digest,
        "sha1": hashlib.sha1(der, usedforsecurity=False).digest(),
        "sha512": hashlib.sha512(der).digest(),
        "subject": subject.rfc4514_string(),
        "issuer": issuer.rfc4514_string(),
        "subject_name_sha256": hashlib.sha256(subject.public_bytes()).digest(),
        "issuer_name_sha256": hashlib.sha256(issuer.public_bytes()).digest(),
        "serial_number": format(certificate.serial_number, "x"),
        "not_before": microseconds(certificate.not_valid_before_utc),
        "not_after": microseconds(certificate.not_valid_after_utc),
        "key_type": "RSA",
        "key_size": key.key_size,
        "key_curve": None,
        "public_key_sha256": public_key,
        "signature_algorithm": "SHA256withRSA",
        "self_signed": False,
        "der": der,
    }


def microseconds(time_: datetime) -> int:
    """Return a time as the database keeps it."""
    return int(time_.astimezone(UTC).timestamp()) * _MICROSECONDS
