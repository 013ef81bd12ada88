from datetime import UTC, datetime
from decimal import Decimal

import pytest

from keysteward.problems import RequestInvalid
from keysteward.storage import condition_sql, conditions
from keysteward.storage.conditions import (
    ENTRY_FIELDS,
    HISTORY_FIELDS,
    MOST_DEPTH,
    MOST_NODES,
    And,
    Call,
    Comparison,
    Expression,
    Field,
    Kind,
    Literal,
    Not,
    Or,
)

_NOW = Literal(datetime(2030, 1, 1, tzinfo=UTC))
_ALIAS, _SIZE, _END = Field("Alias"), Field("KeySize"), Field("ValidNotAfter")
_YES = Comparison("eq", _ALIAS, Literal("a"))


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (_ALIAS, Kind.TEXT),
        (_SIZE, Kind.INTEGER),
        (_END, Kind.INSTANT),
        (Literal(None), Kind.NOTHING),
        (Literal(value=True), Kind.TRUTH),
        (Literal(1), Kind.INTEGER),
        (Literal(Decimal("1.0")), Kind.NUMBER),
        (Literal(1.5), Kind.NUMBER),
        (Literal(b"x"), Kind.BINARY),
        (Call("add", (_SIZE, Literal(1))), Kind.INTEGER),
        (Call("add", (_SIZE, Literal(1.0))), Kind.NUMBER),
        (Call("negate", (Literal(Decimal(1)),)), Kind.NUMBER),
        (Call("round", (_SIZE,)), Kind.NUMBER),
        (Call("length", (Literal(None),)), Kind.INTEGER),
        (Call("substring", (_ALIAS, Literal(1), Call("year", (_END,)))), Kind.TEXT),
        (Comparison("gt", _SIZE, Literal(Decimal("0.5"))), Kind.TRUTH),
        (Comparison("ge", _END, _NOW), Kind.TRUTH),
        (Comparison("lt", _END, Literal(None)), Kind.TRUTH),
        (Comparison("ne", _YES, Literal(value=False)), Kind.TRUTH),
        (And((_YES, Not(Or((_YES, Literal(None)))))), Kind.TRUTH),
    ],
)
def test_expression_has_a_kind(expression: Expression, kind: Kind) -> None:
    """Whole numbers stay whole until a fraction comes in; null goes with everything."""
    assert kind is conditions.check(expression, ENTRY_FIELDS)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (Field("Password"), "no property 'Password'"),
        (Field("OriginalAlias"), "no property 'OriginalAlias'"),
        (Call("drop", ()), "no function 'drop'"),
        (Call("length", ()), "number of arguments"),
        (Call("length", (_ALIAS, _ALIAS)), "number of arguments"),
        (Call("length", (_SIZE,)), "'length' takes a text where a whole number is"),
        (Call("year", (_ALIAS,)), "takes a time"),
        (Call("substring", (_ALIAS, Literal(1.5))), "takes a whole number where a number is"),
        (Call("add", (_END, Literal(1))), "takes a number"),
        (Comparison("like", _ALIAS, _ALIAS), "no operator 'like'"),
        (Comparison("eq", _ALIAS, _SIZE), "cannot compare a text with a whole number"),
        (Comparison("eq", _END, _ALIAS), "cannot compare"),
        (Comparison("gt", _YES, _YES), "numbers, texts and times"),
        (Comparison("le", Literal(b""), Literal(b"")), "numbers, texts and times"),
        (And((_YES, _ALIAS)), "true or false"),
        (Or(()), "true or false"),
        (Not(_SIZE), "true or false"),
        (Literal(1 << 63), "64 bits"),
        (Literal(-(1 << 63) - 1), "64 bits"),
        (Literal(float("inf")), "too large, or none"),
        (Literal(float("nan")), "too large, or none"),
        (Literal(Decimal("NaN")), "too large, or none"),
        (Literal(Decimal("sNaN")), "too large, or none"),
        (Literal(Decimal("1e400")), "too large, or none"),
        (Literal("a\0b"), "characters that no text has"),
        (Literal("a\ud800"), "characters that no text has"),
    ],
)
def test_what_makes_no_sense_is_refused(expression: Expression, reason: str) -> None:
    """Each is a problem of the request that says what is wrong."""
    with pytest.raises(RequestInvalid, match=reason):
        conditions.check(expression, ENTRY_FIELDS)


@pytest.mark.parametrize("expression", [_ALIAS, _SIZE, _NOW, Call("length", (_ALIAS,))])
def test_condition_is_true_or_false(expression: Expression) -> None:
    """A text, a number or a time alone is no condition."""
    conditions.check_condition(Comparison("eq", expression, Literal(None)), ENTRY_FIELDS)
    with pytest.raises(RequestInvalid, match="neither true nor false"):
        conditions.check_condition(expression, ENTRY_FIELDS)


def _nested(depth: int) -> Expression:
    found: Expression = _YES
    for _ in range(depth - 2):
        found = Not(found)
    return found


def test_depth_is_bounded_without_recursion() -> None:
    """A tree of any depth is refused, and never a crash."""
    assert Kind.TRUTH is conditions.check(_nested(MOST_DEPTH), ENTRY_FIELDS)
    for depth in (MOST_DEPTH + 1, 100_000):
        with pytest.raises(RequestInvalid, match="too large"):
            conditions.check(_nested(depth), ENTRY_FIELDS)


def test_size_is_bounded() -> None:
    """As many parts as are allowed are taken, and not one more."""
    most = Or((_YES,) * ((MOST_NODES - 1) // 3))
    assert Kind.TRUTH is conditions.check(most, ENTRY_FIELDS)
    with pytest.raises(RequestInvalid, match="too large"):
        conditions.check(Or((*most.parts, _YES)), ENTRY_FIELDS)


@pytest.mark.parametrize(
    "bomb",
    [
        ("replace", (Literal("a"), Literal("a" * 100))),
        ("concat", (Literal("a" * 20_000),)),
        ("toupper", ()),
    ],
    ids=lambda bomb: str(bomb[0]),
)
def test_text_that_grows_is_bounded(bomb: tuple[str, tuple[Expression, ...]]) -> None:
    """No expression makes a text of a row that fills the memory."""
    function, more = bomb
    text: Expression = _ALIAS
    with pytest.raises(RequestInvalid, match="texts that are too long"):  # noqa: PT012  # at some depth
        for _ in range(9):
            text = Call(function, (text, *more))
            conditions.check(text, ENTRY_FIELDS)


def test_every_function_and_operator_is_known_to_the_database() -> None:
    """What is allowed can be built."""
    assert set(conditions.FUNCTIONS) == set(condition_sql._CALLS)
    assert set(conditions.OPERATORS) == set(condition_sql._COMPARISONS)


def test_history_has_all_that_entries_have() -> None:
    """A condition of a current entry is one of the history, too."""
    assert ENTRY_FIELDS.items() < HISTORY_FIELDS.items()
