"""Statements of the catalogue, written in Core; see ``statements``.

A list without condition and order is one of a few statements that have no value of their own. With
one of them it is built for its request, see ``condition_sql``.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import (
    FromClause,
    Integer,
    Select,
    String,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.sql.elements import ColumnElement

from keysteward.entries import EntryType, Owner, View
from keysteward.storage import condition_sql, sap_texts, tables
from keysteward.storage.columns import TEXT
from keysteward.storage.conditions import Condition, Order
from keysteward.storage.records import Backup

_e, _v, _vc = tables.entries, tables.versions, tables.version_certificates
_c, _h, _be = tables.certificates, tables.activations, tables.backup_entries

_ZERO: ColumnElement[int] = literal_column("0", Integer)


class Kind(Enum):
    """The three shapes of a list."""

    VIEW = "view"
    HISTORY = "history"
    BACKUP = "backup"


def kind_of(source: View | Backup) -> Kind:
    """Return the shape of a source's lists."""
    if isinstance(source, Backup):
        return Kind.BACKUP
    return Kind.HISTORY if source is View.HISTORY else Kind.VIEW


# ---- what is listed

_CERTIFICATE = (
    _c.c.subject,
    _c.c.issuer,
    _c.c.serial_number,
    _c.c.not_before,
    _c.c.not_after,
    _c.c.key_type,
    _c.c.key_size,
    _c.c.key_curve,
    _c.c.signature_algorithm,
    _c.c.sha1,
    _c.c.sha256,
    _c.c.sha512,
    func.certificate_version(_c.c.der),
)
_OF_VIEW = (
    _e.c.id,
    _e.c.alias,
    _e.c.type,
    _e.c.owner,
    _e.c.usage,
    _e.c.trusted,
    _e.c.current_version,
    _e.c.pending_version,
    _e.c.waiting_since,
    _e.c.created_at,
    _e.c.created_by,
    _e.c.modified_at,
    _e.c.modified_by,
    *_CERTIFICATE,
    _v.c.chain_state,
    _e.c.deleted_at,
)
_ACTIVATION = (
    _h.c.original_alias,
    _h.c.sequence,
    _h.c.active_from,
    _h.c.activated_by,
    _h.c.active_until,
    _h.c.deactivated_by,
)
_OF_BACKUP: tuple[ColumnElement[Any], ...] = (
    _be.c.entry_id,
    _be.c.alias,
    _be.c.type,
    literal_column("'tenant'", String),
    _be.c.usage,
    _be.c.trusted,
    _be.c.number,
    _be.c.pending_number,
    literal_column("NULL"),
    _e.c.created_at,
    _e.c.created_by,
    _v.c.created_at,
    _v.c.created_by,
    *_CERTIFICATE,
    _v.c.chain_state,
    literal_column("NULL"),
)

_VIEW_ROWS = _e.join(_c, _c.c.id == _e.c.certificate_id).join(
    _v, (_v.c.entry_id == _e.c.id) & (_v.c.number == _e.c.current_version)
)
_BACKUP_ROWS = (
    _be.join(_e, _e.c.id == _be.c.entry_id)
    .join(_v, (_v.c.entry_id == _be.c.entry_id) & (_v.c.number == _be.c.number))
    .join(
        _vc,
        (_vc.c.entry_id == _be.c.entry_id)
        & (_vc.c.number == _be.c.number)
        & (_vc.c.position == _ZERO),
    )
    .join(_c, _c.c.id == _vc.c.certificate_id)
)

_IN_VIEW = (
    (_e.c.keystore_id == bindparam("keystore")) & (_e.c.view == bindparam("view")) & tables.present
)
# The keystore of a backup is looked at row by row: the primary key begins with the backup.
_IN_BACKUP = (_be.c.backup_id == bindparam("backup")) & (_be.c.keystore_id == bindparam("keystore"))

