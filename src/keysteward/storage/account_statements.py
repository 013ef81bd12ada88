"""Statements about accounts and what they sign in with; see ``statements`` for the rules."""

from sqlalchemy import (
    BigInteger,
    Delete,
    Table,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import account_tables

_a, _c = account_tables.accounts, account_tables.client_secrets
_t, _s = account_tables.tokens, account_tables.sessions
_f = account_tables.sign_in_failures

_ZERO: ColumnElement[int] = literal_column("0")
_ACCOUNT = tuple(_a.columns)
_SECRET = tuple(_c.columns)

# ---- accounts

FIND_ACCOUNT = select(*_ACCOUNT).where(
    _a.c.kind == bindparam("kind"), _a.c.name == bindparam("name")
)
LIST_ACCOUNTS = select(*_ACCOUNT).where(_a.c.kind == bindparam("kind")).order_by(_a.c.name)
INSERT_ACCOUNT = (
    insert(_a)
    .values({c.name: bindparam(c.name) for c in _ACCOUNT if c.name != "id"})
    .returning(_a.c.id)
)
CHANGE_ACCOUNT = (
    update(_a)
    .values(
        {
            _a.c.roles: bindparam("new_roles"),
            _a.c.keystores: bindparam("new_keystores"),
            _a.c.disabled_at: bindparam("new_disabled_at"),
            _a.c.modified_at: bindparam("at"),
            _a.c.modified_by: bindparam("actor"),
        }
    )
    .where(_a.c.id == bindparam("account"))
)
SET_PASSWORD = (
    update(_a)
    .values(
        {
            _a.c.password_hash: bindparam("new_hash"),
            _a.c.must_change_password: bindparam("new_must_change"),
            _a.c.modified_at: bindparam("at"),
            _a.c.modified_by: bindparam("actor"),
        }
    )
    .where(_a.c.id == bindparam("account"))
)
REHASH_PASSWORD = (
    update(_a)
    .values({_a.c.password_hash: bindparam("new_hash")})
    .where(_a.c.id == bindparam("account"), _a.c.password_hash == bindparam("old_hash"))
)
DELETE_ACCOUNT = delete(_a).where(_a.c.id == bindparam("account"))

# ---- secrets of API clients

LIST_SECRETS = select(*_SECRET).where(_c.c.account_id == bindparam("account")).order_by(_c.c.id)
LIST_ALL_SECRETS = select(*_SECRET).order_by(_c.c.account_id, _c.c.id)
INSERT_SECRET = (
    insert(_c)
    .values({c.name: bindparam(c.name) for c in _SECRET if c.name != "id"})
    .returning(_c.c.id)
)
# Clients may name a number that is larger than any secret has.
DELETE_SECRET = delete(_c).where(
    _c.c.id == bindparam("secret", type_=BigInteger), _c.c.account_id == bindparam("account")
)
DELETE_SECRETS = delete(_c).where(_c.c.account_id == bindparam("account"))

# ---- tokens and sessions


def _expired(table: Table) -> Delete:
    """Return what removes some rows whose time is over, those that ended first."""
    old = (
        select(table.c.sha256)
        .where(table.c.expires_at <= bindparam("now"))
        .order_by(table.c.expires_at)
        .limit(bindparam("row_limit"))
        .offset(_ZERO)
    )
    return delete(table).where(table.c.sha256.in_(old))


FIND_TOKEN = (
    select(*_ACCOUNT, _t.c.expires_at)
    .select_from(_t.join(_a, _a.c.id == _t.c.account_id))
    .where(_t.c.sha256 == bindparam("sha256"))
)
INSERT_TOKEN = insert(_t).values({c.name: bindparam(c.name) for c in _t.columns})
DELETE_TOKEN = delete(_t).where(_t.c.sha256 == bindparam("sha256"))
DELETE_TOKENS = delete(_t).where(_t.c.account_id == bindparam("account"))
DELETE_EXPIRED_TOKENS = _expired(_t)

FIND_SESSION = (
    select(*_ACCOUNT, _s.c.used_at, _s.c.expires_at)
    .select_from(_s.join(_a, _a.c.id == _s.c.account_id))
    .where(_s.c.sha256 == bindparam("sha256"))
)
INSERT_SESSION = insert(_s).values({c.name: bindparam(c.name) for c in _s.columns})
USE_SESSION = (
    update(_s)
    .values({_s.c.used_at: bindparam("now")})
    .where(_s.c.sha256 == bindparam("sha256"), _s.c.used_at < bindparam("now"))
)
DELETE_SESSION = delete(_s).where(_s.c.sha256 == bindparam("sha256"))
DELETE_SESSIONS = delete(_s).where(_s.c.account_id == bindparam("account"))
DELETE_EXPIRED_SESSIONS = _expired(_s)

# ---- failed attempts

_PAIR = (_f.c.name == bindparam("failed_name"), _f.c.address == bindparam("failed_address"))

FIND_FAILURES = select(_f.c.count, _f.c.first_at, _f.c.last_at, _f.c.blocked_until).where(*_PAIR)
INSERT_FAILURES = insert(_f).values({c.name: bindparam(c.name) for c in _f.columns})
COUNT_FAILURE = (
    update(_f)
    .values(
        {
            _f.c.count: bindparam("new_count"),
            _f.c.first_at: bindparam("new_first_at"),
            _f.c.last_at: bindparam("now"),
            _f.c.blocked_until: bindparam("new_blocked_until"),
        }
    )
    .where(*_PAIR)
)
DELETE_FAILURES = delete(_f).where(*_PAIR)
DELETE_OLD_FAILURES = delete(_f).where(
    tuple_(_f.c.name, _f.c.address).in_(
        select(_f.c.name, _f.c.address)
        .where(_f.c.last_at < bindparam("before"))
        .order_by(_f.c.last_at)
        .limit(bindparam("row_limit"))
        .offset(_ZERO)
    )
)
# The newest that stay are passed over one by one; there are never many more than those.
DELETE_SURPLUS_FAILURES = delete(_f).where(
    tuple_(_f.c.name, _f.c.address).in_(
        select(_f.c.name, _f.c.address)
        .order_by(_f.c.last_at.desc())
        .limit(bindparam("row_limit"))
        .offset(bindparam("kept"))
    )
)
