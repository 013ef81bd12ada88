"""Lists of aliases in one text: semicolons between them, a backslash before what means itself."""

import re

from keysteward.problems import RequestInvalid

_PART = re.compile(r"((?:[^\\;]|\\[\\;])*+)(;|\Z)", re.DOTALL)


def read(text: str) -> tuple[str, ...]:
    r"""Return the aliases; ``\;`` is a semicolon in one, ``\\`` a backslash.

    Raises RequestInvalid for an empty list, and for a backslash before anything else.
    """
    found = []
    position = 0
    while True:
        part = _PART.match(text, position)
        if part is None:
            raise RequestInvalid(r"In Aliases a backslash is written \\, a semicolon \;.")
        if part[1]:
            found.append(re.sub(r"\\([\\;])", r"\1", part[1]))
        if not part[2]:
            break
        position = part.end()
    if not found:
        raise RequestInvalid("The property Aliases names no alias.")
    return tuple(found)
