from contextlib import closing

import pysqlite3.dbapi2 as driver
import pytest

from keysteward.pki.certificates import read_certificate
from keysteward.storage.engines import contract, sqlite_functions
from tests import pki_maker


def _row(statement: str, *parameters: object) -> tuple[object, ...]:
    """Return the only row of a statement on a connection that has the functions."""
    with closing(driver.connect(":memory:")) as connection:
        sqlite_functions.install(connection)
        (row,) = connection.execute(statement, parameters).fetchall()
        return tuple(row)


def test_functions_are_those_of_the_contract() -> None:
    """Every engine knows the same functions, with as many arguments."""
    expected = {
        signature.partition("(")[0]: signature.count(",") + 1 for signature in contract.FUNCTIONS
    }
    found = {name: count for name, (count, _) in sqlite_functions._FUNCTIONS.items()}
    assert expected == found


@pytest.mark.parametrize("signature", contract.FUNCTIONS)
def test_function_of_null_is_null(signature: str) -> None:
    """Null is never an error, whatever the function."""
    name, count = signature.partition("(")[0], signature.count(",") + 1
    nulls = ", ".join(["NULL"] * count)
    assert (None,) == _row(f"SELECT {name}({nulls})")


def test_version_of_a_certificate_is_found_in_its_first_bytes() -> None:
    """Long and short lengths are stepped over, and bytes that end early are no error."""
    der = pki_maker.issue("x").der
    assert (read_certificate(der).version,) == _row("SELECT certificate_version(?)", der)
    for end in range(40):
        (found,) = _row("SELECT certificate_version(?)", der[:end])
        assert found in (1, 3)
    written_out = bytes.fromhex("3082 0005 3003 a003020100".replace(" ", ""))
    assert (1,) == _row("SELECT certificate_version(?)", written_out)
    assert (3,) == _row("SELECT certificate_version(?)", written_out[:-1] + b"\2")


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("arithmetic('add', 9223372036854775807, 1)", None),
        ("arithmetic('mul', 9223372036854775807, 1.0)", 9.223372036854775807e18),
        ("arithmetic('mul', 1e308, 10)", None),
        ("arithmetic('div', 5, 0)", None),
        ("arithmetic('mod', 5, 0.0)", None),
        ("arithmetic('mod', -5, 3)", -2),
        ("arithmetic('div', -9223372036854775807 - 1, -1)", None),
        ("compared(9223372036854775807, 9.223372036854775807e18)", -1),
        ("compared(2, 1.5)", 1),
        ("compared(-2, -2.0)", 0),
        ("rounded('round', 2.5)", 3.0),
        ("rounded('round', -2.5)", -3.0),
        ("rounded('ceiling', -0.5)", 0.0),
        ("text_part('😀bc', 1, 9)", "bc"),
        ("text_part('abc', -5, 2)", "ab"),
        ("text_part('abc', 1, -1)", ""),
        ("text_index('a😀b', 'b')", 2),
        ("text_upper('ß')", "SS"),
        ("instant_part('year', -1)", 1969),
        ("instant_part('second', -1)", 59),
    ],
)
def test_function_gives_what_the_contract_says(call: str, found: object) -> None:
    """Limits, signs and characters beyond the first plane are as every engine must have them."""
    assert (found,) == _row(f"SELECT {call}")
