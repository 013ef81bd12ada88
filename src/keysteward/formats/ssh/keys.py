"""The kinds of keys that SSH has names for, and how their public parts are written.

RSA and DSA: RFC 4253 section 6.6; ECDSA: RFC 5656 section 3.1; Ed25519 and Ed448: RFC 8709.
"""

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keysteward.formats.ssh import wire
from keysteward.formats.ssh.wire import Damaged
from keysteward.pki import private_keys, public_keys
from keysteward.pki.key_pairs import PrivateKey
from keysteward.problems import KeyTypeUnsupported

RSA, DSA, ED25519, ED448 = "ssh-rsa", "ssh-dss", "ssh-ed25519", "ssh-ed448"

ECDSA = "ecdsa-sha2-"
"""Followed by the name of the curve."""

_CURVES: dict[str, ec.EllipticCurve] = {
    "nistp256": ec.SECP256R1(),
    "nistp384": ec.SECP384R1(),
    "nistp521": ec.SECP521R1(),
}

_CURVE_NAMES = {curve.name: name for name, curve in _CURVES.items()}

_CERTIFICATE = "-cert-v01@openssh.com"

_SECURITY_KEY = "sk-"

_REMEDY = (
    "SSH takes RSA, DSA, Ed25519, and EC keys on P-256, P-384 and P-521. Use one of these with SSH."
)


def has_curve(name: str | None) -> bool:
    """Tell whether SSH has a name for EC keys on a curve, called as in ``KeyKind``."""
    return name in _CURVE_NAMES


def public_blob(key: object) -> bytes:
    """Return a public key as SSH sends it, its name first.

    Raises KeyTypeUnsupported for a kind that SSH has no name for.
    """
    if isinstance(key, rsa.RSAPublicKey):
        rsa_numbers = key.public_numbers()
        return _named(RSA, wire.mpint(rsa_numbers.e), wire.mpint(rsa_numbers.n))
    if isinstance(key, dsa.DSAPublicKey):
        dsa_numbers = key.public_numbers()
        group = dsa_numbers.parameter_numbers
        return _named(
            DSA, *(wire.mpint(number) for number in (group.p, group.q, group.g, dsa_numbers.y))
        )
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVE_NAMES:
        curve = _CURVE_NAMES[key.curve.name]
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _named(ECDSA + curve, wire.string(curve.encode()), wire.string(point))
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _named(ED25519, wire.string(key.public_bytes_raw()))
    if isinstance(key, ed448.Ed448PublicKey):
        return _named(ED448, wire.string(key.public_bytes_raw()))
    raise KeyTypeUnsupported(f"SSH has no name for {public_keys.kind(key)} keys.", _REMEDY)


def build_rsa(numbers: rsa.RSAPrivateNumbers) -> PrivateKeyTypes:
    """Return an RSA key of which nothing is proven yet. Raises Damaged."""
    try:
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except (ValueError, InternalError) as error:
        raise Damaged("its numbers make no RSA key") from error


def rsa_numbers(n: int, e: int, d: int, primes: tuple[int, int, int]) -> rsa.RSAPrivateNumbers:
    """Return all numbers of an RSA key; ``primes`` are p, q and the inverse of q modulo p.

    Raises Damaged.
    """
    p, q, inverse = primes
    if p < 3 or q < 3:
        raise Damaged("its numbers make no RSA key")
    public = rsa.RSAPublicNumbers(e, n)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), inverse, public)


def build_dsa(group: tuple[int, int, int], y: int, x: int) -> PrivateKeyTypes:
    """Return a DSA key; ``group`` is p, q and g. Raises Damaged, KeyTypeUnsupported."""
    p, q, g = group
    if (p.bit_length(), q.bit_length()) not in _DSA_SIZES:
        raise KeyTypeUnsupported(
            f"A DSA key of {p.bit_length()} bits with a group of {q.bit_length()} cannot be used.",
            "Use an RSA or Ed25519 key.",
        )
    if not (1 < g < p and 0 < x < q) or pow(g, x, p) != y:
        raise Damaged("its numbers make no DSA key")
    public = dsa.DSAPublicNumbers(y, dsa.DSAParameterNumbers(p, q, g))
    try:
        return dsa.DSAPrivateNumbers(x, public).private_key()
    except (ValueError, InternalError) as error:
        raise Damaged("its numbers make no DSA key") from error


_DSA_SIZES = {(p, q) for p in (1024, 2048, 3072, 4096) for q in (160, 224, 256)}
"""Bits of p and q that the library takes; puttygen makes q of 160 bits for every p."""


def build_ec(algorithm: str, secret: int) -> PrivateKeyTypes:
    """Return the EC key of a number, on the curve that ``algorithm`` names.

    Raises Damaged, KeyTypeUnsupported.
    """
    curve = _CURVES.get(algorithm.removeprefix(ECDSA))
    if curve is None:
        raise unsupported(algorithm)
    try:
        return ec.derive_private_key(secret, curve)
    except (ValueError, InternalError) as error:
        raise Damaged("its number makes no key on its curve") from error


def build_edwards(algorithm: str, secret: bytes) -> PrivateKeyTypes:
    """Return the Ed25519 or Ed448 key of its secret bytes. Raises Damaged."""
    try:
        if algorithm == ED448:
            return ed448.Ed448PrivateKey.from_private_bytes(secret)
        return ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Damaged("its secret has another length than such keys") from error


def require_fit(key: PrivateKeyTypes, blob: bytes) -> PrivateKey:
    """Return the key once it is proven to be whole and to be that of the public part in its file.

    Raises PrivateKeyUnreadable, KeyTypeUnsupported, Damaged.
    """
    proven = private_keys.require_proven(key)
    if public_blob(proven.public_key()) != blob:
        raise Damaged("its private key does not belong to its public key")
    return proven


def unsupported(algorithm: str) -> KeyTypeUnsupported:
    """Return the refusal of an algorithm that has no place here."""
    if algorithm.endswith(_CERTIFICATE):
        return KeyTypeUnsupported(
            "The key's file holds an SSH certificate beside the key.",
            "Take it out with 'puttygen FILE --remove-certificate -o NEW' and give that.",
        )
    if algorithm.startswith(_SECURITY_KEY):
        return KeyTypeUnsupported(
            "The key lies in a hardware security key; the file only says where.", _REMEDY
        )
    return KeyTypeUnsupported(f"SSH keys of the kind {algorithm[:60]!r} cannot be used.", _REMEDY)


def name_of(content: bytes) -> str:
    """Return the name of an algorithm as text; what is no ASCII is replaced."""
    return content.decode("ascii", "replace")


def _named(algorithm: str, *fields: bytes) -> bytes:
    return wire.string(algorithm.encode()) + b"".join(fields)
