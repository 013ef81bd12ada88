"""Work that takes long, as other processes see it: how far it is, and its answer for an hour.

For installations that several processes serve; the one that does the work knows it without this.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, true, update
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import account_tables, rows
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import NOTHING
from keysteward.storage.links import Row

KEPT = timedelta(hours=1)
"""After its beginning; what was done is in the keystore and the audit log."""
SILENT = timedelta(seconds=60)
"""Work that was not heard of for so long has ended with its process."""

_j = account_tables.jobs
_ZERO: ColumnElement[int] = literal_column("0")
_SHOWN = (_j.c.id, _j.c.title, _j.c.started_at, _j.c.heard_at, _j.c.done, _j.c.whole, _j.c.status)
_THIS = _j.c.id == bindparam("job")
_OF_ACCOUNT = _j.c.account_id == bindparam("account")

_PUT = insert(_j).values({column.name: bindparam(column.name) for column in _j.columns})
_NOTE = (
    update(_j)
    .values(done=bindparam("now_done"), whole=bindparam("now_whole"), heard_at=bindparam("now"))
    .where(_THIS)
)
_END = (
    update(_j)
    .values(
        status=bindparam("new_status"),
        headers=bindparam("new_headers"),
        body=bindparam("new_body"),
        heard_at=bindparam("now"),
    )
    .where(_THIS)
)
_SEE = update(_j).values(seen=true()).where(_THIS)
_FIND = select(*_SHOWN).where(_THIS, _OF_ACCOUNT)
_ANSWER = select(_j.c.status, _j.c.headers, _j.c.body).where(_THIS, _j.c.status.is_not(None))
_LIST = (
    select(*_SHOWN)
    .where(_OF_ACCOUNT)
    .order_by(_j.c.started_at.desc(), _j.c.id)
    .limit(bindparam("row_limit"))
    .offset(_ZERO)
)
_COUNT_UNSEEN = select(func.count()).select_from(_j).where(_OF_ACCOUNT, _j.c.seen.is_(False))
_FORGET = delete(_j).where(_j.c.started_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class KeptJob:
    """How far a piece of work is."""

    id: str
    title: str
    started_at: datetime
    heard_at: datetime
    done: int
    whole: int
    """Nobody knows of how much if it is 0."""
    finished: bool

    @property
    def percent(self) -> int | None:
        """How much is done; None while nobody knows of how much."""
        return None if not self.whole else min(100, self.done * 100 // self.whole)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is shown when it is done."""

    status: int
    headers: str
    """In JSON."""
    body: bytes


class KeptJobs:
    """The work of all processes; the store has one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def needed(self) -> bool:
        """Whether several processes may serve the installation."""
        return not self._database.engine.embedded

    def put(self, account_id: int, job_id: str, title: str, started_at: datetime) -> None:
        """Keep that an account's work has begun; what is older than KEPT is forgotten."""
        at = rows.to_microseconds(started_at)
        with self._database.writing(NOTHING) as link:
            link.change(_FORGET, before=rows.to_microseconds(started_at - KEPT))
            link.change(
                _PUT,
                id=job_id,
                account_id=account_id,
                title=title,
                started_at=at,
                heard_at=at,
                done=0,
                whole=0,
                seen=False,
                status=None,
                headers=None,
                body=None,
            )

    def forget(self, now: datetime) -> None:
        """Forget what is older than KEPT."""
        with self._database.writing(NOTHING) as link:
            link.change(_FORGET, before=rows.to_microseconds(now - KEPT))

    def note(self, job_id: str, done: int, whole: int, now: datetime) -> None:
        """Keep how far it is."""
        with self._database.writing(NOTHING) as link:
            link.change(
                _NOTE, job=job_id, now_done=done, now_whole=whole, now=rows.to_microseconds(now)
            )

    def end(self, job_id: str, answer: KeptAnswer, now: datetime) -> None:
        """Keep its answer."""
        with self._database.writing(NOTHING) as link:
            link.change(
                _END,
                job=job_id,
                new_status=answer.status,
                new_headers=answer.headers,
                new_body=answer.body,
                now=rows.to_microseconds(now),
            )

    def see(self, job_id: str) -> None:
        """Note that its answer was shown."""
        with self._database.writing(NOTHING) as link:
            link.change(_SEE, job=job_id)

    def find(self, account_id: int, job_id: str) -> KeptJob | None:
        """Return a piece of work of an account."""
        with self._database.reading() as link:
            row = link.one(_FIND, job=job_id, account=account_id)
        return None if row is None else _job(row)

    def answer(self, job_id: str) -> KeptAnswer | None:
        """Return the answer of work that is done."""
        with self._database.reading() as link:
            row = link.one(_ANSWER, job=job_id)
        return None if row is None else KeptAnswer(row[0], row[1], bytes(row[2]))

    def list(self, account_id: int, most: int) -> tuple[KeptJob, ...]:
        """Return an account's work, the last first."""
        with self._database.reading() as link:
            return tuple(map(_job, link.all(_LIST, account=account_id, row_limit=most)))

    def count_unseen(self, account_id: int) -> int:
        """Return how much of an account's work runs, or has an answer that nobody looked at."""
        with self._database.reading() as link:
            row = link.one(_COUNT_UNSEEN, account=account_id)
        return 0 if row is None else int(row[0])


def _job(row: Row) -> KeptJob:
    values: tuple[Any, ...] = row
    id_, title, started_at, heard_at, done, whole, status = values
    return KeptJob(
        id_,
        title,
        rows.to_time(started_at),
        rows.to_time(heard_at),
        done,
        whole,
        status is not None,
    )
