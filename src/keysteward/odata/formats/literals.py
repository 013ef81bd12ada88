"""Values of properties as JSON, as text, and back; each by its property's type."""

import base64
import binascii
from datetime import datetime

from keysteward.odata.edm import Edm, Property
from keysteward.odata.entities import Value
from keysteward.odata.formats import moments
from keysteward.problems import RequestInvalid

_LARGEST = {Edm.INT32: 2**31 - 1, Edm.INT64: 2**63 - 1}


def to_json(property_: Property, value: Value) -> str | int | None:
    """Return a value as verbose JSON has it: Int64 and Binary are texts there."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value) if property_.type is Edm.INT64 else value
    if isinstance(value, datetime):
        return moments.json_date(value)
    return base64.b64encode(value).decode()


def to_text(value: Value) -> str:
    """Return a value as Atom and ``$value`` have it; of null nothing."""
    if isinstance(value, datetime):
        return moments.iso(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return "" if value is None else str(value)


def from_json(property_: Property, value: object) -> Value:
    """Return what a member of a JSON body means.

    Whole numbers may be texts and dates may be ISO 8601, which some clients write. Raises
    RequestInvalid naming the property, never the value, which may be a password.
    """
    if isinstance(value, str):
        return from_text(property_, value)
    if value is None:
        _require_nullable(property_)
        return None
    if isinstance(value, int) and not isinstance(value, bool) and property_.type in _LARGEST:
        return _in_range(property_, value)
    raise _wrong(property_)


def from_text(property_: Property, text: str | None) -> Value:
    """Return what a text means as the value of a property; None is null. Raises as ``from_json``.

    The length of a Binary is left to the operation that takes it: its limits are settings.
    """
    if text is None:
        _require_nullable(property_)
        return None
    if property_.type is Edm.STRING:
        return _within_length(property_, text)
    if property_.type is Edm.BINARY:
        return _bytes(property_, text)
    if property_.type is Edm.DATE_TIME_OFFSET:
        moment = moments.read_json_date(text) or moments.read_iso(text)
        if moment is None:
            raise _wrong(property_)
        return moment
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 19:
        raise _wrong(property_)
    return _in_range(property_, int(text))


def _require_nullable(property_: Property) -> None:
    if not property_.nullable:
        raise RequestInvalid(f"The property {property_.name} cannot be null.")


def _within_length(property_: Property, text: str) -> str:
    if property_.max_length is not None and len(text) > property_.max_length:
        raise RequestInvalid(
            f"The property {property_.name} has {property_.max_length:,} characters at most."
        )
    return text


def _bytes(property_: Property, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong(property_) from error


def _in_range(property_: Property, number: int) -> int:
    largest = _LARGEST[property_.type]
    if not -largest - 1 <= number <= largest:
        raise _wrong(property_)
    return number


def _wrong(property_: Property) -> RequestInvalid:
    article = "an" if property_.type in _LARGEST else "a"
    if property_.type is Edm.BINARY:
        return RequestInvalid(f"The property {property_.name} is not base64 with its padding.")
    kind = property_.type.removeprefix("Edm.")
    return RequestInvalid(f"The value of the property {property_.name} is not {article} {kind}.")
