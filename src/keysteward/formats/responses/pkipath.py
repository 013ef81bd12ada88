"""X.509 PkiPath (ITU-T X.509, RFC 6066 section 10.1): a SEQUENCE of certificates, in any order."""

from collections.abc import Iterator

from keysteward.formats import der
from keysteward.formats.der import Element
from keysteward.formats.responses import pieces, shapes
from keysteward.formats.responses.foreign import Foreign
from keysteward.formats.responses.pieces import Piece
from keysteward.formats.responses.shapes import Shape
from keysteward.problems import SigningResponseUnreadable


def recognises(data: bytes, start: int) -> bool:
    """Return whether a path starts here; one that is cut off starts like a certificate."""
    return shapes.shape(data, start) in (Shape.PKI_PATH, Shape.EMPTY)


def read(data: bytes, start: int) -> Piece:
    """Return the certificates of the path, in its order."""
    try:
        path = der.element(data, start)
        certificates = pieces.bounded(_certificates(data, path))
    except der.Damaged as error:
        raise SigningResponseUnreadable("The certificate path is malformed.") from error
    return Piece(path.end, "PkiPath", certificates, () if certificates else (Foreign.EMPTY_PATH,))


def _certificates(data: bytes, path: Element) -> Iterator[bytes]:
    for part in der.children(data, path):
        if part.tag != der.SEQUENCE:
            raise der.Damaged
        yield data[part.start : part.end]
