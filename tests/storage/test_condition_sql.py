"""Expressions on a real database against their definition, evaluated here on what is shown.

The definition is OData V2's ("URI Conventions", sections 4.5 and "Abstract Type System"), for null
that of V4 (part 2, section 5.1.1), as the module under test promises.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from keysteward.entries import View
from keysteward.storage import catalogue
from keysteward.storage.catalogue import Source
from keysteward.storage.conditions import (
    And,
    Call,
    Comparison,
    Expression,
    Field,
    Kind,
    Literal,
    Not,
    Or,
    Order,
)
from tests.fresh import Fresh
from tests.storage import library
from tests.storage.conftest import Pki
from tests.storage.library import Library, Value

_EXAMPLES = settings(max_examples=300, deadline=None)
_INT64 = 1 << 63


@pytest.fixture(scope="module")
def filled(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory, pki: Pki) -> Iterator[Library]:
    """Return a keystore of odd entries that the tests of this module only read."""
    with library.made(fresh, tmp_path_factory.mktemp("library"), pki) as made:
        yield made


# ---- the definition

_Result = Value | float | bool | bytes


def _evaluate(expression: Expression, row: Mapping[str, Value]) -> _Result:
    if isinstance(expression, Field):
        return row[expression.name]
    if isinstance(expression, Literal):
        value = expression.value
        return float(value) if isinstance(value, Decimal) else value
    if isinstance(expression, Comparison):
        left, right = _evaluate(expression.left, row), _evaluate(expression.right, row)
        return _compared(expression.operator, left, right)
    if isinstance(expression, Not):
        part = _evaluate(expression.part, row)
        return None if part is None else not part
    if isinstance(expression, Call):
        arguments = [_evaluate(argument, row) for argument in expression.arguments]
        return None if None in arguments else _FUNCTIONS[expression.function](*arguments)
    parts = [_evaluate(part, row) for part in expression.parts]
    decisive = isinstance(expression, Or)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _compared(operator: str, left: _Result, right: _Result) -> bool:
    if operator in ("eq", "ne"):
        return (left == right) == (operator == "eq")
    if left is None or right is None:
        return False
    found: dict[str, Callable[[], bool]] = {
        "gt": lambda: left > right,  # type: ignore[operator]  # both are of one kind
        "ge": lambda: left >= right,  # type: ignore[operator]
        "lt": lambda: left < right,  # type: ignore[operator]
        "le": lambda: left <= right,  # type: ignore[operator]
    }
    return found[operator]()


def _substring(text: str, start: int, length: int | None = None) -> str:
    kept = [c for at, c in enumerate(text) if at >= start]
    return "".join(kept if length is None else kept[: max(length, 0)])


def _replaced(text: str, old: str, new: str) -> str:
    return new.join(text.split(old)) if old else text


def _computed(name: str) -> Callable[[float, float], float | None]:
    def compute(left: float, right: float) -> float | None:
        if name in ("div", "mod") and right == 0:
            return None
        if isinstance(left, int) and isinstance(right, int):
            whole: dict[str, Callable[[], int]] = {
                "add": lambda: left + right,
                "sub": lambda: left - right,
                "mul": lambda: left * right,
                "div": lambda: math.trunc(Fraction(left, right)),
                "mod": lambda: left - right * math.trunc(Fraction(left, right)),
            }
            exact = whole[name]()
            return exact if -_INT64 <= exact < _INT64 else None
        a, b = float(left), float(right)
        real: dict[str, Callable[[], float]] = {
            "add": lambda: a + b,
            "sub": lambda: a - b,
            "mul": lambda: a * b,
            "div": lambda: a / b,
            "mod": lambda: math.fmod(a, b),
        }
        result = real[name]()
        return result if math.isfinite(result) else None

    return compute


def _rounding(how: str) -> Callable[[float], float]:
    return lambda number: float(Decimal(number).to_integral_value(how))


def _part(name: str) -> Callable[[datetime], int]:
    return lambda moment: int(getattr(moment.astimezone(UTC), name))


_FUNCTIONS: Mapping[str, Callable[..., _Result]] = {
    "substringof": lambda part, text: part in text,
    "endswith": lambda text, part: text.endswith(part),
    "startswith": lambda text, part: text.startswith(part),
    "length": len,
    "indexof": lambda text, part: text.find(part),
    "replace": _replaced,
    "substring": _substring,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(" "),
    "concat": lambda left, right: left + right,
    **{name: _part(name) for name in ("day", "hour", "minute", "month", "second", "year")},
    "round": _rounding(ROUND_HALF_UP),
    "floor": _rounding(ROUND_FLOOR),
    "ceiling": _rounding(ROUND_CEILING),
    "negate": lambda number: _computed("sub")(0, number),
    **{name: _computed(name) for name in ("add", "sub", "mul", "div", "mod")},
}

# ---- expressions of every kind, from what is in the keystore and from what is hostile

_FIELDS: Mapping[Kind, list[Field]] = {
    kind: [
        Field(name)
        for name, (found, _) in catalogue.fields_of(View.HISTORY).items()
        if found is kind
    ]
    for kind in (Kind.TEXT, Kind.INTEGER, Kind.INSTANT)
}
_FIELDS_OF_HISTORY = set(catalogue.fields_of(View.HISTORY)) - set(catalogue.fields_of(View.CURRENT))
_HOSTILE = ("", "%", "_", "'", "''", '"', "\\", "a%", "A", "ss", "ı", "DE", ", ", ":", "[", ";--")


def _either(*strategies: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(*strategies)


def _literal(values: st.SearchStrategy[object]) -> st.SearchStrategy[Expression]:
    return values.map(Literal)  # type: ignore[arg-type]  # each is of a kind


def _call(name: str, *arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.tuples(*arguments).map(lambda found: Call(name, found))


_texts_within = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4
)
_TEXT_LEAF = _either(
    st.sampled_from(_FIELDS[Kind.TEXT]),
    st.sampled_from(_FIELDS[Kind.TEXT]),
    _literal(st.sampled_from(_HOSTILE) | _texts_within),
    st.just(Literal(None)),
)
_INTEGER_LEAF = _either(
    st.sampled_from(_FIELDS[Kind.INTEGER]),
    _literal(st.integers(-3, 300) | st.sampled_from((2048, -_INT64, _INT64 - 1))),
)
_INSTANT = _either(
    st.sampled_from(_FIELDS[Kind.INSTANT]),
    _literal(
        st.datetimes(datetime(1950, 1, 1), datetime(2060, 1, 1)).map(  # noqa: DTZ001  # made aware
            lambda moment: moment.replace(tzinfo=UTC)
        )
    ),
)


def _texts(depth: int) -> st.SearchStrategy[Expression]:
    if not depth:
        return _TEXT_LEAF
    text, number = _texts(depth - 1), _integers(depth - 1)
    return _either(
        _TEXT_LEAF,
        _call("tolower", text),
        _call("toupper", text),
        _call("trim", text),
        _call("concat", text, text),
        _call("substring", text, number),
        _call("substring", text, number, number),
        _call("replace", text, text, _literal(st.text("a%_'", max_size=2))),
    )


def _integers(depth: int) -> st.SearchStrategy[Expression]:
    if not depth:
        return _INTEGER_LEAF
    text, number = _texts(depth - 1), _integers(depth - 1)
    parts = [_call(name, _INSTANT) for name in ("day", "hour", "minute", "month", "second", "year")]
    return _either(
        _INTEGER_LEAF,
        _call("length", text),
        _call("indexof", text, text),
        _call("negate", number),
        *(_call(name, number, number) for name in ("add", "sub", "mul", "div", "mod")),
        *parts,
    )


def _numbers(depth: int) -> st.SearchStrategy[Expression]:
    real = st.floats(-1e307, 1e307) | st.sampled_from((0.5, -2.5, 0.49999999999999994, 1e300))
    leaf = _either(
        _literal(real),
        _literal(st.decimals(-1000, 1000, places=2)),
        _integers(depth),
    )
    if not depth:
        return leaf
    number = _numbers(depth - 1)
    return _either(
        leaf,
        *(_call(name, number) for name in ("round", "floor", "ceiling", "negate")),
        *(_call(name, number, number) for name in ("add", "sub", "mul", "div", "mod")),
    )


def _comparison(
    operators: tuple[str, ...], operand: st.SearchStrategy[Expression]
) -> st.SearchStrategy[Expression]:
    nothing = st.just(Literal(None))
    return st.builds(Comparison, st.sampled_from(operators), operand, operand | nothing)


def _truths(depth: int) -> st.SearchStrategy[Expression]:
    ordered = ("eq", "ne", "gt", "ge", "lt", "le")
    text = _texts(1)
    leaf = _either(
        _comparison(ordered, _texts(2)),
        _comparison(ordered, _numbers(2)),
        _comparison(ordered, _INSTANT),
        _comparison(("eq", "ne"), _literal(st.binary(max_size=2))),
        _call("substringof", text, text),
        _call("startswith", text, text),
        _call("endswith", text, text),
        _literal(st.sampled_from((True, False, None))),
    )
    if not depth:
        return leaf
    part = _truths(depth - 1)
    parts = st.lists(part, min_size=1, max_size=4).map(tuple)
    return _either(
        leaf,
        st.builds(And, parts),
        st.builds(Or, parts),
        st.builds(Not, part),
        _comparison(("eq", "ne"), part),
    )


def test_substring_of_no_length_is_nothing(filled: Library) -> None:
    """A length that is null is not the same as none: a function of null is null."""
    part = Call("substring", (Field("Alias"), Literal(0), Call("length", (Field("Validity"),))))
    found = filled.bench.store.catalogue.count(
        filled.bench.keystore_id, View.CURRENT, Comparison("eq", part, Literal(None))
    )
    assert len(filled.all(View.CURRENT)) == found


def _fits(expression: Expression, source: Source) -> bool:
    """Tell whether a source has the fields; most do not have those of the history."""
    return source is View.HISTORY or not any(name in repr(expression) for name in _NAMED)


_NAMED = [f"name='{name}'" for name in _FIELDS_OF_HISTORY]


@_EXAMPLES
@given(condition=_truths(2), data=st.data())
def test_condition_finds_what_its_definition_says(
    filled: Library, condition: Expression, data: st.DataObject
) -> None:
    """For any expression, exactly the rows are found for whose shown values it is true."""
    source = data.draw(st.sampled_from([s for s in filled.sources if _fits(condition, s)]))
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    note(repr(condition))
    expected = [r["Alias"] for r in filled.shown(source) if _evaluate(condition, r) is True]
    found = store.catalogue.list(keystore_id, source, limit=1000, condition=condition)
    assert expected == [entry.alias for entry in found]
    assert len(expected) == store.catalogue.count(keystore_id, source, condition)


@_EXAMPLES
@given(
    expression=_texts(2) | _numbers(2) | _INSTANT | _truths(0),
    descending=st.booleans(),
    data=st.data(),
)
def test_order_is_that_of_the_definition(
    filled: Library,
    expression: Expression,
    *,
    descending: bool,
    data: st.DataObject,
) -> None:
    """Rows come by the value of any expression, null first, equal ones by alias."""
    source = data.draw(st.sampled_from([s for s in filled.sources if _fits(expression, s)]))
    rows = sorted(filled.shown(source), key=lambda row: str(row["Alias"]))
    results = {row["Alias"]: _evaluate(expression, row) for row in rows}
    some = {value for value in results.values() if value is not None}
    ranks: dict[_Result, int] = {value: at for at, value in enumerate(sorted(some), 1)}
    expected = [row["Alias"] for row in rows]
    expected.sort(
        key=lambda alias: 0 if results[alias] is None else ranks[results[alias]],
        reverse=descending,
    )
    found = filled.bench.store.catalogue.list(
        filled.bench.keystore_id, source, limit=1000, order=(Order(expression, descending),)
    )
    assert expected == [entry.alias for entry in found]


_MOST = _INT64 - 1


@pytest.mark.parametrize(
    ("operator", "left", "right"),
    [
        ("ne", Literal(_MOST), Literal(float(_MOST))),
        ("lt", Literal(_MOST), Call("add", (Literal(_MOST), Literal(0.5)))),
        ("gt", Literal(float(_MOST)), Call("negate", (Literal(-_MOST),))),
        ("eq", Literal(2), Literal(Decimal("2.0"))),
        ("ge", Literal(2.5), Call("length", (Literal("ab"),))),
        ("eq", Call("div", (Literal(1), Literal(0))), Call("div", (Literal(1.0), Literal(0)))),
        ("ne", Call("div", (Literal(1), Literal(0))), Literal(1.0)),
    ],
)
def test_whole_numbers_and_floats_are_compared_exactly(
    filled: Library, operator: str, left: Expression, right: Expression
) -> None:
    """A whole number of 64 bits is not taken for the float next to it, nor one null for another."""
    condition = Comparison(operator, left, right)
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    entries = len(filled.all(View.CURRENT))
    assert entries == store.catalogue.count(keystore_id, View.CURRENT, condition)
    opposite = store.catalogue.count(keystore_id, View.CURRENT, Not(condition))
    assert opposite == 0


@pytest.mark.parametrize(
    ("written", "expression", "found"),
    [
        # The examples of OData V2's "URI Conventions", section 4.5, on constants of their kinds.
        ("length('Alfreds Futterkiste')", Call("length", (Literal("Alfreds Futterkiste"),)), 19),
        (
            "indexof('Alfreds', 'lfreds')",
            Call("indexof", (Literal("Alfreds"), Literal("lfreds"))),
            1,
        ),
        ("substring('Alfreds', 1)", Call("substring", (Literal("Alfreds"), Literal(1))), "lfreds"),
        (
            "substring('Alfreds', 1, 2)",
            Call("substring", (Literal("Alfreds"), Literal(1), Literal(2))),
            "lf",
        ),
        ("round(32.38)", Call("round", (Literal(Decimal("32.38")),)), 32),
        ("round(32.5)", Call("round", (Literal(32.5),)), 33),
        ("round(-32.5)", Call("round", (Literal(-32.5),)), -33),
        ("floor(32.38)", Call("floor", (Literal(32.38),)), 32),
        ("ceiling(32.38)", Call("ceiling", (Literal(32.38),)), 33),
        ("7 div 2", Call("div", (Literal(7), Literal(2))), 3),
        ("-7 div 2", Call("div", (Literal(-7), Literal(2))), -3),
        ("-7 mod 2", Call("mod", (Literal(-7), Literal(2))), -1),
        ("7 div 2.0", Call("div", (Literal(7), Literal(2.0))), 3.5),
        ("1 div 0", Call("div", (Literal(1), Literal(0))), None),
        ("1e300 mul 1e300", Call("mul", (Literal(1e300), Literal(1e300))), None),
        ("toupper('straße')", Call("toupper", (Literal("straße"),)), "STRASSE"),
    ],
)
def test_function_gives_what_the_standard_says(
    filled: Library, written: str, expression: Expression, found: str | float | None
) -> None:
    """The examples of the standard hold for every row."""
    condition = Comparison("eq", expression, Literal(found))
    entries = filled.all(View.CURRENT)
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    assert (written, len(entries)) == (
        written,
        store.catalogue.count(keystore_id, View.CURRENT, condition),
    )
