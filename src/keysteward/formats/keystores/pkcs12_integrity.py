"""The MAC of PKCS#12: HMAC by RFC 7292 section 4, and PBMAC1 by RFC 9579."""

import hmac
from dataclasses import dataclass

from keysteward.formats import der
from keysteward.formats.der import Element
from keysteward.formats.keystores import pkcs12_encryption as encryption
from keysteward.formats.keystores import pkcs12_structure as structure
from keysteward.formats.keystores.pkcs12_derivation import (
    Derivation,
    Pkcs12Kdf,
    digest_bytes,
)
from keysteward.formats.keystores.pkcs12_encryption import UnknownAlgorithmError

_PBMAC1 = bytes.fromhex("2a864886f70d01050e")  # 1.2.840.113549.1.5.14

_HASHES = {
    # 1.3.14.3.2.26 and 2.16.840.1.101.3.4.2.4, .1, .2, .3
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040204"): "sha224",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}

_PURPOSE_MAC = 3


@dataclass(frozen=True, slots=True)
class Mac:
    """The MAC of a file, and what has to be derived to verify it."""

    derivation: Derivation
    hash_name: str
    digest: bytes

    def verifies(self, key: bytes, content: bytes) -> bool:
        """Return whether the content is what the MAC was made over, with this derived key."""
        return hmac.compare_digest(self.digest, hmac.digest(key, content, self.hash_name))


def read_mac(data: bytes, mac_data: Element) -> Mac:
    """Return what MacData says. Raises Damaged, and UnknownAlgorithmError."""
    parts = structure.leading(data, mac_data, der.SEQUENCE)
    if len(parts) not in (2, 3):
        raise der.Damaged
    digest_info = structure.leading(data, parts[0], der.SEQUENCE)
    if len(digest_info) != 2:
        raise der.Damaged
    digest = structure.octet_string(data, digest_info[1])
    identifier, parameters = encryption.read_algorithm(data, digest_info[0])
    if identifier == _PBMAC1:
        return _pbmac1(data, parameters, digest)
    if identifier not in _HASHES:
        raise UnknownAlgorithmError(identifier)
    salt = structure.octet_string(data, parts[1])
    rounds = structure.positive(data, parts[2]) if len(parts) == 3 else 1
    name = _HASHES[identifier]
    return Mac(Pkcs12Kdf(name, _PURPOSE_MAC, salt, rounds, digest_bytes(name)), name, digest)


def _pbmac1(data: bytes, parameters: Element | None, digest: bytes) -> Mac:
    """RFC 9579 section 4: salt and rounds beside it are ignored; the key's length is required."""
    if parameters is None:
        raise der.Damaged
    parts = structure.leading(data, parameters, der.SEQUENCE, der.SEQUENCE)
    identifier, derivation_parameters = encryption.read_algorithm(data, parts[0])
    if identifier != encryption.PBKDF2:
        raise UnknownAlgorithmError(identifier)
    derivation, sized = encryption.read_pbkdf2(data, derivation_parameters)
    if not sized:
        raise der.Damaged
    return Mac(derivation, encryption.read_hmac(data, parts[1]), digest)
