"""One X.509 certificate as a value: what lists and rules need, derived once from the DER."""

import hashlib
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.x509.oid import ExtensionOID, SignatureAlgorithmOID

from keysteward.pki import names, old_names, public_keys, readable_copies
from keysteward.pki.public_keys import KeyKind
from keysteward.problems import CertificateUnreadable
from keysteward.values import Fingerprint

_UNSUPPORTED = (
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

_ONE_ALGORITHM = (
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
    mldsa.MLDSA44PublicKey,
    mldsa.MLDSA65PublicKey,
    mldsa.MLDSA87PublicKey,
)

_UNDERSTOOD = frozenset(
    {
        # The extensions that a receiver's path validation processes (RFC 5280 section 4.2).
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.FRESHEST_CRL,
    }
)

# FIPS 186-4's DSA with the longer hashes, for which cryptography 50 can sign but has no names.
_DSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.3.3": hashes.SHA384(),
    "2.16.840.1.101.3.4.3.4": hashes.SHA512(),
}

_MOST_EXPONENT_BITS = 64
"""Of an RSA key: OpenSSL's own limit for a modulus above 3,072 bits, here for every modulus. An
exponent as long as the modulus makes one verification take as long as a hundred ordinary ones."""

_USAGE_BITS = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions that the rules look at; None where the certificate has no such extension."""

    is_ca: bool | None = None
    path_length: int | None = None
    key_usage: frozenset[str] | None = None
    extended_key_usage: frozenset[str] | None = None
    san: tuple[str, ...] = ()
    subject_key_id: bytes | None = None
    authority_key_id: bytes | None = None
    authority_serial: int | None = None
    unknown_critical: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Not critical, and malformed."""


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """An X.509 certificate. ``der`` is the truth, verbatim as received; the rest is derived."""

    der: bytes
    fingerprint: Fingerprint
    subject: str
    """The subject as text for people (RFC 4514)."""
    issuer: str
    """The issuer as text for people (RFC 4514)."""
    subject_name: bytes = field(repr=False)
    """The subject's distinguished name in the form in which names are compared."""
    issuer_name: bytes = field(repr=False)
    serial_number: int
    not_before: datetime
    not_after: datetime
    spki: bytes = field(repr=False)
    public_key_sha256: Fingerprint
    key: KeyKind
    signature_algorithm: str
    signature_hash: str | None
    version: int
    extensions: Extensions = field(repr=False)
    loaded: x509.Certificate = field(repr=False)
    loaded_from_copy: bool = False
    """Whether ``loaded`` differs from ``der``, so that its own signature does not verify."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def subject_dn(self) -> x509.Name:
        """The subject's distinguished name."""
        return old_names.subject(self.loaded, self.der)

    @property
    def signed_part(self) -> bytes:
        """What the issuer signed: the TBSCertificate of ``der``."""
        if self.loaded_from_copy:
            return readable_copies.signed_part(self.der)
        return self.loaded.tbs_certificate_bytes

    @property
    def fingerprint_sha1(self) -> str:
        """SHA-1 over the DER in hexadecimal: many CAs still publish only this one."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest()

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same name (RFC 5280 section 3.2)."""
        return self.subject_name == self.issuer_name

    @property
    def self_signed(self) -> bool:
        """Whether its own key signed it (RFC 5280 section 3.2): a root, or a placeholder."""
        return self.self_issued and failure_of_signature(self, self) is None


@lru_cache(maxsize=4096)
def read_certificate(der: bytes) -> Certificate:
    """Return the value of one certificate in DER.

    A pure function of the bytes, so its results are kept: the intermediates and the root of one CA
    are read once for all the key pairs that it certifies.

    Raises CertificateUnreadable for bytes that are anything but exactly one certificate.
    """
    try:
        with warnings.catch_warnings():
            # Odd serial numbers and parameters are reported by our own rules, as notices.
            warnings.simplefilter("ignore")
            return _read_any(der)
    except _UNSUPPORTED as error:
        raise CertificateUnreadable("The certificate is malformed.") from error
    except x509.InvalidVersion as error:
        raise CertificateUnreadable("The certificate has an unknown version.") from error


def _read_any(der: bytes) -> Certificate:
    try:
        return _read(der, readable_copies.Copy(der))
    except ValueError:
        return _read(der, readable_copies.of_certificate(der))


