"""``python -m bench``: takes about ten minutes and fails only if something did not work at all.

Ratios are printed beside their budgets with "within" or "over"; a busy machine breaks no build.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from bench import (
    arena,
    backups,
    browsing,
    commands,
    hostile,
    importing,
    java,
    keystores,
    measure,
    pages,
    postgresql,
    report,
    servers,
    service,
)
from bench.arena import Arena
from bench.measure import Samples
from bench.report import Results
from bench.servers import Server

_OUT = Path("out")
_JAVA_REPEATS = 3
_COMMAND_ROUNDS = 3
_HOSTILE_REPEATS = 3


def main() -> None:
    """Measure, print the tables, and write the results."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of alternating contestants")
    parser.add_argument("--repeats", type=int, default=20, help="updates of each in a round")
    parser.add_argument(
        "--entries", type=int, default=pages.LARGE, help="of the keystore that is looked through"
    )
    parser.add_argument("--out", type=Path, default=_OUT / "bench", help="folder for the results")
    arguments = parser.parse_args()
    console, progress = Console(width=190), Console(stderr=True)
    _OUT.mkdir(exist_ok=True)
    # Beside the checkout and not in /tmp, which on many systems is no disk.
    with tempfile.TemporaryDirectory(dir=_OUT, prefix="bench-") as folder:
        results = _measure(
            Path(folder), arguments.rounds, arguments.repeats, arguments.entries, progress
        )
    report.show(results, console)
    report.write(results, arguments.out)
    console.print(f"Written to {arguments.out}/results.json and results.md.")


def _measure(folder: Path, rounds: int, repeats: int, entries: int, progress: Console) -> Results:
    with arena.opened(folder, progress.print) as ready, servers.running() as server:
        contestants = ready.contestants()
        progress.print(f"{len(contestants)} contestants, {rounds} rounds ...")
        repeats_of = {
            name: _JAVA_REPEATS if name.startswith("java") else repeats for name in contestants
        }
        measure.alternate(contestants, 1, repeats_of)
        before = ready.rows()
        samples = measure.alternate(contestants, rounds, repeats_of)
        rows = _rows_per_update(before, ready.rows(), rounds * repeats)
        progress.print("Commands ...")
        taken = _commands(ready.peers)
        progress.print("Hostile files ...")
        costs = hostile.measure_all(ready.keystores[arena.SKETCH_SIZE], _HOSTILE_REPEATS)
        progress.print(f"Making keystore files with {keystores.KEY_PAIRS:,} key pairs ...")
        (folder / "imports").mkdir()
        files = keystores.make(folder / "imports", ready.authority)
        taken_in = importing.measure_all(folder / "imports", files, ready.java, progress.print)
        progress.print("Backups ...")
        kept = backups.measure_all(folder / "imports", files)
        (folder / "service").mkdir()
        served = service.measure_all(
            *(folder / "service", ready.authority, files), rounds, repeats, progress.print
        )
        on_server = {}
        if server is not None:
            on_server = postgresql.measure_all(
                server, folder / "postgresql", ready.authority, rounds, repeats, progress.print
            )
        (folder / "pages").mkdir()
        looked_through = pages.measure_all(
            server,
            folder / "pages",
            ready.authority,
            rounds,
            repeats,
            progress.print,
            entries,
        )
        (folder / "browsing").mkdir()
        browsed = browsing.measure_all(
            folder / "browsing", ready.authority, rounds, repeats, progress.print
        )
        return Results(
            versions=_versions(ready, server),
            absent=_absent(server),
            rows_per_update=rows,
            contestants=samples,
            commands=taken,
            hostile=costs,
            imports=taken_in,
            backups=kept,
            served=served,
            postgresql=on_server,
            pages=looked_through,
            browsing=browsed,
        )


def _rows_per_update(
    before: tuple[dict[str, int], dict[str, int]],
    after: tuple[dict[str, int], dict[str, int]],
    updates: int,
) -> dict[str, int]:
    """Return the new rows of one update. The sketch must have written what the product wrote."""
    ours, sketched = (
        {table: new[table] - old[table] for table in new if new[table] != old[table]}
        for old, new in zip(before, after, strict=True)
    )
    if ours != sketched:
        raise RuntimeError(f"product and sketch wrote different rows: {ours}, {sketched}")
    return {table: count // updates for table, count in ours.items()}


def _commands(peers: java.Peers) -> Mapping[str, Samples]:
    found = {}
    if not commands.absent("keytool") and not java.absent():
        for kind in java.TYPES:
            for size in java.SIZES:
                found[f"keytool -importcert, {kind}, {size}"] = commands.keytool(
                    peers, kind, size
                ).once
    if not commands.absent("openssl"):
        found["openssl pkcs7, verify, pkcs12 -export, 1 key"] = commands.openssl(peers).once
    return measure.alternate(found, _COMMAND_ROUNDS, 1)


def _versions(ready: Arena, server: Server | None) -> dict[str, str]:
    found = report.versions()
    if server is not None:
        found["postgresql"] = server.version
    if ready.java is not None:
        found["java"] = ready.java.version
    if not commands.absent("openssl"):
        found["openssl"] = commands.version("openssl", "version")
    return found


def _absent(server: Server | None) -> list[str]:
    missing = [f"Java ({name} is not installed)" for name in java.absent()]
    if server is None:
        missing.append("PostgreSQL")
    if commands.absent("keytool"):
        missing.append("keytool")
    elif java.absent():
        missing.append("keytool's comparison, whose keystores Java makes")
    if commands.absent("openssl"):
        missing.append("openssl")
    return [*missing, *browsing.absent()]


if __name__ == "__main__":
    main()