_ALIASES: Mapping[Kind, ColumnElement[str]] = {
    Kind.VIEW: _e.c.alias,
    Kind.HISTORY: _e.c.alias,
    Kind.BACKUP: _be.c.alias,
}
ROWS: Mapping[Kind, FromClause] = {
    Kind.VIEW: _VIEW_ROWS,
    Kind.HISTORY: _VIEW_ROWS.outerjoin(_h, _h.c.entry_id == _e.c.id),
    Kind.BACKUP: _BACKUP_ROWS,
}
WHERE: Mapping[Kind, ColumnElement[bool]] = {
    Kind.VIEW: _IN_VIEW,
    Kind.HISTORY: _IN_VIEW,
    Kind.BACKUP: _IN_BACKUP,
}
COLUMNS: Mapping[Kind, tuple[ColumnElement[Any], ...]] = {
    Kind.VIEW: _OF_VIEW,
    Kind.HISTORY: _OF_VIEW + _ACTIVATION,
    Kind.BACKUP: _OF_BACKUP,
}


@cache
def list_page(kind: Kind, *, paged: bool) -> Select[Any]:
    """Return the statement of a page in the order of the aliases: a range of one index."""
    alias = _ALIASES[kind]
    statement = (
        select(*COLUMNS[kind])
        .select_from(ROWS[kind])
        .where(WHERE[kind])
        .order_by(alias)
        .limit(bindparam("row_limit"))
        .offset(bindparam("skipped"))
    )
    return statement.where(alias > bindparam("after_alias")) if paged else statement


FIND: Mapping[Kind, Select[Any]] = {
    kind: select(*COLUMNS[kind])
    .select_from(ROWS[kind])
    .where(WHERE[kind], _ALIASES[kind] == bindparam("alias"))
    for kind in Kind
}

_COUNT_VIEW = select(func.count()).select_from(_e).where(_IN_VIEW)
COUNTS: Mapping[Kind, Select[Any]] = {
    Kind.VIEW: _COUNT_VIEW,
    Kind.HISTORY: _COUNT_VIEW,
    Kind.BACKUP: select(func.count()).select_from(_be).where(_IN_BACKUP),
}

# ---- figures about the current entries

_CURRENT = (_e.c.keystore_id == bindparam("keystore")) & tables.living
_OF_PROVIDER = _e.c.owner == literal_column(f"'{Owner.PROVIDER.value}'")
# Grouped by an expression: by the type itself, all entries would be walked to have them in order.
_SOME_TYPE = _e.c.type.concat(literal_column("''", String))

COUNT_BY_TYPE = select(_e.c.type, func.count()).where(_CURRENT).group_by(_e.c.type)
COUNT_OF_PROVIDER = (
    select(_SOME_TYPE, func.count()).where(_CURRENT, _OF_PROVIDER).group_by(_SOME_TYPE)
)


def _count_of_few(where: ColumnElement[bool]) -> Select[Any]:
    """Return a count by the index that has those entries alone.

    SQLite takes one that has the keystore's entries in their order, and the limit keeps the order.
    """
    few = select(_e.c.id).where(_CURRENT, where).order_by(_e.c.alias)
    return select(func.count()).select_from(
        few.limit(literal_column(str((1 << 63) - 1), Integer)).offset(_ZERO).subquery()
    )


COUNT_WAITING = _count_of_few(tables.waiting)
COUNT_PENDING = _count_of_few(_e.c.pending_version.is_not(None))
COUNT_ENDING = (
    select(func.count())
    .select_from(_e)
    .where(_CURRENT, _e.c.not_after >= bindparam("since"), _e.c.not_after < bindparam("before"))
)
LIST_VALIDITY = (
    select(_e.c.id, _e.c.alias, _e.c.not_after)
    .where(
        _e.c.keystore_id == bindparam("keystore"),
        tables.living,
        tuple_(_e.c.not_after, _e.c.id)
        > tuple_(bindparam("after_not_after"), bindparam("after_id")),
    )
    .order_by(_e.c.not_after, _e.c.id)
    .limit(bindparam("row_limit"))
    .offset(_ZERO)
)

# ---- conditions and orders


