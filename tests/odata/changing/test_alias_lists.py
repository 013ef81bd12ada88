import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata.changing import alias_lists
from keysteward.problems import RequestInvalid


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("a", ("a",)),
        (";a;;b;", ("a", "b")),
        (r"a\;b;c\\d", ("a;b", r"c\d")),
        (r"\\\;;\\;\;", ("\\;", "\\", ";")),
        (r"\\" * 5000 + ";b", ("\\" * 5000, "b")),
    ],
)
def test_list_is_split_at_semicolons_that_mean_it(text: str, aliases: tuple[str, ...]) -> None:
    """A backslash goes with the next character, from the left."""
    assert aliases == alias_lists.read(text)


@pytest.mark.parametrize("text", ["\\", r"a\b", r"a;\\\ ;", "a" * 100_000 + "\\"])
def test_lone_backslash_is_refused(text: str) -> None:
    """Nobody knows what it would have meant."""
    with pytest.raises(RequestInvalid, match="backslash"):
        alias_lists.read(text)


@pytest.mark.parametrize("text", ["", ";", ";" * 100_000])
def test_list_without_an_alias_is_refused(text: str) -> None:
    """An empty list would do nothing, which nobody asks for."""
    with pytest.raises(RequestInvalid, match="names no alias"):
        alias_lists.read(text)


@given(st.lists(st.text(r"a;\\", min_size=1), min_size=1))
def test_aliases_come_back_as_they_were_written(aliases: list[str]) -> None:
    """Whatever is escaped in any alias."""
    written = [each.replace("\\", r"\\").replace(";", r"\;") for each in aliases]
    assert tuple(aliases) == alias_lists.read(";".join(written))
