"""Names of keystores and backups can be seen and told apart."""

import pytest

from keysteward.keystore import names
from keysteward.problems import NameInvalid


@pytest.mark.parametrize("name", ["a", "x" * 100, "with blank", "größer/…", "(1)"])
def test_visible_name_is_taken(name: str) -> None:
    """In any script, up to 100 characters."""
    names.require_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 101,
        " a",
        "a ",
        "a\nb",
        "a\x00",
        "a\u200bb",
        "\u202ea",
        "a\u2028b",
        "\u3164",
        "e\u0301",
    ],
)
def test_name_that_cannot_be_seen_is_refused(name: str) -> None:
    """Empty, too long, blank at an end, invisible, or one of two that look the same."""
    with pytest.raises(NameInvalid):
        names.require_name(name)
