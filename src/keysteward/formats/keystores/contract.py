"""What every reader of keystore files gives back, and what it is given."""

from dataclasses import dataclass, field
from typing import Protocol

from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class Opening:
    """What a reader may use to open a file."""

    password: Secret | None
    """The store's password as UTF-8; None: none was given, which is not the empty one."""
    key_password: Secret | None
    """The password of the keys, where it is another than the store's."""
    limit_rounds: int
    """Most rounds of key derivation for the whole file, all its keys together."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key of a keystore file, opened but not yet proven to fit anything."""

    name: str
    """Alias or friendly name as the file has it; empty if it has none."""
    pkcs8: Secret
    """The clear key in DER (RFC 5958)."""
    certificates: tuple[bytes, ...]
    """DER certificates of this key: a chain, end-entity first, as far as the format says so."""


@dataclass(frozen=True, slots=True)
class FileCertificate:
    """A certificate of a keystore file that belongs to no key by the format's own links."""

    name: str
    der: bytes = field(repr=False)
    trusted: bool
    """Whether the file marks it as trusted: always in JKS, by an attribute in PKCS#12."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a keystore file holds besides, or what of it could not be opened, and why."""

    name: str
    reason: str
    """A clause in words, with its article: "a secret key, which has no place here"."""


@dataclass(frozen=True, slots=True)
class KeystoreFile:
    """All that a keystore file holds, in its order."""

    format: str
    """``JKS``, ``JCEKS`` or ``PKCS#12``."""
    keys: tuple[FileKey, ...]
    certificates: tuple[FileCertificate, ...]
    skipped: tuple[Skipped, ...]


class Reader(Protocol):
    """One format of keystore files; a module of this room is one."""

    def recognises(self, data: bytes) -> bool:
        """Tell by the first bytes whether the file is of this format."""

    def read(self, data: bytes, opening: Opening) -> KeystoreFile:
        """Return what the file holds.

        Raises KeystoreUnreadable, PasswordWrong, KeyDerivationTooCostly, and nothing else for any
        bytes whatever. A single key that does not open is ``Skipped``, not an exception.
        """
