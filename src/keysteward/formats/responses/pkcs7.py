"""PKCS#7 and CMS SignedData (RFC 5652 section 5.1), in DER or BER, with or without signers.

Of the message only the set of certificates matters: no signature of a signer is looked at, because
the chain proves itself. Netscape's older certificate sequence is read here too.
"""

from collections.abc import Iterator

from keysteward.formats import der
from keysteward.formats.der import Element
from keysteward.formats.responses import pieces, shapes
from keysteward.formats.responses.foreign import Foreign
from keysteward.formats.responses.pieces import Piece
from keysteward.formats.responses.shapes import Shape
from keysteward.problems import SigningResponseUnreadable

_OTHER_CERTIFICATES = (der.CONTEXT_0, der.CONTEXT_1, der.CONTEXT_2, der.CONTEXT_3)


def recognises(data: bytes, start: int) -> bool:
    """Return whether SignedData or a certificate sequence starts here, be it damaged or cut off."""
    return shapes.shape(data, start) in (Shape.SIGNED_DATA, Shape.CERTIFICATE_SEQUENCE)


def read(data: bytes, start: int) -> Piece:
    """Return the certificates of the message, in its order; CRLs and other kinds are foreign."""
    try:
        message = der.element(data, start)
        _, wrapped = _first(data, message, der.OBJECT_IDENTIFIER, der.CONTEXT_0)
        (content,) = _first(data, wrapped, der.SEQUENCE)
        if shapes.shape(data, start) is Shape.CERTIFICATE_SEQUENCE:
            certificates, foreign = _taken(data, content)
        else:
            certificates, foreign = _signed_data(data, content)
    except der.Damaged as error:
        how = "cut off" if error.cut_off else "malformed"
        raise SigningResponseUnreadable(f"The PKCS#7 message is {how}.") from error
    if not certificates:
        foreign = (Foreign.PKCS7_WITHOUT_CERTIFICATES, *foreign)
    return Piece(message.end, "PKCS#7 SignedData", certificates, foreign)


def _signed_data(data: bytes, content: Element) -> tuple[tuple[bytes, ...], tuple[Foreign, ...]]:
    certificates: tuple[bytes, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    following = der.children(data, content)
    for expected in (der.INTEGER, der.SET, der.SEQUENCE):  # version, digests, signed content
        part = next(following, None)
        if part is None or part.tag != expected:
            raise der.Damaged
    for part in following:
        if part.tag == der.CONTEXT_0:
            certificates, others = _taken(data, part)
            foreign += others
        elif part.tag == der.CONTEXT_1 and part.content < part.stop:
            foreign += (Foreign.REVOCATION_LIST,)
        elif part.tag not in (der.CONTEXT_1, der.SET):
            raise der.Damaged
    return certificates, foreign


def _taken(data: bytes, parent: Element) -> tuple[tuple[bytes, ...], tuple[Foreign, ...]]:
    """Return the X.509 certificates of a set of CertificateChoices (RFC 5652 section 10.2.2)."""
    others: list[Foreign] = []
    certificates = pieces.bounded(_certificates(data, parent, others))
    return certificates, tuple(others)


def _certificates(data: bytes, parent: Element, others: list[Foreign]) -> Iterator[bytes]:
    for choice in der.children(data, parent):
        if choice.tag == der.SEQUENCE:
            yield data[choice.start : choice.end]
        elif choice.tag not in _OTHER_CERTIFICATES:
            raise der.Damaged
        elif not others:
            others.append(Foreign.OTHER_CERTIFICATE)


def _first(data: bytes, parent: Element, *tags: int) -> tuple[Element, ...]:
    found = tuple(part for part, _ in zip(der.children(data, parent), tags, strict=False))
    if tuple(part.tag for part in found) != tags:
        raise der.Damaged
    return found
