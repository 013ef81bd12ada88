"""A small PKI for tests: keys, certificates, requests and revocation lists made with cryptography.

    from tests import pki_maker

    root = pki_maker.issue("Root", pki_maker.make_key("p256"), ca=True)
    ca = pki_maker.issue("Issuing CA", pki_maker.make_key("p256"), root, ca=True, path_length=0)
    leaf = pki_maker.issue("client", pki_maker.make_key("rsa2048"), ca, eku=("clientAuth",))
    leaf.der, leaf.pem, leaf.key_pem(), leaf.certificate, leaf.key

``make_chain`` does just that and returns it end-entity first. Every key made here is for tests
alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import (
    dsa,
    ec,
    ed448,
    ed25519,
    mldsa,
    padding,
    rsa,
)
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOT_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2044, 1, 1, tzinfo=UTC)

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "p224": ec.SECP224R1,
    "p256": ec.SECP256R1,
    "p384": ec.SECP384R1,
    "p521": ec.SECP521R1,
    "secp256k1": ec.SECP256K1,
    "brainpoolp256r1": ec.BrainpoolP256R1,
    "brainpoolp384r1": ec.BrainpoolP384R1,
    "brainpoolp512r1": ec.BrainpoolP512R1,
}

_EXTENDED = {
    "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH,
    "emailProtection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "codeSigning": ExtendedKeyUsageOID.CODE_SIGNING,
    "anyExtendedKeyUsage": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}

_USAGES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
}

_CA_USAGE = ("keyCertSign", "cRLSign")
_LEAF_USAGE = ("digitalSignature",)

_RSA_WITH_HASH = bytes.fromhex("2a864886f70d0101")

_SigningHash = (
    hashes.SHA224
    | hashes.SHA256
    | hashes.SHA384
    | hashes.SHA512
    | hashes.SHA3_224
    | hashes.SHA3_256
    | hashes.SHA3_384
    | hashes.SHA3_512
)

_WITHOUT_HASH = (
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    mldsa.MLDSA44PrivateKey,
    mldsa.MLDSA65PrivateKey,
    mldsa.MLDSA87PrivateKey,
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with the private key of its subject."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def der(self) -> bytes:
        """The certificate's DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """One CERTIFICATE block, LF line ends."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(
        self, form: PrivateFormat = PrivateFormat.PKCS8, password: bytes | None = None
    ) -> bytes:
        """Return the private key as PEM; ``TraditionalOpenSSL`` gives PKCS#1 or SEC1."""
        return key_bytes(self.key, Encoding.PEM, form, password)


def make_key(kind: str = "p256") -> CertificateIssuerPrivateKeyTypes:
    """Return a new key: ``rsaBITS``, ``dsaBITS``, a curve (``p256``), ``ed25519``, ``mldsa65``."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind.startswith("dsa"):
        return dsa.generate_private_key(int(kind[3:]))
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ed448":
        return ed448.Ed448PrivateKey.generate()
    if kind == "mldsa44":
        return mldsa.MLDSA44PrivateKey.generate()
    if kind == "mldsa65":
        return mldsa.MLDSA65PrivateKey.generate()
    if kind == "mldsa87":
        return mldsa.MLDSA87PrivateKey.generate()
    raise ValueError(kind)


def issue(
    subject: str | x509.Name,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    issuer: Issued | None = None,
    *,
    ca: bool | None = False,
    path_length: int | None = None,
    eku: Iterable[str] = (),
    key_usage: Iterable[str] | None = None,
    san: Iterable[str] = (),
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    hash: hashes.HashAlgorithm | None = None,  # noqa: A002  # the word of the subject
    serial: int | None = None,
    key_ids: bool = True,
    extra_extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    public_key: CertificatePublicKeyTypes | None = None,
    signing_key: CertificateIssuerPrivateKeyTypes | None = None,
    pss: bool = False,
) -> Issued:
    """Issue a certificate; without ``issuer`` it is self-signed.

    Args:
        subject: the common name, or a text such as ``CN=a,O=b`` (RFC 4514), or a whole name.
        key: the subject's key; a new P-256 key if None.
        issuer: whose name, key identifier and key sign it.
        ca: basicConstraints; None leaves the extension out.
        path_length: pathLenConstraint of a CA.
        eku: names such as ``clientAuth``, or dotted object identifiers.
        key_usage: OpenSSL's names (``digitalSignature``, …); None takes what suits ``ca``, an
            empty tuple leaves the extension out.
        san: ``DNS:a.example``, ``IP:192.0.2.1``, ``email:a@b.example``, ``URI:https://a.example``.
        not_before: aware time.
        not_after: aware time.
        hash: SHA-256 if None; SHA-1 and MD5 for an RSA signer only; EdDSA, ML-DSA ignore it.
        serial: random if None; must be positive.
        key_ids: subject and authority key identifier.
        extra_extensions: pairs of extension and criticality.
        public_key: certifies this key (of a request, say) instead of ``key``'s own.
        signing_key: signs with this key instead of the issuer's: a forged signature.
        pss: signs with RSASSA-PSS.
    """
    key = key or make_key()
    signer = signing_key or (issuer.key if issuer else key)
    certified = public_key or key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(certified)
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    usages = (_CA_USAGE if ca else _LEAF_USAGE) if key_usage is None else tuple(key_usage)
    for extension, critical in _extensions(
        tuple(eku), usages, tuple(san), ca=ca, path_length=path_length
    ):
        builder = builder.add_extension(extension, critical)
    if key_ids:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(certified), critical=False
        )
        if issuer is not None:
            builder = builder.add_extension(_authority(issuer.certificate), critical=False)
    for extension, critical in extra_extensions:
        builder = builder.add_extension(extension, critical)
    if isinstance(hash, (hashes.SHA1, hashes.MD5)):
        return Issued(_weakly_signed(builder, signer, hash), key)
    scheme = padding.PSS(padding.MGF1(hash or hashes.SHA256()), 32) if pss else None
    return Issued(builder.sign(signer, _hash(signer, hash), rsa_padding=scheme), key)


def make_chain(
    kind: str = "p256", intermediates: int = 1, subject: str = "client"
) -> tuple[Issued, ...]:
    """Return a new chain, end-entity first, root last; all keys are of one kind."""
    chain = [issue("Test Root", make_key(kind), ca=True)]
    for number in range(1, intermediates + 1):
        chain.append(issue(f"Test CA {number}", make_key(kind), chain[-1], ca=True))
    chain.append(issue(subject, make_key(kind), chain[-1], eku=("clientAuth",)))
    return tuple(reversed(chain))


def make_request(
    subject: str | x509.Name,
    key: CertificateIssuerPrivateKeyTypes,
    *,
    eku: Iterable[str] = (),
    key_usage: Iterable[str] = (),
    san: Iterable[str] = (),
    hash: hashes.HashAlgorithm | None = None,  # noqa: A002  # the word of the subject
) -> x509.CertificateSigningRequest:
    """Return a certification request asking for the given extensions; arguments as in ``issue``."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(subject))
    asked = _extensions(tuple(eku), tuple(key_usage), tuple(san))
    for extension, critical in asked:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, _hash(key, hash))


