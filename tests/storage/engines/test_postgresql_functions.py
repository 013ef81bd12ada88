"""PostgreSQL's functions on a real server against Python's, which are what SQLite calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from keysteward.pki import names
from keysteward.pki.certificates import read_certificate
from keysteward.storage import rows, sap_texts
from keysteward.storage.engines import contract, postgresql_functions, sqlite_functions
from tests import pki_maker, postgresql

_EXAMPLES = settings(max_examples=300, deadline=None)
_INT64 = 1 << 63
_BLOCK = 0x8000


@dataclass(frozen=True, slots=True)
class Functions:
    """A database that has the functions."""

    connection: psycopg.Connection[tuple[object, ...]]

    def row(self, statement: str, *values: object) -> tuple[object, ...]:
        """Return the only row of a statement."""
        (row,) = self.connection.execute(statement, values).fetchall()
        return row

    def value(self, call: str, *values: object) -> object:
        """Return what an expression is, with values that the server is given the types of."""
        (found,) = self.row(f"SELECT {call}", *values)
        return found

    def agree(self, name: str, *values: object) -> None:
        """Compare a function's result with that of the Python function that SQLite calls."""
        expected = sqlite_functions._FUNCTIONS[name][1](*values)
        places = ", ".join(f"%s::{_type(one)}" for one in values)
        found = self.value(f"{name}({places})", *values)
        assert (expected, type(expected)) == (found, type(found))


def _type(value: object) -> str:
    """Return the type that SQLAlchemy gives to a constant."""
    if isinstance(value, int):
        return "integer" if value.bit_length() < 32 else "bigint"
    return {str: "text", bytes: "bytea", float: "double precision"}[type(value)]


@pytest.fixture(scope="module")
def functions(postgresql_server: postgresql.Server) -> Iterator[Functions]:
    """Make the functions twice, which changes nothing, in a database of their own."""
    database = postgresql_server.create()
    try:
        with postgresql_server.connect(database) as connection:
            for statement in postgresql_functions.create() * 2:
                connection.execute(statement, ())
            yield Functions(connection)
    finally:
        postgresql_server.drop(database)


# ---- what all share


def test_functions_are_those_of_the_contract(functions: Functions) -> None:
    """Every engine knows the same functions, with as many arguments."""
    expected = {
        (signature.partition("(")[0], signature.count(",") + 1) for signature in contract.FUNCTIONS
    }
    found = functions.connection.execute(
        "SELECT proname, pronargs FROM pg_proc WHERE pronamespace = current_schema::regnamespace"
    )
    assert expected == set(found.fetchall())


@pytest.mark.parametrize("signature", contract.FUNCTIONS)
def test_function_of_null_is_null(functions: Functions, signature: str) -> None:
    """Null is never an error, whatever the function."""
    name, count = signature.partition("(")[0], signature.count(",") + 1
    assert functions.value(f"{name}({', '.join(['NULL'] * count)})") is None


def test_statements_have_nothing_that_a_driver_reads() -> None:
    """They are sent as they are, with or without parameters, whatever the client's encoding."""
    for statement in postgresql_functions.create():
        assert statement.isascii()
        assert "%" not in statement


# ---- texts

_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_texts = st.text(_characters, max_size=20)
_CASES = "AaZz09 ÄäßẞſσςΣİıŉǅǆﬁﬃΐᾳᾼᏸꭰͅ\u0301\u00ad.'ʼ٠ªºⅠⓐ𐐀𐐨𝐀🅰😀ÅK"
_cased = st.text(st.sampled_from(_CASES), max_size=12)


@_EXAMPLES
@given(text=_texts | _cased, name=st.sampled_from(["text_lower", "text_upper", "folded"]))
def test_case_is_that_of_python(functions: Functions, text: str, name: str) -> None:
    """Letters become as many as Unicode says, and a sigma at the end of a word a final one."""
    functions.agree(name, text)


@pytest.mark.parametrize("name", ["text_lower", "text_upper", "folded"])
def test_every_character_is_mapped_as_by_python(functions: Functions, name: str) -> None:
    """No letter is missing, each alone and behind another one."""
    for first in range(0, 0x110000, _BLOCK):
        numbers = range(max(first, 1), first + _BLOCK)
        some = (chr(number) for number in numbers if not 0xD800 <= number < 0xE000)
        functions.agree(name, "".join(f"{one} A{one}\n" for one in some))


@pytest.mark.parametrize("text", ["ΑΣ", "ΑΣ.", "ΑΣ.Α", "Σ", "aΣ\u00adb", "a\u0301Σ", "1Σ", "ΣΣ ΣΣ"])
def test_final_sigma_is_told_by_its_neighbours(functions: Functions, text: str) -> None:
    """Marks and points between letters are looked through."""
    functions.agree("text_lower", text)


@_EXAMPLES
@given(text=_texts | _cased)
def test_hexalias_is_that_of_python(functions: Functions, text: str) -> None:
    """Any alias that can be stored has its key."""
    functions.agree("hexalias", text)


@_EXAMPLES
@given(
    text=st.text("ab😀ß", max_size=6),
    part=st.text("ab😀ß", max_size=2),
    start=st.integers(-3, 9) | st.sampled_from((-_INT64, _INT64 - 1, 1 << 31)),
    length=st.integers(-3, 9) | st.sampled_from((-_INT64, _INT64 - 1, 1 << 31)),
)
def test_parts_of_texts_are_those_of_python(
    functions: Functions, text: str, part: str, start: int, length: int
) -> None:
    """Positions count characters, and those that no text has are no error."""
    functions.agree("text_index", text, part)
    functions.agree("text_part", text, start, length)


