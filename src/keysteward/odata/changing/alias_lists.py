"""Lists of aliases in one text: semicolons between them, a backslash before what means itself."""

import re

from keysteward.problems import RequestInvalid

_WHOLE = re.compile(r"(?:[^\\]++|\\[\\;])*+", re.DOTALL)
_PART = re.compile(r"(?:[^\\;]++|\\[\\;])++", re.DOTALL)


def read(text: str) -> tuple[str, ...]:
    r"""Return the aliases; ``\;`` is a semicolon in one, ``\\`` a backslash.

    Raises RequestInvalid for an empty list, and for a backslash before anything else.
    """
    if _WHOLE.fullmatch(text) is None:
        raise RequestInvalid(r"In Aliases a backslash is written \\, a semicolon \;.")
    found = tuple(map(_plain, _PART.findall(text)))
    if not found:
        raise RequestInvalid("The property Aliases names no alias.")
    return found


def _plain(part: str) -> str:
    return "\\".join(piece.replace(r"\;", ";") for piece in part.split(r"\\"))
