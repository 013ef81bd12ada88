"""How a table's texts are set beside each other in the width that there is."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len, chop_cells
from rich.text import Text

_GAP = 2
_LEAST_FOLDED, _LONG = 20, 40
"""A column is folded to its longest word, but to no fewer characters than the first of these; a
word of more than the second is broken itself.
"""

_WORD = re.compile(r"[^ ,]*[ ,]*")


def lay_out(
    columns: Sequence[str],
    rows: Sequence[Sequence[Text]],
    width: int,
    *,
    folding: Sequence[str] = (),
    spare: Sequence[str] = (),
    noting: bool = False,
) -> Iterator[Text]:
    """Return a table's lines, without blanks at their ends.

    Args:
        columns: the headings; without any there is no line of headings.
        rows: one text for each column.
        width: characters that a line may have.
        folding: columns whose long texts are folded at words; all others are never broken.
        spare: columns that are left out where there is no room, the first one first.
        noting: say under the table which ones were.
    """
    texts = [[Text(name, style="bold") for name in columns], *rows] if any(columns) else rows
    if not texts:
        return
    widths = [max(text.cell_len for text in column) for column in zip(*texts, strict=True)]
    least = [
        min(size, _least(column)) if name in folding else size
        for name, size, column in zip(columns, widths, zip(*texts, strict=True), strict=True)
    ]
    shown = list(range(len(widths)))
    for name in spare:
        if _sum(least, shown) > width:
            shown.remove(columns.index(name))
    while _sum(widths, shown) > max(width, _sum(least, shown)):
        widest = max((n for n in shown if widths[n] > least[n]), key=widths.__getitem__)
        widths[widest] -= 1
    for row in texts:
        cells = [_folded(row[n], widths[n], last=n == shown[-1]) for n in shown]
        for parts in zip_longest(*cells, fillvalue=Text()):
            yield _joined(parts, [widths[n] for n in shown])
    left_out = [name for n, name in enumerate(columns) if name and n not in shown]
    if noting and left_out:
        note = Text(f"Not shown for lack of room: {', '.join(left_out)}", style="dim")
        yield from _folded(note, width, last=True)


def _sum(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[n] for n in shown) + _GAP * (len(shown) - 1)


def _least(column: Sequence[Text]) -> int:
    words = (word.rstrip() for text in column for word in _WORD.findall(text.plain))
    return max(_LEAST_FOLDED, min(_LONG, max(map(cell_len, words))))


def _folded(text: Text, width: int, *, last: bool) -> list[Text]:
    """Return a cell's lines, folded after blanks and commas.

    A word too long for its column is broken, unless nothing follows: then the terminal does it, and
    it can be copied as one.
    """
    if text.cell_len <= width:
        return [text]
    lines = [""]
    for word in _WORD.findall(text.plain):
        if word and lines[-1] and cell_len(lines[-1] + word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    if not last:
        lines = [piece for line in lines for piece in chop_cells(line.rstrip(), width)]
    return [Text(line.rstrip(), style=text.style) for line in lines]


def _joined(parts: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for part, width in zip(parts, widths, strict=True):
        line.append_text(part).append(" " * (width - part.cell_len + _GAP))
    line.rstrip()
    return line
