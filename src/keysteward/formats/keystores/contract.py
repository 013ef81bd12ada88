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

    @property
    def proves(self) -> bool:
        """Whether a digest under the password proves anything; the empty one everybody knows."""
        return self.password is not None and bool(self.password.reveal())


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
class LockedKey:
    """A private key that none of the given passwords opens; another one may."""

    name: str
    """As that of a ``FileKey``."""
    place: int
    """Among all private keys of the file, those that were opened included, from 0 on."""
    certificates: tuple[bytes, ...]
    """As those of a ``FileKey``, as far as the format links them by other means than the key."""


@dataclass(frozen=True, slots=True)
class FileCertificate:
    """A certificate of a keystore file that belongs to no key by the format's own links."""

    name: str
    der: bytes = field(repr=False)
    trusted: bool
    """Whether the file marks it as trusted: always in JKS, by an attribute in PKCS#12."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a keystore file holds besides, or a key that no password can open here, and why."""

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
    proven: bool
    """Whether a password has shown that nothing was altered after the file was written."""
    locked: tuple[LockedKey, ...] = ()

    @property
    def all_keys(self) -> tuple[FileKey | LockedKey, ...]:
        """Those that were opened and those that were not, in the order of the file."""
        found: list[FileKey | LockedKey] = list(self.keys)
        for key in self.locked:
            found.insert(key.place, key)
        return tuple(found)


class Reader(Protocol):
    """One format of keystore files; a module of this room is one."""

    def recognises(self, data: bytes) -> bool:
        """Tell by the first bytes whether the file is of this format."""

    def read(self, data: bytes, opening: Opening) -> KeystoreFile:
        """Return what the file holds.

        Raises KeystoreUnreadable, PasswordWrong, KeyDerivationTooCostly, and nothing else for any
        bytes whatever. A single key that does not open is ``locked``, not an exception.
        """
