"""How tables use the width that there is."""

from rich.text import Text

from keysteward.cli import tables

COLUMNS = ("Alias", "State", "Subject")
ROWS = [
    [Text("a"), Text("in use"), Text("CN=one,O=Some Partner GmbH,C=DE")],
    [Text("an alias"), Text("trusted"), Text("CN=two")],
]


def _lines(width: int, folding: tuple[str, ...] = (), spare: tuple[str, ...] = ()) -> list[str]:
    laid_out = tables.lay_out(COLUMNS, ROWS, width, folding=folding, spare=spare)
    return [line.plain for line in laid_out]


def test_table_with_room_has_one_line_for_each_row() -> None:
    """And no blanks at the ends."""
    expected = [
        "Alias     State    Subject",
        "a         in use   CN=one,O=Some Partner GmbH,C=DE",
        "an alias  trusted  CN=two",
    ]
    assert expected == _lines(50, folding=("Subject",), spare=("State",))


def test_long_text_is_folded_after_blanks_and_commas() -> None:
    """Below its own heading; the other columns keep their width."""
    expected = [
        "Alias     State    Subject",
        "a         in use   CN=one,O=Some Partner",
        "                   GmbH,C=DE",
        "an alias  trusted  CN=two",
    ]
    assert expected == _lines(40, folding=("Subject",))


def test_spare_columns_go_one_after_the_other() -> None:
    """The first one first, and only as long as there is no room."""
    spare = ("State", "Subject")
    assert "Alias     Subject" == _lines(38, folding=("Subject",), spare=spare)[0]
    assert ["Alias", "a", "an alias"] == _lines(10, folding=("Subject",), spare=spare)


def test_left_out_columns_are_named_under_the_table() -> None:
    """In the table's order, for a person; nothing is said where nothing was left out."""
    spare = ("Subject", "State")
    lines = list(tables.lay_out(COLUMNS, ROWS, 10, spare=spare, noting=True))
    note = ["Not shown", "for lack", "of room:", "State,", "Subject"]
    assert ["Alias", "a", "an alias", *note] == [line.plain for line in lines]
    assert {"dim"} == {line.style for line in lines[3:]}
    whole = list(tables.lay_out(COLUMNS, ROWS, 50, spare=spare, noting=True))
    assert "an alias  trusted  CN=two" == whole[-1].plain


def test_what_may_not_be_folded_stays_whole() -> None:
    """Also where the terminal is too narrow for it."""
    assert "an alias  trusted  CN=two" == _lines(10)[-1]


def test_long_word_is_broken_unless_it_ends_the_line() -> None:
    """A fingerprint in the last column can be copied as one."""
    row = [Text("f" * 64), Text("f" * 64)]
    (first, second) = (line.plain for line in tables.lay_out(("", ""), [row], 80, folding=("",)))
    assert f"{'f' * 40}  {'f' * 64}" == first
    assert "f" * 24 == second
    labelled = [Text("SHA-256"), Text("f" * 64)]
    lines = [line.plain for line in tables.lay_out(("", ""), [labelled], 70, folding=("",))]
    assert [f"SHA-256  {'f' * 64}"] == lines


def test_wide_characters_take_two_places() -> None:
    """Columns stay below each other."""
    rows = [[Text("東京"), Text("x")], [Text("abcd"), Text("y")]]
    assert ["東京  x", "abcd  y"] == [line.plain for line in tables.lay_out(("", ""), rows, 80)]


def test_style_of_a_folded_text_is_kept() -> None:
    """Each of its lines has the colour."""
    rows = [[Text("CN=one,O=Some Partner GmbH,C=DE", style="red")]]
    lines = list(tables.lay_out(("",), rows, 22, folding=("",)))
    assert 2 == len(lines)
    assert all("red" in [span.style for span in line.spans] for line in lines)
