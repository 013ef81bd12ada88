"""Public keys: what kind they are, and the one spelling in which they are compared."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_FIXED: dict[type, tuple[str, int]] = {
    ed25519.Ed25519PublicKey: ("Ed25519", 256),
    ed448.Ed448PublicKey: ("Ed448", 456),
    mldsa.MLDSA44PublicKey: ("ML-DSA-44", 1312 * 8),
    mldsa.MLDSA65PublicKey: ("ML-DSA-65", 1952 * 8),
    mldsa.MLDSA87PublicKey: ("ML-DSA-87", 2592 * 8),
}


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Kind of a public key: type ("RSA", "EC", "DSA", "Ed25519", …), size in bits, curve."""

    type: str
    size: int
    curve: str | None = None

    def __str__(self) -> str:
        if self.curve is not None:
            return f"{self.type} {self.curve}"
        return f"{self.type} {self.size}" if self.type in ("RSA", "DSA") else self.type


def kind(key: object) -> KeyKind:
    """Return the kind of a public key; ``other`` with size 0 for one that is not known here."""
    if isinstance(key, rsa.RSAPublicKey):
        return KeyKind("RSA", key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyKind("EC", key.key_size, key.curve.name)
    if isinstance(key, dsa.DSAPublicKey):
        return KeyKind("DSA", key.key_size)
    for known, (name, size) in _FIXED.items():
        if isinstance(key, known):
            return KeyKind(name, size)
    return KeyKind("other", 0)


def spki(key: CertificatePublicKeyTypes) -> bytes:
    """Return the SubjectPublicKeyInfo in its canonical DER (RFC 5280 section 4.1.2.7).

    The library writes it anew from the numbers, so a compressed point or a missing NULL parameter
    in a CA's certificate compares equal to the same key in the entry.
    """
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
