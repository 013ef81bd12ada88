"""Sealing: private keys under data keys, data keys under the keyring's key-encryption keys.

A sealed or wrapped thing is one byte format version, a 96-bit nonce, and the output of AES-256-GCM
(NIST SP 800-38D). Nonces are random and fresh; one key seals far fewer than the 2**32 messages for
which section 8.3 allows that.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keysteward.problems import SealedKeyDamaged, SealingKeyMissing
from keysteward.sealing import keyring
from keysteward.values import Fingerprint, Secret

FORMAT = 1
"""Format version of what this module writes; it is in the associated data, too."""

_HEADER = bytes([FORMAT])
_NONCE_BYTES = 12
_TAG_BYTES = 16
_AUDIT_INFO = b"keysteward audit v1"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key wrapped by a sealing key: what the database may hold."""

    id: str
    sealing_key_id: str
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A private key sealed under a data key: what the database may hold."""

    data_key_id: str
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealingContext:
    """The row that a sealed key belongs to; it opens nowhere else."""

    keystore_id: int
    private_key_id: int
    public_key_sha256: Fingerprint


@dataclass(frozen=True, slots=True)
class Sealer:
    """The opened keys of an installation; made by ``open_sealer``."""

    _data_keys: Mapping[str, AESGCM] = field(repr=False)
    _audit_keys: Mapping[str, Secret] = field(repr=False)
    data_key_id: str
    """The data key that new private keys are sealed under."""
    sealing_key_id: str
    """The sealing key that wraps it, and whose audit key signs new audit rows."""

    def seal(self, pkcs8: Secret, context: SealingContext) -> SealedKey:
        """Seal a private key (PKCS#8 DER) for one row."""
        associated = _associated(self.data_key_id, context)
        ciphertext = _encrypt(self._data_keys[self.data_key_id], pkcs8.reveal(), associated)
        return SealedKey(self.data_key_id, ciphertext)

    def unseal(self, sealed: SealedKey, context: SealingContext) -> Secret:
        """Return the private key (PKCS#8 DER) of one row.

        Raises SealedKeyDamaged if it was altered or sealed for another row.
        """
        data_key = self._data_keys.get(sealed.data_key_id)
        if data_key is None:
            raise SealedKeyDamaged
        return Secret(
            _decrypt(data_key, sealed.ciphertext, _associated(sealed.data_key_id, context))
        )

    def has_data_key(self, data_key_id: str) -> bool:
        """Whether what is sealed under a data key can be opened."""
        return data_key_id in self._data_keys

    def find_audit_key(self, sealing_key_id: str) -> Secret | None:
        """Return the key of the audit log's chain that belongs to a sealing key."""
        return self._audit_keys.get(sealing_key_id)

    def derive_key(self, purpose: str) -> Secret:
        """Return a key for another purpose, the same on every node with this sealing key."""
        hkdf = HKDF(hashes.SHA256(), length=32, salt=None, info=b"keysteward " + purpose.encode())
        return Secret(hkdf.derive(self._audit_keys[self.sealing_key_id].reveal()))


def open_sealer(folder: Path, wrapped: Sequence[WrappedKey]) -> Sealer:
    """Open the data keys with the keyring's keys; the last one given is used for new seals.

    Raises SealingKeyMissing or SealingKeyExposed if a sealing key in use cannot be loaded, and
    SealedKeyDamaged if a wrapped data key does not open. ``wrapped`` must not be empty.
    """
    key_ids = dict.fromkeys(key.sealing_key_id for key in wrapped)
    return open_with({key_id: keyring.load_key(folder, key_id) for key_id in key_ids}, wrapped)


def open_with(sealing_keys: Mapping[str, Secret], wrapped: Sequence[WrappedKey]) -> Sealer:
    """Open the data keys with sealing keys by their ids; see ``open_sealer``.

    Raises SealingKeyMissing for one that is not given, SealedKeyDamaged.
    """
    for key in wrapped:
        if key.sealing_key_id not in sealing_keys:
            raise SealingKeyMissing(key.sealing_key_id)
    data_keys = {
        key.id: AESGCM(
            _decrypt(
                AESGCM(sealing_keys[key.sealing_key_id].reveal()),
                key.ciphertext,
                _wrapping(key.id, key.sealing_key_id),
            )
        )
        for key in wrapped
    }
    audit_keys = {key_id: audit_key(key) for key_id, key in sealing_keys.items()}
    return Sealer(data_keys, audit_keys, wrapped[-1].id, wrapped[-1].sealing_key_id)


def create_data_key(folder: Path, sealing_key_id: str) -> WrappedKey:
    """Make a random data key, wrapped by a key of the keyring."""
    data_key_id = secrets.token_hex(8)
    sealing_key = AESGCM(keyring.load_key(folder, sealing_key_id).reveal())
    data_key = AESGCM.generate_key(256)
    associated = _wrapping(data_key_id, sealing_key_id)
    return WrappedKey(data_key_id, sealing_key_id, _encrypt(sealing_key, data_key, associated))


def audit_key(sealing_key: Secret) -> Secret:
    """Derive the key of the audit log's chain from a sealing key (RFC 5869, SHA-256)."""
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_AUDIT_INFO)
    return Secret(hkdf.derive(sealing_key.reveal()))


def _encrypt(key: AESGCM, content: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _HEADER + nonce + key.encrypt(nonce, content, associated)


def _decrypt(key: AESGCM, content: bytes, associated: bytes) -> bytes:
    start = len(_HEADER) + _NONCE_BYTES
    if content[:1] != _HEADER or len(content) < start + _TAG_BYTES:
        raise SealedKeyDamaged
    try:
        return key.decrypt(content[1:start], content[start:], associated)
    except InvalidTag as error:
        raise SealedKeyDamaged from error


def _wrapping(data_key_id: str, sealing_key_id: str) -> bytes:
    return _joined("data-key", data_key_id, sealing_key_id)


def _associated(data_key_id: str, context: SealingContext) -> bytes:
    return _joined(
        "private-key",
        data_key_id,
        str(context.keystore_id),
        str(context.private_key_id),
        context.public_key_sha256,
    )


def _joined(*parts: str) -> bytes:
    """Return bytes that no other list of parts gives: none of them holds a zero byte."""
    return "\x00".join((f"keysteward seal v{FORMAT}", *parts)).encode()
