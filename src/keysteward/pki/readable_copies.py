"""Copies of certificates and requests that cryptography 50 decodes where it refuses the originals.

Many CAs write "Foo & Bar" and "*.example.com" as PrintableString, which has neither character
(X.680 section 41.4). Some write nonsense into an extension that is not critical. OpenSSL, Java and
NSS take both. A copy is as long as its original and says the same, and serves for decoding alone:
its signature does not verify.
"""

import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from cryptography import x509

from keysteward.pki import old_names

_BOOLEAN, _OCTETS, _OID, _UTF8, _PRINTABLE = 0x01, 0x04, 0x06, 0x0C, 0x13
_SET, _EXTENSIONS, _CONSTRUCTED = 0x31, 0xA3, 0x20

_ALLOWED = (string.ascii_letters + string.digits + " '()+,-./:=?").encode()

_MOST_ELEMENTS = 10_000
"""Are looked at. A certificate with a thousand alternative names has not half as many."""

_MOST_OPTIONAL = 24
"""Each is tried by itself. More extensions than that stand in no certificate of a CA."""


def _ids(*numbers: int) -> frozenset[bytes]:
    return frozenset(bytes((0x55, 0x1D, number)) for number in numbers)


_HOLD_NAMES = _ids(0x11, 0x12, 0x1E, 0x1F, 0x23, 0x2E)
"""Alternative names of subject and issuer, name constraints, CRL distribution points, authority key
identifier, freshest CRL (RFC 5280 section 4.2.1)."""

_NEEDED = _ids(0x0E, 0x0F, 0x11, 0x13, 0x1E, 0x1F, 0x23, 0x25)
"""What rules and receivers go by: subject key identifier, key usage, alternative names, basic
constraints, name constraints, authority key identifier, extended key usage, and the CRL
distribution points, without which OpenSSL refuses the certificate."""

_SET_ASIDE = 0x77
"""As the first octet of an object identifier: 2.39, an arc that X.660 assigns to nobody."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A certificate's copy; ``unreadable`` names the extensions in it that were set aside."""

    der: bytes
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    content: int
    end: int


def of_certificate(der: bytes) -> Copy:
    """Return a copy that can be decoded. Raises ValueError if there is none.

    Set aside are malformed extensions that are not critical and that nobody here needs: RFC 5280
    section 4.2 lets a receiver ignore them.
    """
    copy = with_other_strings(der)
    if _has_readable_extensions(copy):
        return Copy(copy)
    optional = tuple(_optional_extensions(copy))
    if len(optional) > _MOST_OPTIONAL or not _has_readable_extensions(_without(copy, optional)):
        raise ValueError("an extension that is needed is malformed, or there are too many")
    unreadable = []
    for tried in optional:
        others = (other for other in optional if other is not tried)
        if not _has_readable_extensions(_without(copy, others)):
            unreadable.append(tried)
    return Copy(
        _without(copy, unreadable),
        tuple(old_names.identifier(der[o.content : o.end]).dotted_string for o in unreadable),
    )


def with_other_strings(der: bytes) -> bytes:
    """Return a copy whose names have UTF8String where a PrintableString may not be one.

    Bytes that are no DER come back as they are, as far as they are none.
    """
    copy = bytearray(der)
    waiting, seen = [(0, len(der))], 0
    while waiting and seen < _MOST_ELEMENTS:
        children = list(islice(_elements(der, *waiting.pop()), _MOST_ELEMENTS - seen))
        seen += len(children)
        if children and children[0].tag == _OID:
            _see_value(copy, children, waiting)
        else:
            waiting += ((c.content, c.end) for c in children if c.tag & _CONSTRUCTED)
    return bytes(copy)


def _see_value(copy: bytearray, children: list[_Element], waiting: list[tuple[int, int]]) -> None:
    """Look at what stands behind an object identifier: of a name, an extension, an attribute."""
    type_, value = children[0], children[-1]
    if value.tag == _PRINTABLE and copy[value.content : value.end].translate(None, _ALLOWED):
        copy[value.start] = _UTF8
        return
    holds_names = bytes(copy[type_.content : type_.end]) in _HOLD_NAMES
    if value.tag == _SET or (value.tag == _OCTETS and holds_names):
        waiting.append((value.content, value.end))


def signed_part(der: bytes) -> bytes:
    """Return the bytes that the signature of a certificate is over, of one that was decoded."""
    (outer,) = _elements(der, 0, len(der))
    part = next(_elements(der, outer.content, outer.end))
    return der[part.start : part.end]


def _has_readable_extensions(der: bytes) -> bool:
    """Raises ValueError if more than an extension is malformed."""
    loaded = x509.load_der_x509_certificate(der)
    try:
        _ = loaded.extensions
    except ValueError:
        return False
    return True


def _optional_extensions(der: bytes) -> Iterator[_Element]:
    """Yield the object identifiers of what a receiver may ignore, of a decoded certificate."""
    (outer,) = _elements(der, 0, len(der))
    part = next(_elements(der, outer.content, outer.end))
    *_, last = _elements(der, part.content, part.end)
    if last.tag != _EXTENSIONS:
        return
    (sequence,) = _elements(der, last.content, last.end)
    for extension in _elements(der, sequence.content, sequence.end):
        type_, second, *_ = _elements(der, extension.content, extension.end)
        # DER does not write the default, so a criticality that is written is true.
        if second.tag != _BOOLEAN and der[type_.content : type_.end] not in _NEEDED:
            yield type_


def _without(der: bytes, types: Iterable[_Element]) -> bytes:
    copy = bytearray(der)
    for type_ in types:
        copy[type_.content] = _SET_ASIDE
    return bytes(copy)


def _elements(der: bytes, position: int, end: int) -> Iterator[_Element]:
    """Yield the elements between two positions, up to one that is no DER or does not fit."""
    while position + 2 <= end:
        tag, length, content = der[position], der[position + 1], position + 2
        if length >= 0x80:
            content += length & 0x7F
            length = int.from_bytes(der[position + 2 : content])
        stop = content + length
        if tag & 0x1F == 0x1F or stop > end:
            return
        yield _Element(tag, position, content, stop)
        position = stop
