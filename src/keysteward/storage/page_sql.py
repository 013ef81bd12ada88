"""Statements of the pages that people look through; see ``pages`` for which one is taken when.

As in ``statements``, none has a value of its own. A condition that nobody asked for has a parameter
that lets everything through, so that there are few statements. Which index is used follows from the
order and from which columns stand in a comparison by themselves: there are no statistics to choose
by, and a wrong choice costs a thousand times the right one. Where there are some, they know nothing
of how few a limit leaves: what was found is looked up by ``OneOf``, in the engine's own way.
"""

from collections.abc import Callable
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.sql.selectable import TextualSelect

from keysteward.storage import catalogue_sql, tables
from keysteward.storage.catalogue_sql import Kind

_e = tables.entries
_ZERO: ColumnElement[int] = literal_column("0", Integer)
_EMPTY: ColumnElement[str] = literal_column("''", String)


class Sort(StrEnum):
    """What the lines of a page are in the order of; equal ones are by id, of a type by alias."""

    ALIAS = "alias"
    TYPE = "type"
    VALID_UNTIL = "valid-until"
    MODIFIED = "modified"
    SUBJECT = "subject"
    """Without regard to case, as the issuer."""
    ISSUER = "issuer"


class Narrow(Enum):
    """A condition that an index answers by itself, and that index."""

    PENDING = "entries_pending"
    WAITING = "entries_waiting"
    OWNER = "entries_owner"
    TYPE = "entries_type"
    ENDING = "entries_not_after"


Source = Narrow | TextualSelect
"""Where ids come from that are few: an index of a condition, or the engine's search."""

OneOf = Callable[[ColumnElement[int], Select[Any]], ColumnElement[bool]]
"""``StorageEngine.one_of``."""

_BY_KEY = ("after_key", "after_id")
_KEYS: dict[Sort, tuple[tuple[ColumnElement[Any], ...], tuple[str, ...]]] = {
    Sort.ALIAS: ((_e.c.alias, _e.c.id), _BY_KEY),
    Sort.TYPE: ((_e.c.type, _e.c.alias, _e.c.id), ("after_key", "after_alias", "after_id")),
    Sort.VALID_UNTIL: ((_e.c.not_after, _e.c.id), _BY_KEY),
    Sort.MODIFIED: ((_e.c.modified_at, _e.c.id), _BY_KEY),
    Sort.SUBJECT: ((_e.c.subject_folded, _e.c.id), _BY_KEY),
    Sort.ISSUER: ((_e.c.issuer_folded, _e.c.id), _BY_KEY),
}
"""The columns of an order, and the parameters of the position behind which a page begins."""


def _asked(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=String)


