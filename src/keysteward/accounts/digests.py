"""What programs and browsers are given to prove who they are, and what of it is kept.

Kept is SHA-256, not Argon2: these are 256 random bits, which nobody can try out, so that a slow
hash would protect nothing and cost its time at every request.
"""

import hashlib
import secrets

from keysteward.values import Secret

_BYTES = 32
_MOST_BYTES = 200
"""Longer than any that was ever given out."""


def make(prefix: str) -> Secret:
    """Return 256 random bits as text that any header takes, after a prefix that tells what it is.

    The prefix is for people and for programs that search for secrets where they do not belong.
    """
    return Secret(f"{prefix}{secrets.token_urlsafe(_BYTES)}".encode())


def digest(secret: Secret) -> bytes | None:
    """Return what is kept of a secret; None for what was never given out."""
    content = secret.reveal()
    return hashlib.sha256(content).digest() if len(content) <= _MOST_BYTES else None


def digest_of_new(secret: Secret) -> bytes:
    """Return what to keep of a secret that was made here."""
    return hashlib.sha256(secret.reveal()).digest()