def _read(der: bytes, copy: readable_copies.Copy) -> Certificate:
    loaded = x509.load_der_x509_certificate(copy.der)
    fingerprint = Fingerprint(hashlib.sha256(der).hexdigest())
    subject = old_names.subject(loaded, der)
    issuer, issuer_name = _issuer(_Issuer(old_names.issuer_content(der), der, loaded))
    try:
        public_key = loaded.public_key()
        key, spki = public_keys.kind(public_key), public_keys.spki(public_key)
    except _UNSUPPORTED:
        # A key that the library does not know is nobody's here, but may stand beside ours.
        key, spki = KeyKind(loaded.public_key_algorithm_oid.dotted_string, 0), b""
    algorithm, digest = _signature(loaded)
    return Certificate(
        der=der,
        fingerprint=fingerprint,
        subject=names.shown(subject),
        issuer=issuer,
        subject_name=names.comparable(subject),
        issuer_name=issuer_name,
        serial_number=loaded.serial_number,
        not_before=loaded.not_valid_before_utc,
        not_after=loaded.not_valid_after_utc,
        spki=spki,
        public_key_sha256=Fingerprint(hashlib.sha256(spki).hexdigest()),
        key=key,
        signature_algorithm=algorithm,
        signature_hash=digest,
        version=1 if loaded.version is x509.Version.v1 else 3,
        extensions=_extensions(loaded.extensions, copy.unreadable),
        # The other one keeps every name and extension that was asked of it as objects: of 6,000
        # certificates so many that collecting garbage took a third of their import.
        loaded=x509.load_der_x509_certificate(copy.der),
        loaded_from_copy=copy.der != der,
    )


@dataclass(frozen=True, slots=True)
class _Issuer:
    """The issuer's name in DER, and the certificate that it stands in."""

    content: bytes
    der: bytes = field(compare=False)
    loaded: x509.Certificate = field(compare=False)


@lru_cache(maxsize=256)
def _issuer(issuer: _Issuer) -> tuple[str, bytes]:
    """Return the issuer's name as text and for comparison; many certificates have the same one."""
    name = old_names.issuer(issuer.loaded, issuer.der)
    return names.shown(name), names.comparable(name)


def signature_hash(
    signed: x509.Certificate | x509.CertificateSigningRequest,
) -> hashes.HashAlgorithm | None:
    """Return the hash of a signature; None for algorithms that have their own.

    Raises UnsupportedAlgorithm for one that is not known.
    """
    found = _DSA_HASHES.get(signed.signature_algorithm_oid.dotted_string)
    return found if found is not None else signed.signature_hash_algorithm


def _signature(loaded: x509.Certificate) -> tuple[str, str | None]:
    """Return the algorithm's name as Java and SAP write it ("SHA256withRSA"), and the hash's."""
    oid = loaded.signature_algorithm_oid
    name: str = getattr(oid, "_name", oid.dotted_string)
    try:
        digest = signature_hash(loaded)
    except UnsupportedAlgorithm:
        return oid.dotted_string, None
    if digest is None:
        return {"ed25519": "Ed25519", "ed448": "Ed448"}.get(name.lower(), name), None
    kind = "RSA" if "rsa" in name.lower() and "ecdsa" not in name.lower() else "DSA"
    kind = "ECDSA" if "ecdsa" in name.lower() else kind
    if name == "RSASSA-PSS":
        return "RSASSA-PSS", digest.name
    return f"{digest.name.upper()}with{kind}", digest.name


def _extensions(extensions: x509.Extensions, unreadable: tuple[str, ...]) -> Extensions:
    found: dict[type[x509.ExtensionType], x509.ExtensionType] = {}
    unknown = []
    for extension in extensions:
        found[type(extension.value)] = extension.value
        if extension.critical and extension.oid not in _UNDERSTOOD:
            unknown.append(extension.oid.dotted_string)
    constraints = found.get(x509.BasicConstraints)
    key_usage = found.get(x509.KeyUsage)
    extended = found.get(x509.ExtendedKeyUsage)
    san = found.get(x509.SubjectAlternativeName)
    subject_id = found.get(x509.SubjectKeyIdentifier)
    authority = found.get(x509.AuthorityKeyIdentifier)
    if not isinstance(authority, x509.AuthorityKeyIdentifier):
        authority = None
    is_ca = constraints.ca if isinstance(constraints, x509.BasicConstraints) else None
    return Extensions(
        is_ca=is_ca,
        path_length=(
            constraints.path_length if isinstance(constraints, x509.BasicConstraints) else None
        ),
        key_usage=(
            frozenset(bit for bit in _USAGE_BITS if getattr(key_usage, bit))
            if isinstance(key_usage, x509.KeyUsage)
            else None
        ),
        extended_key_usage=(
            frozenset(oid.dotted_string for oid in extended)
            if isinstance(extended, x509.ExtendedKeyUsage)
            else None
        ),
        san=san_texts(san) if isinstance(san, x509.SubjectAlternativeName) else (),
        subject_key_id=(
            subject_id.digest if isinstance(subject_id, x509.SubjectKeyIdentifier) else None
        ),
        authority_key_id=authority.key_identifier if authority else None,
        authority_serial=authority.authority_cert_serial_number if authority else None,
        unknown_critical=tuple(unknown),
        unreadable=unreadable,
    )


