"""The certification authority of the benchmark: a root, an issuing CA, and as many leaves as asked.

Issuing takes longer than what is measured, so it always happens outside the timed part. All keys
are made for one run and thrown away with it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANIZATION = "Benchmark"
ROOT_BITS, ISSUING_BITS = 4096, 2048
_LIFE = timedelta(days=3650)
_CLOCK_SKEW = timedelta(hours=1)
_USAGE_BITS = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
_REVOCATION = x509.CRLDistributionPoints(
    [
        x509.DistributionPoint(
            full_name=[
                x509.UniformResourceIdentifier("http://crl.authority.example/issuing-1.crl")
            ],
            relative_name=None,
            reasons=None,
            crl_issuer=None,
        )
    ]
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A root with a key of 4096 bits above an issuing CA with one of 2048, both RSA."""

    root: x509.Certificate
    issuing: x509.Certificate
    key: rsa.RSAPrivateKey

    def issue(self, public_key: CertificatePublicKeyTypes, common_name: str) -> x509.Certificate:
        """Return a new TLS client certificate for a key, another one with each call."""
        return (
            _builder(name(common_name), self.issuing.subject, public_key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(_issued_by(self.key), critical=False)
            .add_extension(_REVOCATION, critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def chain(self, leaf: x509.Certificate) -> tuple[x509.Certificate, ...]:
        """Return the leaf's chain, end-entity first."""
        return (leaf, self.issuing, self.root)

    def respond(self, public_key: CertificatePublicKeyTypes, common_name: str) -> bytes:
        """Return a signing response with a new certificate: PKCS#7 in DER with the whole chain.

        DER sorts the set by the certificates' lengths: issuing CA, leaf, root for a leaf with an
        RSA key of 4096 bits.
        """
        chain = self.chain(self.issue(public_key, common_name))
        return pkcs7.serialize_certificates(list(chain), Encoding.DER)


def found() -> Authority:
    """Return a new authority."""
    root_key = rsa.generate_private_key(65537, ROOT_BITS)
    key = rsa.generate_private_key(65537, ISSUING_BITS)
    root_name, issuing_name = name("Benchmark Root"), name("Benchmark Issuing CA")
    root = _authority(_builder(root_name, root_name, root_key.public_key()), root_key, root_key)
    issuing = _authority(_builder(issuing_name, root_name, key.public_key()), key, root_key)
    return Authority(root, issuing, key)


def name(common_name: str) -> x509.Name:
    """Return the distinguished name that the benchmark gives to a common name."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_usage(*bits: str) -> x509.KeyUsage:
    """Return a key usage with these bits set."""
    return x509.KeyUsage(**{bit: bit in bits for bit in _USAGE_BITS})


def _authority(
    builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, signer: rsa.RSAPrivateKey
) -> x509.Certificate:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(signer), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: CertificatePublicKeyTypes
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFE)
    )


def _issued_by(signer: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