# ---- names

_OIDS = ("2.5.4.3", "2.5.4.5", "2.5.4.10", "2.5.4.12", "1.2.840.113549.1.9.1", "1.3.6.1.4.1.99.1")
_values = st.text(st.sampled_from("ab09, +=<>#;\\\"'é😀\n\u202e"), min_size=1, max_size=8)
_attributes = st.builds(
    lambda oid, value: x509.NameAttribute(x509.ObjectIdentifier(oid), value, _validate=False),
    st.sampled_from(_OIDS),
    _values,
)
_rdns = st.lists(_attributes, min_size=1, max_size=2, unique_by=lambda one: one.oid).map(
    x509.RelativeDistinguishedName
)


@_EXAMPLES
@given(rdns=st.lists(_rdns, max_size=4))
def test_names_are_shown_as_by_python(
    functions: Functions, rdns: list[x509.RelativeDistinguishedName]
) -> None:
    """Any name that a certificate may have is written as Java does it."""
    functions.agree("sap_name", names.shown(x509.Name(rdns)))


@pytest.mark.parametrize(
    "name",
    ["", "CN=x,O=Firm,C=DE", "OID=1", "OU=a=b,CN=c", "2.5.4.45=#00ff,CN=x", "E=a@b.example,CN=#"],
)
def test_odd_names_are_shown_as_by_python(functions: Functions, name: str) -> None:
    """Bytes in hexadecimal have no quotes, a plain sign within a value has."""
    functions.agree("sap_name", name)


def test_keywords_are_those_of_the_names(functions: Functions) -> None:
    """Every type that is called differently is."""
    for kind in (*sap_texts.KEYWORDS, "CN", "1.2.3"):
        functions.agree("sap_name", f"{kind}=a,O=b+{kind}=c")


# ---- bytes


@_EXAMPLES
@given(digest=st.binary(max_size=140) | st.sampled_from([bytes(20), b"\xff" * 32, b"\x1f" * 64]))
def test_fingerprint_is_that_of_python(functions: Functions, digest: bytes) -> None:
    """Any number of bytes has as many pairs."""
    functions.agree("colon_hex", digest)


@_EXAMPLES
@given(start=st.binary(max_size=12), filling=st.integers(0, 300))
def test_version_of_any_bytes_is_that_of_python(
    functions: Functions, start: bytes, filling: int
) -> None:
    """Bytes that are no certificate are no error."""
    functions.agree("certificate_version", start + b"\xa0" * filling)


def test_version_of_a_certificate_is_found_in_its_first_bytes(functions: Functions) -> None:
    """Long and short lengths are stepped over, and bytes that end early are no error."""
    der = pki_maker.issue("x").der
    assert read_certificate(der).version == functions.value("certificate_version(%s)", der)
    for end in range(40):
        functions.agree("certificate_version", der[:end])
    for last in (0, 2):
        functions.agree(
            "certificate_version", bytes.fromhex("308200053003a0030201") + bytes([last])
        )


# ---- times and numbers


@_EXAMPLES
@given(
    moment=st.datetimes(timezones=st.just(UTC)),
    part=st.sampled_from(("year", "month", "day", "hour", "minute", "second")),
)
def test_part_of_a_time_is_that_of_python(
    functions: Functions, moment: datetime, part: str
) -> None:
    """Also before 1970, and to the ends of what a date may be."""
    functions.agree("instant_part", part, rows.to_microseconds(moment))


_whole = (
    st.integers(-9, 9)
    | st.integers(-_INT64, _INT64 - 1)
    | st.sampled_from((-_INT64, _INT64 - 1, 1 << 31, -(1 << 31)))
)
_real = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    (0.5, -2.5, 0.49999999999999994, 1e300, 5e-324, -5e-324, 1.7976931348623157e308)
)
_operations = st.sampled_from(("add", "sub", "mul", "div", "mod"))


@_EXAMPLES
@given(operation=_operations, left=_whole, right=_whole)
def test_whole_numbers_are_computed_with_as_by_python(
    functions: Functions, operation: str, left: int, right: int
) -> None:
    """They stay whole, whatever their types, and what is too large is null."""
    functions.agree("arithmetic", operation, left, right)


@_EXAMPLES
@given(operation=_operations, left=_real | _whole, right=_real)
def test_floats_are_computed_with_as_by_python(
    functions: Functions, operation: str, left: float, right: float
) -> None:
    """To the last bit; too small is nothing, and too large is null."""
    functions.agree("arithmetic", operation, left, right)
    functions.agree("arithmetic", operation, right, left)


@_EXAMPLES
@given(whole=_whole, number=_real | _whole.map(float))
def test_whole_numbers_and_floats_are_compared_as_by_python(
    functions: Functions, whole: int, number: float
) -> None:
    """No digit is lost, as it would be if both were floats."""
    functions.agree("compared", whole, number)
    functions.agree("compared", whole, float(whole))


@_EXAMPLES
@given(how=st.sampled_from(("round", "floor", "ceiling")), number=_real | st.floats(-9, 9) | _whole)
def test_numbers_are_rounded_as_by_python(functions: Functions, how: str, number: float) -> None:
    """A half goes away from zero."""
    functions.agree("rounded", how, number)
