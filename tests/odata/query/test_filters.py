from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.odata import model
from keysteward.odata.query import filters
from keysteward.problems import Problem, RequestInvalid
from keysteward.storage import conditions
from keysteward.storage.conditions import (
    And,
    Call,
    Comparison,
    Expression,
    Field,
    Literal,
    Not,
    Or,
    Order,
)

ALIAS, SIZE, END = Field("Alias"), Field("KeySize"), Field("ValidNotAfter")


def parse(text: str) -> Expression:
    """Return a filter of entries."""
    return filters.parse(text, model.KEYSTORE_ENTRY)


# The examples of OData V2, "URI Conventions", section 4.5, over this service's properties; the
# trees are typed from the text of the section.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alias eq 'Redmond'", Comparison("eq", ALIAS, Literal("Redmond"))),
        ("Alias ne 'London'", Comparison("ne", ALIAS, Literal("London"))),
        ("KeySize gt 20", Comparison("gt", SIZE, Literal(20))),
        ("KeySize ge 10", Comparison("ge", SIZE, Literal(10))),
        ("KeySize lt 20", Comparison("lt", SIZE, Literal(20))),
        ("KeySize le 100", Comparison("le", SIZE, Literal(100))),
        (
            "KeySize le 200 and KeySize gt 3.5d",
            And((Comparison("le", SIZE, Literal(200)), Comparison("gt", SIZE, Literal(3.5)))),
        ),
        (
            "KeySize le 3.5 or KeySize gt 200",
            Or((Comparison("le", SIZE, Literal(3.5)), Comparison("gt", SIZE, Literal(200)))),
        ),
        (
            "not endswith(Alias,'milk')",
            Not(Call("endswith", (ALIAS, Literal("milk")))),
        ),
        (
            "KeySize add 5 gt 10",
            Comparison("gt", Call("add", (SIZE, Literal(5))), Literal(10)),
        ),
        (
            "KeySize sub 5 gt 10",
            Comparison("gt", Call("sub", (SIZE, Literal(5))), Literal(10)),
        ),
        (
            "KeySize mul 2 gt 2000",
            Comparison("gt", Call("mul", (SIZE, Literal(2))), Literal(2000)),
        ),
        ("KeySize div 2 gt 4", Comparison("gt", Call("div", (SIZE, Literal(2))), Literal(4))),
        ("KeySize mod 2 eq 0", Comparison("eq", Call("mod", (SIZE, Literal(2))), Literal(0))),
        (
            "(KeySize sub 5) gt 10",
            Comparison("gt", Call("sub", (SIZE, Literal(5))), Literal(10)),
        ),
        (
            "substringof('Alfreds', Alias) eq true",
            Comparison("eq", Call("substringof", (Literal("Alfreds"), ALIAS)), Literal(value=True)),
        ),
        (
            "endswith(Alias, 'Futterkiste') eq true",
            Comparison(
                "eq", Call("endswith", (ALIAS, Literal("Futterkiste"))), Literal(value=True)
            ),
        ),
        (
            "startswith(Alias, 'Alfr') eq true",
            Comparison("eq", Call("startswith", (ALIAS, Literal("Alfr"))), Literal(value=True)),
        ),
        ("length(Alias) eq 19", Comparison("eq", Call("length", (ALIAS,)), Literal(19))),
        (
            "indexof(Alias, 'lfreds') eq 1",
            Comparison("eq", Call("indexof", (ALIAS, Literal("lfreds"))), Literal(1)),
        ),
        (
            "replace(Alias, ' ', '') eq 'AlfredsFutterkiste'",
            Comparison(
                "eq",
                Call("replace", (ALIAS, Literal(" "), Literal(""))),
                Literal("AlfredsFutterkiste"),
            ),
        ),
        (
            "substring(Alias, 1) eq 'lfreds Futterkiste'",
            Comparison("eq", Call("substring", (ALIAS, Literal(1))), Literal("lfreds Futterkiste")),
        ),
        (
            "substring(Alias, 1, 2) eq 'lf'",
            Comparison("eq", Call("substring", (ALIAS, Literal(1), Literal(2))), Literal("lf")),
        ),
        (
            "tolower(Alias) eq 'alfreds futterkiste'",
            Comparison("eq", Call("tolower", (ALIAS,)), Literal("alfreds futterkiste")),
        ),
        (
            "toupper(Alias) eq 'ALFREDS FUTTERKISTE'",
            Comparison("eq", Call("toupper", (ALIAS,)), Literal("ALFREDS FUTTERKISTE")),
        ),
        (
            "trim(Alias) eq 'Alfreds Futterkiste'",
            Comparison("eq", Call("trim", (ALIAS,)), Literal("Alfreds Futterkiste")),
        ),
        (
            "concat(concat(Alias, ', '), Owner) eq 'Berlin, Germany'",
            Comparison(
                "eq",
                Call("concat", (Call("concat", (ALIAS, Literal(", "))), Field("Owner"))),
                Literal("Berlin, Germany"),
            ),
        ),
        ("day(ValidNotAfter) eq 8", Comparison("eq", Call("day", (END,)), Literal(8))),
        ("hour(ValidNotAfter) eq 0", Comparison("eq", Call("hour", (END,)), Literal(0))),
        ("minute(ValidNotAfter) eq 0", Comparison("eq", Call("minute", (END,)), Literal(0))),
        ("month(ValidNotAfter) eq 12", Comparison("eq", Call("month", (END,)), Literal(12))),
        ("second(ValidNotAfter) eq 0", Comparison("eq", Call("second", (END,)), Literal(0))),
        ("year(ValidNotAfter) eq 1948", Comparison("eq", Call("year", (END,)), Literal(1948))),
        ("round(KeySize) eq 32d", Comparison("eq", Call("round", (SIZE,)), Literal(32.0))),
        ("floor(KeySize) eq 32", Comparison("eq", Call("floor", (SIZE,)), Literal(32))),
        ("ceiling(KeySize) eq 33", Comparison("eq", Call("ceiling", (SIZE,)), Literal(33))),
    ],
)
def test_examples_of_the_conventions_give_their_tree(text: str, expected: Expression) -> None:
    """Each operator and each function of the section, in its order."""
    assert expected == parse(text)


