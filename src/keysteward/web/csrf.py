"""CSRF tokens: proof that whoever sends a writing request can read this server's answers.

A token is bound to the account and kept nowhere: it is the time of its end and an HMAC over that
and the account, under a key that all nodes derive from the sealing key. So clients that send no
cookies back can use it, and any node knows it.
"""

import base64
import binascii
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request

from keysteward.accounts.principals import Means, Principal
from keysteward.problems import CsrfTokenMissing
from keysteward.values import Secret

HEADER = "X-CSRF-Token"
LIFETIME_SECONDS = 12 * 3600
"""As long as the longest session."""

_MOST_CHARACTERS = 64
_MAC_BYTES = 19
_LABEL = b"keysteward csrf v1"


@dataclass(frozen=True, slots=True)
class CsrfTokens:
    """Makes and checks tokens; ``clock`` returns the present, aware UTC."""

    key: Secret
    clock: Callable[[], datetime]

    def issue(self, principal: Principal) -> str:
        """Return a token for the account."""
        end = struct.pack(">Q", int(self.clock().timestamp()) + LIFETIME_SECONDS)
        return base64.urlsafe_b64encode(end + self._mac(principal, end)).decode()

    def require(self, principal: Principal, token: str | None) -> None:
        """Raise CsrfTokenMissing unless the token is the account's and has not ended."""
        if token is None or len(token) > _MOST_CHARACTERS:
            raise CsrfTokenMissing
        try:
            content = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise CsrfTokenMissing from error
        end, mac = content[:8], content[8:]
        right = hmac.compare_digest(mac, self._mac(principal, end))
        if not right or struct.unpack(">Q", end)[0] < self.clock().timestamp():
            raise CsrfTokenMissing

    def _mac(self, principal: Principal, end: bytes) -> bytes:
        means = b"session" if principal.means is Means.SESSION else b"credentials"
        message = b"\0".join((_LABEL, str(principal.account_id).encode(), means, end))
        return hmac.digest(self.key.reveal(), message, "sha256")[:_MAC_BYTES]


def require_own_origin(request: Request) -> None:
    """Refuse what a browser sends on behalf of another site. Raises CsrfTokenMissing.

    For credentials that a browser may add by itself (Basic); programs send neither header.
    """
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    foreign = origin is not None and _host(origin) != request.headers.get("host")
    if foreign or site not in ("none", "same-origin"):
        raise CsrfTokenMissing


def _host(origin: str) -> str:
    """Return host and port; no host's name for what is no URL."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
