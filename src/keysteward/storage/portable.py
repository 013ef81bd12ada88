"""Rows as lines of JSON: how a database travels from one engine to another (ADR 12)."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, TypeGuard

from sqlalchemy import (
    BindParameter,
    Boolean,
    Connection,
    Insert,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    bindparam,
    column,
    func,
    insert,
    inspect,
    literal_column,
    select,
    table,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from keysteward.problems import DatabaseUnusable, RecoveryUnreadable
from keysteward.storage import tables
from keysteward.storage.engines.contract import SEARCH_PREFIX
from keysteward.storage.links import Link, Row

MOST_LINE_BYTES = 1 << 24
"""Longest line: far beyond any row, and little enough to be held in memory."""

PAGE_ROWS = 200
"""How many rows are held in memory while a table is read."""

MOST = (1 << 63) - 1
"""The largest whole number that every engine holds."""

_STAYING = tables.PASSING | {"alembic_version"}
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


class ColumnType(StrEnum):
    """What a column holds, besides null."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    BINARY = "binary"


_BY_TYPE: tuple[tuple[type[TypeEngine[Any]], ColumnType], ...] = (
    (Boolean, ColumnType.BOOLEAN),
    (Integer, ColumnType.INTEGER),
    (LargeBinary, ColumnType.BINARY),
    (String, ColumnType.TEXT),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's name and its columns, in order."""

    name: str
    columns: tuple[str, ...]
    types: tuple[ColumnType, ...]

    @property
    def binary(self) -> list[str]:
        """The names of the columns whose values are written in base64."""
        pairs = zip(self.columns, self.types, strict=True)
        return [name for name, type_ in pairs if type_ is ColumnType.BINARY]

    def write(self, row: Row) -> list[object]:
        """Return a row as JSON has it. Raises DatabaseUnusable for what was never written there."""
        return [
            encoded(value) if isinstance(value, bytes) else value
            for value in self.carried(row).values()
        ]

    def carried(self, row: Row) -> dict[str, object]:
        """Return a row of one engine as the driver of any takes it, by column.

        Raises DatabaseUnusable for what was never written there.
        """
        try:
            pairs = zip(self.columns, self.types, row, strict=True)
            return {name: _carried(type_, value) for name, type_, value in pairs}
        except TypeError as error:
            raise DatabaseUnusable(
                f"A row of the table {self.name!r} holds what Keysteward never wrote there, so "
                "the database was altered. Compare it with a backup."
            ) from error

    def read(self, values: list[object]) -> dict[str, object]:
        """Return a row as the driver takes it, by column. Raises RecoveryUnreadable."""
        try:
            pairs = zip(self.columns, self.types, values, strict=True)
            return {name: _read(type_, value) for name, type_, value in pairs}
        except ValueError as error:
            raise RecoveryUnreadable(
                f"A row of the table {self.name!r} does not fit that table."
            ) from error

    def insert(self) -> Insert:
        """Return the statement that writes a row, with the columns' names as parameters."""
        target = table(self.name, *map(column, self.columns))
        return insert(target).values({name: bindparam(name) for name in self.columns})

    def count(self) -> Select[int]:
        """Return the statement that counts the rows."""
        return select(func.count()).select_from(table(self.name))


def shape_of(described: Table) -> Shape:
    """Return the shape of a table of this code's schema."""
    return _shape(described.name, {c.name: c.type for c in described.columns})


def shapes_in(connection: Connection) -> dict[str, Shape]:
    """Return the shapes of the tables that a database has and that move with it.

    The migrations' own one is made by the migrations, what is soon over stays behind, and the
    engine makes its search index out of the entries.
    """
    inspector = inspect(connection)
    return {
        name: _shape(name, {c["name"]: c["type"] for c in inspector.get_columns(name)})
        for name in inspector.get_table_names()
        if name not in _STAYING and not name.startswith(SEARCH_PREFIX)
    }


def rows_of(link: Link, source: Table) -> Iterator[Row]:
    """Return all rows in the order of the primary key, a page of them in memory at a time."""
    keys = list(source.primary_key.columns)
    after: list[BindParameter[object]] = [bindparam(f"after_{k.name}", type_=k.type) for k in keys]
    first = (
        select(*source.columns)
        .order_by(*keys)
        .limit(literal_column(str(PAGE_ROWS)))
        .offset(literal_column("0"))
    )
    following = first.where(tuple_(*keys) > tuple_(*after))
    positions = [list(source.columns).index(key) for key in keys]
    page = link.all(first)
    while page:
        yield from page
        if len(page) < PAGE_ROWS:
            return
        last = {f"after_{source.columns[p].name}": page[-1][p] for p in positions}
        page = link.all(following, **last)


def line(value: Mapping[str, object] | list[object]) -> bytes:
    """Return a value as a line. Raises DatabaseUnusable for one that no reader would take."""
    text = _JSON.encode(value).encode() + b"\n"
    if len(text) > MOST_LINE_BYTES:
        raise DatabaseUnusable(
            f"A row takes {len(text):,} bytes, more than Keysteward ever writes, so the database "
            "was altered. Compare it with a backup."
        )
    return text


class Lines:
    """Reads lines from a file; raises RecoveryUnreadable for all that ``line`` did not write."""

    def __init__(self, file: BinaryIO) -> None:
        self.bytes_read = 0
        self._file = file

    def next(self) -> dict[str, object] | list[object]:
        """Return the value of the next line; there must be one."""
        text = self._file.readline(MOST_LINE_BYTES + 1)
        self.bytes_read += len(text)
        if not text.endswith(b"\n") or len(text) > MOST_LINE_BYTES:
            raise RecoveryUnreadable("Its content ends too early, or a line is too long.")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecoveryUnreadable("A line of its content is no JSON.") from error
        if not isinstance(value, dict | list):
            raise RecoveryUnreadable("A line of its content is neither object nor array.")
        return value

    def end(self) -> None:
        """Find the end of the file, which alone says that it is whole."""
        if self._file.read(1):
            raise RecoveryUnreadable("Something follows the last line of its content.")


def decoded(text: object) -> bytes:
    """Return the bytes of base64. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004  # one kind of error for what a file holds
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def encoded(content: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(content).decode()


def is_integer(value: object) -> TypeGuard[int]:
    """Tell whether a value of JSON is a whole number that every engine holds."""
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return -MOST - 1 <= value <= MOST


def _shape(name: str, types: Mapping[str, TypeEngine[Any]]) -> Shape:
    return Shape(name, tuple(types), tuple(map(_column_type, types.values())))


def _column_type(type_: TypeEngine[Any]) -> ColumnType:
    return next(found for one, found in _BY_TYPE if isinstance(type_, one))


def _carried(type_: ColumnType, value: object) -> object:
    if value is None:
        return None
    if type_ is ColumnType.BOOLEAN and value in (0, 1):
        return bool(value)
    if type_ is ColumnType.BINARY and isinstance(value, bytes):
        return value
    if type_ is ColumnType.INTEGER and isinstance(value, int):
        return value
    if type_ is ColumnType.TEXT and isinstance(value, str):
        return value
    raise TypeError(type_)


def _read(type_: ColumnType, value: object) -> object:
    if value is None:
        return None
    if type_ is ColumnType.BINARY:
        return decoded(value)
    if type_ is ColumnType.BOOLEAN and isinstance(value, bool):
        return value
    if type_ is ColumnType.INTEGER and is_integer(value):
        return value
    if type_ is ColumnType.TEXT and isinstance(value, str):
        value.encode()  # a lone surrogate is a ValueError, too
        return value
    raise ValueError(type_)
