"""Answers that are kept for a day, so that a repeated request is answered and not done again."""

import json
from datetime import datetime, timedelta

from sqlalchemy import Integer, bindparam, delete, literal_column, select, tuple_, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import account_tables, rows
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import NOTHING
from keysteward.storage.links import Link
from keysteward.storage.records import KeptAnswer, Repeatable

KEPT = timedelta(hours=24)

_FORGOTTEN_AT_ONCE = 20
"""Rows that go when one comes: more than come, and so few that nobody waits for it."""

_k = account_tables.idempotency_keys
_MINE = (_k.c.account_id == bindparam("account"), _k.c.key == bindparam("repeated"))
_MANY: ColumnElement[int] = literal_column(str(_FORGOTTEN_AT_ONCE), Integer)
_ZERO: ColumnElement[int] = literal_column("0", Integer)

_FIND = select(_k.c.request_sha256, _k.c.created_at, _k.c.status, _k.c.headers, _k.c.body).where(
    *_MINE
)
_INSERT = (
    postgresql.insert(_k)
    .values(
        account_id=bindparam("account"),
        key=bindparam("repeated"),
        created_at=bindparam("at"),
        request_sha256=bindparam("request"),
        headers=bindparam("attempt"),
    )
    .on_conflict_do_nothing()
)
_COMPLETE = (
    update(_k)
    .values(status=bindparam("done"), headers=bindparam("told"), body=bindparam("content"))
    .where(*_MINE, _k.c.request_sha256 == bindparam("request"))
)
_DROP = delete(_k).where(*_MINE, _k.c.created_at < bindparam("before"))
_OLD = (
    select(_k.c.account_id, _k.c.key)
    .where(_k.c.created_at < bindparam("before"))
    .order_by(_k.c.created_at)
    .limit(_MANY)
    .offset(_ZERO)
    # What another one forgets at this moment: two would wait for each other.
    .with_for_update(skip_locked=True)
)

_FORGET = delete(_k).where(
    tuple_(_k.c.account_id, _k.c.key).in_(
        select(_k.c.account_id, _k.c.key)
        .where(_k.c.created_at < bindparam("before"))
        .order_by(_k.c.created_at)
        .limit(bindparam("row_limit"))
        .offset(_ZERO)
        .with_for_update(skip_locked=True)
    )
)


class Answers:
    """The kept answers of an installation; the store has one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, account_id: int, key: str, now: datetime) -> KeptAnswer | None:
        """Return what was done under a key of an account in the 24 hours before ``now``."""
        with self._database.reading() as link:
            found = _find(link, account_id, key)
        return None if found is None or found.created_at < now - KEPT else found

    def remember(self, repeatable: Repeatable, now: datetime) -> bool:
        """Keep a request that wrote nothing, in a transaction of its own; see ``remember``."""
        with self._database.writing(NOTHING) as link:
            return remember(link, repeatable, rows.to_microseconds(now))

    def complete(self, repeatable: Repeatable, status: int, headers: str, body: bytes) -> None:
        """Keep the answer to a request that was remembered."""
        with self._database.writing(NOTHING) as link:
            link.change(
                _COMPLETE,
                account=repeatable.account_id,
                repeated=repeatable.key,
                request=repeatable.request_sha256,
                done=status,
                told=headers,
                content=body,
            )

    def forget(self, now: datetime, row_limit: int) -> int:
        """Delete answers that are older than a day, at most so many; return how many."""
        with self._database.writing(NOTHING) as link:
            before = rows.to_microseconds(now - KEPT)
            return link.change(_FORGET, before=before, row_limit=row_limit)


def remember(link: Link, repeatable: Repeatable, now: int) -> bool:
    """Keep in an open transaction that a request is carried out; the answer is to follow.

    An attempt is kept once, however many transactions it has. Returns False if another attempt
    was faster: then this one has to be undone. Some of what is older than a day is forgotten.
    """
    before = now - KEPT // timedelta(microseconds=1)
    named = {"account": repeatable.account_id, "repeated": repeatable.key}
    link.change(_DROP, **named, before=before)
    known = _find(link, repeatable.account_id, repeatable.key)
    if known is not None:
        return known.attempt == repeatable.attempt
    for account_id, key in link.all(_OLD, before=before):
        link.change(_DROP, account=account_id, repeated=key, before=before)
    written = link.change(
        _INSERT,
        **named,
        at=now,
        request=repeatable.request_sha256,
        attempt=json.dumps({"attempt": repeatable.attempt}),
    )
    return written == 1


def _find(link: Link, account_id: int, key: str) -> KeptAnswer | None:
    row = link.one(_FIND, account=account_id, repeated=key)
    if row is None:
        return None
    digest, created_at, status, headers, body = row
    attempt = "" if headers is None else json.loads(headers).get("attempt", "")
    return KeptAnswer(digest, attempt, rows.to_time(created_at), status, headers, body)
