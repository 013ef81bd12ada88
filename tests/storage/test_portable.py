import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.problems import DatabaseUnusable, RecoveryUnreadable
from keysteward.storage import portable, tables
from keysteward.storage.portable import ColumnType, Lines, Shape

SHAPE = Shape(
    "things",
    ("id", "flag", "text", "data"),
    (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TEXT, ColumnType.BINARY),
)
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_TEXTS = st.text(st.characters(codec="utf-8"))


@given(
    st.tuples(
        st.none() | _INTEGERS,
        st.none() | st.booleans(),
        st.none() | _TEXTS,
        st.none() | st.binary(),
    )
)
def test_row_comes_back_as_it_was(row: tuple[object, ...]) -> None:
    """Whatever a column can hold goes through a line of JSON and back."""
    value = Lines(io.BytesIO(portable.line(SHAPE.write(row)))).next()
    assert isinstance(value, list)
    assert dict(zip(SHAPE.columns, row, strict=True)) == SHAPE.read(value)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1, True, "a"],
        [1, True, "a", "", 5],
        [True, True, "a", ""],
        [1.0, True, "a", ""],
        ["1", True, "a", ""],
        [2**63, True, "a", ""],
        [-(2**63) - 1, True, "a", ""],
        [1, 1, "a", ""],
        [1, True, 5, ""],
        [1, True, "\ud800", ""],
        [1, True, ["a"], ""],
        [1, True, "a", "no base64!"],
        [1, True, "a", "AAA"],
        [1, True, "a", 5],
        [1, True, "a", {}],
        [1, True, "a", "ä"],
    ],
)
def test_row_that_does_not_fit_is_refused(values: list[object]) -> None:
    """Nothing reaches the database but what its columns are for."""
    with pytest.raises(RecoveryUnreadable, match="things"):
        SHAPE.read(values)


@pytest.mark.parametrize(
    "row", [(b"", 1, "", b""), (1, 2, "", b""), (1, 1, b"", b""), (1, 1, "", "")]
)
def test_row_of_another_type_is_not_written(row: tuple[object, ...]) -> None:
    """SQLite holds anything anywhere; a file for every engine does not."""
    with pytest.raises(DatabaseUnusable):
        SHAPE.write(row)


@given(st.binary(max_size=100))
def test_any_line_is_a_value_or_a_problem(data: bytes) -> None:
    """Whatever stands in a line."""
    try:
        value = Lines(io.BytesIO(data + b"\n")).next()
    except RecoveryUnreadable:
        return
    assert isinstance(value, dict | list)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"5\n",
        b"null\n",
        b"[" * 200_000 + b"\n",
        b"[" + b"9" * 5000 + b"]\n",
        b"\xff\xfe\n",
        b'{"a":\n',
        b"[" + b" " * portable.MOST_LINE_BYTES + b"]\n",
    ],
    ids=["empty", "no-end", "number", "null", "deep", "long-number", "no-text", "cut", "long"],
)
def test_line_of_another_form_is_refused(data: bytes) -> None:
    """Neither depth nor length nor anything else makes more of it than a problem."""
    with pytest.raises(RecoveryUnreadable):
        Lines(io.BytesIO(data)).next()


def test_every_column_has_a_type() -> None:
    """A table that is added travels, too."""
    shapes = [portable.shape_of(table) for table in tables.metadata.sorted_tables]
    assert set(tables.metadata.tables) == {shape.name for shape in shapes}
    assert {
        table.name: [c.name for c in table.columns] for table in tables.metadata.sorted_tables
    } == {shape.name: list(shape.columns) for shape in shapes}
