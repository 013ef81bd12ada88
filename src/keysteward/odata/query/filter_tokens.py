"""The words of ``$filter`` and ``$orderby`` (OData V2, "URI Conventions", section 4.5)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType

from keysteward.odata.formats import moments
from keysteward.problems import RequestInvalid

MOST_CHARACTERS = 8_000
"""Of one expression as it is written."""

_MOST_DIGITS = 40
"""Characters of a number; a Decimal has 29 digits."""

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]++)"
    r"|(?P<text>'(?:[^']++|'')*+')"
    r"|(?P<typed>(?:datetimeoffset|datetime|time|guid|binary|X)'[^']*+')"
    r"|(?P<number>[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+[LlMmDdFf]?+(?![A-Za-z0-9_.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*+(?:/[A-Za-z0-9_]++)*+)"
    r"|(?P<sign>[(),-])"
)

_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})*+")

LiteralValue = str | int | Decimal | float | bool | datetime | bytes | None

_CONSTANTS: Mapping[str, LiteralValue] = MappingProxyType(
    {"true": True, "false": False, "null": None}
)

_ABSENT_TYPES = MappingProxyType({"guid": "Edm.Guid", "time": "Edm.Time"})
"""Literals of types that no property has, so that nothing could be compared with them."""


class Word(Enum):
    """What sort of word it is; signs are called by themselves."""

    NAME = "name"
    LITERAL = "literal"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    MINUS = "-"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word with its position in characters from 1."""

    word: Word
    position: int
    text: str = ""
    value: LiteralValue = None
    """Of a literal."""


def refused(option: str, position: int, reason: str) -> RequestInvalid:
    """Return the problem that names an option, a position in it, and what is wrong there."""
    return RequestInvalid(f"{option}, position {position}: {reason}")


def tokens(option: str, text: str) -> Iterator[Token]:
    """Yield the words of an expression, and END behind the last.

    Raises RequestInvalid for anything else, naming the position.
    """
    if len(text) > MOST_CHARACTERS:
        raise RequestInvalid(f"{option} has more than {MOST_CHARACTERS:,} characters.")
    start = 0
    while start < len(text):
        matched = _TOKEN.match(text, start)
        if matched is None:
            raise refused(option, start + 1, f"{text[start : start + 20]!r} cannot be read.")
        if matched.lastgroup != "blank":
            yield _token(option, matched)
        start = matched.end()
    yield Token(Word.END, len(text) + 1)


def _token(option: str, matched: re.Match[str]) -> Token:
    written, position = matched[0], matched.start() + 1
    if matched.lastgroup == "sign":
        return Token(Word(written), position, written)
    if matched.lastgroup == "name":
        if written in _CONSTANTS:
            return Token(Word.LITERAL, position, written, _CONSTANTS[written])
        return Token(Word.NAME, position, written)
    try:
        value = _READERS[matched.lastgroup or ""](written)
    except ValueError as error:
        reason = str(error) or f"{written[:60]!r} is no such literal."
        raise refused(option, position, reason) from error
    return Token(Word.LITERAL, position, written, value)


def _text(written: str) -> str:
    return written[1:-1].replace("''", "'")


def _typed(written: str) -> LiteralValue:
    prefix, _, content = written[:-1].partition("'")
    if prefix in _ABSENT_TYPES:
        raise ValueError(f"no property of this service is an {_ABSENT_TYPES[prefix]}.")
    if prefix in {"X", "binary"}:
        if not _HEXADECIMAL.fullmatch(content):
            raise ValueError(f"{written[:60]!r} is not hexadecimal.")
        return bytes.fromhex(content)
    moment = moments.read_iso(content)
    if moment is None:
        raise ValueError(f"{written[:60]!r} is no point in time like 2026-01-31T23:59:59.")
    return moment


def _number(written: str) -> LiteralValue:
    """Return a whole number, a Decimal (suffix M), or a float (suffixes D and F, or a fraction)."""
    if len(written) > _MOST_DIGITS:
        raise ValueError(f"a number has {_MOST_DIGITS} characters at most.")
    suffix = written[-1].lower()
    digits = written[:-1] if suffix in "lmdf" else written
    if suffix in "lm" and "e" in digits.lower():
        raise ValueError(f"{written!r} has an exponent, as Double and Single alone may.")
    if suffix == "m":
        return Decimal(digits)
    if suffix == "l" and not digits.isdecimal():
        raise ValueError(f"{written!r} is no whole number.")
    if suffix in "df" or (suffix != "l" and not digits.isdecimal()):
        return float(digits)
    return int(digits)


_READERS: Mapping[str, Callable[[str], LiteralValue]] = MappingProxyType(
    {"text": _text, "typed": _typed, "number": _number}
)
