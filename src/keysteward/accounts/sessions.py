"""Sessions of users: what a browser keeps in place of name and password.

The token is 256 random bits; what it stands for is in the database, so that a session ends at once
when its user is disabled, removed or gets another password.
"""

from datetime import datetime, timedelta

from keysteward.accounts import digests, principals, rules
from keysteward.accounts.principals import Means, Principal
from keysteward.entries import Action
from keysteward.keystore.steward import Steward
from keysteward.problems import AccountNotFound, NotSignedIn, Problem
from keysteward.storage.account_records import AccountKind
from keysteward.storage.audit import DONE
from keysteward.values import Secret

PREFIX = "kn_"
"""What every session's token begins with."""

_NOTED_EVERY = timedelta(minutes=1)
"""How often the use of a session is written down: reading must not write each time."""


def open_session(steward: Steward, principal: Principal) -> tuple[Secret, datetime]:
    """Begin a session of a user; return its token, and when it ends however much it is used.

    Raises AccountNotFound for an API client, and for a user that is gone or disabled meanwhile.
    """
    token, now = digests.make(PREFIX), steward.clock()
    expires_at = now + timedelta(seconds=steward.settings.session_seconds)
    name = principal.name
    with steward.store.accounts.writing(principal.caller.name, now) as changes:
        account = changes.find(AccountKind.USER, name)
        if account is None or account.id != principal.account_id or account.disabled_at is not None:
            raise AccountNotFound(rules.WORDS[AccountKind.USER], name)
        changes.add_session(account.id, digests.digest_of_new(token), expires_at)
        detail = {"account": name, "expires_at": expires_at.isoformat()}
        changes.audit(Action.SESSION_OPENED, DONE, detail)
    return token, expires_at


def resolve_session(steward: Steward, token: Secret) -> Principal:
    """Return the user of a session, and note that it is used. Raises NotSignedIn."""
    sha256 = digests.digest(token)
    session = None if sha256 is None else steward.store.accounts.find_session(sha256)
    if sha256 is None or session is None or session.account.disabled_at is not None:
        raise NotSignedIn("The session has ended.")
    now = steward.clock()
    idle = now - session.used_at
    if now >= session.expires_at or idle.total_seconds() >= steward.settings.session_idle_seconds:
        raise NotSignedIn("The session has ended.")
    principal = principals.principal_of(session.account, Means.SESSION)
    if idle >= _NOTED_EVERY:
        _note_use(steward, principal, sha256, now)
    return principal


def _note_use(steward: Steward, principal: Principal, sha256: bytes, now: datetime) -> None:
    """Note that a session is used, unless the database takes nothing: it can still be read."""
    try:
        with steward.store.accounts.writing(principal.caller.name, now) as changes:
            changes.use_session(sha256)
    except Problem as problem:
        if problem.refuses:
            raise


def close_session(steward: Steward, token: Secret) -> None:
    """End a session now; one that has ended is no problem."""
    sha256 = digests.digest(token)
    session = None if sha256 is None else steward.store.accounts.find_session(sha256)
    if sha256 is None or session is None:
        return
    name = session.account.name
    with steward.store.accounts.writing(name, steward.clock()) as changes:
        if changes.remove_session(sha256):
            changes.audit(Action.SESSION_CLOSED, DONE, {"account": name})
