"""Updates on PostgreSQL against the bare sketch: ``python -m bench.postgresql``.

Eight clients are threads of one process, as the service has them, the sketch's like the product's,
each with a connection of its own. Beside the product's, audit rows are linked as the service does.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from rich.console import Console

from bench import authority, filling, measure, postgresql_sketch, servers, tables, update
from bench.arena import Say
from bench.authority import Authority
from bench.measure import Once, Samples
from bench.servers import Server
from bench.sketch import Sketch
from bench.tables import Table
from bench.update import Keystore
from keysteward.keystore.steward import Steward
from keysteward.web.jobs import LINK_SECONDS

SIZE = 1_000
CLIENTS = 8
SKETCH_BUDGET = 1.5
THROUGHPUT_BUDGET = 0.7

PRODUCT, SKETCH = "Keysteward", "bare sketch"
_UPDATES_OF_CLIENT = 15


def measure_all(
    server: Server, folder: Path, issuer: Authority, rounds: int, repeats: int, say: Say
) -> dict[str, Samples]:
    """Make a keystore with an empty folder for its keys, and a copy of its database; compare."""
    say(f"PostgreSQL: a keystore with {SIZE:,} entries ...")
    ours = server.name()
    public_key = update.make(folder, issuer, server.url(ours))
    with server.connect(ours) as connection:
        filling.fill_postgresql(connection, SIZE)
    copy = server.copy(ours)
    with ExitStack() as stack:
        keystore = stack.enter_context(
            update.opened(folder, issuer, public_key, SIZE, server.url(ours))
        )
        writers = [
            stack.enter_context(postgresql_sketch.writing(server.conninfo(copy)))
            for _ in range(CLIENTS)
        ]
        sketches = [Sketch(writer, issuer, public_key, SIZE) for writer in writers]
        one: dict[str, Once] = {PRODUCT: keystore.update, SKETCH: sketches[0].update}
        measure.alternate(one, 1, repeats)
        found = measure.alternate(one, rounds, repeats)
        eight = _clients(issuer, public_key, keystore, sketches)
        measure.alternate(eight, 1, 1)
        return {**found, **measure.alternate(eight, rounds, 1)}


def _clients(
    issuer: Authority,
    public_key: CertificatePublicKeyTypes,
    keystore: Keystore,
    sketches: list[Sketch],
) -> dict[str, Once]:
    def at_once(take: Callable[[int, bytes, str], object]) -> float:
        """Return the seconds from one update's end to the next one's, whoever's it is."""
        files = [
            [issuer.respond(public_key, update.COMMON_NAME) for _ in range(_UPDATES_OF_CLIENT)]
            for _ in range(CLIENTS)
        ]

        def work(client: int) -> None:
            for number, data in enumerate(files[client]):
                take(client, data, update.alias(client * _UPDATES_OF_CLIENT + number))

        with ThreadPoolExecutor(CLIENTS) as threads:
            seconds = measure.timed(lambda: list(threads.map(work, range(CLIENTS))))
        return seconds / (CLIENTS * _UPDATES_OF_CLIENT)

    def product() -> float:
        with _linking(keystore.steward):
            return at_once(lambda _, data, alias: keystore.upload(data, alias))

    return {
        at_once_name(PRODUCT): product,
        at_once_name(SKETCH): lambda: at_once(
            lambda client, data, alias: sketches[client].writer.take(data, alias)
        ),
    }


@contextmanager
def _linking(steward: Steward) -> Iterator[None]:
    ended = Event()

    def link() -> None:
        while not ended.wait(LINK_SECONDS):
            while steward.store.sharing.link_waiting():
                time.sleep(0)

    thread = Thread(target=link)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def at_once_name(contestant: str) -> str:
    """Return the name of the same with eight clients."""
    return f"{contestant}, {CLIENTS} clients"


def tables_of(found: Mapping[str, Samples]) -> list[Table]:
    """Return the tables for people; none if there was no server."""
    if not found:
        return []
    ratio = measure.ratio(found[PRODUCT], found[SKETCH])
    one = Table(
        f"PostgreSQL: an update in a keystore of {SIZE:,} entries, file to disk",
        ("", "median (range)", "times the sketch", f"budget {SKETCH_BUDGET}"),
        [
            (SKETCH, tables.milliseconds(found[SKETCH]), "", ""),
            (
                PRODUCT,
                tables.milliseconds(found[PRODUCT]),
                tables.ratio(ratio),
                tables.verdict(within=ratio.of_medians <= SKETCH_BUDGET),
            ),
        ],
    )
    ours, bare = found[at_once_name(PRODUCT)], found[at_once_name(SKETCH)]
    throughput = measure.ratio(bare, ours)
    eight = Table(
        f"PostgreSQL: {CLIENTS} clients at once, threads of one process",
        ("", "updates per second", "of the sketch's", f"budget {THROUGHPUT_BUDGET}"),
        [
            (SKETCH, f"{1 / bare.median:.0f}", "", ""),
            (
                PRODUCT,
                f"{1 / ours.median:.0f}",
                tables.ratio(throughput),
                tables.verdict(within=throughput.of_medians >= THROUGHPUT_BUDGET),
            ),
        ],
    )
    return [one, eight]


def content(found: Mapping[str, Samples]) -> dict[str, object]:
    """Return everything for programs."""
    if not found:
        return {}
    ours, bare = found[at_once_name(PRODUCT)], found[at_once_name(SKETCH)]
    return {
        "postgresql": {name: tables.numbers(samples) for name, samples in found.items()},
        "postgresql_against_sketch": {
            **asdict(measure.ratio(found[PRODUCT], found[SKETCH])),
            "budget": SKETCH_BUDGET,
        },
        "postgresql_throughput": {
            **asdict(measure.ratio(bare, ours)),
            "budget": THROUGHPUT_BUDGET,
        },
    }


def main() -> None:
    """Measure this part alone and print its tables."""
    parser = argparse.ArgumentParser(prog="bench.postgresql", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    console = Console(stderr=True)
    with servers.running() as server, tempfile.TemporaryDirectory(prefix="bench-") as name:
        if server is None:
            console.print("Absent: a PostgreSQL server.")
            return
        found = measure_all(
            server,
            Path(name) / "one",
            authority.found(),
            arguments.rounds,
            arguments.repeats,
            console.print,
        )
    for table in tables_of(found):
        print(tables.markdown(table))


if __name__ == "__main__":
    main()
