"""Queries over whole views: states to compare, backups, the provider's keys; see ``statements``."""

from typing import Any

from sqlalchemy import FromClause, Select, bindparam, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import tables
from keysteward.storage.statements import CHAIN, NAMED

_e, _v, _c = tables.entries, tables.versions, tables.certificates
_vc, _k = tables.version_certificates, tables.private_keys

_ONE: ColumnElement[int] = literal_column("1")
_ZERO: ColumnElement[int] = literal_column("0")

# ---- states: what comparisons need of many entries, without their certificates

_STATE = (
    _v.c.number,
    _v.c.private_key_id,
    _k.c.public_key_sha256,
    _c.c.sha256,
)


def _states(
    columns: tuple[ColumnElement[Any], ...], source: FromClause, versions: ColumnElement[bool]
) -> Select[Any]:
    return (
        select(*columns, *_STATE)
        .select_from(source)
        .join(_v, versions)
        .join(_vc, CHAIN)
        .join(_c, _c.c.id == _vc.c.certificate_id)
        .outerjoin(_k, _k.c.id == _v.c.private_key_id)
    )


_ENTRY_STATES = _states(
    (
        _e.c.id,
        _e.c.alias,
        _e.c.type,
        _e.c.owner,
        _e.c.usage,
        _e.c.trusted,
        _e.c.current_version,
        _e.c.pending_version,
    ),
    _e,
    (_v.c.entry_id == _e.c.id) & _v.c.number.in_([_e.c.current_version, _e.c.pending_version]),
)
STATE_BY_ALIAS = _ENTRY_STATES.where(NAMED).order_by(_v.c.number, _vc.c.position)
LIST_STATES = _ENTRY_STATES.where(
    _e.c.keystore_id == bindparam("keystore"), tables.living
).order_by(_e.c.alias, _v.c.number, _vc.c.position)

_b, _be = tables.backups, tables.backup_entries

LIST_BACKUP_STATES = (
    _states(
        (
            _be.c.entry_id,
            _be.c.alias,
            _be.c.type,
            literal_column("'tenant'"),
            _be.c.usage,
            _be.c.trusted,
            _be.c.number,
            _be.c.pending_number,
        ),
        _be,
        (_v.c.entry_id == _be.c.entry_id) & _v.c.number.in_([_be.c.number, _be.c.pending_number]),
    )
    .where(_be.c.backup_id == bindparam("backup"))
    .order_by(_be.c.alias, _v.c.number, _vc.c.position)
)

# ---- backups

_BACKUP = (_b.c.id, _b.c.name, _b.c.size, _b.c.created_at, _b.c.created_by)
LIST_BACKUPS = (
    select(*_BACKUP).where(_b.c.keystore_id == bindparam("keystore")).order_by(_b.c.id.desc())
)
FIND_BACKUP = LIST_BACKUPS.where(_b.c.name == bindparam("backup_name"))
LIST_BACKUPS_OF_ENTRY = (
    select(_b.c.name, _be.c.number, _be.c.pending_number)
    .select_from(_be)
    .join(_b, _b.c.id == _be.c.backup_id)
    .where(_be.c.entry_id == bindparam("entry"))
    .order_by(_b.c.id)
)
_other = _be.alias("other")
LIST_PURGED_BY_BACKUP = (
    select(_e.c.id)
    .select_from(_be)
    .join(_e, _e.c.id == _be.c.entry_id)
    .where(
        _be.c.backup_id == bindparam("backup"),
        _e.c.purged_at.is_not(None),
        ~select(_other.c.entry_id)
        .where(_other.c.entry_id == _e.c.id, _other.c.backup_id != bindparam("backup"))
        .exists(),
    )
)

# ---- the provider's keys

_h = tables.activations
LIST_ACTIVATIONS = (
    select(
        _h.c.entry_id,
        _h.c.original_alias,
        _h.c.sequence,
        _h.c.active_from,
        _h.c.activated_by,
        _h.c.active_until,
        _h.c.deactivated_by,
    )
    .where(_h.c.keystore_id == bindparam("keystore"))
    .order_by(_h.c.original_alias, _h.c.sequence)
)
LAST_ACTIVATION = (
    select(_h.c.sequence)
    .where(
        _h.c.keystore_id == bindparam("keystore"),
        _h.c.original_alias == bindparam("alias"),
    )
    .order_by(_h.c.sequence.desc())
    .limit(_ONE)
    .offset(_ZERO)
)
_current = _e.alias("active")
LIST_WAITING_KEYS = (
    select(_e.c.id, _v.c.created_at, _e.c.held_at, _current.c.not_after)
    .select_from(_e)
    .join(_v, (_v.c.entry_id == _e.c.id) & (_v.c.number == _e.c.current_version))
    .outerjoin(
        _current,
        (_current.c.keystore_id == _e.c.keystore_id)
        & (_current.c.view == literal_column("'current'"))
        & (_current.c.alias == _e.c.alias)
        & _current.c.deleted_at.is_(None),
    )
    .where(
        _e.c.keystore_id == bindparam("keystore"),
        _e.c.view == literal_column("'new'"),
        tables.present,
    )
)

# ---- the size of a keystore, for the compatibility limit alone

SUM_CERTIFICATES = (
    select(func.sum(func.length(_c.c.der)))
    .select_from(_e)
    .join(_vc, (_vc.c.entry_id == _e.c.id) & (_vc.c.number == _e.c.current_version))
    .join(_c, _c.c.id == _vc.c.certificate_id)
    .where(_e.c.keystore_id == bindparam("keystore"), tables.living)
)
SUM_PRIVATE_KEYS = (
    select(func.sum(func.length(_k.c.sealed)))
    .select_from(_e)
    .join(_v, (_v.c.entry_id == _e.c.id) & (_v.c.number == _e.c.current_version))
    .join(_k, _k.c.id == _v.c.private_key_id)
    .where(_e.c.keystore_id == bindparam("keystore"), tables.living)
)
