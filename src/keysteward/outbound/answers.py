"""HTTP answers as far as people want to see them: bounded, printable, without markup."""

import html
import re
from dataclasses import dataclass

from keysteward.outbound.refusals import printable

_LINES_LIMIT = 200
_LINE_LIMIT = 200
_TEXT_LIMIT = 60

# Each alternative ends at the end of the answer or at the next bracket at the latest, so hostile
# markup costs no more time than any other.
_MARKUP = re.compile(
    r"<(script|style)\b.*?(?:</\1[^<>]*>?|\Z)|<!--.*?(?:-->|\Z)|</?[a-z!?][^<>]*>?",
    re.IGNORECASE | re.DOTALL,
)
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, or what came in its place. No text has control characters."""

    status_line: str | None
    """None if it is no HTTP."""
    header: tuple[str, ...]
    body: tuple[str, ...]
    """The first lines that are not empty."""
    text: str
    """The first line of the body that is text for people, tags left out; at most 60 characters."""


def read_answer(data: bytes) -> Answer:
    """Return the answer of these bytes, which may be cut off anywhere."""
    head, _, rest = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/"):
        return Answer(None, (), _printable(data.split(b"\n")), _text(data))
    first, *header = head.split(b"\r\n")
    if any(_is_chunked(line) for line in header):
        rest = _joined(rest)
    return Answer(
        printable(first, _LINE_LIMIT),
        _printable(header),
        _printable(rest.split(b"\n")),
        _text(rest),
    )


def is_complete(data: bytes) -> bool:
    """Whether the answer is whole by its own length (RFC 9112 section 6), so nobody need wait."""
    header, end, body = data.partition(b"\r\n\r\n")
    for line in header.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if end and name.strip().lower() == b"content-length" and value.strip().isdigit():
            return len(body) >= int(value.strip()[:9])
    return False


def _is_chunked(line: bytes) -> bool:
    name, _, value = line.lower().partition(b":")
    return name.strip() == b"transfer-encoding" and value.strip().endswith(b"chunked")


def _joined(body: bytes) -> bytes:
    """Return the content of chunks (RFC 9112 section 7.1), as far as they are well-formed."""
    content = b""
    while body:
        line, _, rest = body.partition(b"\r\n")
        found = _CHUNK_SIZE.match(line)
        size = int(found[0], 16) if found else 0
        if size == 0:
            break
        content += rest[:size]
        body = rest[size + 2 :]
    return content


def _text(body: bytes) -> str:
    plain = html.unescape(_MARKUP.sub("", body.decode("utf-8", "replace")))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    line = next((line for line in lines if line), "")
    cut = f"{line[: _TEXT_LIMIT - 1]}…" if len(line) > _TEXT_LIMIT else line
    return printable(cut.encode("utf-8", "replace"), _TEXT_LIMIT)


def _printable(lines: list[bytes]) -> tuple[str, ...]:
    shown = (printable(line, _LINE_LIMIT) for line in lines)
    return tuple(line for line in shown if line)[:_LINES_LIMIT]
