"""Tokens of API clients: OAuth 2.0 client credentials (RFC 6749 section 4.4).

A token is 256 random bits and means nothing to whoever has it (RFC 6750); the database knows whose
it is. So a client that is disabled or removed has no token from that moment on, and roles are those
of now. A secret that expires or is removed does not shorten a token: it was right when it was sent.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta

from keysteward.accounts import attempts, digests, principals, rules
from keysteward.accounts.principals import Means, Principal
from keysteward.entries import Action
from keysteward.keystore.steward import Steward
from keysteward.problems import NotSignedIn
from keysteward.storage.account_records import Account, AccountKind, StoredSecret
from keysteward.storage.audit import DONE
from keysteward.values import Secret

PREFIX = "kt_"
"""What every token begins with."""

_REFUSED = "There is no such API client, or the secret is another one."


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was made just now, and for how many seconds it is valid."""

    token: Secret
    expires_in: int


def issue(steward: Steward, client_id: str, secret: Secret, address: str) -> IssuedToken:
    """Return a new token for an API client; its name is the client id.

    Raises NotSignedIn, TooManyRequests after five failures. That a secret has expired is told to
    whoever has it.
    """
    attempt = attempts.make(AccountKind.CLIENT, client_id, address)
    counted = attempts.require_no_wait(steward, attempt)
    account = _find(steward, client_id)
    found = None if account is None else _matching(steward, account, secret)
    if account is None or found is None or account.disabled_at is not None:
        attempts.count(steward, attempt, account)
        raise NotSignedIn(_REFUSED)
    if found.expires_at <= steward.clock():
        raise NotSignedIn(f"The client's secret ended on {found.expires_at:%Y-%m-%d}.")
    issued = _issue(steward, client_id)
    if counted:
        attempts.forget(steward, attempt)
    return issued


def resolve(steward: Steward, token: Secret) -> Principal:
    """Return the API client that a token was issued to. Raises NotSignedIn."""
    sha256 = digests.digest(token)
    found = None if sha256 is None else steward.store.accounts.find_token(sha256)
    if found is None:
        raise NotSignedIn("The token is not valid.")
    account, expires_at = found
    if expires_at <= steward.clock() or account.disabled_at is not None:
        raise NotSignedIn("The token is not valid.")
    return principals.principal_of(account, Means.BEARER)


def revoke(steward: Steward, token: Secret) -> None:
    """End a token now; one that is not valid is no problem (RFC 7009 section 2.2)."""
    sha256 = digests.digest(token)
    found = None if sha256 is None else steward.store.accounts.find_token(sha256)
    if sha256 is None or found is None:
        return
    name = found[0].name
    with steward.store.accounts.writing(f"client:{name}", steward.clock()) as changes:
        if changes.remove_token(sha256):
            changes.audit(Action.TOKEN_REVOKED, DONE, {"account": name})


def _issue(steward: Steward, name: str) -> IssuedToken:
    seconds = steward.settings.token_seconds
    token, now = digests.make(PREFIX), steward.clock()
    with steward.store.accounts.writing(f"client:{name}", now) as changes:
        # It may have been removed or disabled since it was found.
        account = changes.find(AccountKind.CLIENT, name)
        if account is None or account.disabled_at is not None:
            raise NotSignedIn(_REFUSED)
        expires_at = now + timedelta(seconds=seconds)
        changes.add_token(account, digests.digest_of_new(token), expires_at)
        detail = {"account": name, "expires_at": expires_at.isoformat()}
        changes.audit(Action.TOKEN_ISSUED, DONE, detail)
    return IssuedToken(token, seconds)


def _find(steward: Steward, name: str) -> Account | None:
    return steward.store.accounts.find(AccountKind.CLIENT, name) if rules.is_name(name) else None


def _matching(steward: Steward, account: Account, secret: Secret) -> StoredSecret | None:
    """Return the secret of a client that was sent, expired or not."""
    sha256 = digests.digest(secret)
    if sha256 is None:
        return None
    secrets = steward.store.accounts.list_secrets(account.id)
    return next((s for s in secrets if hmac.compare_digest(s.sha256, sha256)), None)
