"""Signing responses: what a CA sends back, in any format, known by its content alone."""

from keysteward.formats.responses import (
    bare_base64,
    certificate,
    cursor,
    foreign_der,
    foreign_file,
    pem,
    pkcs7,
    pkipath,
)
from keysteward.formats.responses.bounded import read_bounded
from keysteward.formats.responses.cursor import ResponseFile
from keysteward.formats.responses.pieces import MOST_CERTIFICATES, Piece, Reader

__all__ = [
    "MOST_CERTIFICATES",
    "READERS",
    "Piece",
    "Reader",
    "ResponseFile",
    "read",
    "read_bounded",
]

READERS: tuple[Reader, ...] = (
    foreign_file,
    certificate,
    pkcs7,
    pkipath,
    foreign_der,
    bare_base64,
    pem,
)
"""Every format, in the order of trial. PEM is last: it looks for a block further on in the file."""


def read(data: bytes) -> ResponseFile:
    """Return the certificates in a file, and what else lay in it.

    Raises SigningResponseUnreadable, NotASigningResponse or ResponseTooComplex; nothing else, for
    any bytes whatever. The size limit is the caller's: see ``read_bounded``.
    """
    return cursor.read(data, READERS)