TRUE, FALSE = Literal(value=True), Literal(value=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true or true and false", Or((TRUE, And((TRUE, FALSE))))),
        ("(true or true) and false", And((Or((TRUE, TRUE)), FALSE))),
        ("true and false and true", And((TRUE, FALSE, TRUE))),
        ("not true and false", And((Not(TRUE), FALSE))),
        ("not (true and false)", Not(And((TRUE, FALSE)))),
        ("not not true", Not(Not(TRUE))),
        ("true eq false and true", And((Comparison("eq", TRUE, FALSE), TRUE))),
        (
            "1 lt 2 eq true",
            Comparison("eq", Comparison("lt", Literal(1), Literal(2)), TRUE),
        ),
        (
            "true eq 1 lt 2",
            Comparison("eq", TRUE, Comparison("lt", Literal(1), Literal(2))),
        ),
        (
            "1 add 2 mul 3 eq 7",
            Comparison(
                "eq", Call("add", (Literal(1), Call("mul", (Literal(2), Literal(3))))), Literal(7)
            ),
        ),
        (
            "9 sub 4 sub 3 eq 2",
            Comparison(
                "eq", Call("sub", (Call("sub", (Literal(9), Literal(4))), Literal(3))), Literal(2)
            ),
        ),
        (
            "-KeySize mul 2 lt -5",
            Comparison("lt", Call("mul", (Call("negate", (SIZE,)), Literal(2))), Literal(-5)),
        ),
        (
            "KeySize sub -1 eq 3",
            Comparison("eq", Call("sub", (SIZE, Literal(-1))), Literal(3)),
        ),
    ],
)
def test_precedence_is_that_of_the_conventions(text: str, expected: Expression) -> None:
    """Signs and not, then mul, add, comparison, equality, and, or; equal ones from the left."""
    assert expected == parse(text)