def narrowed(
    kind: Kind, page: Select[Any], condition: Condition | None, order: tuple[Order, ...]
) -> Select[Any]:
    """Return the statement of a page that fits a checked condition, in a checked order."""
    fields = _fields(kind)
    if condition is not None:
        page = page.where(condition_sql.build(condition, fields))
    if not order:
        return page
    keys = []
    for key in order:
        built = condition_sql.build(key.expression, fields)
        if built is condition_sql.NULL:
            continue  # the same for all, and PostgreSQL takes no constant here
        keys.append(built.desc().nulls_last() if key.descending else built.asc().nulls_first())
    return page.order_by(None).order_by(*keys, _ALIASES[kind])


def count_of(kind: Kind, condition: Condition) -> Select[Any]:
    """Return the statement that counts what fits a checked condition."""
    statement = select(func.count()).select_from(ROWS[kind]).where(WHERE[kind])
    return statement.where(condition_sql.build(condition, _fields(kind)))


def _colon_hex(digest: ColumnElement[bytes]) -> ColumnElement[str]:
    # By code point, too: what is made of bytes has the collation of the database.
    return func.colon_hex(digest, type_=TEXT).concat(condition_sql.constant(""))


def _milliseconds(time: ColumnElement[int]) -> ColumnElement[int]:
    return time - time % literal(1000)


@cache
def _fields(kind: Kind) -> Mapping[str, ColumnElement[Any]]:
    """Return what each property shows, as SQL; ``sap_texts`` has the same as functions."""
    of = dict(zip(("alias", "type", "owner"), COLUMNS[kind][1:4], strict=True))
    owner = of["owner"]
    created_at, created_by, modified_at, modified_by = COLUMNS[kind][9:13]
    of_provider = owner == literal(Owner.PROVIDER.value)
    fields: dict[str, ColumnElement[Any]] = {
        "Hexalias": func.hexalias(of["alias"], type_=TEXT),
        "Alias": of["alias"],
        "KeyType": _c.c.key_type,
        "KeySize": _c.c.key_size,
        "ValidNotBefore": _c.c.not_before,
        "ValidNotAfter": _c.c.not_after,
        "SerialNumber": condition_sql.constant("0x").concat(func.upper(_c.c.serial_number)),
        "SignatureAlgorithm": _c.c.signature_algorithm,
        "EllipticCurve": _c.c.key_curve,
        "Validity": condition_sql.NULL,
        "SubjectDN": func.sap_name(_c.c.subject, type_=TEXT),
        "IssuerDN": func.sap_name(_c.c.issuer, type_=TEXT),
        "Version": func.certificate_version(_c.c.der, type_=Integer),
        "FingerprintSha1": _colon_hex(_c.c.sha1),
        "FingerprintSha256": _colon_hex(_c.c.sha256),
        "FingerprintSha512": _colon_hex(_c.c.sha512),
        "Type": case(
            {type_.value: condition_sql.constant(sap_texts.TYPES[type_]) for type_ in EntryType},
            value=of["type"],
        ),
        "Owner": case(
            {one.value: condition_sql.constant(sap_texts.OWNERS[one]) for one in Owner}, value=owner
        ),
        "LastModifiedBy": case(
            (of_provider, condition_sql.constant(sap_texts.PROVIDER)), else_=modified_by
        ),
        "LastModifiedTime": _milliseconds(modified_at),
        "CreatedBy": case(
            (of_provider, condition_sql.constant(sap_texts.PROVIDER)), else_=created_by
        ),
        "CreatedTime": _milliseconds(created_at),
        "Status": condition_sql.constant(sap_texts.STATUS),
    }
    if kind is Kind.HISTORY:
        fields |= {
            "ActivatedBy": _h.c.activated_by,
            "ActiveFrom": _milliseconds(_h.c.active_from),
            "DeactivatedBy": _h.c.deactivated_by,
            "ActiveUntil": _milliseconds(_h.c.active_until),
            "ActivationSequenceNumber": _h.c.sequence,
            "OriginalAlias": _h.c.original_alias,
        }
    return fields
