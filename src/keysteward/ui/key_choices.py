"""Kinds of keys that forms offer, and the one that was chosen."""

from dataclasses import dataclass
from datetime import datetime

from keysteward.keystore import key_pairs
from keysteward.pki import tls_support
from keysteward.pki.key_pairs import KeySpec, parse_key_spec
from keysteward.pki.usages import Usage
from keysteward.ui.forms import Form

Choices = tuple[tuple[str, str], ...]
"""Pairs of a value and the words for it."""

_TYPES = (("rsa", "RSA"), ("ec", "EC"))
"""As SAP's dialogs offer them, with the words for them."""
_OTHER_TYPES = (
    ("dsa", "DSA"),
    ("ed25519", "Ed25519"),
    ("ed448", "Ed448"),
    ("ml-dsa", "ML-DSA (FIPS 204)"),
)
"""Under Advanced."""
_SIZES = {
    "rsa": ("4096", "3072", "2048"),
    "dsa": ("3072", "2048"),
    "ml-dsa": ("65", "44", "87"),
}
"""The proposed one first."""
_CURVES: Choices = (
    ("secp256r1", "NIST P-256 (secp256r1)"),
    ("secp384r1", "NIST P-384 (secp384r1)"),
    ("secp521r1", "NIST P-521 (secp521r1)"),
    ("secp224r1", "NIST P-224 (secp224r1)"),
    ("secp192r1", "NIST P-192 (secp192r1)"),
    ("secp256k1", "secp256k1"),
    ("brainpoolP256r1", "brainpoolP256r1"),
    ("brainpoolP384r1", "brainpoolP384r1"),
    ("brainpoolP512r1", "brainpoolP512r1"),
)
_SSH_CURVES = _CURVES[:3]
"""Those that SSH has (RFC 5656 section 10.1)."""
_HASHES: dict[str, Choices] = {
    "rsa": (("sha512", "SHA-512/RSA"), ("sha384", "SHA-384/RSA"), ("sha256", "SHA-256/RSA")),
    "ec": (("sha512", "SHA-512/ECDSA"), ("sha384", "SHA-384/ECDSA"), ("sha256", "SHA-256/ECDSA")),
    "dsa": (("sha256", "SHA-256/DSA"), ("sha384", "SHA-384/DSA"), ("sha512", "SHA-512/DSA")),
}
"""Signature algorithms by the type of the key, the proposed one first."""

_SSH_TYPES = (("rsa", "RSA"), ("dsa", "DSA"), ("ec", "EC"))
_OTHER_SSH_TYPES = (("ed25519", "Ed25519"), ("ed448", "Ed448"))


@dataclass(frozen=True, slots=True)
class KeyChoices:
    """What a form offers of keys."""

    types: Choices = _TYPES
    others: Choices = _OTHER_TYPES
    curves: Choices = _CURVES
    without_ml_dsa: bool = False
    """Whether no connection can be made here with the ML-DSA keys that are offered."""

    @property
    def sizes(self) -> dict[str, Choices]:
        """Pairs of value and text by type; of those that are offered."""
        offered = {type_ for type_, _ in (*self.types, *self.others)}
        return {
            type_: tuple((size, f"ML-DSA-{size}" if type_ == "ml-dsa" else size) for size in sizes)
            for type_, sizes in _SIZES.items()
            if type_ in offered
        }

    @property
    def hashes(self) -> dict[str, Choices]:
        """Signature algorithms by type."""
        return _HASHES

    @property
    def tls_library(self) -> str:
        """The name of what makes connections here."""
        return tls_support.LIBRARY


_FOR_SSH = KeyChoices(_SSH_TYPES, _OTHER_SSH_TYPES, _SSH_CURVES)


def choices_for(usage: Usage, now: datetime) -> KeyChoices:
    """Return what is offered for a usage."""
    if usage is Usage.SSH:
        return _FOR_SSH
    reason = key_pairs.reason_unusable(parse_key_spec("ml-dsa"), now)
    return KeyChoices(without_ml_dsa=reason is not None)


def algorithms_of(type_: str) -> Choices:
    """Return the signature algorithms of a type of key; none if it has one of its own."""
    return _HASHES.get(type_, ())


def type_of(form: Form) -> str:
    """Return the type of key that was chosen; empty if none was."""
    return form.text("other_type") or form.text("type")


def spec_of(form: Form) -> KeySpec:
    """Return the kind of key that was chosen. Raises KeyTypeUnsupported, FieldInvalid."""
    type_ = type_of(form)
    curve = form.optional("curve") if type_ == "ec" else None
    return parse_key_spec(type_, form.whole(f"size_{type_}"), curve)


def hash_of(form: Form) -> str | None:
    """Return the hash to sign with; None for the default of the type."""
    return form.optional(f"hash_{type_of(form)}")