@pytest.mark.parametrize(
    ("literal", "field", "value"),
    [
        ("'it''s'", ALIAS, "it's"),
        ("''", ALIAS, ""),
        ("''''", ALIAS, "'"),
        ("'and (eq) $%&'", ALIAS, "and (eq) $%&"),
        ("2147483648", SIZE, 2147483648),
        ("64L", SIZE, 64),
        ("-9223372036854775808l", SIZE, -(2**63)),
        ("2.345M", SIZE, Decimal("2.345")),
        ("2m", SIZE, Decimal(2)),
        ("2.0d", SIZE, 2.0),
        ("2F", SIZE, 2.0),
        ("1E10", SIZE, 1e10),
        ("2.5e-3", SIZE, 0.0025),
        ("null", ALIAS, None),
        ("datetime'2000-12-12T12:00'", END, datetime(2000, 12, 12, 12, tzinfo=UTC)),
        (
            "datetime'2026-01-31T23:59:59.1234567'",
            END,
            datetime(2026, 1, 31, 23, 59, 59, 123456, UTC),
        ),
        ("datetimeoffset'2002-10-10T17:00:00Z'", END, datetime(2002, 10, 10, 17, tzinfo=UTC)),
        (
            "datetimeoffset'2002-10-10T17:00:00-05:30'",
            END,
            datetime(2002, 10, 10, 22, 30, tzinfo=UTC),
        ),
    ],
)
def test_literals_are_values_of_their_type(literal: str, field: Field, value: object) -> None:
    """OData V2, Overview, section 6: every primitive type that some property has."""
    found = parse(f"{field.name} eq {literal}")
    assert isinstance(found, Comparison)
    assert isinstance(found.right, Literal)
    assert (value, type(value)) == (found.right.value, type(found.right.value))


