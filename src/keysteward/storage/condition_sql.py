"""How a checked expression becomes SQL: whatever a caller wrote is a parameter, the rest is ours.

The functions that are called by name are those of ``engines.contract.FUNCTIONS``.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Float, Integer, Text, and_, false, func, literal, literal_column, not_, or_
from sqlalchemy.sql.elements import ColumnElement, Grouping
from sqlalchemy.types import TypeEngine

from keysteward.storage import conditions, rows
from keysteward.storage.columns import TEXT
from keysteward.storage.conditions import And, Call, Comparison, Expression, Field, Literal, Not

NULL: ColumnElement[Any] = literal_column("NULL")
"""Without the meaning that SQLAlchemy gives to ``null()``, for which it writes other SQL."""

_ZERO: ColumnElement[int] = literal_column("0", Integer)
_ONE: ColumnElement[int] = literal_column("1", Integer)


def build(expression: Expression, fields: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    """Return an expression as SQL; ``fields`` has that of each property.

    ``conditions.check`` has found that its kinds fit, and bounded the depth of this recursion.
    """
    if isinstance(expression, Field):
        return fields[expression.name]
    if isinstance(expression, Literal):
        return _literal(expression.value)
    parts = [build(part, fields) for part in conditions.children(expression)]
    if isinstance(expression, Call) and any(part is NULL for part in parts):
        # PostgreSQL cannot tell which function of a name is meant for a null of no type.
        return NULL
    # In parentheses whatever stands around it: SQLAlchemy writes "a IS NOT b" for "a IS (NOT b)".
    return Grouping(_joined(expression, parts))


def _joined(expression: Expression, parts: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    if isinstance(expression, Comparison):
        return _compared(expression.operator, *parts)
    if isinstance(expression, Call):
        return _CALLS[expression.function](*parts)
    if isinstance(expression, Not):
        return not_(*parts)
    return and_(*parts) if isinstance(expression, And) else or_(*parts)


def _literal(value: object) -> ColumnElement[Any]:
    if value is None:
        return NULL
    if isinstance(value, datetime):
        return literal(rows.to_microseconds(value))
    if isinstance(value, str):
        return constant(value)
    return literal(float(value) if isinstance(value, Decimal) else value)


def constant(value: str) -> ColumnElement[str]:
    """Return a constant whose comparisons, and those of what is made of it, go by code point."""
    return literal(value, TEXT)


def _starts_with(text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.substr(text, _ONE, func.length(part)) == part


def _ends_with(text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[bool]:
    rest = func.length(text) - func.length(part)
    # A negative position counts from the end in SQLite.
    return (rest >= _ZERO) & (func.substr(text, rest + _ONE) == part)


def _has(part: ColumnElement[Any], text: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.text_index(text, part, type_=Integer) >= _ZERO


def _text_part(
    text: ColumnElement[Any], start: ColumnElement[Any], length: ColumnElement[Any] | None = None
) -> ColumnElement[Any]:
    size = func.length(text) if length is None else length
    return func.text_part(text, start, size, type_=Text)


def _unless_null(compared: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.coalesce(compared, false())


def _compared(
    operator: str, left: ColumnElement[Any], right: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Compare; a whole number and a float by a function, since PostgreSQL makes floats of both."""
    compare = _COMPARISONS[operator]
    pair: tuple[ColumnElement[int], ColumnElement[int]]
    if isinstance(left.type, Integer) and isinstance(right.type, Float):
        pair = (func.compared(left, right, type_=Integer), _ZERO)
    elif isinstance(left.type, Float) and isinstance(right.type, Integer):
        pair = (_ZERO, func.compared(right, left, type_=Integer))
    else:
        return compare(left, right)
    nulls = left.is_(None) & right.is_(None)
    if operator == "eq":
        return nulls | compare(*pair)
    return not_(nulls) & compare(*pair) if operator == "ne" else compare(*pair)


_COMPARISONS: Mapping[
    str, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]
] = {
    "eq": lambda left, right: left.is_not_distinct_from(right),
    "ne": lambda left, right: left.is_distinct_from(right),
    "gt": lambda left, right: _unless_null(left > right),
    "ge": lambda left, right: _unless_null(left >= right),
    "lt": lambda left, right: _unless_null(left < right),
    "le": lambda left, right: _unless_null(left <= right),
}


def _named(
    name: str, *first: str, kind: type[TypeEngine[Any]]
) -> Callable[..., ColumnElement[Any]]:
    words: list[ColumnElement[Any]] = [literal(word) for word in first]
    return lambda *arguments: getattr(func, name)(*words, *arguments, type_=kind)


def _arithmetic(name: str) -> Callable[..., ColumnElement[Any]]:
    def build_call(*numbers: ColumnElement[Any]) -> ColumnElement[Any]:
        kind = Float if any(isinstance(one.type, Float) for one in numbers) else Integer
        return func.arithmetic(literal(name), *numbers, type_=kind)

    return build_call


_CALLS: Mapping[str, Callable[..., ColumnElement[Any]]] = {
    "substringof": _has,
    "endswith": _ends_with,
    "startswith": _starts_with,
    "length": _named("length", kind=Integer),
    "indexof": _named("text_index", kind=Integer),
    "replace": _named("replace", kind=Text),
    "substring": _text_part,
    "tolower": _named("text_lower", kind=Text),
    "toupper": _named("text_upper", kind=Text),
    "trim": _named("trim", kind=Text),
    "concat": lambda left, right: left.concat(right),
    **{
        part: _named("instant_part", part, kind=Integer)
        for part in ("day", "hour", "minute", "month", "second", "year")
    },
    **{name: _named("rounded", name, kind=Float) for name in ("round", "floor", "ceiling")},
    **{name: _arithmetic(name) for name in ("add", "sub", "mul", "div", "mod")},
    "negate": lambda number: _arithmetic("sub")(_ZERO, number),
}