def _if_asked(name: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(_asked(name).is_(None), column == _asked(name))


def _flagged(name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(bindparam(name, type_=Integer) == _ZERO, condition)


def _has_text(*texts: ColumnElement[str]) -> ColumnElement[bool]:
    found = (one.like(_asked("pattern"), escape="\\") for one in texts)
    return or_(_asked("pattern").is_(None), *found)


_TEXTS = (_e.c.alias_folded, _e.c.subject_folded, _e.c.issuer_folded)
_BEFORE = bindparam("before", type_=BigInteger)


def _fits(*, by_end: bool) -> tuple[ColumnElement[bool], ...]:
    """Return all conditions; the one of the end is a range of its index, if that is wanted."""
    return (
        _if_asked("type", _e.c.type),
        _if_asked("owner", _e.c.owner),
        _flagged("waiting", tables.waiting),
        _flagged("pending", _e.c.pending_version.is_not(None)),
        (_e.c.not_after if by_end else _e.c.not_after + _ZERO) < _BEFORE,
        _has_text(*_TEXTS),
    )


_NARROW: dict[Narrow, ColumnElement[bool]] = {
    Narrow.PENDING: _e.c.pending_version.is_not(None) & tables.living,
    Narrow.WAITING: tables.waiting & tables.living,
    Narrow.OWNER: (_e.c.owner == _asked("owner")) & tables.present,
    Narrow.TYPE: (_e.c.type == _asked("type")) & tables.present,
    Narrow.ENDING: (_e.c.not_after >= bindparam("since", type_=BigInteger))
    & (_e.c.not_after < _BEFORE)
    & tables.present,
}


def _in_view(*, deleted: bool, indexed: bool) -> ColumnElement[bool]:
    """Return whose entries are meant: the beginning of every index, or a mere comparison."""
    keystore = _e.c.keystore_id if indexed else _e.c.keystore_id + _ZERO
    view = _e.c.view if indexed else _e.c.view.concat(_EMPTY)
    mine = (keystore == bindparam("keystore")) & (view == bindparam("view"))
    return mine & (tables.deleted if deleted else tables.present)


def _ids(source: Source | None, *, deleted: bool = False) -> Select[Any]:
    """Return the ids that a source leads to, or without one those of all entries."""
    if isinstance(source, TextualSelect):
        found = source.subquery("found")
        return select(found.c.id)
    every = select(_e.c.id)
    if source is None:
        return every.where(_in_view(deleted=deleted, indexed=True)).order_by(_e.c.alias)
    few = every.where(_in_view(deleted=False, indexed=True), _NARROW[source])
    # In this order SQLite takes the index that has those entries alone.
    return few.order_by(_e.c.alias) if source in (Narrow.PENDING, Narrow.WAITING) else few


@cache
def count_source(source: Source | None, *, deleted: bool) -> Executable:
    """Return what counts the ids that a source leads to, up to ``most``."""
    bounded = _ids(source, deleted=deleted).limit(bindparam("most")).offset(_ZERO).subquery()
    return select(func.count()).select_from(bounded)


@cache
def count_fitting(source: Source | None, one_of: OneOf, *, deleted: bool) -> Executable:
    """Return what counts the first ``most`` that a source leads to, and those of them that fit."""
    bounded = _ids(source, deleted=deleted).limit(bindparam("most")).offset(_ZERO)
    listed = _in_view(deleted=deleted, indexed=False)
    fitting = func.count().filter(listed, *_fits(by_end=False))
    return select(func.count(), fitting).select_from(_e).where(one_of(_e.c.id, bounded))


@cache
def count_sample(*, deleted: bool) -> Executable:
    """Return what counts those with a text among the first ``most`` entries by alias."""
    first = select(*_TEXTS).where(_in_view(deleted=deleted, indexed=True)).order_by(_e.c.alias)
    sample = first.limit(bindparam("most")).offset(_ZERO).subquery()
    return select(func.count()).select_from(sample).where(_has_text(*sample.c))


@cache
def page(
    source: Source | None,
    sort: Sort,
    one_of: OneOf,
    *,
    history: bool,
    deleted: bool,
    descending: bool,
    paged: bool,
) -> Executable:
    """Return what finds a page out of a source, or without one along the index of its order.

    Its ids come first, so that of other entries nothing is read but what they are compared by.
    """
    keys, names = _KEYS[sort]
    if sort in (Sort.ALIAS, Sort.TYPE) and not deleted:
        # No two that are there have one alias, and what is no more than the index has no rest.
        keys, names = keys[:-1], names[:-1]
    listed = _in_view(deleted=deleted, indexed=source is None)
    # SQLite uses one upper bound: backwards from a position that is the better one.
    by_end = source is None and sort is Sort.VALID_UNTIL and not (descending and paged)
    ids = select(_e.c.id).where(listed, *_fits(by_end=by_end))
    if source is not None:
        ids = ids.where(one_of(_e.c.id, _ids(source)))
    if paged:
        position = tuple_(*(bindparam(n, type_=k.type) for n, k in zip(names, keys, strict=True)))
        ids = ids.where(tuple_(*keys) < position if descending else tuple_(*keys) > position)
    order = [key.desc() if descending else key for key in keys]
    found = ids.order_by(*order).limit(bindparam("row_limit")).offset(_ZERO)
    kind = Kind.HISTORY if history else Kind.VIEW
    return (
        select(*catalogue_sql.COLUMNS[kind])
        .select_from(catalogue_sql.ROWS[kind])
        .where(one_of(_e.c.id, found))
        .order_by(*order)
    )


# ---- backups, which are walked

_BACKUP_ALIAS = tables.backup_entries.c.alias
_OF_BACKUP = (
    select(*catalogue_sql.COLUMNS[Kind.BACKUP])
    .select_from(catalogue_sql.ROWS[Kind.BACKUP])
    .where(
        catalogue_sql.WHERE[Kind.BACKUP],
        _has_text(
            *(
                func.folded(column, type_=String)
                for column in (
                    _BACKUP_ALIAS,
                    tables.certificates.c.subject,
                    tables.certificates.c.issuer,
                )
            )
        ),
    )
)
BACKUP_PAGE = (
    _OF_BACKUP.where(_BACKUP_ALIAS > bindparam("after_alias"))  # noqa: SIM300  # no constant
    .order_by(_BACKUP_ALIAS)
    .limit(bindparam("row_limit"))
    .offset(_ZERO)
)
BACKUP_COUNT = select(func.count()).select_from(
    _OF_BACKUP.with_only_columns(_BACKUP_ALIAS).limit(bindparam("most")).offset(_ZERO).subquery()
)
