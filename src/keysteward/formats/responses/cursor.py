"""The one pass over a file: the first reader that recognises the bytes takes its piece.

Text readers hand back decoded bytes, which are read in their turn before the pass goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from keysteward.formats.responses import foreign, pieces, text
from keysteward.formats.responses.foreign import Foreign
from keysteward.formats.responses.pieces import Piece, Reader
from keysteward.problems import (
    NotASigningResponse,
    ResponseTooComplex,
    SigningResponseUnreadable,
)


@dataclass(frozen=True, slots=True)
class ResponseFile:
    """What lay in a file, in the order found."""

    certificates: tuple[bytes, ...]
    """Verbatim DER, each once. It has the shape of a certificate; loading may still refuse it."""
    containers: tuple[str, ...]
    """What the certificates came in: "PEM", "PKCS#7 SignedData", "PkiPath", "DER", "base64"."""
    private_key_found: bool
    """Whether a private key lay in the file; it is kept nowhere."""
    skipped: tuple[str, ...]
    """What else lay in it, such as "a certificate revocation list (CRL)"; each kind once."""
    trailing_bytes: int
    """Bytes behind the last DER object; white space and text around PEM blocks do not count."""


@dataclass(slots=True)
class _Level:
    """Bytes in reading: the file itself, or what a piece of it was decoded to."""

    data: bytes = field(repr=False)
    origin: Piece | None = None
    position: int = 0
    behind_text: bool = False
    """Whether the last piece was text, around which other text is no noise."""
    found_nothing: bool = True


class _Findings:
    """What has been found so far."""

    __slots__ = ("certificates", "containers", "foreign", "pieces", "trailing_bytes", "unknown")

    def __init__(self) -> None:
        self.certificates: list[bytes] = []
        self.containers: dict[str, None] = {}
        self.foreign: dict[Foreign, None] = {}
        self.pieces = 0
        self.trailing_bytes = 0
        self.unknown = Foreign.EMPTY

    def add(self, piece: Piece) -> None:
        """Count a piece and keep what is in it. Raises ResponseTooComplex above the bounds."""
        self.pieces += 1
        if self.pieces > pieces.MOST_PIECES:
            raise ResponseTooComplex(f"The file holds more than {pieces.MOST_PIECES} parts.")
        if piece.certificates:
            self.certificates.extend(piece.certificates)
            if len(self.certificates) > pieces.MOST_CERTIFICATES:
                raise pieces.too_many_certificates()
        for kind in piece.foreign:
            self.foreign[kind] = None


def read(data: bytes, readers: Sequence[Reader]) -> ResponseFile:
    """Return what lies in the file, trying the readers in their order at each position.

    Raises:
        SigningResponseUnreadable: it is cut off or malformed where it matters.
        NotASigningResponse: no certificate lies in it; names what does.
        ResponseTooComplex: it holds more certificates or parts than the bounds of ``pieces``.
    """
    findings = _Findings()
    levels = [_Level(text.plain(data))]
    while levels:
        level = levels[-1]
        level.position = text.skip_blanks(level.data, level.position)
        piece = _next_piece(level, readers)
        if piece is None:
            _close(levels.pop(), findings)
            continue
        findings.add(piece)
        level.position = piece.end
        level.behind_text = piece.container in pieces.TEXTS
        if piece.certificates or piece.foreign:
            _mark_found(levels, findings, piece)
        if piece.inner is not None:
            if len(levels) > pieces.MOST_NESTING:
                raise ResponseTooComplex("The file packs text in text in text.")
            levels.append(_Level(text.plain(piece.inner), piece))
    return _result(findings)


def _next_piece(level: _Level, readers: Sequence[Reader]) -> Piece | None:
    if level.position < len(level.data):
        for reader in readers:
            if reader.recognises(level.data, level.position):
                return reader.read(level.data, level.position)
    return None


def _mark_found(levels: list[_Level], findings: _Findings, piece: Piece) -> None:
    for level in levels:
        level.found_nothing = False
        if piece.certificates and level.origin is not None:
            findings.containers[level.origin.container] = None
    # In PEM and base64 DER goes without saying.
    if piece.certificates and (len(levels) == 1 or piece.container != "DER"):
        findings.containers[piece.container] = None


def _close(level: _Level, findings: _Findings) -> None:
    """Judge what no reader has recognised at the end of a level."""
    if not level.found_nothing:
        left = level.data[level.position :].rstrip(text.WHITE)
        if left and not (level.behind_text and foreign.is_text(left)):
            findings.trailing_bytes += len(left)
    elif level.origin is None:
        findings.unknown = foreign.name(level.data)
    elif level.origin.unless is None:
        raise SigningResponseUnreadable(
            "A PEM block that should hold a certificate holds something else."
        )
    else:
        findings.foreign[level.origin.unless] = None


def _result(findings: _Findings) -> ResponseFile:
    kinds = tuple(findings.foreign)
    private_keys = tuple(kind for kind in kinds if kind.is_private_key)
    if not findings.certificates:
        # That a private key left its place matters more than what else lay beside it.
        found = (*private_keys, *kinds, findings.unknown)[0]
        raise NotASigningResponse(found.found, found.remedy)
    return ResponseFile(
        certificates=tuple(dict.fromkeys(findings.certificates)),
        containers=tuple(findings.containers),
        private_key_found=bool(private_keys),
        skipped=tuple(kind.found for kind in kinds if not kind.is_private_key),
        trailing_bytes=findings.trailing_bytes,
    )
