"""Hexadecimal aliases: the UTF-8 bytes of an alias, so that it needs no slash in an address."""

import re
from dataclasses import dataclass

from keysteward.problems import RequestInvalid

_MOST_DIGITS = 2_000
"""MaxLength of ``Hexalias`` in ``$metadata``: 250 characters of four bytes."""

_DIGITS = re.compile(r"[0-9A-Fa-f]+")


@dataclass(eq=False)
class OddLength(RequestInvalid):
    """The number of digits is odd; SAP answers this one with status 500, and so does this face."""


def encode(alias: str) -> str:
    """Return an alias as upper-case hexadecimal digits."""
    return alias.encode().hex().upper()


def decode(hexalias: str) -> str:
    """Return the alias behind digits in either case; whether there is such an alias is not asked.

    Raises OddLength for half a byte, and RequestInvalid for what is no hexadecimal UTF-8.
    """
    if len(hexalias) > _MOST_DIGITS:
        raise RequestInvalid(f"A Hexalias has at most {_MOST_DIGITS:,} digits.")
    if not _DIGITS.fullmatch(hexalias):
        raise RequestInvalid("A Hexalias is the alias as hexadecimal digits of its UTF-8 bytes.")
    if len(hexalias) % 2:
        raise OddLength(f"hexBinary needs to be even-length: {hexalias}")
    try:
        return bytes.fromhex(hexalias).decode()
    except UnicodeDecodeError as error:
        raise RequestInvalid(f"The bytes of {hexalias[:40]!r} are not UTF-8.") from error
