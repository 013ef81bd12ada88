"""What is over and does nothing any more: tokens, sessions, failures, answers, slow work.

Requests remove some of it in passing. Where none come, or many came once, the rest is removed here.
"""

from collections.abc import Iterator, Mapping

from keysteward.accounts import attempts
from keysteward.keystore.steward import Steward

AT_ONCE = 500
"""Rows of a table in one transaction, so that nobody who signs in waits long."""


def remove(steward: Steward, actor: str) -> Iterator[Mapping[str, int]]:
    """Remove all of it in batches; yield after each one how many rows went, by kind."""
    steward.store.jobs.forget(steward.clock())
    while True:
        now = steward.clock()
        with steward.store.accounts.writing(actor, now) as changes:
            gone = changes.forget_over(attempts.KEPT, attempts.MOST, AT_ONCE)
        gone["answers"] = steward.store.answers.forget(now, AT_ONCE)
        yield gone
        if max(gone.values()) < AT_ONCE:
            return
