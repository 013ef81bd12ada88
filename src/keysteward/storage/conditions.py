"""What lists of entries are filtered and sorted by: expressions as OData V2 has them, as values.

A face makes them of what a caller wrote; ``check`` tells whether one makes sense, and storage turns
it into SQL. Where OData V2 is silent, null is as in OData V4 (part 2, section 5.1.1.1): equal to
null alone, never greater or less than anything, and a function of null is null.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from keysteward.problems import RequestInvalid

MOST_NODES = 400
"""Parts of one expression, fields and literals included; SQLite takes a depth of 1,000."""

MOST_DEPTH = 40
"""How deep parts may lie within parts."""

MOST_CHARACTERS = 100_000
"""Longest text that an expression may make of a row: ``replace`` within ``replace`` multiplies."""

_MOST_INTEGER = 1 << 63


class Kind(StrEnum):
    """What an expression is.

    A whole number is taken where a number is; the literal null, NOTHING, goes with every kind.
    """

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    INSTANT = "time"
    TRUTH = "truth"
    BINARY = "binary"
    NOTHING = "null"


@dataclass(frozen=True, slots=True)
class Field:
    """A property by its EDM name."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Times are aware; a Decimal is computed with like a float."""

    value: str | int | Decimal | float | bool | datetime | bytes | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function or arithmetic by its name in OData V2, ``FUNCTIONS`` has them all.

    Arguments are in OData's order: ``substringof`` has the part first, then the text.
    """

    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two expressions of one kind, compared: ``eq``, ``ne``, ``gt``, ``ge``, ``lt`` or ``le``."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """All of these; at least one part."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these; at least one part."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: "Expression"


Expression: TypeAlias = Field | Literal | Call | Comparison | And | Or | Not

Condition: TypeAlias = Expression
"""An expression whose kind is TRUTH, as ``check_condition`` finds it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One key of a sorting; null comes before everything, text goes by code point."""

    expression: Expression
    descending: bool = False


_T, _N, _W, _I = Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.INSTANT

FUNCTIONS: Mapping[str, tuple[Kind, tuple[Kind, ...], int]] = MappingProxyType(
    {
        # What it gives, what it takes, how many of the arguments it must have.
        "substringof": (Kind.TRUTH, (_T, _T), 2),
        "endswith": (Kind.TRUTH, (_T, _T), 2),
        "startswith": (Kind.TRUTH, (_T, _T), 2),
        "length": (_W, (_T,), 1),
        "indexof": (_W, (_T, _T), 2),
        "replace": (_T, (_T, _T, _T), 3),
        "substring": (_T, (_T, _W, _W), 2),
        "tolower": (_T, (_T,), 1),
        "toupper": (_T, (_T,), 1),
        "trim": (_T, (_T,), 1),
        "concat": (_T, (_T, _T), 2),
        **dict.fromkeys(("day", "hour", "minute", "month", "second", "year"), (_W, (_I,), 1)),
        **dict.fromkeys(("round", "floor", "ceiling", "negate"), (_N, (_N,), 1)),
        **dict.fromkeys(("add", "sub", "mul", "div", "mod"), (_N, (_N, _N), 2)),
    }
)
_ARITHMETIC = ("add", "sub", "mul", "div", "mod", "negate")
OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")

ENTRY_FIELDS: Mapping[str, tuple[Kind, int]] = MappingProxyType(
    {
        # The kind, and the longest text in characters (contract of the OData face).
        "Hexalias": (_T, 2000),
        "Alias": (_T, 250),
        "KeyType": (_T, 100),
        "KeySize": (_W, 0),
        "ValidNotBefore": (_I, 0),
        "ValidNotAfter": (_I, 0),
        "SerialNumber": (_T, 256),
        "SignatureAlgorithm": (_T, 100),
        "EllipticCurve": (_T, 500),
        "Validity": (_T, 1000),
        "SubjectDN": (_T, 5000),
        "IssuerDN": (_T, 5000),
        "Version": (_W, 0),
        "FingerprintSha1": (_T, 200),
        "FingerprintSha256": (_T, 200),
        "FingerprintSha512": (_T, 200),
        "Type": (_T, 30),
        "Owner": (_T, 30),
        "LastModifiedBy": (_T, 250),
        "LastModifiedTime": (_I, 0),
        "CreatedBy": (_T, 250),
        "CreatedTime": (_I, 0),
        "Status": (_T, 500),
    }
)
"""What a KeystoreEntry can be filtered and sorted by."""

HISTORY_FIELDS: Mapping[str, tuple[Kind, int]] = MappingProxyType(
    {
        **ENTRY_FIELDS,
        "ActivatedBy": (_T, 250),
        "ActiveFrom": (_I, 0),
        "DeactivatedBy": (_T, 250),
        "ActiveUntil": (_I, 0),
        "ActivationSequenceNumber": (_W, 0),
        "OriginalAlias": (_T, 250),
    }
)
"""What a HistoryKeystoreEntry can be filtered and sorted by."""


