"""Failed attempts to sign in, counted by name and network address (ADR 17).

Who guesses waits, and nobody else does: another address has its own count, and tokens and sessions
do not come here. The count is in the database, so all processes share it and a restart forgets
nothing.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from keysteward.accounts import rules
from keysteward.entries import Action
from keysteward.keystore.steward import Steward
from keysteward.problems import Problem, TooManyRequests
from keysteward.storage.account_records import Account, AccountKind, Failures
from keysteward.storage.audit import REFUSED

FREE = 5
"""Failures without a wait: people mistype."""

LONGEST_SECONDS = 900
"""Waits are 1, 2, 4, … seconds, and this one at last: about a hundred attempts a day."""

KEPT = timedelta(days=1)
"""A count is forgotten when its last failure is longer ago."""

MOST = 20_000
"""Counts that are kept, the latest ones: who makes up names must not fill the disk.

To have a count of one's own forgotten takes as many failures of others, for five guesses more.
"""

_STEPS = math.ceil(math.log2(LONGEST_SECONDS))
_IPV6_NETWORK_BITS = 64
"""One customer's network (RFC 6177): whoever has one address of it has them all."""
_MOST_ADDRESS_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody signs in; all attempts of one name from one address are counted together."""

    name: str
    """Of an API client with ``client:`` before it; empty for all names that no account can have."""
    address: str
    """IPv4 address, or IPv6 network."""


def make(kind: AccountKind, name: str, address: str) -> Attempt:
    """Return the attempt of a name, whoever's it is, from an address as the server knows it."""
    if not rules.is_name(name):
        return Attempt("", network_of(address))
    return Attempt(name if kind is AccountKind.USER else f"client:{name}", network_of(address))


def require_no_wait(steward: Steward, attempt: Attempt) -> bool:
    """Return whether failures are counted. Raises TooManyRequests while they make it wait."""
    failures = steward.store.accounts.find_failures(attempt.name, attempt.address)
    if failures is None:
        return False
    now = steward.clock()
    if failures.blocked_until > now:
        raise TooManyRequests(
            "Too many attempts to sign in with this name from this address have failed.",
            math.ceil((failures.blocked_until - now).total_seconds()),
        )
    return True


def count(steward: Steward, attempt: Attempt, account: Account | None) -> None:
    """Count a failure. Each wait that is longer than the one before is a row of the audit log.

    A name that nobody has gets no row: anybody could write as many of them as there are names.
    """
    now = steward.clock()
    with steward.store.accounts.writing(f"address:{attempt.address}", now) as changes:
        before = changes.find_failures(attempt.name, attempt.address)
        after = _counted(before, now)
        if after is None:
            return
        changes.forget_old_failures(KEPT, MOST)
        changes.put_failures(attempt.name, attempt.address, after)
        if account is not None and FREE <= after.count <= FREE + _STEPS:
            wait = wait_seconds(after.count)
            detail = {"account": account.name, "kind": account.kind.value}
            counted = {"failures": after.count, "wait_seconds": wait}
            changes.audit(Action.SIGN_IN_REFUSED, REFUSED, {**detail, **counted})


def forget(steward: Steward, attempt: Attempt) -> None:
    """Forget what was counted, after a success; not if the database takes nothing."""
    by = f"address:{attempt.address}"
    try:
        with steward.store.accounts.writing(by, steward.clock()) as changes:
            changes.forget_failures(attempt.name, attempt.address)
    except Problem as problem:
        if problem.refuses:
            raise


def wait_seconds(failures: int) -> int:
    """Return how long the next attempt has to wait."""
    if failures < FREE:
        return 0
    return min(LONGEST_SECONDS, 1 << min(failures - FREE, _STEPS))


def _counted(before: Failures | None, now: datetime) -> Failures | None:
    """Return the new count; None for an attempt that was under way when a wait began."""
    if before is None or now - before.last_at > KEPT:
        return Failures(1, now, now, now)
    if before.blocked_until > now:
        return None
    number = before.count + 1
    until = now + timedelta(seconds=wait_seconds(number))
    return Failures(number, before.first_at, now, until)


def network_of(address: str) -> str:
    """Return what one client can be expected to have: an IPv4 address, or an IPv6 network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode("ascii", "replace").decode()[:_MOST_ADDRESS_CHARACTERS]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK_BITS), strict=False))