def make_crl(issuer: Issued, serials: Iterable[int] = ()) -> x509.CertificateRevocationList:
    """Return a revocation list of the issuer over the given serial numbers."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(NOT_BEFORE)
        .next_update(NOT_AFTER)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial)
        builder = builder.add_revoked_certificate(revoked.revocation_date(NOT_BEFORE).build())
    return builder.sign(issuer.key, _hash(issuer.key, None))


def key_bytes(
    key: CertificateIssuerPrivateKeyTypes,
    encoding: Encoding = Encoding.PEM,
    form: PrivateFormat = PrivateFormat.PKCS8,
    password: bytes | None = None,
) -> bytes:
    """Return a private key as bytes, encrypted if a password is given."""
    encryption: KeySerializationEncryption = NoEncryption()
    if password is not None:
        encryption = BestAvailableEncryption(password)
    return key.private_bytes(encoding, form, encryption)


def name(subject: str | x509.Name) -> x509.Name:
    """Return the name of a text: RFC 4514 if it has an equals sign, else the common name."""
    if isinstance(subject, x509.Name):
        return subject
    if "=" in subject:
        return x509.Name.from_rfc4514_string(subject)
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])


def general_name(text: str) -> x509.GeneralName:
    """Return the name of a text such as ``DNS:a.example``."""
    kind, _, value = text.partition(":")
    if kind == "DNS":
        return x509.DNSName(value)
    if kind == "IP":
        return x509.IPAddress(ip_address(value))
    if kind == "email":
        return x509.RFC822Name(value)
    if kind == "URI":
        return x509.UniformResourceIdentifier(value)
    raise ValueError(text)


def _extensions(
    eku: tuple[str, ...],
    usages: tuple[str, ...],
    san: tuple[str, ...],
    *,
    ca: bool | None = None,
    path_length: int | None = None,
) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if ca is not None:
        found.append((x509.BasicConstraints(ca, path_length), True))
    if usages:
        chosen = {_USAGES[usage] for usage in usages}
        bits = {bit: bit in chosen for bit in _USAGES.values()}
        found.append((x509.KeyUsage(**bits, encipher_only=False, decipher_only=False), True))
    if eku:
        oids = [_EXTENDED.get(text) or x509.ObjectIdentifier(text) for text in eku]
        found.append((x509.ExtendedKeyUsage(oids), False))
    if san:
        found.append((x509.SubjectAlternativeName([general_name(text) for text in san]), False))
    return found


def _authority(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(
            issuer.public_key()  # type: ignore[arg-type]  # any key that signs is one that counts
        )
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _hash(
    signer: CertificateIssuerPrivateKeyTypes, chosen: hashes.HashAlgorithm | None
) -> _SigningHash | None:
    if isinstance(signer, _WITHOUT_HASH):
        return None
    if isinstance(chosen, _SigningHash):
        return chosen
    if chosen is not None:
        raise ValueError(chosen.name)
    return hashes.SHA256()


def _weakly_signed(
    builder: x509.CertificateBuilder,
    signer: CertificateIssuerPrivateKeyTypes,
    weak: hashes.SHA1 | hashes.MD5,
) -> x509.Certificate:
    """Sign with a hash that the library verifies and no longer signs certificates with.

    The object identifiers of RSA with SHA-256, SHA-1 and MD5 (RFC 8017 appendix A.2.4) are of one
    length, so the finished certificate keeps its shape.
    """
    if not isinstance(signer, rsa.RSAPrivateKey):
        raise TypeError("SHA-1 and MD5 are made for an RSA signer only")
    strong = builder.sign(signer, hashes.SHA256())
    number = 4 if isinstance(weak, hashes.MD5) else 5
    before, after = _RSA_WITH_HASH + bytes([11]), _RSA_WITH_HASH + bytes([number])
    signed = strong.tbs_certificate_bytes.replace(before, after)
    der = strong.public_bytes(Encoding.DER).replace(before, after)
    signature = signer.sign(signed, padding.PKCS1v15(), weak)
    return x509.load_der_x509_certificate(der[: -len(signature)] + signature)
