"""Requests under an Idempotency-Key: carried out once, answered as often as they are sent.

1. A request that was carried out is answered as before; another one under its key is refused.
2. Two at the same moment: the second waits for the first.
3. The key is written in the transaction of what is done, so it is there exactly if that is. Whoever
   comes second, from another process, finds it there and undoes its own work.
4. The answer follows right after. A process that ended between the two leaves a key without an
   answer: then it is made anew of what is there.

Answers are kept encrypted under a key that is not in the database: some hold a secret.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keysteward.keystore.steward import Steward
from keysteward.problems import (
    IdempotencyKeyReused,
    Problem,
    RequestInvalid,
    SealedKeyDamaged,
)
from keysteward.storage.records import KeptAnswer, Remembering, Repeatable
from keysteward.values import Secret

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

PATTERN = "^[!-~]{1,200}$"

_NONCE_BYTES = 12
_LABEL = b"keysteward idempotency v1"


class Overtaken(Exception):
    """Another attempt with the same key was faster; this one is undone."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it goes over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def require_key(key: str) -> None:
    """Raise RequestInvalid for a key that is none."""
    if re.fullmatch(PATTERN, key) is None:
        raise RequestInvalid(f"{HEADER} has to be 1 to 200 visible ASCII characters.")


@dataclass(frozen=True, slots=True)
class Repeating:
    """One attempt to carry a request out under a key."""

    steward: Steward
    secret: Secret
    repeatable: Repeatable

    @classmethod
    def of(
        cls, steward: Steward, secret: Secret, account_id: int, key: str, request: tuple[bytes, ...]
    ) -> "Repeating":
        """Return an attempt; ``request`` is all that makes it another request."""
        # Keyed: a body may hold a password, which nobody shall find out by trying.
        parts = b"".join(hashlib.sha256(part).digest() for part in request)
        digest = hmac.digest(secret.reveal(), _LABEL + parts, "sha256")
        attempt = secrets.token_urlsafe(12)
        return cls(steward, secret, Repeatable(account_id, key, digest, attempt))

    def find(self) -> KeptAnswer | None:
        """Return what is known of the request. Raises IdempotencyKeyReused."""
        now = self.steward.clock()
        known = self.steward.store.answers.find(
            self.repeatable.account_id, self.repeatable.key, now
        )
        if known is not None and known.request_sha256 != self.repeatable.request_sha256:
            raise IdempotencyKeyReused
        return known

    def receipt(self, transaction: Remembering) -> None:
        """Write the key into the transaction of what is done. Raises Overtaken."""
        if not transaction.remember(self.repeatable):
            raise Overtaken

    def complete(self, told: Told, *, known: bool = False) -> None:
        """Keep the answer, also of a request that had nothing to write.

        ``known``: the key was written by another attempt, which has not come to this. An answer
        that the database does not take is made anew when somebody asks for it: what was done was
        done.
        """
        try:
            self._complete(told, known=known)
        except Problem as problem:
            if problem.refuses:
                raise

    def _complete(self, told: Told, *, known: bool) -> None:
        answers = self.steward.store.answers
        if known or answers.remember(self.repeatable, self.steward.clock()):
            headers = json.dumps(dict(told.headers))
            answers.complete(self.repeatable, told.status, headers, self._seal(told.body))

    def opened(self, kept: KeptAnswer) -> Told | None:
        """Return the answer that was kept; None if there was no time to."""
        if kept.status is None or kept.headers is None or kept.body is None:
            return None
        nonce, sealed = kept.body[:_NONCE_BYTES], kept.body[_NONCE_BYTES:]
        try:
            body = self._cipher().decrypt(nonce, sealed, self._bound())
        except InvalidTag as error:
            raise SealedKeyDamaged from error
        return Told(kept.status, json.loads(kept.headers), body)

    def _seal(self, body: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, body, self._bound())

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.secret.reveal(), _LABEL + b" answers", "sha256"))

    def _bound(self) -> bytes:
        return f"{self.repeatable.account_id}\0{self.repeatable.key}".encode()
