"""What became of a transaction whose connection was lost while it was committed.

It has a receipt, a random number that its audit rows carry and whose lock it holds until it ends.
Whoever gets that lock on another connection sees the rows of a transaction that was committed, or
knows that there never will be any.
"""

import time

from sqlalchemy import Integer, LargeBinary, bindparam, func, literal_column, select

from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    KeystoreBusy,
    OutcomeUnknown,
)
from keysteward.storage import tables
from keysteward.storage.connecting import Connector
from keysteward.storage.engines.contract import NOTHING
from keysteward.storage.links import Link

SECONDS = 15.0
"""How long a server is looked for that can tell; another one takes over within that."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
_TAIL = 1_000_000
"""Rows at the end of the log that are looked at: many more than are linked in SECONDS."""

_a, _w = tables.audit, tables.audit_waiting
_RECEIPT = bindparam("receipt", type_=LargeBinary)
_ONE = literal_column("1", Integer)
_END = select(func.max(_a.c.sequence)).scalar_subquery()

_WAITS = select(_w.c.id).where(_w.c.receipt == _RECEIPT).limit(_ONE)
_LINKED = (
    select(_a.c.sequence)
    .where(_a.c.sequence > _END - literal_column(str(_TAIL), Integer), _a.c.receipt == _RECEIPT)
    .limit(_ONE)
)


def was_committed(connector: Connector, receipt: bytes) -> bool:
    """Tell whether a transaction is committed that wrote its receipt with its audit rows.

    Raises OutcomeUnknown if no server that can be written says so in time.
    """
    end = time.monotonic() + SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return _look(connector, receipt)
        except (DatabaseUnavailable, DatabaseUnusable, KeystoreBusy) as problem:
            left = end - time.monotonic()
            if left <= 0:
                raise OutcomeUnknown from problem
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _look(connector: Connector, receipt: bytes) -> bool:
    link = Link(connector, connector.connect_once(writing=True))
    try:
        link.begin_write(NOTHING, receipt)
        # In this order: a row that is linked between the two is found by the second one.
        return any(link.one(where, receipt=receipt) is not None for where in (_WAITS, _LINKED))
    finally:
        link.rollback()
        link.close()
