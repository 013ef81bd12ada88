"""The bare sketch of an update on PostgreSQL, as ``sketch`` is on SQLite: the same by psycopg.

Each statement is sent by itself and prepared once, as psycopg does unless told otherwise. The audit
row is written where rows wait to be linked.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import create_engine

from bench import sketch
from bench.sketch import Texts, Writer
from keysteward.storage import changes
from keysteward.storage.engines.contract import POSTGRESQL

_DIALECT = create_engine(f"{POSTGRESQL}://").dialect
_TEXTS = Texts.of(_DIALECT)
_NEXT_ID = "SELECT nextval('certificates_id_seq')"
_INSERT_AUDIT = sketch.text(changes.INSERT_WAITING_AUDIT, _DIALECT)
_RECEIPT_BYTES = 16


@dataclass(slots=True)
class PostgresqlWriter(Writer):
    """A connection of psycopg's; for one thread at a time."""

    texts: Texts = _TEXTS

    def begin(self) -> None:
        """Begin a transaction."""
        self.connection.execute("BEGIN")

    def insert_certificate(self, row: dict[str, object]) -> int:
        """Write a certificate under the next number of its sequence."""
        number: int = self.connection.execute(_NEXT_ID).fetchone()[0]
        self.connection.execute(self.texts.insert_certificate, {**row, "id": number})
        return number

    def insert_members(self, rows: list[dict[str, object]]) -> None:
        """Write the certificates of a version."""
        with self.connection.cursor() as cursor:
            cursor.executemany(self.texts.insert_version_certificate, rows)

    def audit(self, event: dict[str, object]) -> None:
        """Write a row of the audit log; it is linked later."""
        digest = hashlib.sha256(json.dumps(event).encode()).digest()
        row = {**event, "digest": digest, "receipt": os.urandom(_RECEIPT_BYTES)}
        self.connection.execute(_INSERT_AUDIT, row)


@contextmanager
def writing(conninfo: str) -> Iterator[Writer]:
    """Lend a writer with a connection of its own."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield PostgresqlWriter(connection)
