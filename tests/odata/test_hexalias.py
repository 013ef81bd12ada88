import pytest

from keysteward.odata import hexalias
from keysteward.problems import RequestInvalid

# The examples of the service's documentation.
EXAMPLES = [
    ("mykeypair", "6d796b657970616972"),
    ("my alias", "6D7920616C696173"),
    ("id_rsa", "69645F727361"),
    ("[2]_sap_test", "5B325D5F7361705F74657374"),
]


@pytest.mark.parametrize(("alias", "digits"), EXAMPLES)
def test_documented_examples_are_read_in_either_case(alias: str, digits: str) -> None:
    """Clients send both."""
    assert (alias, alias) == (hexalias.decode(digits.lower()), hexalias.decode(digits.upper()))


@pytest.mark.parametrize(("alias", "digits"), EXAMPLES)
def test_documented_examples_are_written_in_upper_case(alias: str, digits: str) -> None:
    """As the service answers."""
    assert digits.upper() == hexalias.encode(alias)


def test_longest_alias_comes_back() -> None:
    """250 characters of four bytes are the 2,000 digits of the property's length."""
    alias = "\U0001f511" * 250
    assert alias == hexalias.decode(hexalias.encode(alias))


@pytest.mark.parametrize("digits", ["1", "6B6", "0" * 1999])
def test_odd_number_of_digits_is_a_refusal_of_its_own(digits: str) -> None:
    """With the text that is documented for it."""
    with pytest.raises(hexalias.OddLength) as caught:
        hexalias.decode(digits)
    assert f"hexBinary needs to be even-length: {digits}" == caught.value.detail


@pytest.mark.parametrize("digits", ["", "xy", "xyz", "6B 6B", "٦٦", "FF", "C3", "0" * 2002, "0x6B"])
def test_anything_else_that_is_no_alias_is_refused(digits: str) -> None:
    """No digits, other ones, no UTF-8 behind them, or too many."""
    with pytest.raises(RequestInvalid) as caught:
        hexalias.decode(digits)
    assert RequestInvalid is type(caught.value)
