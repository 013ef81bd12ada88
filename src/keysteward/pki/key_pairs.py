"""New key pairs: what can be asked for, the private key, and its self-signed placeholder."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.pki import contents, public_keys
from keysteward.pki.contents import Content
from keysteward.pki.public_keys import KeyKind
from keysteward.problems import KeyTypeUnsupported, ValidityInvalid

PrivateKey = CertificateIssuerPrivateKeyTypes
"""A private key that can sign: RSA, EC, DSA, Ed25519, Ed448, ML-DSA."""

DEFAULT_YEARS = 3
"""Life of a placeholder in calendar years, unless asked otherwise."""

_TYPES = ("rsa", "ec", "dsa", "ed25519", "ed448", "ml-dsa")

_SIZES: dict[str, tuple[int, ...]] = {
    "rsa": (4096, 3072, 2048),
    "dsa": (3072, 2048),
    "ml-dsa": (65, 44, 87),
}
"""Sizes by type, the default first: modulus bits, and the number in the ML-DSA parameter set."""

_CURVES: dict[str, ec.EllipticCurve] = {
    curve.name: curve
    for curve in (
        ec.SECP256R1(),
        ec.SECP384R1(),
        ec.SECP521R1(),
        ec.SECP192R1(),
        ec.SECP224R1(),
        ec.SECP256K1(),
        ec.BrainpoolP256R1(),
        ec.BrainpoolP384R1(),
        ec.BrainpoolP512R1(),
    )
}

_CURVE_NAMES: dict[str, str] = {
    **{name.lower(): name for name in _CURVES},
    "p-192": "secp192r1",
    "p-224": "secp224r1",
    "p-256": "secp256r1",
    "p-384": "secp384r1",
    "p-521": "secp521r1",
    "p192": "secp192r1",
    "p224": "secp224r1",
    "p256": "secp256r1",
    "p384": "secp384r1",
    "p521": "secp521r1",
    "prime192v1": "secp192r1",
    "prime256v1": "secp256r1",
}

# Names of curves over binary fields: SECG's, X9.62's, NIST's and WTLS's.
_BINARY_CURVES = ("sect", "c2pnb", "c2tnb", "b-", "k-", "wap-wsg-idm-ecid-wtls")

_ML_DSA: dict[
    int, type[mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey]
] = {
    44: mldsa.MLDSA44PrivateKey,
    65: mldsa.MLDSA65PrivateKey,
    87: mldsa.MLDSA87PrivateKey,
}

_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_DEFAULT_HASHES: dict[str, str] = {
    "RSA": "sha512",
    "EC": "sha512",
    # OpenSSL 3.0 does not verify DSA with a longer hash, so its CAs could not sign the request.
    "DSA": "sha256",
}
"""The hash that a key type signs with unless asked otherwise; the others have one of their own."""


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A kind of key pair that can be generated, as ``parse_key_spec`` returns it.

    ``type`` is one of rsa, ec, dsa, ed25519, ed448, ml-dsa; ``size`` is set for rsa and dsa (bits)
    and for ml-dsa (44, 65, 87), ``curve`` (its SECG name, "secp256r1") for ec.
    """

    type: str
    size: int | None = None
    curve: str | None = None

    @property
    def key_type(self) -> str:
        """The type as ``KeyKind`` names it ("RSA", "Ed25519", "ML-DSA-65")."""
        if self.type == "ml-dsa":
            return f"ML-DSA-{self.size}"
        return self.type.upper() if self.type in ("rsa", "ec", "dsa") else self.type.capitalize()


@dataclass(frozen=True, slots=True)
class Validity:
    """A period, both ends included: aware UTC datetimes in whole seconds."""

    not_before: datetime
    not_after: datetime


def parse_key_spec(
    type_: str = "rsa", size: int | None = None, curve: str | None = None
) -> KeySpec:
    """Return what to generate, with the default size or curve where none is given.

    Letter case makes no difference; curves go by the names of SECG, NIST (P-256) and X9.62
    (prime256v1). Raises KeyTypeUnsupported for anything that is not offered, and for a size or
    curve that the type does not have.
    """
    kind = type_.strip().lower()
    if kind not in _TYPES:
        raise KeyTypeUnsupported(
            f"There is no key type {_quoted(type_)}.", f"Choose one of {', '.join(_TYPES)}."
        )
    if kind != "ec" and curve is not None:
        raise KeyTypeUnsupported(
            f"A key of type {kind} has no curve to choose.", "Leave the curve out, or take ec."
        )
    if kind not in _SIZES and size is not None:
        remedy = "Name a curve instead, like P-256." if kind == "ec" else "Leave the size out."
        raise KeyTypeUnsupported(f"A key of type {kind} has no size to choose.", remedy)
    if kind == "ec":
        return KeySpec(kind, curve=_curve("P-256" if curve is None else curve))
    if kind not in _SIZES:
        return KeySpec(kind)
    choices = _SIZES[kind]
    chosen = choices[0] if size is None else size
    if chosen not in choices:
        raise KeyTypeUnsupported(
            f"A key of type {kind} cannot have the size {chosen}.",
            f"Choose one of {', '.join(str(choice) for choice in sorted(choices))}.",
        )
    return KeySpec(kind, size=chosen)


