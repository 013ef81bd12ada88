"""Leases: of all processes on one database, one does a job, whatever becomes of the others.

A lease is a row with its holder, a token that every change of the holder raises, and a beat that
the holder raises while it lives. No two clocks are compared: whoever sees token and beat unchanged
for LEASE_SECONDS of its own clock takes the lease over. A holder that was only slow finds that out
in its next transaction, which is refused by the token just before it would commit.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, literal_column, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement

from keysteward.storage import tables
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import NOTHING
from keysteward.storage.links import Link

LEASE_SECONDS = 15.0
"""How long the job rests after its holder died; several times what a slow renewal takes."""

_FREE = ""
"""The holder of a lease that was given back, or never taken."""
_HOLDER_BYTES = 12

_l = tables.leases
_ONE: ColumnElement[int] = literal_column("1", Integer)
_ZERO: ColumnElement[int] = literal_column("0", Integer)
_NAME = _l.c.name == bindparam("lease")
_MINE = (_NAME, _l.c.holder == bindparam("mine"), _l.c.token == bindparam("known_token"))

_FIND = select(_l.c.holder, _l.c.token, _l.c.beat).where(_NAME)
_MAKE = (
    postgresql.insert(_l)  # SQLite says it in the same words
    .values(name=bindparam("lease"), holder=bindparam("mine"), token=_ZERO, beat=_ZERO)
    .on_conflict_do_nothing()
)
_TAKE = (
    update(_l)
    .values({_l.c.holder: bindparam("mine"), _l.c.token: _l.c.token + _ONE})
    .where(
        _NAME,
        _l.c.holder == bindparam("known_holder"),
        _l.c.token == bindparam("known_token"),
        _l.c.beat == bindparam("known_beat"),
    )
)
_RENEW = update(_l).values({_l.c.beat: _l.c.beat + _ONE}).where(*_MINE)
_GIVE_BACK = update(_l).values({_l.c.holder: bindparam("nobody")}).where(*_MINE)
# A share of the row lets nobody change it before this transaction has ended.
_REQUIRE = select(_l.c.token).where(*_MINE).with_for_update(read=True)


class LeaseLost(Exception):
    """Another process holds the lease; nothing of the transaction was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What this process holds, or held: only the database knows."""

    name: str
    holder: str
    token: int

    def require(self, link: Link) -> None:
        """Raise LeaseLost unless it is held, and stays so until the link's transaction ends."""
        if link.one(_REQUIRE, **self.parameters) is None:
            raise LeaseLost(self.name)

    @property
    def parameters(self) -> dict[str, object]:
        """What statements ask for it by."""
        return {"lease": self.name, "mine": self.holder, "known_token": self.token}


@dataclass(frozen=True, slots=True)
class _Seen:
    """The state of a lease, and when this process saw it first, by its own clock."""

    row: tuple[str, int, int]
    since: float


class Leases:
    """The leases as one process sees them; used by one thread. Every call may raise Problems."""

    def __init__(
        self,
        database: Database,
        seconds: float = LEASE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._database = database
        self._monotonic = monotonic
        self._holder = secrets.token_hex(_HOLDER_BYTES)
        self._seen: dict[str, _Seen] = {}

    def seek(self, name: str) -> Lease | None:
        """Take a lease that is free, or whose holder gave no sign of life for so many seconds.

        Must be called again and again, in less than that: one look proves nothing.
        """
        row = self._look(name)
        seen = self._seen.get(name)
        if seen is None or seen.row != row:
            seen = self._seen[name] = _Seen(row, self._monotonic())
        holder, token, beat = row
        if holder != _FREE and self._monotonic() - seen.since < self.seconds:
            return None
        with self._database.writing(NOTHING) as link:
            taken = link.change(
                _TAKE,
                lease=name,
                mine=self._holder,
                known_holder=holder,
                known_token=token,
                known_beat=beat,
            )
        return Lease(name, self._holder, token + 1) if taken else None

    def renew(self, leases: Iterable[Lease]) -> frozenset[Lease]:
        """Show that their holder lives; return those that it still holds."""
        with self._database.writing(NOTHING) as link:
            return frozenset(one for one in leases if link.change(_RENEW, **one.parameters))

    def give_back(self, leases: Iterable[Lease]) -> None:
        """Let the next one who seeks them have them at once."""
        with self._database.writing(NOTHING) as link:
            for one in leases:
                link.change(_GIVE_BACK, **one.parameters, nobody=_FREE)

    def _look(self, name: str) -> tuple[str, int, int]:
        with self._database.reading() as link:
            row = link.one(_FIND, lease=name)
        if row is None:
            with self._database.writing(NOTHING) as link:
                link.change(_MAKE, lease=name, mine=_FREE)
            return (_FREE, 0, 0)
        return row[0], row[1], row[2]
