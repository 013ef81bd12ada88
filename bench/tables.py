"""Tables for people: their cells, and the form that documents take."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.measure import Ratio, Samples


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading and its columns' names."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def milliseconds(samples: Samples) -> str:
    """Return median and range."""
    digits = 0 if samples.median >= 0.1 else 2
    median, (low, high) = samples.median * 1000, samples.range
    return f"{median:.{digits}f} ms ({low * 1000:.{digits}f}–{high * 1000:.{digits}f})"


def ratio(found: Ratio) -> str:
    """Return the ratio of the medians and the range over the rounds."""
    return f"{found.of_medians:.2f} ({found.lowest:.2f}–{found.highest:.2f})"


def ahead(behind: Ratio) -> str:
    """Return how many times as long somebody else takes, and who is ahead."""
    word = "ahead" if behind.of_medians > 1 else "behind"
    return f"{behind.of_medians:.1f} ({behind.lowest:.1f}–{behind.highest:.1f}), {word}"


def verdict(*, within: bool) -> str:
    """Say whether a budget is kept."""
    return "within" if within else "over"


def markdown(table: Table) -> str:
    """Return the table as a document has it."""
    lines = [f"### {table.title}", "", _line(table.columns)]
    lines.append(_line(["---", *("---:" for _ in table.columns[1:])]))
    return "\n".join([*lines, *map(_line, table.rows)])


def numbers(samples: Samples) -> dict[str, object]:
    """Return samples for programs."""
    low, high = samples.range
    return {
        "median_seconds": samples.median,
        "shortest_seconds": low,
        "longest_seconds": high,
        "round_medians_seconds": list(samples.round_medians),
    }


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