def spec_of(kind: KeyKind) -> KeySpec:
    """Return what to generate for another key of the same kind.

    A size that is not offered any more, RSA 1024 for one, becomes the default of its type. Raises
    KeyTypeUnsupported for a kind that cannot be generated here.
    """
    if kind.type.startswith("ML-DSA-"):
        return parse_key_spec("ml-dsa", int(kind.type.removeprefix("ML-DSA-")))
    type_ = kind.type.lower()
    size = kind.size if kind.size in _SIZES.get(type_, ()) else None
    return parse_key_spec(type_, size, kind.curve)


def _curve(asked: str) -> str:
    name = asked.strip().lower()
    if name in _CURVE_NAMES:
        return _CURVE_NAMES[name]
    known = f"Choose one of {', '.join(_CURVES)}."
    if name.startswith(_BINARY_CURVES):
        raise KeyTypeUnsupported(
            f"{_quoted(asked)} is a curve over a binary field; such keys are neither made nor "
            "used here, because TLS gave them up.",
            known,
        )
    raise KeyTypeUnsupported(f"There is no curve {_quoted(asked)}.", known)


def generate(spec: KeySpec) -> PrivateKey:
    """Return a new private key. RSA and DSA take from a few milliseconds to some seconds."""
    if spec.type == "rsa":
        return rsa.generate_private_key(65537, spec.size or _SIZES["rsa"][0])
    if spec.type == "dsa":
        return dsa.generate_private_key(spec.size or _SIZES["dsa"][0])
    if spec.type == "ec":
        return ec.generate_private_key(_CURVES[spec.curve or "secp256r1"])
    if spec.type == "ml-dsa":
        return _ML_DSA[spec.size or _SIZES["ml-dsa"][0]].generate()
    if spec.type == "ed448":
        return ed448.Ed448PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate()


def signature_hash(
    key_type: str, asked: str | None = None
) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash to sign with; None for key types whose algorithm has its own.

    Args:
        key_type: as ``KeyKind`` names it: "RSA", "EC", "DSA", "Ed25519", …
        asked: sha256, sha384 or sha512 in any spelling (SHA-256, SHA256); None for the default,
            which is SHA-512, and SHA-256 for DSA.

    Raises:
        KeyTypeUnsupported: another hash, or one for a key type that takes none.
    """
    default = _DEFAULT_HASHES.get(key_type)
    if asked is None:
        return None if default is None else _HASHES[default]
    if default is None:
        raise KeyTypeUnsupported(
            f"{key_type} signatures have no hash to choose.", "Leave the hash out."
        )
    found = _HASHES.get(asked.strip().lower().replace("-", "").replace("_", ""))
    if found is None:
        raise KeyTypeUnsupported(
            f"There is no signing with the hash {_quoted(asked)}.",
            "Choose one of SHA-256, SHA-384, SHA-512.",
        )
    return found


def build_validity(
    now: datetime,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    *,
    years: int = DEFAULT_YEARS,
) -> Validity:
    """Return the period of a placeholder: from now for so many calendar years unless given.

    Fractions of seconds are cut off. Raises ValidityInvalid for a naive datetime, an empty period,
    and for years that a certificate cannot express (before 1950, after 9999).
    """
    start = _utc(now if not_before is None else not_before)
    end = _years_later(start, years) if not_after is None else _utc(not_after)
    if end <= start:
        raise ValidityInvalid(
            f"It would end ({end:%Y-%m-%d %H:%M:%S}) before it begins "
            f"({start:%Y-%m-%d %H:%M:%S}, UTC). Give a later end."
        )
    return Validity(start, end)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValidityInvalid("The date has no time zone. Give one, like 2027-01-31T00:00:00Z.")
    try:
        utc = moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise ValidityInvalid("The date is beyond the year 9999, in UTC.") from error
    if utc.year < 1950:  # RFC 5280 section 4.1.2.5.1: UTCTime starts there
        raise ValidityInvalid("Certificates cannot express dates before 1950.")
    return utc


def _years_later(moment: datetime, years: int) -> datetime:
    year = moment.year + years
    if year > 9999:
        raise ValidityInvalid("Certificates cannot express dates after 9999. Give an earlier end.")
    try:
        return moment.replace(year=year)
    except ValueError:  # 29 February, in a year that has none
        return moment.replace(year=year, day=28)


def build_placeholder(
    key: PrivateKey, content: Content, validity: Validity, hash_name: str | None = None
) -> bytes:
    """Return a self-signed X.509 v3 end-entity certificate in DER, with a random serial number.

    It holds the place of the chain until a CA's response arrives. Raises KeyTypeUnsupported if the
    key cannot serve the content's usage, or not sign with the hash.
    """
    key_type = public_keys.kind(key.public_key()).type
    builder = (
        x509.CertificateBuilder()
        .subject_name(content.name)
        .issuer_name(content.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    for extension, critical in contents.extensions(content, key_type):
        builder = builder.add_extension(extension, critical=critical)
    try:
        signed = builder.sign(key, signature_hash(key_type, hash_name))
    except ValueError as error:  # RFC 8017 section 9.2: the digest must fit into the modulus
        raise KeyTypeUnsupported(
            "The key is too short to sign with this hash.", "Choose SHA-256, or a longer key."
        ) from error
    return signed.public_bytes(Encoding.DER)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
