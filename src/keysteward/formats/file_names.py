"""File names made of aliases, safe on every system and in HTTP headers."""

import unicodedata
from urllib.parse import quote

MOST_BYTES = 240
"""Longest name in UTF-8: file systems take 255, and " (1)" or ".part" may be added to it."""

_FORBIDDEN = frozenset('/\\:*?"<>|')
"""What separates folders, streams or patterns on one system or another."""

_UNSAFE_AT_THE_START = (".", "-", "~", " ")
"""Hidden files, options of commands, home folders, and what nobody sees."""

_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
)
"""Names that Windows takes for devices, with any suffix."""

_NAMELESS = "entry"

_ATTR_CHAR = "!#$&+-.^_`|~"
"""Besides letters and digits what needs no percent sign (RFC 8187 section 3.2.1, attr-char)."""


def safe_file_name(alias: str, suffix: str) -> str:
    """Return a name of one file, with a suffix that is kept as it is, such as ``_rootCA.cer``.

    Different aliases may give the same name: whoever writes several files has to look.
    """
    text = unicodedata.normalize("NFC", alias)
    text = "".join(c if c.isprintable() and c not in _FORBIDDEN else "_" for c in text)
    if text.startswith(_UNSAFE_AT_THE_START):
        text = "_" + text[1:]
    if text.partition(".")[0].rstrip().lower() in _DEVICES:
        text = "_" + text
    kept = text.encode()[: MOST_BYTES - len(suffix.encode())].decode(errors="ignore")
    # Windows drops blanks and dots at the end of a name, and the suffix may be empty.
    return (kept.rstrip(" .") or _NAMELESS) + suffix


def content_disposition(file_name: str) -> str:
    """Return the header value that offers a download under a name (RFC 6266).

    ``filename`` is for old clients and plain ASCII; ``filename*`` (RFC 8187) has the name itself.
    """
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in file_name
    )
    encoded = quote(file_name.encode(errors="replace"), safe=_ATTR_CHAR)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