def check_condition(condition: Condition, fields: Mapping[str, tuple[Kind, int]]) -> None:
    """Raise RequestInvalid unless the expression is true or false of a row with these fields."""
    if check(condition, fields) not in (Kind.TRUTH, Kind.NOTHING):
        raise RequestInvalid("The filter is neither true nor false: compare it with something.")


def check(expression: Expression, fields: Mapping[str, tuple[Kind, int]]) -> Kind:
    """Return what an expression is.

    Raises RequestInvalid for an unknown field or function, for kinds that do not fit each other,
    for a constant that no database holds, and for an expression that is too large or too costly.
    """
    _measure(expression)
    return _check(expression, fields)[0]


def children(expression: Expression) -> "tuple[Expression, ...]":
    """Return the parts that an expression is made of, from left to right."""
    if isinstance(expression, Call):
        return expression.arguments
    if isinstance(expression, Comparison):
        return (expression.left, expression.right)
    if isinstance(expression, (And, Or)):
        return expression.parts
    return (expression.part,) if isinstance(expression, Not) else ()


def _measure(expression: Expression) -> None:
    """Bound the size without recursion, so that what follows may use it."""
    waiting = [(expression, 1)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MOST_NODES or depth > MOST_DEPTH:
            raise RequestInvalid(
                f"The expression is too large: {MOST_NODES} parts, and parts within parts to a "
                f"depth of {MOST_DEPTH}, are the most."
            )
        waiting += ((child, depth + 1) for child in children(part))


def _check(expression: Expression, fields: Mapping[str, tuple[Kind, int]]) -> tuple[Kind, int]:
    """Return the kind and the most characters of a text."""
    if isinstance(expression, Field):
        if expression.name not in fields:
            raise RequestInvalid(f"There is no property {expression.name!r} to filter or sort by.")
        return fields[expression.name]
    if isinstance(expression, Literal):
        return _literal(expression.value)
    found = [_check(part, fields) for part in children(expression)]
    kinds = [kind for kind, _ in found]
    if isinstance(expression, Call):
        kind = _call(expression, kinds)
        return kind, _length(expression.function, [length for _, length in found])
    if isinstance(expression, Comparison):
        _compare(expression.operator, kinds)
    elif not kinds or not {Kind.TRUTH, Kind.NOTHING}.issuperset(kinds):
        raise RequestInvalid("'and', 'or' and 'not' take what is true or false.")
    return Kind.TRUTH, 0


def _literal(value: object) -> tuple[Kind, int]:
    if value is None:
        return Kind.NOTHING, 0
    if isinstance(value, bool):
        return Kind.TRUTH, 0
    if isinstance(value, int):
        if not -_MOST_INTEGER <= value < _MOST_INTEGER:
            raise RequestInvalid("A number of the expression has more than 64 bits.")
        return Kind.INTEGER, 0
    if isinstance(value, (float, Decimal)):
        finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
        if not finite or not math.isfinite(float(value)):  # a Decimal has greater exponents
            raise RequestInvalid("A number of the expression is too large, or none.")
        return Kind.NUMBER, 0
    if isinstance(value, datetime):
        return Kind.INSTANT, 0
    if isinstance(value, bytes):
        return Kind.BINARY, 0
    text = str(value)
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise RequestInvalid("A text of the expression has characters that no text has.")
    return Kind.TEXT, len(text)


def _call(call: Call, kinds: list[Kind]) -> Kind:
    if call.function not in FUNCTIONS:
        raise RequestInvalid(f"There is no function {call.function!r}.")
    result, wanted, least = FUNCTIONS[call.function]
    if not least <= len(kinds) <= len(wanted):
        raise RequestInvalid(f"{call.function!r} has another number of arguments.")
    for kind, fits in zip(kinds, wanted, strict=False):
        if kind not in (fits, Kind.NOTHING) and (kind, fits) != (Kind.INTEGER, Kind.NUMBER):
            raise RequestInvalid(f"{call.function!r} takes a {fits.value} where a {kind.value} is.")
    whole = call.function in _ARITHMETIC and Kind.NUMBER not in kinds
    return Kind.INTEGER if whole else result


def _compare(operator: str, kinds: list[Kind]) -> None:
    if operator not in OPERATORS:
        raise RequestInvalid(f"There is no operator {operator!r}.")
    alike = (Kind.NUMBER if kind is Kind.INTEGER else kind for kind in kinds)
    different = set(alike) - {Kind.NOTHING}
    if len(different) > 1:
        left, right = (kind.value for kind in kinds)
        raise RequestInvalid(f"{operator!r} cannot compare a {left} with a {right}.")
    if operator not in ("eq", "ne") and different & {Kind.TRUTH, Kind.BINARY}:
        raise RequestInvalid(f"{operator!r} takes numbers, texts and times.")


def _length(function: str, lengths: list[int]) -> int:
    """Return the most characters that a function makes of texts of these lengths."""
    longest = lengths[0]
    if function == "concat":
        longest = sum(lengths)
    elif function == "replace":
        longest *= max(1, lengths[2])
    elif function in ("tolower", "toupper"):
        longest *= 3  # what Unicode's full case mapping makes of one character at the most
    if longest > MOST_CHARACTERS:
        raise RequestInvalid("The expression makes texts that are too long.")
    return longest
