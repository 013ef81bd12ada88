import pytest

from keysteward.keystore import aliases
from keysteward.problems import AliasInvalid, AliasReserved
from tests.steward import PROVIDER, TENANT

RESERVED = ("hcicertificate", "hcicertificate1", "hcimsgcertificate", "sap_", "sap_cloud")


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "x" * 250,
        "two words",
        "a/b\\c",
        "ключ",
        "證書 1",
        "Straße",
        "🔑",
        "[2]_x",
        "--help",
        "'; DROP TABLE entries; --",
        "%2e%2e/..",
        "hcicertificate2",
        "sap",
        "my_sap_key",
        "𝔘" * 250,
        "\u2764\ufe0f",
    ],
)
def test_alias_is_taken_as_it_is(text: str) -> None:
    """Blanks inside, slashes and any script are part of an alias; none is changed."""
    assert text == aliases.new_alias(text, TENANT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x" * 251,
        "𝔘" * 251,
        " a",
        "a ",
        "a\u00a0",
        "a\tb",
        "a\nb",
        "a\x00b",
        "a\x1b[2Jb",
        "a\x7fb",
        "a\u0085b",
        "a\u2028b",
        "a\u200bb",
        "a\u202eb",
        "a\ufeffb",
        "\ud800",
        "e\u0301",
        "\u3164",
        "\u2800\ufe0f",
    ],
)
def test_alias_that_cannot_be_seen_or_told_apart_is_refused(text: str) -> None:
    """Nothing that moves a cursor, hides, or looks like another alias gets in."""
    with pytest.raises(AliasInvalid) as caught:
        aliases.new_alias(text, TENANT)
    assert caught.value.detail.isprintable()


@pytest.mark.parametrize("text", RESERVED)
@pytest.mark.parametrize("spell", [str, str.upper, str.title, str.swapcase])
def test_reserved_alias_is_the_providers_in_any_letter_case(text: str, spell: type[str]) -> None:
    """The tenant cannot take it however it is written; the provider can."""
    spelled = spell(text)
    with pytest.raises(AliasReserved):
        aliases.new_alias(spelled, TENANT)
    assert spelled == aliases.new_alias(spelled, PROVIDER)


@pytest.mark.parametrize("text", ["a", "hcicertificate2", "sap", "key of sap_"])
def test_provider_takes_reserved_aliases_only(text: str) -> None:
    """So the provider cannot get in the way of the tenant's names either."""
    with pytest.raises(AliasReserved):
        aliases.new_alias(text, PROVIDER)


def test_alias_that_looks_reserved_is_refused() -> None:
    """Letters of another width make the same word to the eye."""
    with pytest.raises(AliasReserved):
        aliases.new_alias("\uff53\uff41\uff50_cloud", TENANT)


@pytest.mark.parametrize(
    "text", ["s\u034fap_x", "sap\ufe0f_x", "sap\u3164_x", "sa\u2800p_x", "HCICertificate\ufe00"]
)
def test_alias_that_looks_like_the_providers_is_reserved(text: str) -> None:
    """What shows nothing makes no other name of it."""
    with pytest.raises(AliasReserved):
        aliases.new_alias(text, TENANT)
