"""Pages of entries with the size of the keystore, on both engines: ``python -m bench.pages``.

The first page, pages of what a part of a text finds, and the numbers beside them, of a small and a
large keystore. Texts with few hits have as many at each size; those with many are in every entry.
"""

import argparse
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import authority, filling, measure, servers, tables, update
from bench.arena import Say
from bench.authority import Authority
from bench.measure import Once, Ratio, Samples
from bench.servers import Server
from bench.tables import Table
from keysteward import app
from keysteward.entries import EntryType
from keysteward.keystore.steward import Steward
from keysteward.storage.page_sql import Sort
from keysteward.storage.pages import Wanted

SMALL, LARGE = 1_000, 1_000_000
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
PAGE = 50
GROWTH_BUDGET = 1.2
SEARCH_BUDGET_SECONDS = 0.005

FIRST, SORTED = "first page", "first page, last changed first"
TYPED = "first page of a type, backwards by its end"
FEW_3, MANY_3 = "3 letters, few hits", "3 letters, many hits"
FEW_8, MANY_8 = "8 letters, few hits", "8 letters, many hits"
ONE, NONE = "14 letters, one hit", "8 letters, no hit"
COUNT_MANY, OVERVIEW = "number of many hits", "figures of the overview"

_RARE = "Xylophon"
_WISHES: Mapping[str, Wanted] = {
    FIRST: Wanted(),
    SORTED: Wanted(sort=Sort.MODIFIED, descending=True),
    TYPED: Wanted(type=EntryType.KEY_PAIR, sort=Sort.VALID_UNTIL, descending=True),
    FEW_3: Wanted(text=_RARE[:3]),
    MANY_3: Wanted(text="art"),
    FEW_8: Wanted(text=_RARE),
    MANY_8: Wanted(text="partner-"),
    ONE: Wanted(text="partner-000500"),
    NONE: Wanted(text="Zylinder"),
}
_GROWING = (FIRST, SORTED, TYPED)
_SEARCHES = (FEW_3, MANY_3, FEW_8, MANY_8, ONE, NONE)
_SHOWN = (*_WISHES, COUNT_MANY, OVERVIEW)
_RARE_EVERY = 7
"""Every so many of the first thousand entries have the rare text."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was measured, by engine and contestant, and how large the large keystore was."""

    large: int
    engines: Mapping[str, Mapping[str, Samples]]


def measure_all(
    server: Server | None,
    folder: Path,
    issuer: Authority,
    rounds: int,
    repeats: int,
    say: Say,
    large: int = LARGE,
) -> Looked:
    """Make keystores in an empty folder and on a server, and ask each for its pages."""
    engines: dict[str, dict[str, Once]] = {}
    with ExitStack() as stack:
        say(f"Pages: keystores with {SMALL:,} and {large:,} entries ...")
        for size in (SMALL, large):
            for engine, steward in stack.enter_context(_filled(server, folder, issuer, size)):
                for what, ask in _questions(steward).items():
                    engines.setdefault(engine, {})[name(what, size)] = _timing(ask)
        found = {}
        for engine, contestants in engines.items():
            say(f"Pages on {engine} ...")
            measure.alternate(contestants, 1, repeats)
            found[engine] = measure.alternate(contestants, rounds, repeats)
    return Looked(large, found)


def name(what: str, size: int) -> str:
    """Return the name of a contestant."""
    return f"{what}, {size}"


def tables_of(looked: Looked) -> list[Table]:
    """Return the tables for people, one for each engine."""
    return [_table(engine, found, looked.large) for engine, found in looked.engines.items()]


def _table(engine: str, found: Mapping[str, Samples], large: int) -> Table:
    rows = []
    for what in _SHOWN:
        cells = [tables.milliseconds(found[name(what, size)]) for size in (SMALL, large)]
        growth = _growth(found, what, large)
        rows.append((what, *cells, tables.ratio(growth), _verdict(found, what, large)))
    sizes = [f"{size:,} entries" for size in (SMALL, large)]
    budget = f"budget {GROWTH_BUDGET} times; a search {SEARCH_BUDGET_SECONDS * 1000:.0f} ms"
    title = f"{engine}: pages of {PAGE} entries on the store, with the size of the keystore"
    return Table(title, ("", *sizes, "times", budget), rows)


def content(looked: Looked) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "pages": {
            engine: {one: tables.numbers(samples) for one, samples in found.items()}
            for engine, found in looked.engines.items()
        },
        "pages_growth": {
            engine: {what: asdict(_growth(found, what, looked.large)) for what in _SHOWN}
            for engine, found in looked.engines.items()
        },
    }


def _growth(found: Mapping[str, Samples], what: str, large: int) -> Ratio:
    return measure.ratio(found[name(what, large)], found[name(what, SMALL)])


def _verdict(found: Mapping[str, Samples], what: str, large: int) -> str:
    if what in _GROWING:
        return tables.verdict(within=_growth(found, what, large).of_medians <= GROWTH_BUDGET)
    if what in _SEARCHES:
        slowest = max(found[name(what, size)].median for size in (SMALL, large))
        return tables.verdict(within=slowest <= SEARCH_BUDGET_SECONDS)
    return ""


@contextmanager
def _filled(
    server: Server | None, folder: Path, issuer: Authority, size: int
) -> Iterator[list[tuple[str, Steward]]]:
    """Fill a keystore on each engine, both at the same time, and open them."""
    place, rare = folder / str(size), (_RARE, _RARE_EVERY)
    update.make(place, issuer)
    url = None
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawning) as processes:
        filled = processes.submit(
            filling.fill, update.database(place), size, rare, listed_only=True
        )
        if server is not None:
            database = server.name()
            url = server.url(database)
            update.make(folder / f"{size}-postgresql", issuer, url)
            with server.connect(database) as connection:
                filling.fill_postgresql(connection, size, rare, listed_only=True)
        filled.result()
    with ExitStack() as stack:
        found = [(SQLITE, stack.enter_context(app.opened(update.settings(place))))]
        if url is not None:
            settings = update.settings(folder / f"{size}-postgresql", url)
            found.append((POSTGRESQL, stack.enter_context(app.opened(settings))))
        yield found


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
    """Measure this part alone and print its tables."""
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--entries", type=int, default=LARGE, help="of the large keystore")
    arguments = parser.parse_args()
    out = Path("out")
    out.mkdir(exist_ok=True)
    say = Console(stderr=True).print
    with (
        tempfile.TemporaryDirectory(dir=out, prefix="bench-") as folder,
        servers.running() as server,
    ):
        found = measure_all(
            server,
            Path(folder),
            authority.found(),
            arguments.rounds,
            arguments.repeats,
            say,
            arguments.entries,
        )
    for table in tables_of(found):
        print(tables.markdown(table))


if __name__ == "__main__":
    main()