@pytest.mark.parametrize("literal", ["X'23AB'", "binary'23ab'"])
def test_binary_literals_are_bytes(literal: str) -> None:
    """In both spellings."""
    expected = Comparison("eq", Field("Resource"), Literal(b"\x23\xab"))
    assert expected == filters.parse(f"Resource eq {literal}", model.KEYSTORE_RESOURCE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 1: a value or a property is missing"),
        ("Alias eq", "position 9: a value or a property is missing"),
        ("eq 'x'", "position 1: KeystoreEntry has no property 'eq'"),
        ("Alias 'x'", "position 7: .*one too many"),
        ("Alias eq 'x' 'y'", "position 14: .*one too many"),
        ("Alias eq 'x", "position 10: .*cannot be read"),
        ("Alias = 'x'", "position 7: .*cannot be read"),
        ("(Alias eq 'x'", "position 1: a parenthesis is not closed"),
        ("Alias eq 'x')", "position 13: '\\)' is one too many"),
        ("length(Alias eq 3", "position 1: a parenthesis is not closed|position 14"),
        ("concat((Alias,'x')) eq 'x'", "position 8: a parenthesis is not closed"),
        ("Nothing eq 'x'", "position 1: KeystoreEntry has no property 'Nothing'"),
        ("alias eq 'x'", "position 1: KeystoreEntry has no property 'alias'"),
        ("Keystore/Name eq 'x'", "position 1: paths over navigation properties"),
        ("shout(Alias) eq 'x'", "position 1: there is no function 'shout'"),
        ("add(1,2) eq 3", "position 1: there is no function 'add'"),
        ("true and isof('Edm.String')", "position 10: isof is not supported"),
        ("cast(KeySize,'Edm.String') eq 'x'", "position 1: cast is not supported"),
        ("Alias eq 5", "position 7: eq cannot compare a text with a whole number"),
        ("KeySize eq '5'", "position 9: eq cannot compare a whole number with a text"),
        ("ValidNotAfter lt '2026-01-01'", "position 15: lt cannot compare an? \\w+ with a text"),
        ("true gt false", "position 6: gt takes numbers, texts and times"),
        ("not Alias eq 'x'", "position 1: not takes what is true or false, not a text"),
        ("Alias and true", "position 7: and takes what is true or false"),
        ("Alias", "position 1: it is a text; compare it with something"),
        ("Alias add 1 eq 1", "position 7: add takes a number, not a text"),
        ("-Alias eq 'x'", "position 1: negate takes a number, not a text"),
        ("length(5) eq 1", "position 1: length takes a text as argument 1, not a whole number"),
        ("startswith(Alias,5)", "position 1: startswith takes a text as argument 2"),
        ("startswith(Alias)", "position 1: startswith takes 2 arguments, not 1"),
        ("substring(Alias) eq 'x'", "position 1: substring takes 2 or 3 arguments, not 1"),
        ("length() eq 1", "position 8: a value or a property is missing before"),
        ("concat(Alias,) eq 'x'", "position 14: a value or a property is missing before"),
        ("guid'12345678-aaaa-bbbb-cccc-ddddeeeeffff' eq 1", "position 1: .*Edm.Guid"),
        ("time'P1DT2H' eq 1", "position 1: .*Edm.Time"),
        ("datetime'yesterday' lt ValidNotAfter", "position 1: .*no point in time"),
        ("datetime'2026-02-30T00:00' lt ValidNotAfter", "position 1: .*no point in time"),
        ("datetimeoffset'0001-01-01T00:00:00+14:00' lt ValidNotAfter", "no point in time"),
        ("datetimeoffset'2026-01-01T00:00:00+99:00' lt ValidNotAfter", "no point in time"),
        ("X'ABC' eq X'AB'", "position 1: "),
        ("X'A B' eq X'AB'", "position 1: "),
        ("5x eq 5", "position 1: .*cannot be read"),
        ("X'zz' eq X'AB'", "position 1: .*not hexadecimal"),
        ("1.5L eq KeySize", "position 1: .*no whole number"),
        ("1e5L eq KeySize", "position 1: .*exponent"),
        ("1e99999999999999999999M eq KeySize", "position 1: .*exponent"),
        ("-1E+1000000m lt KeySize", "position 2: .*exponent"),
        ("9999999999999999999 eq KeySize", "more than 64 bits"),
        ("1e999 eq KeySize", "too large"),
        (f"{'9' * 41} eq KeySize", "position 1: a number has"),
    ],
)
def test_refusal_names_what_is_wrong_and_where(text: str, message: str) -> None:
    """The position counts characters from one."""
    with pytest.raises(RequestInvalid, match=message) as caught:
        parse(text)
    assert caught.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "(" * 7_000,
        "(" * 3_900 + "true" + ")" * 3_900,
        "not " * 1_900 + "true",
        "-" * 7_000 + "1 eq 1",
        "trim(" * 1_300 + "Alias",
        "1" + " add 1" * 1_300 + " eq 1",
        "true" + " and true" * 800,
        "'" * 7_001,
        "x" * 8_001,
    ],
)
def test_deep_and_long_expressions_end_without_recursion(text: str) -> None:
    """In a value of bounded depth or in a refusal, whatever is nested in what."""
    try:
        found = parse(text)
    except RequestInvalid:
        return
    assert Literal(value=True) == found


def test_list_of_a_hundred_aliases_is_one_junction() -> None:
    """So that a long list is not a deep tree."""
    found = parse(" or ".join(f"Alias eq 'a{number}'" for number in range(75)))
    assert isinstance(found, Or)
    assert 75 == len(found.parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alias", (Order(ALIAS),)),
        ("Alias asc", (Order(ALIAS),)),
        (
            "ValidNotAfter desc, Alias",
            (Order(END, descending=True), Order(ALIAS)),
        ),
        (
            "concat(Alias,Owner) desc,KeySize mul 2 asc",
            (
                Order(Call("concat", (ALIAS, Field("Owner"))), descending=True),
                Order(Call("mul", (SIZE, Literal(2)))),
            ),
        ),
    ],
)
def test_orders_are_read_from_left_to_right(text: str, expected: tuple[Order, ...]) -> None:
    """Ascending unless told otherwise."""
    assert expected == filters.parse_orders(text, model.KEYSTORE_ENTRY)


