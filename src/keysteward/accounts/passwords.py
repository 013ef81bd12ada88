"""Passwords of users: what they must be, and Argon2id, bounded in how much runs at once.

Every attempt to sign in costs the same work, whether there is such a user or not.
"""

import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from keysteward.problems import PasswordTooWeak, ServerBusy
from keysteward.values import Secret

LEAST_CHARACTERS = 12
MOST_BYTES = 1024
"""Of the password as UTF-8; beyond that hashing would be work that an attacker gives out."""

ONE_TIME_CHARACTERS = 20
_UNAMBIGUOUS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1: 32 characters, so that 20 of them are 100 bits."""

RUNNING, WAITING = 2, 16
"""Computations at once, of 64 MiB and four threads each, and those that may wait for their turn.

Sixteen wait for about a second and a half; whoever comes then is told to come again.
"""

_HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
"""RFC 9106 section 4, second recommended option: t=3, m=64 MiB, p=4, a tag of 32 bytes."""

_DUMMY = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$l1LUH8/+Jt/NTEGuqsXaSg$RiuXsPtC1RppPIFLorqU+wATc3hwR/Vx+GxeeZKFl/w"
)
"""What is verified where there is no user: of 64 random bytes that were thrown away."""

_COMMON = frozenset(
    (
        *("000000000000", "111111111111", "aaaaaaaaaaaa", "abcdefghijkl", "abc123abc123"),
        *("0123456789012", "012345678901", "123123123123", "1234567890123", "123456789012"),
        *("1234567890ab", "1234567890abc", "12345678910112", "123456781234", "1q2w3e4r5t6y"),
        *("1qaz2wsx3edc", "administrator", "administrator1", "adminadminadmin", "changemechangeme"),
        *("changeme1234", "charlie12345", "correcthorsebatterystaple", "iloveyouiloveyou"),
        *("keysteward12", "keysteward123", "keysteward1234", "keystewardkeysteward"),
        *("letmeinletmein", "letmeinplease", "monkeymonkey", "p@ssw0rd1234", "p@ssword1234"),
        *("passw0rd1234", "password1234", "password12345", "password123456", "passwordpassword"),
        *("q1w2e3r4t5y6", "qazwsxedcrfv", "qwerty123456", "qwertyqwerty", "qwertyuiop12"),
        *("qwertyuiop123", "qwertyuiop[]", "qwertyuiopasdf", "qwertzuiop12", "secretsecret"),
        *("test12345678", "testtesttest", "welcome12345", "welcomewelcome", "zaq12wsxcde3"),
    )
)
"""The most common ones of twelve characters and more, in small letters."""

# A bound on the machine's memory is one for the whole process, whatever it has opened.
_turns = Semaphore(RUNNING)
_places = Semaphore(RUNNING + WAITING)


@contextmanager
def working() -> Iterator[None]:
    """Wait for a turn to compute. Raises ServerBusy if too many wait already."""
    if not _places.acquire(blocking=False):
        raise ServerBusy
    try:
        with _turns:
            yield
    finally:
        _places.release()


def hash_password(password: Secret) -> str:
    """Return the hash to keep, with its parameters and salt; call it in ``working``."""
    return _HASHER.hash(_normalised(password))


def verify(password_hash: str | None, password: Secret) -> bool:
    """Tell whether a password is the right one; None, for nobody, costs as much and is not.

    One computation in any case; call it in ``working``.
    """
    given = _normalised(password)
    if len(given) > MOST_BYTES:
        given = b""
    try:
        _HASHER.verify(password_hash or _DUMMY, given)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def make_one_time() -> Secret:
    """Return a password for the first sign-in that can be read out and typed."""
    chosen = "".join(secrets.choice(_UNAMBIGUOUS) for _ in range(ONE_TIME_CHARACTERS))
    return Secret(chosen.encode())


def require_strong(password: Secret, name: str) -> None:
    """Raise PasswordTooWeak for what is easily guessed, or too long to be hashed."""
    given = _normalised(password)
    text = given.decode(errors="replace")
    if len(text) < LEAST_CHARACTERS:
        raise PasswordTooWeak(f"It has fewer than {LEAST_CHARACTERS} characters.")
    if len(given) > MOST_BYTES:
        raise PasswordTooWeak(f"It has more than {MOST_BYTES:,} bytes.")
    if text.casefold() == unicodedata.normalize("NFC", name).casefold():
        raise PasswordTooWeak("It is the user's name.")
    if text.casefold() in _COMMON:
        raise PasswordTooWeak("It is among those that are tried first.")


def _normalised(password: Secret) -> bytes:
    """Return the password as every keyboard gives it: NFC (RFC 8265 section 4.2.2)."""
    try:
        text = password.reveal().decode()
    except UnicodeDecodeError:
        return password.reveal()
    return unicodedata.normalize("NFC", text).encode()
