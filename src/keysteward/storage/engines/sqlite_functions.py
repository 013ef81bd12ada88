"""The SQL functions that every engine has, for SQLite: Python functions that it calls back.

A connection gets them when it is made. They take what a filter gives them and raise nothing: null
gives null, and so does what has no result.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.engine.interfaces import DBAPIConnection

from keysteward.storage import sap_texts, search

_Number = int | float

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_TAG = 0xA0
_INTEGER_LIMIT = 1 << 63


def install(connection: DBAPIConnection) -> None:
    """Make the functions known to a connection."""
    driver_connection: Any = connection  # sqlite3 has more than the DB-API knows
    for name, (count, function) in _FUNCTIONS.items():
        driver_connection.create_function(name, count, function, deterministic=True)


def _strict(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function that is null of null."""
    return lambda *values: None if None in values else function(*values)


def _certificate_version(der: bytes) -> int:
    """Return 1 or 3, from the field that is absent in version 1 (RFC 5280 section 4.1.2.1)."""
    position = _content(der, _content(der, 0))
    if der[position : position + 1] != bytes([_VERSION_TAG]):
        return 1
    # A version that says 0 is not in DER, and there are such certificates.
    return 1 if der[position + 4 : position + 5] == b"\0" else 3


def _content(der: bytes, position: int) -> int:
    """Return where the content of an element begins."""
    length = der[position + 1] if len(der) > position + 1 else 0
    return position + 2 + (length & 0x7F if length & 0x80 else 0)


def _text_part(text: str, start: int, length: int) -> str:
    first = max(0, start)
    return text[first : first + max(0, length)]


def _instant_part(part: str, microseconds: int) -> int:
    return int(getattr(_EPOCH + timedelta(microseconds=microseconds), part))


def _arithmetic(operation: str, left: _Number, right: _Number) -> _Number | None:
    result = _OPERATIONS[operation](left, right)
    if isinstance(result, int):
        return result if -_INTEGER_LIMIT <= result < _INTEGER_LIMIT else None
    return result if result is not None and math.isfinite(result) else None


def _divided(left: _Number, right: _Number) -> _Number | None:
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _remainder(left: _Number, right: _Number) -> _Number | None:
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return math.fmod(left, right)


_OPERATIONS: dict[str, Callable[[_Number, _Number], _Number | None]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
    "div": _divided,
    "mod": _remainder,
}


def _compared(whole: int, number: float) -> int:
    return (whole > number) - (whole < number)


def _rounded(how: str, number: float) -> float:
    if how == "floor":
        return float(math.floor(number))
    if how == "ceiling":
        return float(math.ceil(number))
    whole = math.floor(abs(number))
    return math.copysign(whole + (abs(number) - whole >= 0.5), number)


_FUNCTIONS: dict[str, tuple[int, Callable[..., object]]] = {
    "hexalias": (1, _strict(sap_texts.hexalias)),
    "sap_name": (1, _strict(sap_texts.distinguished_name)),
    "colon_hex": (1, _strict(sap_texts.fingerprint)),
    "certificate_version": (1, _strict(_certificate_version)),
    "text_index": (2, _strict(str.find)),
    "text_part": (3, _strict(_text_part)),
    "text_lower": (1, _strict(str.lower)),
    "text_upper": (1, _strict(str.upper)),
    "instant_part": (2, _strict(_instant_part)),
    "arithmetic": (3, _strict(_arithmetic)),
    "compared": (2, _strict(_compared)),
    "folded": (1, _strict(search.folded)),
    "rounded": (2, _strict(_rounded)),
}
