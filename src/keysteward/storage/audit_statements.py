"""What is read of the audit log besides its chain, written in Core; see ``statements``.

Every list is a range of one index in the order of the sequence numbers. A condition that no index
serves is looked at row by row within that range; NULL is no condition.
"""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, bindparam, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import tables
from keysteward.storage.statements import among

_a, _c = tables.audit, tables.certificates

_ONE: ColumnElement[int] = literal_column("1", Integer)
_ZERO: ColumnElement[int] = literal_column("0", Integer)

CONTENT = tuple(_a.columns)[:10]
"""The columns of a row without those of the chain."""

# A sum is in no index: the planner must not take the one by time, nor look for the first sequence
# number from the beginning of the log.
_at = _a.c.at + _ZERO
_sequence = _a.c.sequence + _ZERO

# Rows of the installation name no keystore.
_MINE = _a.c.keystore_id.is_not_distinct_from(bindparam("keystore"))

FIRST_SINCE = select(func.min(_sequence)).where(_MINE, _a.c.at >= bindparam("since"))
LAST_UNTIL = select(func.max(_sequence)).where(_MINE, _a.c.at <= bindparam("until"))
LAST = select(_a.c.sequence).where(_MINE).order_by(_a.c.sequence.desc()).limit(_ONE).offset(_ZERO)

# Numbers that clients name may be larger than any row has.
_AFTER = bindparam("after_sequence", type_=BigInteger)
_SINCE = bindparam("since", type_=BigInteger)
_UNTIL = bindparam("until", type_=BigInteger)


def _unless_null(column: ColumnElement[Any]) -> ColumnElement[bool]:
    value: ColumnElement[Any] = bindparam(column.key, type_=column.type)
    return value.is_(None) | (column == value)


def _wanted(*columns: ColumnElement[Any], of_alias: bool) -> Select[Any]:
    statement = select(*columns).where(
        _MINE,
        _a.c.sequence > _AFTER,
        # With both bounds to use, SQLite prefers the index without the alias.
        (_sequence if of_alias else _a.c.sequence) <= bindparam("last_sequence"),
        *map(_unless_null, (_a.c.actor, _a.c.action, _a.c.outcome)),
        _SINCE.is_(None) | (_at >= _SINCE),
        _UNTIL.is_(None) | (_at <= _UNTIL),
    )
    return statement.where(_a.c.alias == bindparam("alias")) if of_alias else statement


@cache
def list_wanted(*, of_alias: bool) -> Select[Any]:
    """Return the statement of one page of the rows that are asked for, oldest first."""
    return (
        _wanted(*CONTENT, of_alias=of_alias)
        .order_by(_a.c.sequence)
        .limit(bindparam("row_limit"))
        .offset(_ZERO)
    )


@cache
def find_from_end(*, of_alias: bool) -> Select[Any]:
    """Return the statement that counts rows that are asked for from the end of the log."""
    return (
        _wanted(_a.c.sequence, of_alias=of_alias)
        .order_by(_a.c.sequence.desc())
        .limit(_ONE)
        .offset(bindparam("skipped"))
    )


LIST_OF_ENTRY = (
    select(*CONTENT)
    .where(
        _a.c.entry_id == bindparam("entry"),
        _a.c.sequence > _AFTER,
        _a.c.keystore_id + _ZERO == bindparam("keystore"),
    )
    .order_by(_a.c.sequence)
    .limit(bindparam("row_limit"))
    .offset(_ZERO)
)
ENTRIES_OF_ALIAS = (
    select(_a.c.entry_id)
    .distinct()
    .where(_MINE, _a.c.alias == bindparam("alias"), _a.c.entry_id.is_not(None))
)

CERTIFICATES = among(_c.c.sha256, (_c.c.der,))