@pytest.mark.parametrize(
    "text", ["", "Alias up", "Alias,", ",Alias", "Alias desc desc", "Alias)", "(Alias", "Nothing"]
)
def test_orders_that_cannot_be_meant_are_refused(text: str) -> None:
    """With the option's name."""
    with pytest.raises(RequestInvalid, match=r"\$orderby"):
        filters.parse_orders(text, model.KEYSTORE_ENTRY)


def test_more_than_eight_orders_are_refused() -> None:
    """No list needs them."""
    with pytest.raises(RequestInvalid, match="more than 8 orders"):
        filters.parse_orders(",".join(["Alias"] * 9), model.KEYSTORE_ENTRY)


PIECES = st.sampled_from(
    [
        *("Alias", "KeySize", "ValidNotAfter", "'x'", "''", "'", "5", "-", "1.5M", "null", "true"),
        *(" eq ", " and ", " or ", "not ", " add ", " mul ", "(", ")", ",", " lt ", "length("),
        *("substringof(", "X'AB'", "datetime'2026-01-01T00:00'", " ", "/", "desc", "\x00", "é"),
    ]
)


@given(st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join))
def test_any_text_ends_in_an_expression_or_a_problem(text: str) -> None:
    """And what comes out is what the store takes."""
    try:
        found = parse(text)
    except Problem:
        return
    conditions.check_condition(found, conditions.ENTRY_FIELDS)


NUMBERS = st.integers(-(2**62), 2**62).map(Literal) | st.just(SIZE)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).map(
    Literal
) | st.sampled_from([ALIAS, Field("SubjectDN")])
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(Literal) | st.just(END)


def numbers(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Compute with numbers."""
    return st.builds(
        lambda name, left, right: Call(name, (left, right)),
        st.sampled_from(["add", "sub", "mul", "div", "mod"]),
        inner,
        inner,
    ) | st.builds(lambda text: Call("length", (text,)), TEXTS)


COMPARISONS: st.SearchStrategy[Expression] = st.one_of(
    *(
        st.builds(Comparison, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), kind, kind)
        for kind in (st.recursive(NUMBERS, numbers, max_leaves=6), TEXTS, MOMENTS)
    )
)


def junctions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Join conditions."""
    return st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([And, Or]),
        st.lists(inner, min_size=2, max_size=4),
    ) | st.builds(Not, inner)


def rendered(expression: Expression) -> str:
    """Write an expression with every parenthesis that there can be."""
    match expression:
        case Field(name):
            return name
        case Literal(datetime() as moment):
            return f"datetimeoffset'{moment.replace(tzinfo=None).isoformat()}Z'"
        case Literal(str(text)):
            return "'" + text.replace("'", "''") + "'"
        case Literal(value):
            return str(value)
        case Call("length", arguments):
            return f"length({rendered(arguments[0])})"
        case Call(name, (left, right)):
            return f"({rendered(left)} {name} {rendered(right)})"
        case Comparison(operator, left, right):
            return f"({rendered(left)} {operator} {rendered(right)})"
        case And(parts):
            return "(" + " and ".join(map(rendered, parts)) + ")"
        case Or(parts):
            return "(" + " or ".join(map(rendered, parts)) + ")"
        case Not(part):
            return f"(not {rendered(part)})"
    raise TypeError(expression)


def flat(expression: Expression) -> Expression:
    """Return an expression whose first parts are not of their own kind, as it is read."""
    match expression:
        case And(parts) | Or(parts):
            kind = type(expression)
            first, *others = map(flat, parts)
            head = first.parts if isinstance(first, kind) else (first,)
            return kind((*head, *others))
        case Not(part):
            return Not(flat(part))
    return expression


@given(st.recursive(COMPARISONS, junctions, max_leaves=10))
def test_written_expression_is_read_as_it_was(expression: Expression) -> None:
    """Whatever it is made of, up to the bounds."""
    assert flat(expression) == parse(rendered(expression))
