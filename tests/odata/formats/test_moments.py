from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata.formats import moments

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def test_moment_is_written_in_both_forms() -> None:
    """The milliseconds are those of the documentation's example."""
    assert "/Date(1767225600000+0000)/" == moments.json_date(MOMENT)
    assert "2026-01-01T00:00:00Z" == moments.iso(MOMENT)
    assert "/Date(-1+0000)/" == moments.json_date(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC))


@pytest.mark.parametrize(
    "text", ["/Date(1767225600000)/", "/Date(1767225600000+0000)/", "/Date(1767225600000-0120)/"]
)
def test_json_date_is_utc_whatever_its_offset(text: str) -> None:
    """The offset tells where somebody was, not when."""
    assert MOMENT == moments.read_json_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.0000000Z",
        "2026-01-01T01:30:00+01:30",
        "2025-12-31T23:00:00-01:00",
    ],
)
def test_iso_is_read_with_and_without_offset(text: str) -> None:
    """Without one it is UTC."""
    assert MOMENT == moments.read_iso(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_written_moment_is_read_as_it_was(moment: datetime) -> None:
    """To the millisecond, in XML as in JSON."""
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert whole == moments.read_iso(moments.iso(moment))
    assert whole == moments.read_json_date(moments.json_date(moment))


@given(st.text(max_size=30) | st.text("0123456789-T:.Z+/Date()", max_size=30))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    """Nothing escapes."""
    for read in (moments.read_iso, moments.read_json_date):
        found = read(text)
        assert found is None or found.tzinfo is UTC
