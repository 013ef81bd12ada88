"""One X.509 certificate in DER (RFC 5280 section 4.1), with OpenSSL's trust settings behind it."""

from keysteward.formats import der
from keysteward.formats.responses import shapes
from keysteward.formats.responses.pieces import Piece
from keysteward.formats.responses.shapes import Shape
from keysteward.problems import SigningResponseUnreadable

_TRUST_SETTINGS = (
    der.SEQUENCE,
    der.CONTEXT_0,
    der.UTF8_STRING,
    der.OCTET_STRING,
    der.CONTEXT_1,
)


def recognises(data: bytes, start: int) -> bool:
    """Return whether a certificate starts here, be it damaged or cut off."""
    return shapes.shape(data, start) is Shape.CERTIFICATE


def read(data: bytes, start: int) -> Piece:
    """Return the certificate, verbatim; whether it can be loaded is not looked at."""
    try:
        whole = der.element(data, start)
        _, signed = der.header(data, whole.content)
    except der.Damaged as error:
        how = "cut off" if error.cut_off else "malformed"
        raise SigningResponseUnreadable(f"A certificate in the file is {how}.") from error
    # What is signed starts with a version or a number. A SEQUENCE there is what a path has, and a
    # whole path has a reader of its own.
    if data.startswith(b"0", signed):
        raise SigningResponseUnreadable("A certificate path in the file is malformed.")
    return Piece(_end_of_trust(data, whole.end), "DER", (data[start : whole.end],))


def _end_of_trust(data: bytes, start: int) -> int:
    """Return where the trust settings end that "openssl x509 -trustout" writes; ``start`` if none.

    They are a SEQUENCE of optional parts in a fixed order (OpenSSL's X509_CERT_AUX), of which the
    first and second hold object identifiers.
    """
    if data[start : start + 1] != b"0":
        return start
    try:
        settings = der.element(data, start)
        following = iter(_TRUST_SETTINGS)
        for part in der.children(data, settings):
            if part.tag not in following:  # takes from the iterator up to the tag: keeps the order
                return start
            uses_only = part.tag in (der.SEQUENCE, der.CONTEXT_0)
            if uses_only and any(
                use.tag != der.OBJECT_IDENTIFIER for use in der.children(data, part)
            ):
                return start
    except der.Damaged:
        return start
    return settings.end
