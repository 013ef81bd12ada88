"""PKCS#12 truststores: certificates alone, without password, encryption and MAC.

Java 17 opens one with ``KeyStore.load(stream, null)`` or any password, and
``keytool -list -keystore FILE`` asks for none. It takes as an entry only what carries its own
attribute for trusted certificates (2.16.840.1.113894.746875.1.1), a trustedCertEntry. OpenSSL
reads it with ``openssl pkcs12 -nomacver -passin pass: -nokeys -in FILE``; without ``-nomacver`` it
warns that there is no MAC. NSS's pk12util refuses files without one.
"""

from collections.abc import Sequence

from keysteward.formats import der
from keysteward.formats.keystores import pkcs12_bags
from keysteward.formats.keystores import pkcs12_structure as structure

_ANY_EXTENDED_KEY_USAGE = bytes.fromhex("551d2500")  # 2.5.29.37.0

_VERSION = b"\x02\x01\x03"


def write_truststore(certificates: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a keystore with these certificates (name and DER), each marked as trusted.

    Java reads names without regard to upper and lower case, and of two that it takes for the same
    keeps one; making them different is the caller's. The result is DER, the same for the same
    input.
    """
    bags = der.write(der.SEQUENCE, *(_bag(name, certificate) for name, certificate in certificates))
    safes = der.write(der.SEQUENCE, _data(bags))
    return der.write(der.SEQUENCE, _VERSION, _data(safes))


def _bag(name: str, certificate: bytes) -> bytes:
    value = der.write(
        der.SEQUENCE,
        der.write(der.OBJECT_IDENTIFIER, pkcs12_bags.X509_CERTIFICATE),
        der.write(der.CONTEXT_0, der.write(der.OCTET_STRING, certificate)),
    )
    attributes = sorted(  # a SET OF in DER is in the order of its bytes (X.690 section 11.6)
        (
            _attribute(
                pkcs12_bags.FRIENDLY_NAME,
                der.write(structure.BMP_STRING, name.encode("utf-16-be")),
            ),
            _attribute(
                pkcs12_bags.JAVA_TRUSTED_KEY_USAGE,
                der.write(der.OBJECT_IDENTIFIER, _ANY_EXTENDED_KEY_USAGE),
            ),
        )
    )
    return der.write(
        der.SEQUENCE,
        der.write(der.OBJECT_IDENTIFIER, pkcs12_bags.CERTIFICATE_BAG),
        der.write(der.CONTEXT_0, value),
        der.write(der.SET, *attributes),
    )


def _attribute(identifier: bytes, value: bytes) -> bytes:
    return der.write(
        der.SEQUENCE, der.write(der.OBJECT_IDENTIFIER, identifier), der.write(der.SET, value)
    )


def _data(content: bytes) -> bytes:
    """Wrap bytes as ContentInfo of type data (RFC 5652 sections 3 and 4)."""
    return der.write(
        der.SEQUENCE,
        der.write(der.OBJECT_IDENTIFIER, structure.DATA),
        der.write(der.CONTEXT_0, der.write(der.OCTET_STRING, content)),
    )
