"""What a DER object is, judged by its tags and object identifiers alone."""

from enum import Enum, auto
from itertools import islice

from keysteward.formats import der
from keysteward.formats.der import Element


class Shape(Enum):
    """The kinds of DER objects that are told apart."""

    CERTIFICATE = auto()
    SIGNED_DATA = auto()
    CERTIFICATE_SEQUENCE = auto()
    PKI_PATH = auto()
    EMPTY = auto()
    REQUEST = auto()
    REVOCATION_LIST = auto()
    ATTRIBUTE_CERTIFICATE = auto()
    PRIVATE_KEY = auto()
    ENCRYPTED_PRIVATE_KEY = auto()
    PUBLIC_KEY = auto()
    PARAMETERS = auto()
    PKCS12 = auto()
    ENVELOPED_DATA = auto()
    OTHER_CMS = auto()
    OCSP_RESPONSE = auto()


_CONTENT_TYPES = {
    bytes.fromhex("2a864886f70d010702"): Shape.SIGNED_DATA,  # RFC 5652 section 5.1
    bytes.fromhex("2a864886f70d010703"): Shape.ENVELOPED_DATA,  # section 6.1
    bytes.fromhex("2a864886f70d010704"): Shape.ENVELOPED_DATA,  # PKCS#7 signed and enveloped
    bytes.fromhex("2a864886f70d010706"): Shape.ENVELOPED_DATA,  # EncryptedData, section 8
    bytes.fromhex("2a864886f70d0109100117"): Shape.ENVELOPED_DATA,  # RFC 5083 section 2.1
    bytes.fromhex("6086480186f8420205"): Shape.CERTIFICATE_SEQUENCE,  # Netscape's
}
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_VERSION = b"\xa0\x03\x02\x01"
"""The version of a certificate (RFC 5280 section 4.1.2.1): nothing else that is signed has one."""
_SIGNED = (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING)
_TIMES = (der.UTC_TIME, der.GENERALIZED_TIME)


def shape(data: bytes, start: int) -> Shape | None:
    """Return the shape of the DER object at ``start``; None if there is none that is known.

    An object that is cut off or malformed has the shape that its first bytes promise. It takes more
    than the character "0" of a text, which is the tag of a SEQUENCE, to start like one.
    """
    if not data.startswith(b"0", start):
        return None
    try:
        return _shape(data, der.element(data, start))
    except der.Damaged:
        return _promised(data, start)


def _shape(data: bytes, whole: Element) -> Shape | None:
    if whole.content == whole.stop:
        return Shape.EMPTY
    first, content = der.header(data, whole.content)
    if first == der.SEQUENCE and data.startswith(_VERSION, content):
        return Shape.CERTIFICATE
    parts = list(islice(der.children(data, whole), 4))
    tags = tuple(part.tag for part in parts)
    if tags[0] == der.SEQUENCE:
        return _sequence_first(data, parts, tags)
    if tags[0] == der.INTEGER:
        return _integer_first(data, whole, tags)
    if tags[:2] == (der.OBJECT_IDENTIFIER, der.CONTEXT_0):
        content_type = data[parts[0].content : parts[0].stop]
        return _CONTENT_TYPES.get(content_type, Shape.OTHER_CMS)
    # OCSPResponse (RFC 6960 section 4.2.1): a status from 0 to 6, then bytes if it is 0.
    if tags in ((der.ENUMERATED,), (der.ENUMERATED, der.CONTEXT_0)):
        status = data[parts[0].content : parts[0].stop]
        return Shape.OCSP_RESPONSE if status in (b"\0", b"\1", b"\2", b"\3", b"\5", b"\6") else None
    return None


def _sequence_first(data: bytes, parts: list[Element], tags: tuple[int, ...]) -> Shape | None:
    if tags == _SIGNED:
        return _signed(data, parts[0])
    first = _tags(data, parts[0])
    if first == _SIGNED and all(tag == der.SEQUENCE for tag in tags):
        return Shape.PKI_PATH
    if first[:1] == (der.OBJECT_IDENTIFIER,):
        if tags == (der.SEQUENCE, der.BIT_STRING):  # SubjectPublicKeyInfo
            return Shape.PUBLIC_KEY
        if tags == (der.SEQUENCE, der.OCTET_STRING):  # EncryptedPrivateKeyInfo, RFC 5958 section 3
            return Shape.ENCRYPTED_PRIVATE_KEY
    return None


def _signed(data: bytes, signed: Element) -> Shape:
    """Tell apart what X.509 signs: its first elements are named in RFC 5280, 2986 and 5755."""
    try:
        parts = list(islice(der.children(data, signed), 4))
        tags = tuple(part.tag for part in parts)
        times = [tag in _TIMES for tag in tags]
        if tags[:2] == (der.SEQUENCE, der.SEQUENCE) and times[2:3] == [True]:
            return Shape.REVOCATION_LIST  # version 1
        if tags[:3] == (der.INTEGER, der.SEQUENCE, der.SEQUENCE):
            if times[3:] == [True]:
                return Shape.REVOCATION_LIST
            if _tags(data, parts[2])[:1] == (der.SEQUENCE,) and tags[3:] in ((), (der.CONTEXT_0,)):
                return Shape.REQUEST
        if tags[:3] == (der.INTEGER, der.SEQUENCE, der.CONTEXT_0):
            return Shape.ATTRIBUTE_CERTIFICATE
    except der.Damaged:
        pass  # signed, and damaged further in: its loading will say so
    return Shape.CERTIFICATE


def _integer_first(data: bytes, whole: Element, tags: tuple[int, ...]) -> Shape | None:
    version = data[whole.content + 1 : whole.content + 3]
    if tags[1:3] == (der.SEQUENCE, der.OCTET_STRING) and version in (b"\1\0", b"\1\1"):
        return Shape.PRIVATE_KEY  # PKCS#8, RFC 5958 section 2
    if tags[1:2] == (der.OCTET_STRING,) and version == b"\1\1":
        return Shape.PRIVATE_KEY  # RFC 5915 section 3
    if tags[1:2] == (der.SEQUENCE,) and version == b"\1\3":
        return Shape.PKCS12  # RFC 7292 section 4
    if tags[1:2] == (der.INTEGER,):
        numbers = sum(1 for _ in islice(der.children(data, whole), 9))
        if numbers in (6, 9) and version in (b"\1\0", b"\1\1"):
            return Shape.PRIVATE_KEY  # DSA as OpenSSL writes it; RSA, RFC 8017 appendix A.1.2
        return {2: Shape.PUBLIC_KEY, 3: Shape.PARAMETERS}.get(numbers)
    return None


def _tags(data: bytes, parent: Element) -> tuple[int, ...]:
    return tuple(child.tag for child in islice(der.children(data, parent), 4))


def _promised(data: bytes, start: int) -> Shape | None:
    """Return what a damaged object starts like; certificates and messages have a long length."""
    if data[start + 1 : start + 2] < b"\x80":
        return None
    try:
        _, content = der.header(data, start)
    except der.Damaged:
        return None
    first = data[content : content + 11]
    if first[:1] == b"0" and first[1:2] >= b"\x80":
        return Shape.CERTIFICATE
    if first[:3] == b"\2\1\3":
        return Shape.PKCS12
    if first[:3] in (b"\2\1\0", b"\2\1\1"):
        return Shape.PRIVATE_KEY
    if len(first) > 1 and _SIGNED_DATA.startswith(first):
        return Shape.SIGNED_DATA
    return _CONTENT_TYPES.get(first[2:])
