"""What was measured over HTTP, as tables for people and as JSON for programs."""

from dataclasses import asdict

from bench import measure, service, tables
from bench.measure import Ratio
from bench.service import FACES, LARGE, PAGE, SKETCH_LIST, SKETCH_UPDATE, SMALL, Served
from bench.tables import Table

SKETCH_BUDGET = 1.5
GROWTH_BUDGET = 1.2


def tables_of(found: Served) -> list[Table]:
    """Return the tables in the order in which they are read."""
    return [_against_sketch(found), _growth(found), _waits(found)]


def content(found: Served) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "service": {name: tables.numbers(s) for name, s in found.contestants.items()},
        "service_against_sketch": {
            name: {**asdict(ratio), "budget": SKETCH_BUDGET}
            for name, ratio in _ratios(found).items()
        },
        "service_growth": {
            face: {**asdict(_grown(found, face)), "budget": GROWTH_BUDGET} for face in FACES
        },
        "service_waits": {name: tables.numbers(s) for name, s in found.waits.items()},
    }


def _ratios(found: Served) -> dict[str, Ratio]:
    pairs = [(service.update_name(face), SKETCH_UPDATE) for face in FACES]
    pairs += [(service.list_name(face, SMALL), SKETCH_LIST) for face in FACES]
    return {
        name: measure.ratio(found.contestants[name], found.contestants[bare])
        for name, bare in pairs
    }


def _grown(found: Served, face: str) -> Ratio:
    large, small = (found.contestants[service.list_name(face, size)] for size in (LARGE, SMALL))
    return measure.ratio(large, small)


def _against_sketch(found: Served) -> Table:
    rows = [
        (name, tables.milliseconds(found.contestants[name]), "", "")
        for name in (SKETCH_UPDATE, SKETCH_LIST)
    ]
    for name, ratio in _ratios(found).items():
        verdict = tables.verdict(within=ratio.of_medians <= SKETCH_BUDGET)
        shown = tables.milliseconds(found.contestants[name])
        rows.append((name, shown, tables.ratio(ratio), verdict))
    return Table(
        f"Over HTTP, authenticated: an update, and a list of {PAGE} entries",
        ("", "median (range)", "times the sketch", f"budget {SKETCH_BUDGET}"),
        rows,
    )


def _growth(found: Served) -> Table:
    rows = []
    for face in FACES:
        grown = _grown(found, face)
        verdict = tables.verdict(within=grown.of_medians <= GROWTH_BUDGET)
        pages = (found.contestants[service.list_name(face, size)] for size in (SMALL, LARGE))
        rows.append((face, *map(tables.milliseconds, pages), tables.ratio(grown), verdict))
    columns = (f"{SMALL:,} entries", f"{LARGE:,} entries", "times", f"budget {GROWTH_BUDGET}")
    return Table(f"A page of {PAGE} entries with the size of the keystore", ("", *columns), rows)


def _waits(found: Served) -> Table:
    rows = [(name, tables.milliseconds(samples)) for name, samples in found.waits.items()]
    columns = ("meanwhile", "median (shortest to longest)")
    return Table("Another client's request for one entry over REST", columns, rows)