def san_texts(names_: x509.SubjectAlternativeName) -> tuple[str, ...]:
    """Return the alternative names as texts to compare, like ``DNS:a.example``."""
    texts = []
    for name in names_:
        if isinstance(name, x509.DNSName):
            texts.append(f"DNS:{name.value.lower()}")
        elif isinstance(name, x509.RFC822Name):
            texts.append(f"email:{name.value.lower()}")
        elif isinstance(name, x509.UniformResourceIdentifier):
            texts.append(f"URI:{name.value}")
        elif isinstance(name, x509.IPAddress):
            texts.append(f"IP:{name.value}")
        elif isinstance(name, x509.DirectoryName):
            texts.append(f"DirName:{names.shown(name.value)}")
        elif isinstance(name, x509.RegisteredID):
            texts.append(f"RID:{name.value.dotted_string}")
        elif isinstance(name, x509.OtherName):
            texts.append(f"other:{name.type_id.dotted_string}:{name.value.hex()}")
    return tuple(
        "".join(c if c.isprintable() else f"\\{ord(c):02X}" for c in text) for text in texts
    )


@lru_cache(maxsize=4096)
def failure_of_signature(certificate: Certificate, signer: Certificate) -> str | None:
    """Return None if the issuer's key made the child's signature, else why it is not proven.

    Names are not compared here (RFC 5280 section 6.1.3 step (a)(1) alone). SHA-1 and MD5 are
    verified as well: whether they are good enough is for the rules to say. Results are kept, like
    those of ``read_certificate``: a CA's own chain is verified once for all that it certifies.
    """
    child, issuer = certificate.loaded, signer.loaded
    try:
        key = issuer.public_key()
        signature, data = child.signature, certificate.signed_part
        if isinstance(key, rsa.RSAPublicKey):
            return _failure_by_rsa(key, child, data)
        if isinstance(key, ec.EllipticCurvePublicKey):
            algorithm = child.signature_algorithm_parameters
            if child.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA1:
                # Which cryptography 50 verifies, and has no parameters for.
                algorithm = ec.ECDSA(hashes.SHA1())  # noqa: S303  # to be warned of, not refused
            if not isinstance(algorithm, ec.ECDSA):
                return "its signature algorithm does not fit the issuer's EC key"
            key.verify(signature, data, algorithm)
        elif isinstance(key, dsa.DSAPublicKey):
            digest = signature_hash(child)
            if digest is None or "dsa" not in _signature(child)[0].lower():
                return "its signature algorithm does not fit the issuer's DSA key"
            key.verify(signature, data, digest)
        elif isinstance(key, _ONE_ALGORITHM):
            if _signature(child)[0] != public_keys.kind(key).type:
                return "its signature algorithm does not fit the issuer's key"
            key.verify(signature, data)
        else:
            return "the issuer's key is of a type that cannot verify signatures"
    except InvalidSignature:
        return "the signature does not verify with that issuer's key"
    except _UNSUPPORTED:
        return "the signature uses an algorithm that cannot be verified here"
    return None


def _failure_by_rsa(key: rsa.RSAPublicKey, child: x509.Certificate, data: bytes) -> str | None:
    if key.public_numbers().e.bit_length() > _MOST_EXPONENT_BITS:
        return "the issuer's RSA key has an exponent that is too long"
    digest, scheme = signature_hash(child), child.signature_algorithm_parameters
    if child.signature_algorithm_oid == SignatureAlgorithmOID.RSA_WITH_MD5:
        # Which cryptography 50 verifies, and has no parameters for.
        scheme = padding.PKCS1v15()
    if digest is None or not isinstance(scheme, (padding.PKCS1v15, padding.PSS)):
        return "its signature algorithm does not fit the issuer's RSA key"
    key.verify(child.signature, data, scheme, digest)
    return None
