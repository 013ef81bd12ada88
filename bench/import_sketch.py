"""The bare sketch of an import: a JKS file becomes the product's rows, with nothing around it.

It knows RSA keys and X.509 certificates alone, believes every length in the file, has no plan, no
mode and no rule, and relies on the database to refuse an alias that is taken. What it does do:

1. walk the container and compare its digest, take the SHA-256 of the file;
2. open each key by Sun's keystream and load it, compare n with p·q and with the certificate's n;
3. verify the signature of each leaf by its CA's key, and the CA's own once;
4. seal each key by AES-GCM and write the same rows, audit log included, with the product's own
   statements by the raw driver, in one transaction with ``synchronous=FULL``.
"""

import hashlib
import hmac
import json
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pysqlite3.dbapi2 as driver
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)

from bench import sketch, update
from keysteward.entries import ChainState, EntryType, Owner, Reason, View
from keysteward.pki.usages import Usage
from keysteward.storage import changes, statements
from keysteward.storage.engines import sqlite

_KEYSTORE_ID = 1
_DIGEST = 20
"""Bytes of a SHA-1."""
_SUN = 24
"""Bytes before the protected key: SEQUENCE, its algorithm, OCTET STRING, with their lengths."""

_INSERTS = {
    "certificates": sketch.text(changes.INSERT_CERTIFICATE),
    "private_keys": sketch.text(changes.INSERT_PRIVATE_KEY),
    "entries": sketch.text(changes.INSERT_ENTRY),
    "versions": sketch.text(changes.INSERT_VERSION),
    "version_certificates": sketch.text(changes.INSERT_VERSION_CERTIFICATE),
    "audit": sketch.text(changes.INSERT_AUDIT),
}
_FILL_SEARCH = str(sqlite.ENGINE.search_filling)
_LAST_AUDIT = sketch.text(statements.LAST_AUDIT)

_Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the file says of one entry: a protected key with its chain, or a lone certificate."""

    alias: str
    protected: bytes | None
    chain: list[bytes]


@dataclass(slots=True)
class _Known:
    """A certificate that was met: its row, and what its children and its key are compared with."""

    row: _Row
    key: rsa.RSAPublicKey
    n: int
    verified: bool = False


@dataclass(slots=True)
class ImportSketch:
    """A connection to a copy of an empty keystore's database; takes one file."""

    connection: "driver.Connection"
    _rows: dict[str, list[_Row]] = field(default_factory=lambda: {name: [] for name in _INSERTS})
    _known: dict[bytes, _Known] = field(default_factory=dict)
    _data_key: AESGCM = field(default_factory=lambda: AESGCM(bytes(32)))
    _mac_key: bytes = bytes(32)

    def take(self, path: Path, password: str) -> None:
        """Import a JKS file, from its bytes to the commit."""
        data, secret = path.read_bytes(), password.encode("utf-16-be")
        checked = hashlib.sha1(secret + b"Mighty Aphrodite" + data[:-_DIGEST])  # noqa: S324
        if checked.digest() != data[-_DIGEST:]:  # 1
            raise ValueError("another password")
        file_sha256 = hashlib.sha256(data)
        found = [(entry, *self._opened(entry, secret)) for entry in _walked(data)]
        self.connection.execute("BEGIN IMMEDIATE")  # 4
        self._compose(found, file_sha256)
        for table, rows in self._rows.items():
            self.connection.executemany(_INSERTS[table], rows)
        new = [int(str(row["id"])) for row in self._rows["entries"]]
        self.connection.execute(_FILL_SEARCH, {"first": new[0], "last": new[-1]})
        self.connection.execute("COMMIT")

    def _opened(self, entry: _Entry, secret: bytes) -> tuple[bytes | None, list[_Known]]:
        """Return the clear key and the certificates, all of it proven."""
        chain = [self._certificate(der) for der in entry.chain]
        if entry.protected is None:
            return None, chain
        pkcs8 = _unmasked(entry.protected, secret)  # 2
        key = load_der_private_key(pkcs8, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the sketch knows RSA keys alone")
        numbers = key.private_numbers()
        n = numbers.public_numbers.n
        if numbers.p * numbers.q != n or chain[0].n != n:
            raise ValueError("the certificate is for another key")
        for der, child, issuer in zip(entry.chain, chain, chain[1:], strict=False):  # 3
            if not child.verified:
                # Loaded anew: the first one keeps names and extensions as objects, and collecting
                # those as garbage would cost more.
                _verify(x509.load_der_x509_certificate(der), issuer.key)
                child.verified = True
        return pkcs8, chain

    def _certificate(self, der: bytes) -> _Known:
        known = self._known.get(der)
        if known is None:
            loaded = x509.load_der_x509_certificate(der)
            key = loaded.public_key()
            if not isinstance(key, rsa.RSAPublicKey):
                raise TypeError("the sketch knows RSA keys alone")
            spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            public_key = hashlib.sha256(spki).digest()
            digest = hashlib.sha256(der).digest()
            row = sketch.certificate_row(loaded, key, der, digest, public_key)
            known = self._known[der] = _Known(row, key, key.public_numbers().n)
        return known

    def _compose(
        self, found: list[tuple[_Entry, bytes | None, list[_Known]]], file_sha256: "hashlib._Hash"
    ) -> None:
        """Make all rows out of what was read."""
        now, rows = time.time_ns() // 1000, self._rows
        rows["certificates"] = [known.row for known in self._known.values()]
        for number, row in enumerate(rows["certificates"], start=self._next("certificates")):
            row["id"] = number
        (data_key_id,) = self.connection.execute("SELECT id FROM data_keys").fetchone()
        key_id = self._next("private_keys")
        whole = {"file_sha256": file_sha256.hexdigest(), "entries": len(found)}
        events: list[tuple[str | None, int | None, object]] = [(None, None, whole)]
        for entry_id, (entry, pkcs8, chain) in enumerate(found, start=self._next("entries")):
            version_key = None
            if pkcs8 is not None:
                version_key = key_id
                rows["private_keys"].append(self._sealed(key_id, data_key_id, chain[0], pkcs8))
                key_id += 1
            rows["entries"].append(_entry_row(entry_id, entry.alias, chain[0], now, version_key))
            version = _version_row(entry_id, version_key, file_sha256.digest(), now)
            rows["versions"].append(version)
            rows["version_certificates"] += [
                {
                    "entry_id": entry_id,
                    "number": 1,
                    "position": position,
                    "keystore_id": _KEYSTORE_ID,
                    "certificate_id": known.row["id"],
                }
                for position, known in enumerate(chain)
            ]
            fingerprints = [_digest(known.row).hex() for known in chain]
            events.append((entry.alias, entry_id, {"chain": fingerprints}))
        self._audit(events, now)

    def _sealed(self, number: int, data_key_id: str, leaf: _Known, pkcs8: bytes) -> _Row:
        nonce = secrets.token_bytes(12)
        associated = f"{_KEYSTORE_ID} {number} {leaf.row['public_key_sha256']!r}".encode()
        sealed = b"\1" + nonce + self._data_key.encrypt(nonce, pkcs8, associated)
        return {
            "id": number,
            "keystore_id": _KEYSTORE_ID,
            "public_key_sha256": leaf.row["public_key_sha256"],
            "data_key_id": data_key_id,
            "sealed": sealed,
        }

    def _audit(self, events: list[tuple[str | None, int | None, object]], now: int) -> None:
        sequence, mac = self.connection.execute(_LAST_AUDIT).fetchone()
        for number, (alias, entry_id, detail) in enumerate(events, start=sequence + 1):
            row: _Row = {
                "sequence": number,
                "keystore_id": _KEYSTORE_ID,
                "at": now,
                "actor": update.CALLER.name,
                "action": Reason.IMPORTED.value,
                "outcome": "done",
                "alias": alias,
                "entry_id": entry_id,
                "version": 1,
                "detail": json.dumps(detail),
            }
            row["digest"] = digest = hashlib.sha256(json.dumps(row).encode()).digest()
            row["mac"] = mac = hmac.digest(self._mac_key, mac + digest, "sha256")
            row["sealing_key_id"], row["receipt"] = "sketch", None
            self._rows["audit"].append(row)

    def _next(self, table: str) -> int:
        query = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608  # a table of our own
        return int(self.connection.execute(query).fetchone()[0])


@contextmanager
def opened(database: Path) -> Iterator[ImportSketch]:
    """Open a copy of an empty keystore's database with the product's own settings of the engine."""
    with closing(driver.connect(str(database), isolation_level=None)) as connection:
        for pragma, (value, _) in sqlite.PRAGMAS.items():
            connection.execute(f"PRAGMA {pragma}={value}")
        yield ImportSketch(connection)


def _walked(data: bytes) -> Iterator[_Entry]:
    number, word = struct.Struct(">I"), struct.Struct(">H")

    def counted(start: int) -> tuple[bytes, int]:
        stop = start + 4 + number.unpack_from(data, start)[0]
        return data[start + 4 : stop], stop

    def certificate(start: int) -> tuple[bytes, int]:
        return counted(start + 2 + word.unpack_from(data, start)[0])

    position = 12
    for _ in range(number.unpack_from(data, 8)[0]):
        (kind,) = number.unpack_from(data, position)
        start = position + 6
        position = start + word.unpack_from(data, start - 2)[0]
        alias = data[start:position].decode()
        position += 8
        protected, length = None, 1
        if kind == 1:
            protected, position = counted(position)
            (length,) = number.unpack_from(data, position)
            position += 4
        chain = []
        for _ in range(length):
            der, position = certificate(position)
            chain.append(der)
        yield _Entry(alias, protected, chain)


def _unmasked(protected: bytes, secret: bytes) -> bytes:
    content = protected[_SUN:]
    block, masked, digest = content[:_DIGEST], content[_DIGEST:-_DIGEST], content[-_DIGEST:]
    sha1, blocks = hashlib.sha1, []
    for _ in range(0, len(masked), _DIGEST):
        block = sha1(secret + block).digest()
        blocks.append(block)
    stream = int.from_bytes(b"".join(blocks)[: len(masked)])
    clear = (int.from_bytes(masked) ^ stream).to_bytes(len(masked))
    if sha1(secret + clear).digest() != digest:
        raise ValueError("the key has another password")
    return clear


def _verify(child: x509.Certificate, issuer: rsa.RSAPublicKey) -> None:
    issuer.verify(child.signature, child.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA256())


def _entry_row(entry_id: int, alias: str, leaf: _Known, now: int, private_key: int | None) -> _Row:
    lone = private_key is None
    return {
        "id": entry_id,
        "keystore_id": _KEYSTORE_ID,
        "alias": alias,
        "type": (EntryType.CERTIFICATE if lone else EntryType.KEY_PAIR).value,
        "owner": Owner.TENANT.value,
        "usage": Usage.TLS_CLIENT.value,
        "trusted": lone,
        "current_version": 1,
        "pending_version": None,
        "last_version": 1,
        "certificate_id": leaf.row["id"],
        "not_after": leaf.row["not_after"],
        "subject_name_sha256": leaf.row["subject_name_sha256"] if lone else None,
        "waiting_since": None,
        "created_at": now,
        "created_by": update.CALLER.name,
        "modified_at": now,
        "modified_by": update.CALLER.name,
        "deleted_at": None,
        "view": View.CURRENT.value,
        "purged_at": None,
        "held_at": None,
        "alias_folded": alias.lower(),
        "subject_folded": str(leaf.row["subject"]).lower(),
        "issuer_folded": str(leaf.row["issuer"]).lower(),
    }


def _version_row(entry_id: int, private_key: int | None, file_sha256: bytes, now: int) -> _Row:
    return {
        "entry_id": entry_id,
        "number": 1,
        "keystore_id": _KEYSTORE_ID,
        "reason": Reason.IMPORTED.value,
        "private_key_id": private_key,
        "file_sha256": file_sha256,
        "note": None,
        "chain_state": None if private_key is None else ChainState.COMPLETE.value,
        "created_at": now,
        "created_by": update.CALLER.name,
    }


def _digest(row: _Row) -> bytes:
    digest = row["sha256"]
    if not isinstance(digest, bytes):
        raise TypeError(digest)
    return digest
