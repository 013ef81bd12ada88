"""Whether the work of a thread has changed something: what fails after that was not for nothing."""

from collections.abc import Callable
from threading import local
from typing import TypeVar

from keysteward.problems import DatabaseUnavailable, OutcomeUnknown

T = TypeVar("T")

_of_this_thread = local()


def note() -> None:
    """Note that this thread has committed, or may have, a change that the audit log tells of."""
    _of_this_thread.committed = True


def told(work: Callable[[], T]) -> Callable[[], T]:
    """Return work that raises OutcomeUnknown where the database was lost after a change of it.

    DatabaseUnavailable would say that it can be repeated: true for what only reads, and for what
    was not committed.
    """

    def run() -> T:
        _of_this_thread.committed = False
        try:
            return work()
        except DatabaseUnavailable as problem:
            if _of_this_thread.committed:
                raise OutcomeUnknown from problem
            raise

    return run
