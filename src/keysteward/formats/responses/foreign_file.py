"""Whole files of other kinds, known by their first bytes: keystores and archives."""

from keysteward.formats.responses.foreign import Foreign
from keysteward.formats.responses.pieces import Piece

_FIRST_BYTES = (
    (b"\xfe\xed\xfe\xed", Foreign.JKS),
    (b"\xce\xce\xce\xce", Foreign.JCEKS),
    (b"\0\0\0\0CERT", Foreign.SERIALIZED_STORE),
    (b"PK\x03\x04", Foreign.ZIP),
    (b"PK\x05\x06", Foreign.ZIP),
    (b"\x1f\x8b\x08", Foreign.GZIP),
    (b"BZh", Foreign.OTHER_ARCHIVE),
    (b"\xfd7zXZ\0", Foreign.OTHER_ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Foreign.OTHER_ARCHIVE),
    (b"%PDF-", Foreign.PDF),
)
_ALL_FIRST_BYTES = tuple(first for first, _ in _FIRST_BYTES)


def recognises(data: bytes, start: int) -> bool:
    """Return whether the file is of another kind; only its very start tells."""
    return start == 0 and data.startswith(_ALL_FIRST_BYTES)


def read(data: bytes, start: int) -> Piece:
    """Return what the file is; the piece is the whole file, whatever else may lie in it."""
    kinds = tuple(kind for first, kind in _FIRST_BYTES if data.startswith(first, start))
    return Piece(len(data), "file", foreign=kinds)
