"""Sign-in of users by name and password, at every request of a program that sends both.

1. While failures make this name wait at this address, nothing is looked at: not even whether the
   password was right a minute ago, or the answer would tell.
2. The account is read. What follows compares with the hash that it has now.
3. A password that was found right for this very hash within five minutes is right.
4. Otherwise Argon2id is computed, once, whether there is such a user or not.
5. The account is read again: it may have been changed during the computation.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Never

from keysteward.accounts import attempts, passwords, principals, rules
from keysteward.accounts.attempts import Attempt
from keysteward.accounts.principals import Means, Principal
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn
from keysteward.storage.account_records import Account, AccountKind
from keysteward.values import Secret

_REMEMBERED = 1000
_REMEMBERED_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Verified:
    password_hash: str
    at: datetime


class _Memory:
    """Which passwords were found right, for which hash; neither can be read out of it."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)
        self._lock = Lock()
        self._verified: dict[bytes, _Verified] = {}

    def knows(self, account: Account, password: Secret, now: datetime) -> bool:
        """Tell whether a password was found right for the hash that the account has."""
        found = self._verified.get(self._digest(account.name, password))
        if found is None or found.password_hash != account.password_hash:
            return False
        return abs(now - found.at) < _REMEMBERED_FOR  # a clock that is put back prolongs nothing

    def keep(self, name: str, password: Secret, password_hash: str, now: datetime) -> None:
        """Remember a password that was found right; the one kept longest makes room."""
        digest = self._digest(name, password)
        with self._lock:
            self._verified.pop(digest, None)
            while len(self._verified) >= _REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[digest] = _Verified(password_hash, now)

    def _digest(self, name: str, password: Secret) -> bytes:
        # No name holds a zero byte.
        content = name.encode() + b"\0" + password.reveal()
        return hashlib.blake2b(content, key=self._key).digest()


# Of the process, with a key of its own: an entry is worth nothing without the row that it fits.
_memory = _Memory()


def sign_in(steward: Steward, name: str, password: Secret, address: str) -> Principal:
    """Return the user of a name and password.

    Args:
        steward: the installation's.
        name: as it was sent; no API client's.
        password: as it was sent.
        address: of the network peer, for counting failures.

    Raises NotSignedIn, with the same words for an unknown user, a wrong password and a disabled
    user, TooManyRequests after five failures, ServerBusy if too many passwords are computed,
    DatabaseUnavailable if a failure could not be counted.
    """
    found = recall(steward, name, password, address)
    if found is not None:
        return found
    attempt = attempts.make(AccountKind.USER, name, address)
    verified, counted = _computed(steward, attempt, _find(steward, name), password)  # step 4
    account = _find(steward, name)  # step 5
    if account is None or account.disabled_at is not None or account.password_hash != verified:
        _refuse(steward, attempt, account)
    if counted:
        attempts.forget(steward, attempt)
    return principals.principal_of(account, Means.BASIC)


def recall(steward: Steward, name: str, password: Secret, address: str) -> Principal | None:
    """Return the user if the password was found right lately; None if it has to be computed.

    Steps 1 to 3, which take no time. Raises TooManyRequests, NotSignedIn for a disabled user.
    """
    attempt = attempts.make(AccountKind.USER, name, address)
    counted = attempts.require_no_wait(steward, attempt)  # step 1
    account = _find(steward, name)  # step 2
    if account is None or not _memory.knows(account, password, steward.clock()):  # step 3
        return None
    if account.disabled_at is not None:
        _refuse(steward, attempt, account)
    if counted:
        attempts.forget(steward, attempt)
    return principals.principal_of(account, Means.BASIC)


def _refuse(steward: Steward, attempt: Attempt, account: Account | None) -> Never:
    attempts.count(steward, attempt, account)
    raise NotSignedIn("There is no such user, or the password is another one.")


def _computed(
    steward: Steward, attempt: Attempt, account: Account | None, password: Secret
) -> tuple[str | None, bool]:
    """Return the hash for which Argon2id finds the password right, and remember it.

    None if it was changed meanwhile; beside it whether failures are counted. Raises NotSignedIn if
    the password is not right.
    """
    with passwords.working():
        # Those who came at the same moment wait for their turn here, and each counts its failure
        # before the next one begins: a crowd has no more guesses than one after another.
        counted = attempts.require_no_wait(steward, attempt)
        # Nobody guesses where nothing can be counted.
        steward.store.readiness.require_writable()
        password_hash = None if account is None else account.password_hash
        right = passwords.verify(password_hash, password)
        if account is None or password_hash is None or not right:
            _refuse(steward, attempt, account)
        if passwords.needs_rehash(password_hash):
            password_hash = _rehashed(steward, account, password)
    if password_hash is not None:
        _memory.keep(account.name, password, password_hash, steward.clock())
    return password_hash, counted


def _rehashed(steward: Steward, account: Account, password: Secret) -> str | None:
    """Keep the password under today's parameters; None if it was changed meanwhile."""
    hashed = passwords.hash_password(password)
    with steward.store.accounts.writing(account.name, steward.clock()) as changes:
        return hashed if changes.rehash_password(account, hashed) else None


def _find(steward: Steward, name: str) -> Account | None:
    return steward.store.accounts.find(AccountKind.USER, name) if rules.is_name(name) else None
