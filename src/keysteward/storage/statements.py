"""Every query, written in Core. Parameters are named; none has a value of its own.

``Database`` passes the parameters to the driver as they are, so a constant in an expression, which
Core would turn into a parameter with a value, must not occur here.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import tables

_e, _v = tables.entries, tables.versions
_vc, _c = tables.version_certificates, tables.certificates
_r, _k = tables.signing_requests, tables.private_keys
_t, _a, _w = tables.trust_confirmations, tables.audit, tables.audit_waiting

_ONE: ColumnElement[int] = literal_column("1")
_ZERO: ColumnElement[int] = literal_column(
    "0"
)  # a limit that is an expression would bring an offset with a value

_own = _c.alias("own")


MANY = 16
"""Values that one statement of ``among`` looks for: a chain's certificates, or a part of many."""


def among(
    column: ColumnElement[Any], columns: Sequence[ColumnElement[Any]], *where: ColumnElement[bool]
) -> Select[Any]:
    """Return a query for the rows with one of MANY values; see ``Link.among``."""
    return select(*columns).where(*where, one_of(column))


def one_of(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of MANY values, the parameters of ``padded``."""
    return column.in_([bindparam(f"value_{number}") for number in range(MANY)])


def padded(values: Sequence[object]) -> dict[str, object]:
    """Return one to MANY values as parameters; the last one is repeated."""
    whole = [*values, *[values[-1]] * (MANY - len(values))]
    return {f"value_{number}": value for number, value in enumerate(whole)}


# ---- keystores, data keys, private keys

GET_KEYSTORE = select(tables.keystores.c.id).where(
    tables.keystores.c.name == bindparam("keystore_name")
)
GET_KEYSTORE_NAME = select(tables.keystores.c.name).where(
    tables.keystores.c.id == bindparam("keystore")
)
LIST_KEYSTORES = select(tables.keystores.c.name, tables.keystores.c.id).order_by(
    tables.keystores.c.name
)
ANY_KEYSTORE = select(tables.keystores.c.id).limit(_ONE).offset(_ZERO)

LIST_DATA_KEYS = select(
    tables.data_keys.c.id, tables.data_keys.c.sealing_key_id, tables.data_keys.c.wrapped
).order_by(tables.data_keys.c.number)

GET_PRIVATE_KEY = select(
    _k.c.data_key_id, _k.c.sealed, _k.c.keystore_id, _k.c.id, _k.c.public_key_sha256
).where(_k.c.id == bindparam("private_key"))
FIND_PRIVATE_KEYS = among(
    _k.c.public_key_sha256,
    (_k.c.public_key_sha256, _k.c.id),
    _k.c.keystore_id == bindparam("keystore"),
)

# ---- entries and versions

_VERSION = (
    _v.c.number,
    _v.c.reason,
    _v.c.created_at,
    _v.c.created_by,
    _v.c.private_key_id,
    _v.c.file_sha256,
    _v.c.note,
    _c.c.der,
)

_ENTRY = (
    _e.c.id,
    _e.c.keystore_id,
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
    _e.c.deleted_at,
    _e.c.view,
)

CHAIN = (_vc.c.entry_id == _v.c.entry_id) & (_vc.c.number == _v.c.number)

_ENTRY_WITH_CHAINS = (
    select(*_ENTRY, *_VERSION)
    .select_from(_e)
    .join(
        _v,
        (_v.c.entry_id == _e.c.id) & _v.c.number.in_([_e.c.current_version, _e.c.pending_version]),
    )
    .join(_vc, CHAIN)
    .join(_c, _c.c.id == _vc.c.certificate_id)
    .order_by(_v.c.number, _vc.c.position)
)

NAMED = (
    (_e.c.keystore_id == bindparam("keystore"))
    & (_e.c.view == bindparam("view"))
    & (_e.c.alias == bindparam("alias"))
    & tables.present
)

ENTRY_BY_ALIAS = _ENTRY_WITH_CHAINS.where(NAMED)
ENTRY_BY_ID = _ENTRY_WITH_CHAINS.where(_e.c.id == bindparam("entry"))
FIND_DELETED = (
    select(_e.c.id)
    .where(
        _e.c.keystore_id == bindparam("keystore"), _e.c.alias == bindparam("alias"), tables.deleted
    )
    .order_by(_e.c.deleted_at.desc(), _e.c.id.desc())
    .limit(_ONE)
    .offset(_ZERO)
)
FIND_PRESENT = among(
    _e.c.alias,
    (_e.c.alias,),
    (_e.c.keystore_id == bindparam("keystore")) & (_e.c.view == bindparam("view")) & tables.present,
)
GET_ALIAS_OF_DELETED = select(_e.c.alias).where(
    _e.c.id == bindparam("entry"), _e.c.keystore_id == bindparam("keystore"), tables.deleted
)

LIST_VERSIONS = (
    select(*_VERSION)
    .select_from(_v)
    .join(_vc, CHAIN)
    .join(_c, _c.c.id == _vc.c.certificate_id)
    .where(_v.c.entry_id == bindparam("entry"))
    .order_by(_v.c.number, _vc.c.position)
)
# Clients may name a number that is larger than any version has.
GET_VERSION = LIST_VERSIONS.where(_v.c.number == bindparam("version_number", type_=BigInteger))

_LISTED = (
    _e.c.id,
    _e.c.alias,
    _e.c.type,
    _e.c.owner,
    _e.c.usage,
    _e.c.trusted,
    _e.c.current_version,
    _e.c.pending_version,
    _e.c.waiting_since,
    _e.c.modified_at,
    _e.c.deleted_at,
    _c.c.subject,
    _c.c.issuer,
    _c.c.not_before,
    _c.c.not_after,
    _c.c.key_type,
    _c.c.key_size,
    _c.c.key_curve,
    _c.c.signature_algorithm,
    _c.c.sha256,
    _c.c.self_signed,
)


def _listed(*, current: bool, deleted: bool) -> ColumnElement[bool]:
    if deleted:
        return tables.deleted
    return tables.living if current else tables.present & (_e.c.view == bindparam("view"))


def _unindexed(column: ColumnElement[str], wanted: bool) -> ColumnElement[str]:  # noqa: FBT001  # which of two forms
    """Return a column as an expression that is in no index, if that is wanted."""
    return column.concat(literal_column("''", String)) if wanted else column


@cache
def list_entries(
    *,
    current: bool,
    expiring: bool,
    waiting: bool,
    deleted: bool,
    paged: bool,
    typed: bool = False,
    owned: bool = False,
    prefixed: bool = False,
) -> Select[tuple[object, ...]]:
    """Return the statement of one kind of list; each is a range of one index, in its order."""
    # Of what expires, waits or is deleted, no index knows type and owner: those few are looked at.
    few = expiring or waiting or deleted
    order: tuple[ColumnElement[object], ...] = (_e.c.alias,)
    after: tuple[ColumnElement[object], ...] = (bindparam("after_alias"),)
    if deleted:
        order = (_e.c.alias, _e.c.deleted_at, _e.c.id)
        after = (bindparam("after_alias"), bindparam("after_deleted"), bindparam("after_id"))
    elif expiring:
        order = (_e.c.not_after, _e.c.id)
        after = (bindparam("after_not_after"), bindparam("after_id"))
    statement = (
        select(*_LISTED)
        .select_from(_e)
        .join(_c, _c.c.id == _e.c.certificate_id)
        .where(_e.c.keystore_id == bindparam("keystore"))
        .where(_listed(current=current, deleted=deleted))
        .order_by(*order)
        .limit(bindparam("row_limit"))
        .offset(_ZERO)
    )
    if expiring:
        statement = statement.where(_e.c.not_after < bindparam("before"))
    if waiting:
        statement = statement.where(tables.waiting)
    if typed:
        statement = statement.where(_unindexed(_e.c.type, few) == bindparam("type"))
    if owned:
        statement = statement.where(_unindexed(_e.c.owner, few) == bindparam("owner"))
    if prefixed:
        alias = _unindexed(_e.c.alias, expiring and not deleted)
        statement = statement.where(
            alias >= bindparam("prefix_from"), alias < bindparam("prefix_to")
        )
    if paged:
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return statement


LIST_ALIASES = (
    select(_e.c.alias)
    .where(
        _e.c.keystore_id == bindparam("keystore"),
        _e.c.alias >= bindparam("prefix_from"),
        _e.c.alias < bindparam("prefix_to"),
        _e.c.view == bindparam("view"),
        tables.present,
    )
    .order_by(_e.c.alias)
    .limit(bindparam("row_limit"))
    .offset(_ZERO)
)

FIND_KEY_OWNERS = (
    select(_e.c.alias, _e.c.id, _v.c.number, _e.c.current_version)
    .select_from(_k)
    .join(_v, _v.c.private_key_id == _k.c.id)
    .join(_e, _e.c.id == _v.c.entry_id)
    .where(
        _k.c.keystore_id == bindparam("keystore"),
        _k.c.public_key_sha256 == bindparam("public_key"),
        tables.living,
    )
    .order_by(_e.c.id, _v.c.number)
)

# ---- certificates and trust

FIND_CERTIFICATES = among(_c.c.sha256, (_c.c.sha256, _c.c.id))

_CERTIFICATE_ENTRIES = (
    select(_c.c.der)
    .select_from(_e)
    .join(_c, _c.c.id == _e.c.certificate_id)
    .where(_e.c.keystore_id == bindparam("keystore"), tables.living)
)
CERTIFICATES_BY_NAME = _CERTIFICATE_ENTRIES.where(
    _e.c.subject_name_sha256 == bindparam("name_sha256")
).order_by(_e.c.id)
TRUSTED_BY_NAME = CERTIFICATES_BY_NAME.where(_e.c.trusted)
TRUSTED_BY_FINGERPRINT = _CERTIFICATE_ENTRIES.where(
    _e.c.subject_name_sha256
    == select(_own.c.subject_name_sha256)
    .where(_own.c.sha256 == bindparam("fingerprint"))
    .scalar_subquery(),
    _c.c.sha256 == bindparam("fingerprint"),
    _e.c.trusted,
)
ALL_TRUSTED = _CERTIFICATE_ENTRIES.where(_e.c.trusted).order_by(_e.c.alias)
ALIASES_OF_CERTIFICATE = (
    _CERTIFICATE_ENTRIES.with_only_columns(_e.c.alias)
    .where(
        _e.c.subject_name_sha256 == bindparam("name_sha256"),
        _c.c.sha256 == bindparam("fingerprint"),
    )
    .order_by(_e.c.alias)
)

FIND_CONFIRMATION = select(_t.c.confirmed_at, _t.c.confirmed_by).where(
    _t.c.keystore_id == bindparam("keystore"), _t.c.sha256 == bindparam("fingerprint")
)

# ---- signing requests

_REQUEST = (
    _r.c.id,
    _r.c.der,
    _r.c.public_key_sha256,
    _r.c.created_at,
    _r.c.created_by,
    _r.c.answered_at,
)
LIST_REQUESTS = select(*_REQUEST).where(_r.c.entry_id == bindparam("entry")).order_by(_r.c.id)
LATEST_REQUEST = (
    select(*_REQUEST)
    .where(_r.c.entry_id == bindparam("entry"), _r.c.public_key_sha256 == bindparam("public_key"))
    .order_by(_r.c.id.desc())
    .limit(_ONE)
    .offset(_ZERO)
)

# ---- which versions use which keys

GET_VERSION_KEY = select(_v.c.private_key_id).where(
    _v.c.entry_id == bindparam("entry"), _v.c.number == bindparam("version_number")
)
LIST_VERSION_NUMBERS = select(_v.c.number).where(_v.c.entry_id == bindparam("entry"))
LIST_ENTRY_KEYS = (
    select(_v.c.private_key_id)
    .distinct()
    .where(_v.c.entry_id == bindparam("entry"), _v.c.private_key_id.is_not(None))
)
# A discarded entry uses no key: nothing leads back to it. A purged one that a backup holds does.
FIND_KEY_USER = (
    select(_v.c.entry_id)
    .select_from(_v)
    .join(_e, _e.c.id == _v.c.entry_id)
    .where(
        _v.c.private_key_id == bindparam("private_key"),
        _e.c.purged_at.is_(None)
        | select(tables.backup_entries.c.entry_id)
        .where(tables.backup_entries.c.entry_id == _e.c.id)
        .exists(),
    )
    .limit(_ONE)
    .offset(_ZERO)
)

# ---- audit

LAST_AUDIT = (
    select(_a.c.sequence, _a.c.mac).order_by(_a.c.sequence.desc()).limit(_ONE).offset(_ZERO)
)
ANY_WAITING_AUDIT = select(_w.c.id).limit(_ONE).offset(_ZERO)
COUNT_WAITING_AUDIT = select(func.count()).select_from(_w)
COUNT_SOME_WAITING_AUDIT = select(func.count()).select_from(
    select(_w.c.id).limit(bindparam("most")).offset(_ZERO).subquery()
)
LIST_WAITING_AUDIT = (
    select(*_w.columns).order_by(_w.c.id).limit(bindparam("row_limit")).offset(_ZERO)
)
LIST_AUDIT = (
    select(*_a.columns)
    .where(_a.c.sequence > bindparam("after_sequence"))
    .order_by(_a.c.sequence)
    .limit(bindparam("row_limit"))
    .offset(_ZERO)
)
