"""The texts that entries are searched by, in the form in which they are compared."""

import unicodedata

from keysteward.pki.certificates import Certificate

SHORT = 3
"""A text of fewer characters is in no index of substrings."""

_REPLACED = {0: "\ufffd", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
"""What no database takes: NUL, and halves of a character beyond the first 65,536."""


def folded(text: str) -> str:
    """Return a text without regard to case (Unicode's full case folding), composed (NFC).

    A character's folding does not depend on its neighbours, so that a part of a text stays one.
    """
    if text.isascii():
        return text.lower().replace("\0", "\ufffd")
    return unicodedata.normalize("NFC", text.translate(_REPLACED).casefold())


def names_of(certificate: Certificate) -> tuple[str, str]:
    """Return what an entry with this certificate is found by besides its alias."""
    return folded(certificate.subject), folded(certificate.issuer)


def pattern(text: str) -> str:
    """Return what LIKE, with a backslash to escape, finds a folded text by in any place."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
