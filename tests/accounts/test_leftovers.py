"""What is over goes, in batches, and nothing else."""

import hashlib
from datetime import timedelta

import pytest

from keysteward.accounts import leftovers, users
from keysteward.keystore.steward import Steward
from keysteward.rights import Role
from keysteward.storage.account_records import AccountKind
from keysteward.values import Secret
from tests.steward import TENANT, Clock


def test_sessions_that_are_over_go_in_batches(
    steward: Steward, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that can still be used stays; a batch that is not full is the last one."""
    monkeypatch.setattr(leftovers, "AT_ONCE", 2)
    roles = frozenset({Role.VIEWER})
    users.add_user(steward, TENANT, "ann", Secret(b"a long enough password"), roles, None)
    account = steward.store.accounts.find(AccountKind.USER, "ann")
    assert account is not None
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(4)]
    with steward.store.accounts.writing("ann", clock.now) as changes:
        for number, digest in enumerate(digests):
            changes.add_session(account.id, digest, clock.now + timedelta(hours=number + 1))
    clock.advance(hours=3.5)
    gone = [found["sessions"] for found in leftovers.remove(steward, "job:retention")]
    assert [2, 1] == gone
    left = [steward.store.accounts.find_session(digest) is not None for digest in digests]
    assert [False, False, False, True] == left
