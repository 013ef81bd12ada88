"""DER objects that are no certificates: requests, revocation lists, keys, keystores, messages."""

from keysteward.formats import der
from keysteward.formats.responses import shapes
from keysteward.formats.responses.foreign import Foreign
from keysteward.formats.responses.pieces import Piece
from keysteward.formats.responses.shapes import Shape

_FOREIGN = {
    Shape.REQUEST: Foreign.REQUEST,
    Shape.REVOCATION_LIST: Foreign.REVOCATION_LIST,
    Shape.ATTRIBUTE_CERTIFICATE: Foreign.ATTRIBUTE_CERTIFICATE,
    Shape.PRIVATE_KEY: Foreign.PRIVATE_KEY,
    Shape.ENCRYPTED_PRIVATE_KEY: Foreign.ENCRYPTED_PRIVATE_KEY,
    Shape.PUBLIC_KEY: Foreign.PUBLIC_KEY,
    Shape.PARAMETERS: Foreign.PARAMETERS,
    Shape.PKCS12: Foreign.PKCS12,
    Shape.ENVELOPED_DATA: Foreign.ENVELOPED_DATA,
    Shape.OTHER_CMS: Foreign.OTHER_CMS,
    Shape.OCSP_RESPONSE: Foreign.OCSP_RESPONSE,
}


def recognises(data: bytes, start: int) -> bool:
    """Return whether a DER object starts here that is known and holds no certificate for us."""
    return shapes.shape(data, start) in _FOREIGN


def read(data: bytes, start: int) -> Piece:
    """Return what the object is; one that is cut off reaches to the end of the data."""
    found = shapes.shape(data, start)
    try:
        end = der.element(data, start).end
    except der.Damaged:
        end = len(data)
    foreign = () if found is None else (_FOREIGN[found],)
    return Piece(end, "DER", foreign=foreign)
