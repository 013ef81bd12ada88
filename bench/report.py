"""What was measured, as tables for people and as JSON for programs."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cryptography
import pysqlite3.dbapi2 as driver
from rich.console import Console
from rich.table import Table as RichTable

from bench import (
    arena,
    browsing,
    import_report,
    java,
    measure,
    pages,
    postgresql,
    service_report,
    tables,
)
from bench.backups import Backups
from bench.hostile import Cost
from bench.importing import Imports
from bench.measure import Ratio, Samples
from bench.pages import Looked
from bench.service import Served
from bench.tables import Table

SKETCH_BUDGET = 1.5
GROWTH_BUDGET = 1.2


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run has measured."""

    versions: Mapping[str, str]
    absent: Sequence[str]
    """What could not be compared, with the name of what is missing."""
    rows_per_update: Mapping[str, int]
    contestants: Mapping[str, Samples]
    commands: Mapping[str, Samples]
    hostile: Mapping[str, Cost]
    imports: Imports
    backups: Backups
    served: Served
    postgresql: Mapping[str, Samples]
    """Nothing without a server."""
    pages: Looked
    browsing: Mapping[str, Samples]
    """Nothing if the page is not built."""

    def ratio(self, name: str, against: str) -> Ratio:
        """Return how many times as long one contestant takes as another."""
        return measure.ratio(self.contestants[name], self.contestants[against])


def versions() -> dict[str, str]:
    """Return what the measurement ran on."""
    return {
        "machine": f"{platform.machine()}, {len(_processors())} processors",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "cryptography": cryptography.__version__,
        "sqlite": driver.sqlite_version,
    }


def shown_tables(results: Results) -> list[Table]:
    """Return the tables of a run, in the order in which they are read."""
    found = [_updates(results), _sizes(results)]
    if results.commands:
        found.append(_commands(results))
    found.append(_hostile(results))
    found += import_report.tables_of(results.imports, results.backups)
    found += service_report.tables_of(results.served)
    found += postgresql.tables_of(results.postgresql)
    found += pages.tables_of(results.pages)
    return [*found, *browsing.tables_of(results.browsing)]


def write(results: Results, folder: Path) -> None:
    """Write ``results.json`` and the tables as ``results.md`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(_content(results), indent=2) + "\n")
    text = "\n\n".join(tables.markdown(table) for table in shown_tables(results))
    (folder / "results.md").write_text(f"{head(results)}\n\n{text}\n")


def show(results: Results, console: Console) -> None:
    """Print the tables."""
    console.print(head(results), soft_wrap=True)
    for table in shown_tables(results):
        shown = RichTable(title=table.title, title_justify="left")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def head(results: Results) -> str:
    """Return in words what was measured on, how fast its disk is, and what was absent."""
    on = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    lines = [
        f"Measured on {on}.",
        f"The disk's own fdatasync: {tables.milliseconds(results.contestants[arena.DISK])}.",
    ]
    lines += [f"Absent: {what}." for what in results.absent]
    rows = ", ".join(f"{table} {count}" for table, count in results.rows_per_update.items())
    lines.append(f"New rows per update, product and sketch alike: {rows}.")
    lines += import_report.head(results.imports)
    return "\n".join(lines)


def _updates(results: Results) -> Table:
    name = arena.product(arena.SKETCH_SIZE)
    ratio = results.ratio(name, arena.SKETCH)
    return Table(
        f"An update in a keystore of {arena.SKETCH_SIZE:,} entries, file to disk",
        ("", "median (range)", "times the sketch", f"budget {SKETCH_BUDGET}"),
        [
            ("bare sketch", tables.milliseconds(results.contestants[arena.SKETCH]), "", ""),
            (
                "Keysteward",
                tables.milliseconds(results.contestants[name]),
                tables.ratio(ratio),
                tables.verdict(within=ratio.of_medians <= SKETCH_BUDGET),
            ),
        ],
    )


def _sizes(results: Results) -> Table:
    smallest = arena.product(arena.SIZES[0])
    rows = []
    for size in arena.SIZES:
        name = arena.product(size)
        growth = results.ratio(name, smallest)
        row = [f"{size:,}", tables.milliseconds(results.contestants[name]), tables.ratio(growth)]
        row.append(tables.verdict(within=growth.of_medians <= GROWTH_BUDGET))
        for kind in java.VARIANTS:
            peer = arena.java_name(kind, size)
            if peer in results.contestants:
                behind = results.ratio(peer, name)
                row += [tables.milliseconds(results.contestants[peer]), tables.ahead(behind)]
            else:
                row += ["", ""]
        rows.append(row)
    columns = ["entries", "Keysteward", "times the smallest", f"budget {GROWTH_BUDGET}"]
    for kind in java.VARIANTS:
        columns += [f"Java, {kind}", "times ours"]
    return Table("The same with the size of the keystore, and Java in one process", columns, rows)


def _commands(results: Results) -> Table:
    rows = []
    for name, samples in results.commands.items():
        size = next((s for s in java.SIZES if name.endswith(f" {s}")), arena.SIZES[0])
        own = results.contestants[arena.product(size)]
        times = samples.median / own.median
        rows.append((name, tables.milliseconds(samples), f"{times:.0f}"))
    return Table(
        "Commands as whole processes", ("command, entries", "median (range)", "times ours"), rows
    )


def _hostile(results: Results) -> Table:
    own = results.contestants[arena.product(arena.SKETCH_SIZE)].median
    costs = sorted(results.hostile.items(), key=lambda item: -item[1].samples.median)
    rows = [
        (
            name,
            tables.milliseconds(cost.samples),
            f"{cost.samples.median / own:.1f}",
            "unknown" if cost.peak_bytes is None else f"{cost.peak_bytes / 1e6:.1f} MB",
            cost.answer,
        )
        for name, cost in costs
    ]
    columns = ("hostile file", "median (range)", "ordinary updates", "peak memory", "answer")
    return Table("Files made to cost as much as the bounds allow, worst first", columns, rows)


def _content(results: Results) -> dict[str, object]:
    sketch = results.ratio(arena.product(arena.SKETCH_SIZE), arena.SKETCH)
    growth = results.ratio(arena.product(arena.SIZES[-1]), arena.product(arena.SIZES[0]))
    return {
        "versions": dict(results.versions),
        "absent": list(results.absent),
        "rows_per_update": dict(results.rows_per_update),
        "updates": {name: tables.numbers(s) for name, s in results.contestants.items()},
        "commands": {name: tables.numbers(s) for name, s in results.commands.items()},
        "hostile": {
            name: {**tables.numbers(c.samples), "peak_bytes": c.peak_bytes, "answer": c.answer}
            for name, c in results.hostile.items()
        },
        "against_sketch": {**asdict(sketch), "budget": SKETCH_BUDGET},
        "growth": {**asdict(growth), "budget": GROWTH_BUDGET},
        **import_report.content(results.imports, results.backups),
        **service_report.content(results.served),
        **postgresql.content(results.postgresql),
        **pages.content(results.pages),
        **browsing.content(results.browsing),
    }


def _processors() -> Sequence[int]:
    return sorted(os.sched_getaffinity(0))
