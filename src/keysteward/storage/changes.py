"""Every statement that changes something, written in Core; see ``statements`` for the rules."""

from sqlalchemy import (
    Insert,
    Integer,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import tables
from keysteward.storage.statements import one_of

_e, _v = tables.entries, tables.versions
_vc, _c = tables.version_certificates, tables.certificates
_r, _k = tables.signing_requests, tables.private_keys
_t, _a, _w = tables.trust_confirmations, tables.audit, tables.audit_waiting

_ONE: ColumnElement[int] = literal_column("1")


def _inserting(table: Table, *generated: str) -> Insert:
    """Return an INSERT with one parameter per column, except those that the database numbers."""
    names = [column.name for column in table.columns if column.name not in generated]
    statement = insert(table).values(dict.fromkeys(names))
    return statement.returning(*(table.c[name] for name in generated)) if generated else statement


def _inserting_new(table: Table) -> Insert:
    """Return an INSERT that leaves out a row whose key there is already."""
    names = [column.name for column in table.columns]
    return postgresql.insert(table).values(dict.fromkeys(names)).on_conflict_do_nothing()


INSERT_KEYSTORE = _inserting(tables.keystores, "id")
INSERT_DATA_KEY = _inserting(tables.data_keys, "number")
INSERT_PRIVATE_KEY = _inserting(_k)
INSERT_CERTIFICATE = _inserting_new(_c)
INSERT_CONFIRMATION = _inserting_new(_t)
INSERT_AUDIT = _inserting(_a)
INSERT_WAITING_AUDIT = insert(_w).values(
    {column.name: bindparam(column.name) for column in _w.columns if column.name != "id"}
)
DELETE_WAITING_AUDIT = delete(_w).where(one_of(_w.c.id))

# ---- changes of entries

INSERT_ENTRY = _inserting(_e)
INSERT_VERSION = _inserting(_v)
INSERT_VERSION_CERTIFICATE = _inserting(_vc)

_MODIFIED: dict[object, object] = {
    _e.c.modified_at: bindparam("at"),
    _e.c.modified_by: bindparam("actor"),
}
_NEXT = _e.c.last_version + _ONE


def _changing(values: dict[object, object]) -> Update:
    """Return a conditional UPDATE: no row changes if the entry is not as it was read."""
    return (
        update(_e)
        .values({**values, **_MODIFIED})
        .where(
            _e.c.id == bindparam("entry"),
            _e.c.keystore_id == bindparam("keystore"),
            _e.c.current_version == bindparam("base_version"),
            _e.c.pending_version.is_not_distinct_from(bindparam("base_pending")),
            tables.present,
        )
    )


REPLACE_CURRENT = _changing(
    {
        _e.c.current_version: _NEXT,
        _e.c.last_version: _NEXT,
        _e.c.pending_version: bindparam("new_pending"),
        _e.c.certificate_id: bindparam("new_certificate"),
        _e.c.not_after: bindparam("new_not_after"),
        _e.c.subject_name_sha256: bindparam("new_subject_name"),
        _e.c.waiting_since: null(),
    }
).returning(_e.c.last_version, _e.c.subject_folded, _e.c.issuer_folded)
# Apart from the above: an UPDATE that names a column writes its indexes, changed or not.
NAME_ENTRY = (
    update(_e)
    .values(
        {
            _e.c.subject_folded: bindparam("new_subject_folded"),
            _e.c.issuer_folded: bindparam("new_issuer_folded"),
        }
    )
    .where(_e.c.id == bindparam("entry"))
)
SET_PENDING = _changing({_e.c.pending_version: _NEXT, _e.c.last_version: _NEXT}).returning(
    _e.c.last_version
)
RENAME = _changing(
    {
        _e.c.alias: bindparam("new_alias"),
        _e.c.alias_folded: bindparam("new_alias_folded"),
        _e.c.current_version: _NEXT,
        _e.c.last_version: _NEXT,
    }
).returning(_e.c.last_version)
DELETE_ENTRY = _changing({_e.c.deleted_at: bindparam("at")})
DISCARD_ENTRY = _changing({_e.c.deleted_at: bindparam("at"), _e.c.purged_at: bindparam("at")})
DISCARD_UNLESS_HELD = DISCARD_ENTRY.where(_e.c.held_at.is_(None))
DESCRIBE_ENTRY = (
    update(_e)
    .values({_e.c.usage: bindparam("new_usage"), _e.c.trusted: bindparam("new_trusted")})
    .where(_e.c.id == bindparam("entry"), _e.c.keystore_id == bindparam("keystore"))
)
HOLD_ENTRY = _changing({_e.c.held_at: bindparam("new_held")})
REVIVE_ENTRY = (
    update(_e)
    .values(
        {
            _e.c.deleted_at: null(),
            _e.c.purged_at: null(),
            _e.c.alias: bindparam("new_alias"),
            _e.c.alias_folded: bindparam("new_alias_folded"),
            **_MODIFIED,
        }
    )
    .where(
        _e.c.id == bindparam("entry"),
        _e.c.keystore_id == bindparam("keystore"),
        _e.c.current_version == bindparam("base_version"),
        _e.c.deleted_at.is_not(None),
    )
)
UNDELETE_ENTRY = (
    update(_e)
    .values({_e.c.deleted_at: null(), **_MODIFIED})
    .where(_e.c.id == bindparam("entry"), _e.c.keystore_id == bindparam("keystore"), tables.deleted)
)

COPY_VERSION = insert(_v).from_select(
    [
        "entry_id",
        "number",
        "keystore_id",
        "reason",
        "private_key_id",
        "file_sha256",
        "note",
        "chain_state",
        "created_at",
        "created_by",
    ],
    select(
        _v.c.entry_id,
        bindparam("new_number"),
        _v.c.keystore_id,
        bindparam("new_reason"),
        _v.c.private_key_id,
        null(),
        bindparam("new_note"),
        _v.c.chain_state,
        bindparam("at"),
        bindparam("actor"),
    ).where(_v.c.entry_id == bindparam("entry"), _v.c.number == bindparam("base_version")),
)
COPY_CHAIN = insert(_vc).from_select(
    ["entry_id", "number", "position", "keystore_id", "certificate_id"],
    select(
        _vc.c.entry_id,
        bindparam("new_number"),
        _vc.c.position,
        _vc.c.keystore_id,
        _vc.c.certificate_id,
    ).where(_vc.c.entry_id == bindparam("entry"), _vc.c.number == bindparam("base_version")),
)

# ---- signing requests

INSERT_REQUEST = _inserting(_r, "id")
ANSWER_REQUESTS = (
    update(_r)
    .values(answered_at=bindparam("at"))
    .where(
        _r.c.entry_id == bindparam("entry"),
        _r.c.public_key_sha256 == bindparam("public_key"),
        _r.c.answered_at.is_(None),
    )
)
START_WAITING = (
    update(_e)
    .values(waiting_since=func.coalesce(_e.c.waiting_since, bindparam("at")))
    .where(_e.c.id == bindparam("entry"), _e.c.keystore_id == bindparam("keystore"), tables.living)
)
REFRESH_WAITING = (
    update(_e)
    .values(
        # The first open request for the current or the pending key; others no longer matter.
        waiting_since=select(func.min(_r.c.created_at))
        .select_from(_r)
        .join(
            _k,
            (_k.c.keystore_id == _r.c.keystore_id)
            & (_k.c.public_key_sha256 == _r.c.public_key_sha256),
        )
        .join(_v, (_v.c.entry_id == _r.c.entry_id) & (_v.c.private_key_id == _k.c.id))
        .where(
            _r.c.entry_id == _e.c.id,
            _r.c.answered_at.is_(None),
            _v.c.number.in_([_e.c.current_version, _e.c.pending_version]),
        )
        .correlate(_e)
        .scalar_subquery()
    )
    .where(_e.c.id == bindparam("entry"))
)

# ---- backups and the history of the provider's keys

INSERT_BACKUP = _inserting(tables.backups, "id")
FILL_BACKUP = insert(tables.backup_entries).from_select(
    [
        "backup_id",
        "alias",
        "keystore_id",
        "entry_id",
        "number",
        "pending_number",
        "type",
        "usage",
        "trusted",
    ],
    select(
        bindparam("backup", type_=Integer),
        _e.c.alias,
        _e.c.keystore_id,
        _e.c.id,
        _e.c.current_version,
        _e.c.pending_version,
        _e.c.type,
        _e.c.usage,
        _e.c.trusted,
    ).where(
        _e.c.keystore_id == bindparam("keystore"),
        _e.c.owner == literal_column("'tenant'"),
        tables.living,
    ),
)
SIZE_BACKUP = (
    update(tables.backups)
    .values(size=bindparam("new_size"))
    .where(tables.backups.c.id == bindparam("backup"))
)
EMPTY_BACKUP = delete(tables.backup_entries).where(
    tables.backup_entries.c.backup_id == bindparam("backup")
)
DELETE_BACKUP = delete(tables.backups).where(
    tables.backups.c.id == bindparam("backup"),
    tables.backups.c.keystore_id == bindparam("keystore"),
)
INSERT_ACTIVATION = _inserting(tables.activations)

# ---- purging

PURGE_CHAIN = delete(_vc).where(
    _vc.c.entry_id == bindparam("entry"), _vc.c.number == bindparam("version_number")
)
PURGE_VERSION = delete(_v).where(
    _v.c.entry_id == bindparam("entry"), _v.c.number == bindparam("version_number")
)
# What a backup holds of an entry stays, and the entry with it, out of every list.
KEEP_FOR_BACKUPS = (
    update(_e)
    .values(
        {
            _e.c.deleted_at: func.coalesce(_e.c.deleted_at, bindparam("at")),
            _e.c.purged_at: bindparam("at"),
            _e.c.current_version: bindparam("kept_version"),
            _e.c.pending_version: null(),
            _e.c.waiting_since: null(),
        }
    )
    .where(
        _e.c.id == bindparam("entry"),
        _e.c.keystore_id == bindparam("keystore"),
        _e.c.current_version == bindparam("base_version"),
        _e.c.pending_version.is_not_distinct_from(bindparam("base_pending")),
    )
)

PURGE_CHAINS = delete(_vc).where(_vc.c.entry_id == bindparam("entry"))
PURGE_VERSIONS = delete(_v).where(_v.c.entry_id == bindparam("entry"))
PURGE_REQUESTS = delete(_r).where(_r.c.entry_id == bindparam("entry"))
PURGE_ENTRY = delete(_e).where(
    _e.c.id == bindparam("entry"),
    _e.c.keystore_id == bindparam("keystore"),
    _e.c.current_version == bindparam("base_version"),
    _e.c.pending_version.is_not_distinct_from(bindparam("base_pending")),
)
# The row stays, overwritten in place at its old size. Deleting it would make SQLite move its
# neighbours between pages, and what it leaves behind of a moved row is not overwritten by a later
# secure delete. So nothing ever moves in this table: rows are added at its end and never leave.
PURGE_PRIVATE_KEY = (
    update(_k)
    .values(sealed=bindparam("new_sealed"), public_key_sha256=bindparam("new_public_key"))
    .where(_k.c.id == bindparam("private_key"))
)
