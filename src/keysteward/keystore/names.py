"""What people must tell apart by reading it: names of keystores and backups, and aliases."""

import re
import unicodedata

from keysteward.problems import NameInvalid

MOST_CHARACTERS = 100
"""Of a keystore's or a backup's name: it has to fit into lists and file names."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format and separating characters, and of lone surrogates."""

_UNSEEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Characters that show nothing, but are letters, marks or symbols by their category (Unicode,
Default_Ignorable_Code_Point, and the empty Braille pattern); some belong to emoji."""


def require_name(name: str) -> None:
    """Raise NameInvalid for what cannot be shown, or not be told apart from another name."""
    reason = fault(name, MOST_CHARACTERS)
    if reason is not None:
        raise NameInvalid(name, reason)


def fault(text: str, most_characters: int) -> str | None:
    """Return in words why a text cannot be read or told apart from another one; None if it can.

    Blanks inside, slashes and any script are allowed.
    """
    if not text:
        return "it has no character; give it at least one."
    if len(text) > most_characters:
        return f"it has {len(text)} characters; at most {most_characters} are allowed."
    if text != text.strip():
        return "it begins or ends with a blank, which nobody would see."
    if text.isascii() and text.isprintable():
        return None
    if any(unicodedata.category(c) in _HIDDEN for c in text) or not seen(text):
        return "it holds a control or other invisible character."
    if text != unicodedata.normalize("NFC", text):
        return "write its accented letters as single characters (Unicode NFC)."
    return None


def seen(text: str) -> str:
    """Return what a reader sees of a text, for comparing: nothing invisible, one width (NFKC)."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def readable(text: str) -> str:
    """Return a text without what ``fault`` objects to, its length apart; empty if nothing is left.

    For proposals that are made of other programs' names.
    """
    shown = "".join(c for c in text if unicodedata.category(c) not in _HIDDEN)
    composed = unicodedata.normalize("NFC", shown).strip()
    return composed if seen(composed).strip() else ""
