"""How a client proves who it is: a token, a client's secret, or a user's password."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class Token:
    """A token that somebody else fetched; it cannot be renewed here."""

    token: Secret


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """An API client, which fetches its tokens itself (RFC 6749 section 4.4)."""

    client_id: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class Password:
    """A user, who signs in with each request (RFC 7617)."""

    user: str
    password: Secret


Credentials = Token | ClientSecret | Password

Fetch = Callable[[ClientSecret], tuple[Secret, float]]
"""Fetches a token; returns it, and for how many seconds it is good."""

_EARLIER_SECONDS = 30.0
"""A token is renewed this long before its end, so that none ends on its way."""


@dataclass(slots=True)
class Authorization:
    """The Authorization header of the requests of one client, renewed when its token ends."""

    credentials: Credentials
    fetch: Fetch
    _token: Secret | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False)

    def header(self) -> str:
        """Return the header's text; fetches a token if there is none that is still good."""
        if isinstance(self.credentials, Password):
            return basic(self.credentials.user, self.credentials.password)
        if isinstance(self.credentials, Token):
            return f"Bearer {_text(self.credentials.token)}"
        if self._token is None or time.monotonic() >= self._until:
            self._token, seconds = self.fetch(self.credentials)
            self._until = time.monotonic() + seconds - _EARLIER_SECONDS
        return f"Bearer {_text(self._token)}"

    def renew(self) -> bool:
        """Forget a token that the server did not take; False if there is no way to another."""
        known = self._token is not None
        self._token = None
        return known


def basic(name: str, secret: Secret) -> str:
    """Return Basic credentials (RFC 7617)."""
    pair = name.encode() + b":" + secret.reveal()
    return f"Basic {base64.b64encode(pair).decode()}"


def client_basic(given: ClientSecret) -> str:
    """Return Basic credentials of an API client, form-encoded first (RFC 6749 section 2.3.1)."""
    secret = Secret(quote_plus(given.secret.reveal()).encode())
    return basic(quote_plus(given.client_id), secret)


def _text(token: Secret) -> str:
    return token.reveal().decode("ascii", errors="replace")
