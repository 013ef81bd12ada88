"""Many entries in little time: the rows of one real entry are copied around the product.

Each copy has its own rows for entry, current version, chain, signing request, private key and leaf
certificate; issuing CA and root are shared, as in a real keystore. The leaf has a serial number and
fingerprints of its own; its signature is the first one's and would not verify, and its sealed key
would not open: an update looks at neither.

Of entries that are looked through alone, there is only what lists read: entry, current version and
leaf certificate.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3.dbapi2 as driver

from bench import update
from keysteward.storage.engines import postgresql, sqlite

_Row = Mapping[str, object]
_Read = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
"""Returns the names of a query's columns, and its rows."""

_FIRST_NUMBER = 1000
"""Above every number that the one real entry's rows have."""
_SERIAL_BYTES = 20
"""Length of a random serial number with the library that makes them."""
_RANDOM_BYTES = 16


def fill(
    database: Path, size: int, rare: tuple[str, int] | None = None, *, listed_only: bool = False
) -> None:
    """Copy the rows of the entry with id 1 until there are ``size`` entries.

    ``rare`` is a text, and a number: of the first thousand aliases each so many-th ends in it.
    ``listed_only`` leaves out what no list reads.
    """
    with closing(driver.connect(str(database), isolation_level=None)) as connection:

        def read(query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
            cursor = connection.execute(query)
            return [column[0] for column in cursor.description], cursor.fetchall()

        # Neither log nor sync: whoever measures opens the database with the product's settings.
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for table, rows in _Template(read, rare).copies(size, listed_only=listed_only):
            _insert(connection, table, rows)
        filling = str(sqlite.ENGINE.search_filling)
        connection.execute(filling, {"first": _FIRST_NUMBER, "last": _FIRST_NUMBER + size})
        connection.execute("COMMIT")


def fill_postgresql(
    connection: Any,  # noqa: ANN401  # psycopg has more than the DB-API knows
    size: int,
    rare: tuple[str, int] | None = None,
    *,
    listed_only: bool = False,
) -> None:
    """Do the same on a connection of psycopg's, and what the server would do for itself later."""

    def read(query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = connection.execute(query.encode())
        return [column.name for column in cursor.description or ()], cursor.fetchall()

    with connection.transaction():
        # Foreign keys hold already: every copy names what its first one names, or another copy.
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, rows in _Template(read, rare).copies(size, listed_only=listed_only):
            _copy(connection, table, rows)
        postgresql.ENGINE.raise_ids(connection, {})
    connection.execute("VACUUM ANALYZE")


class _Template:
    """The rows of the first entry, and copies of them under new numbers."""

    def __init__(self, read: _Read, rare: tuple[str, int] | None) -> None:
        self._rare = rare

        def rows(table: str, condition: str) -> list[_Row]:
            names, found = read(f"SELECT * FROM {table} WHERE {condition}")  # noqa: S608
            return [dict(zip(names, row, strict=True)) for row in found]

        (self._entry,) = rows("entries", "id=1")
        version = f"entry_id=1 AND number={self._entry['current_version']}"
        (self._version,) = rows("versions", version)
        self._chain = rows("version_certificates", version)
        (self._key,) = rows("private_keys", f"id={self._version['private_key_id']}")
        (self._request,) = rows("signing_requests", "entry_id=1")
        (self._leaf,) = rows("certificates", f"id={self._entry['certificate_id']}")

    def copies(self, size: int, *, listed_only: bool) -> Iterator[tuple[str, Iterator[_Row]]]:
        """Yield each table with its new rows."""
        numbers = range(_FIRST_NUMBER + 1, _FIRST_NUMBER + size)
        yield "certificates", map(self._copied_leaf, numbers)
        if not listed_only:
            yield "private_keys", map(self._copied_key, numbers)
        yield "entries", map(self._copied_entry, numbers)
        key = self._version["private_key_id"]
        yield (
            "versions",
            (
                {**self._version, "entry_id": n, "private_key_id": key if listed_only else n}
                for n in numbers
            ),
        )
        if not listed_only:
            yield from self._copied_chains(numbers)

    def _copied_chains(self, numbers: Iterable[int]) -> Iterator[tuple[str, Iterator[_Row]]]:
        yield (
            "version_certificates",
            (self._copied_member(member, n) for n in numbers for member in self._chain),
        )
        yield "signing_requests", ({**self._request, "id": n, "entry_id": n} for n in numbers)

    def _copied_entry(self, number: int) -> _Row:
        alias = self._alias(number - _FIRST_NUMBER)
        return {**self._entry, "id": number, "certificate_id": number, **alias}

    def _alias(self, position: int) -> _Row:
        alias = update.alias(position)
        if self._rare is not None and position < _FIRST_NUMBER:
            text, every = self._rare
            alias += "" if position % every else f"-{text}"
        return {"alias": alias, "alias_folded": alias.lower()}

    def _copied_leaf(self, number: int) -> _Row:
        old, text = self._leaf["der"], str(self._leaf["serial_number"])
        if not isinstance(old, bytes):
            raise TypeError(old)
        end = old.index(bytes.fromhex(text.zfill(2 * _SERIAL_BYTES))) + _SERIAL_BYTES
        serial = os.urandom(_RANDOM_BYTES)
        der = old[: end - _RANDOM_BYTES] + serial + old[end:]
        return {
            **self._leaf,
            "id": number,
            "der": der,
            "sha256": hashlib.sha256(der).digest(),
            "sha1": hashlib.sha1(der, usedforsecurity=False).digest(),
            "sha512": hashlib.sha512(der).digest(),
            "serial_number": text[: -2 * _RANDOM_BYTES] + serial.hex(),
        }

    def _copied_key(self, number: int) -> _Row:
        sealed = self._key["sealed"]
        if not isinstance(sealed, bytes):
            raise TypeError(sealed)
        digest, other = os.urandom(32), os.urandom(len(sealed))
        return {**self._key, "id": number, "public_key_sha256": digest, "sealed": other}

    def _copied_member(self, member: _Row, number: int) -> _Row:
        certificate = number if member["position"] == 0 else member["certificate_id"]
        return {**member, "entry_id": number, "certificate_id": certificate}


def _insert(connection: "driver.Connection", table: str, rows: Iterator[_Row]) -> None:
    first = next(rows, None)
    if first is not None:
        names, marks = ",".join(first), ",".join(":" + name for name in first)
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        connection.execute(statement, first)
        connection.executemany(statement, rows)


def _copy(
    connection: psycopg.Connection[tuple[Any, ...]], table: str, rows: Iterator[_Row]
) -> None:
    first = next(rows, None)
    if first is None:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({','.join(first)}) FROM STDIN".encode()) as copying,
    ):
        copying.write_row(tuple(first.values()))
        for row in rows:
            copying.write_row(tuple(row.values()))
