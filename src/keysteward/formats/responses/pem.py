"""PEM blocks (RFC 7468, RFC 1421) amid any other text; what is readable, no label overrules."""

import re

from keysteward.formats.responses import text
from keysteward.formats.responses.foreign import Foreign
from keysteward.formats.responses.pieces import Piece
from keysteward.problems import SigningResponseUnreadable

_BEGIN, _END = b"-----BEGIN ", b"-----END"
_LABEL = re.compile(rb"([ -~]{0,64}?)-----")
_REST_OF_END = re.compile(rb"[^-\r\n]*+(?:-----)?")
_CERTIFICATES = re.compile(rb"CERTIFICATE|PKCS ?#?7|CMS|CHAIN")
_KINDS = (
    (b"PRIVATE KEY", Foreign.PRIVATE_KEY),
    (b"REQUEST", Foreign.REQUEST),
    (b"CRL", Foreign.REVOCATION_LIST),
    (b"PUBLIC KEY", Foreign.PUBLIC_KEY),
    (b"PARAMETERS", Foreign.PARAMETERS),
    (b"PGP ", Foreign.PGP),
    (b"ATTRIBUTE CERTIFICATE", Foreign.ATTRIBUTE_CERTIFICATE),
)
_PROSE = 40
"""A text that names the lines of a block ("between BEGIN and END") has fewer bytes than a body."""


def recognises(data: bytes, start: int) -> bool:
    """Return whether a block begins here or, behind other text, further on."""
    return data.find(_BEGIN, start) >= 0


def read(data: bytes, start: int) -> Piece:
    """Return the decoded bytes of the next block as the piece's inner ones."""
    begin = data.find(_BEGIN, start) + len(_BEGIN)
    match = _LABEL.match(data, begin)
    if match is None:
        if len(data) - begin < 64 and not data[begin:].splitlines()[1:]:
            raise SigningResponseUnreadable("The file is cut off in a BEGIN line.")
        return Piece(begin, "text")
    unless = _unless(match.group(1).upper())
    body = match.end()
    following = data.find(_BEGIN, body)
    limit = len(data) if following < 0 else following
    stop = data.find(_END, body, limit)
    if stop < 0:
        if unless is None:
            raise SigningResponseUnreadable("A PEM block in the file has no END line.")
        return Piece(limit, "PEM", foreign=(unless,))
    rest = _REST_OF_END.match(data, stop + len(_END))
    end = rest.end() if rest else stop
    encoded = data[body:stop]
    inner = text.decode_base64(encoded)
    if inner is None:
        inner = text.decode_base64(_without_headers(_unescaped(encoded)))
    if inner is None and len(encoded) < _PROSE and b"\n" not in encoded and b"\r" not in encoded:
        return Piece(end, "text")
    if not inner and unless is None:
        raise SigningResponseUnreadable("A PEM block in the file holds no base64.")
    if not inner and unless is not None:
        return Piece(end, "PEM", foreign=(unless,))
    return Piece(end, "PEM", inner=inner, unless=unless)


def _unless(label: bytes) -> Foreign | None:
    """Return what a block is if its content does not say; None if it promises certificates."""
    if label == b"CERTIFICATE":
        return None
    for part, kind in _KINDS:
        if part in label:
            return kind
    return None if _CERTIFICATES.search(label) else Foreign.OTHER_BLOCK


def _unescaped(body: bytes) -> bytes:
    """Undo what JSON does to line ends and slashes in a string (RFC 8259 section 7)."""
    if b"\\" not in body:
        return body
    return body.replace(b"\\r", b"\r").replace(b"\\n", b"\n").replace(b"\\/", b"/")


def _without_headers(body: bytes) -> bytes:
    """Leave out the header lines that RFC 1421 section 4.4 puts before a blank line."""
    if b":" not in body:
        return body
    lines = [line.strip() for line in body.strip().splitlines()]
    if b"" in lines and b":" in lines[0]:
        lines = lines[lines.index(b"") :]
    return b"\n".join(line for line in lines if b":" not in line)
