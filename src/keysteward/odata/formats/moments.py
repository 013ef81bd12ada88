"""Points in time as the service writes them: ``/Date(ms+0000)/`` in JSON, ISO 8601 in XML."""

import re
from datetime import UTC, datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_JSON = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,12}))?)?"
    r"(?:(Z)|([+-])([0-9]{2}):([0-9]{2}))?"
)


def json_date(moment: datetime) -> str:
    """Return a moment as the verbose JSON of a DateTimeOffset, to the millisecond."""
    return f"/Date({(moment - _EPOCH) // _MILLISECOND}+0000)/"


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, to the millisecond, without one if it is zero."""
    whole = moment.microsecond < 1_000
    text = moment.astimezone(UTC).isoformat(timespec="seconds" if whole else "milliseconds")
    return text.replace("+00:00", "Z")


def read_json_date(text: str) -> datetime | None:
    """Return the moment behind ``/Date(ms)/``, None if the text is none.

    The milliseconds are UTC whatever offset follows them, which only tells where somebody was.
    """
    matched = _JSON.fullmatch(text)
    if matched is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(matched[1]))
    except OverflowError:
        return None


def read_iso(text: str) -> datetime | None:
    """Return the moment behind ISO 8601 with or without seconds, None if the text is none.

    Without an offset it is UTC. Anything finer than a microsecond is cut off.
    """
    matched = _ISO.fullmatch(text)
    if matched is None:
        return None
    microsecond = int((matched[7] or "")[:6].ljust(6, "0"))
    try:
        year, month, day, hour, minute, second = (int(matched[i] or 0) for i in range(1, 7))
        read = datetime(year, month, day, hour, minute, second, microsecond, _offset(matched))
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(matched: re.Match[str]) -> timezone:
    if matched[9] is None:
        return UTC
    ahead = timedelta(hours=int(matched[10]), minutes=int(matched[11]))
    return timezone(ahead if matched[9] == "+" else -ahead)
