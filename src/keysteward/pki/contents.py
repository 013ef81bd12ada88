"""What a certificate is asked to say, written alike into placeholders and signing requests."""

from dataclasses import dataclass

from cryptography import x509

from keysteward.pki import usages
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage


@dataclass(frozen=True, slots=True)
class Content:
    """Subject, alternative names (None: none) and usage."""

    name: x509.Name
    san: x509.SubjectAlternativeName | None
    usage: Usage


def of_certificate(certificate: Certificate, usage: Usage) -> Content:
    """Return subject and alternative names as they stand in a certificate, with the given usage."""
    san = None
    for extension in certificate.loaded.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            san = extension.value
    return Content(certificate.subject_dn, san, usage)


def extensions(content: Content, key_type: str) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return key usage, extended key usage and alternative names, each with its criticality.

    Alternative names are critical if the subject is empty (RFC 5280 section 4.2.1.6). Raises
    KeyTypeUnsupported if a key of the type cannot serve the usage.
    """
    found: list[tuple[x509.ExtensionType, bool]] = [
        (_key_usage(usages.key_usage(content.usage, key_type)), True)
    ]
    extended = usages.PROFILES[content.usage].extended
    if extended:
        oids = [x509.ObjectIdentifier(oid) for oid in extended]
        found.append((x509.ExtendedKeyUsage(oids), False))
    if content.san is not None:
        found.append((content.san, not content.name.rdns))
    return tuple(found)


def _key_usage(bits: frozenset[str]) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digital_signature" in bits,
        content_commitment="content_commitment" in bits,
        key_encipherment="key_encipherment" in bits,
        data_encipherment="data_encipherment" in bits,
        key_agreement="key_agreement" in bits,
        key_cert_sign="key_cert_sign" in bits,
        crl_sign="crl_sign" in bits,
        encipher_only=False,
        decipher_only=False,
    )
