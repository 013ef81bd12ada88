"""Names that cryptography 50 does not decode: eight-bit characters in a TeletexString or IA5String.

CAs wrote ISO 8859-1 there for two decades ("Österreich"), and OpenSSL, Java and NSS read it so.
"""

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.name import _ASN1Type

_VERSION = 0xA0
_WIDE = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}


def subject(loaded: x509.Certificate, der: bytes) -> x509.Name:
    """Return the subject of a certificate. Raises ValueError for one that is malformed."""
    try:
        return loaded.subject
    except ValueError:
        return _name(subject_content(der))


def issuer(loaded: x509.Certificate, der: bytes) -> x509.Name:
    """Return the issuer of a certificate. Raises ValueError for one that is malformed."""
    try:
        return loaded.issuer
    except ValueError:
        return _name(issuer_content(der))


def subject_content(der: bytes) -> bytes:
    """Return the subject's own bytes, without tag and length, of a certificate that was loaded."""
    return _field(der, 4)


def issuer_content(der: bytes) -> bytes:
    """Return the issuer's own bytes, without tag and length, of a certificate that was loaded."""
    return _field(der, 2)


def _field(der: bytes, number: int) -> bytes:
    """Return the content of a field of TBSCertificate (RFC 5280 section 4.1); the serial is 0.

    The library has loaded the certificate, so every length up to there is right.
    """
    position, _ = _content(der, _content(der, 0)[0])
    skipped = number + (der[position] == _VERSION)
    for _ in range(skipped):
        _, position = _content(der, position)
    start, end = _content(der, position)
    return der[start:end]


def _content(der: bytes, position: int) -> tuple[int, int]:
    """Return where the content of the element at a position starts and ends."""
    start, length = position + 2, der[position + 1]
    if length >= 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[position + 2 : start])
    return start, start + length


def _name(content: bytes) -> x509.Name:
    return x509.Name(
        x509.RelativeDistinguishedName(_attribute(pair) for _, pair in _elements(rdn))
        for _, rdn in _elements(content)
    )


def _attribute(pair: bytes) -> x509.NameAttribute[str]:
    (_, type_), (tag, value) = _elements(pair)
    try:
        text = value.decode(_WIDE.get(tag, "utf-8"))
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    # A length that RFC 5280 appendix A.1 forbids is the CA's affair, as it is in other names.
    return x509.NameAttribute(identifier(type_), text, _ASN1Type.UTF8String, _validate=False)


def identifier(content: bytes) -> x509.ObjectIdentifier:
    """Return the object identifier with this content in DER (X.690 section 8.19)."""
    numbers, number = [], 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if octet < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return x509.ObjectIdentifier(".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:]))))


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tags and contents. The library has checked the lengths; what it has not is refused."""
    position = 0
    while position < len(content):
        tag, start = content[position], position + 2
        if tag & 0x1F == 0x1F or start > len(content):
            raise ValueError("a tag that names do not have")
        length = content[position + 1]
        if length >= 0x80:
            start += length & 0x7F
            length = int.from_bytes(content[position + 2 : start], "big")
        position = start + length
        yield tag, content[start:position]
