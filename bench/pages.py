"""Pages of entries with the size of the keystore, on the store: ``python -m bench.pages``.

The first page, pages of what a part of a text finds, and the numbers beside them, at several sizes.
Texts with few hits have as many at each size; those with many are in every entry.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import authority, filling, measure, tables, update
from bench.arena import Say
from bench.authority import Authority
from bench.measure import Once, Ratio, Samples
from bench.tables import Table
from keysteward import app
from keysteward.keystore.steward import Steward
from keysteward.storage.page_sql import Sort
from keysteward.storage.pages import Wanted

SIZES = (1_000, 10_000, 100_000)
PAGE = 50
GROWTH_BUDGET = 1.2
SEARCH_BUDGET_SECONDS = 0.005

FIRST, SORTED = "first page", "first page, last changed first"
FEW_3, MANY_3 = "3 letters, few hits", "3 letters, many hits"
FEW_8, MANY_8 = "8 letters, few hits", "8 letters, many hits"
COUNT_MANY, OVERVIEW = "number of many hits", "figures of the overview"

_RARE = "Xylophon"
_WISHES: Mapping[str, Wanted] = {
    FIRST: Wanted(),
    SORTED: Wanted(sort=Sort.MODIFIED, descending=True),
    FEW_3: Wanted(text=_RARE[:3]),
    MANY_3: Wanted(text="art"),
    FEW_8: Wanted(text=_RARE),
    MANY_8: Wanted(text="partner-"),
}
_GROWING = (FIRST, SORTED)
_SEARCHES = (FEW_3, MANY_3, FEW_8, MANY_8)
_RARE_EVERY = 7
"""Every so many of the first thousand entries have the rare text."""


def measure_all(
    folder: Path, issuer: Authority, rounds: int, repeats: int, say: Say
) -> dict[str, Samples]:
    """Make keystores in an empty folder and ask each for its pages."""
    update.make(folder / "one", issuer)
    with ExitStack() as stack:
        contestants: dict[str, Once] = {}
        for size in SIZES:
            say(f"Pages of a keystore with {size:,} entries ...")
            steward = stack.enter_context(_filled(folder, size))
            for what, ask in _questions(steward).items():
                contestants[name(what, size)] = _timing(ask)
        measure.alternate(contestants, 1, repeats)
        return measure.alternate(contestants, rounds, repeats)


def name(what: str, size: int) -> str:
    """Return the name of a contestant."""
    return f"{what}, {size}"


def tables_of(found: Mapping[str, Samples]) -> list[Table]:
    """Return the table for people."""
    rows = []
    for what in (*_WISHES, COUNT_MANY, OVERVIEW):
        cells = [tables.milliseconds(found[name(what, size)]) for size in SIZES]
        rows.append((what, *cells, tables.ratio(_growth(found, what)), _verdict(found, what)))
    sizes = [f"{size:,} entries" for size in SIZES]
    budget = f"budget {GROWTH_BUDGET} times; a search {SEARCH_BUDGET_SECONDS * 1000:.0f} ms"
    title = f"Pages of {PAGE} entries on the store, with the size of the keystore"
    return [Table(title, ("", *sizes, "times", budget), rows)]


def content(found: Mapping[str, Samples]) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "pages": {one: tables.numbers(samples) for one, samples in found.items()},
        "pages_growth": {
            what: asdict(_growth(found, what)) for what in (*_WISHES, COUNT_MANY, OVERVIEW)
        },
    }


def _growth(found: Mapping[str, Samples], what: str) -> Ratio:
    return measure.ratio(found[name(what, SIZES[-1])], found[name(what, SIZES[0])])


def _verdict(found: Mapping[str, Samples], what: str) -> str:
    if what in _GROWING:
        return tables.verdict(within=_growth(found, what).of_medians <= GROWTH_BUDGET)
    if what in _SEARCHES:
        slowest = max(found[name(what, size)].median for size in SIZES)
        return tables.verdict(within=slowest <= SEARCH_BUDGET_SECONDS)
    return ""


@contextmanager
def _filled(folder: Path, size: int) -> Iterator[Steward]:
    place = folder / str(size)
    shutil.copytree(folder / "one", place)
    filling.fill(update.database(place), size, rare=(_RARE, _RARE_EVERY))
    with app.opened(update.settings(place)) as steward:
        yield steward


def _questions(steward: Steward) -> dict[str, Callable[[], object]]:
    store, keystore_id = steward.store, steward.keystore_id
    now = datetime.now(UTC)

    def asking(wanted: Wanted) -> Callable[[], object]:
        return lambda: store.pages.list_page(keystore_id, wanted, limit=PAGE)

    return {
        **{what: asking(wanted) for what, wanted in _WISHES.items()},
        COUNT_MANY: lambda: store.pages.count(keystore_id, _WISHES[MANY_8]),
        OVERVIEW: lambda: store.pages.overview(keystore_id, now),
    }


def _timing(ask: Callable[[], object]) -> Once:
    return lambda: measure.timed(ask)


def main() -> None:
    """Measure this part alone and print its table."""
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    out = Path("out")
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix="bench-") as folder:
        say = Console(stderr=True).print
        found = measure_all(
            Path(folder), authority.found(), arguments.rounds, arguments.repeats, say
        )
    for table in tables_of(found):
        print(tables.markdown(table))


if __name__ == "__main__":
    main()
