"""What the processes on one database do for each other, and keep from doing twice."""

from keysteward.sealing.sealer import Sealer
from keysteward.storage import audit, statements
from keysteward.storage.database import Database
from keysteward.storage.leases import LEASE_SECONDS, Leases
from keysteward.storage.watching import Watch

MOST_COUNTED = 10_000
"""Waiting rows beyond that are not counted: the number would say no more, and take long."""


class Sharing:
    """This process among the others; the store has one."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    @property
    def links_later(self) -> bool:
        """Whether rows of the audit log wait until some process links them."""
        return not self._database.serial

    def link_waiting(self) -> bool:
        """Link some rows that wait; return whether more may be waiting. See ``audit``."""
        return audit.link_waiting(self._database, self._sealer)

    def count_waiting(self) -> int:
        """Return how many rows wait to be linked, MOST_COUNTED at most."""
        with self._database.reading() as link:
            ((count,),) = link.all(statements.COUNT_SOME_WAITING_AUDIT, most=MOST_COUNTED)
        return int(count)

    def leases(self, seconds: float = LEASE_SECONDS) -> Leases:
        """Return the leases as a new holder seeks them; ``seconds`` without a beat end one."""
        return Leases(self._database, seconds)

    def watch(self) -> Watch:
        """Return what waits for new rows of the audit log; to be closed."""
        return Watch(self._database, self._sealer)
