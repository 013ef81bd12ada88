"""All contestants of the main comparison, set up in one folder: keystores, sketch and Java.

They share one authority, one kind of key pair and one disk.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import authority, filling, java, measure, sketch, update
from bench.authority import Authority
from bench.java import Java, Peers
from bench.measure import Once
from bench.sketch import Sketch
from bench.update import Keystore

SIZES = (10, 100, 1_000, 1_800, 10_000, 100_000)
SKETCH_SIZE = 1_000

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Arena:
    """Everything opened and ready."""

    folder: Path
    authority: Authority
    keystores: dict[int, Keystore]
    sketch: Sketch
    peers: Peers
    java: Java | None
    disk: Once

    def contestants(self) -> dict[str, Once]:
        """Return who is compared, by name; the sketch beside the keystore of its size."""
        found: dict[str, Once] = {DISK: self.disk}
        for size, keystore in self.keystores.items():
            if size == SKETCH_SIZE:
                found[SKETCH] = self.sketch.update
            found[product(size)] = keystore.update
        if self.java is not None:
            for kind in java.VARIANTS:
                for size in java.SIZES:
                    found[java_name(kind, size)] = _java_update(self.java, kind, size)
        return found

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the rows by table: of the keystore of the sketch's size, and of the sketch."""
        return (
            update.rows(update.database(self.folder / str(SKETCH_SIZE))),
            update.rows(self.folder / "sketch.db"),
        )


DISK = "fdatasync"
SKETCH = f"sketch {SKETCH_SIZE}"


def product(size: int) -> str:
    """Return the name of the product's contestant at a size."""
    return f"keysteward {size}"


def java_name(kind: str, size: int) -> str:
    """Return the name of a variant of Java's contestant at a size."""
    return f"java {kind} {size}"


@contextmanager
def opened(folder: Path, say: Say) -> Iterator[Arena]:
    """Make all contestants in a folder and keep them open for the time of a context."""
    say("Making the authority and a key pair ...")
    issuer = authority.found()
    public_key = update.make(folder / "one", issuer)
    with ExitStack() as stack:
        keystores = {}
        for size in SIZES:
            say(f"Filling a keystore with {size:,} entries ...")
            shutil.copytree(folder / "one", folder / str(size))
            filling.fill(update.database(folder / str(size)), size)
            if size == SKETCH_SIZE:
                shutil.copy(update.database(folder / str(size)), folder / "sketch.db")
        for size in SIZES:
            opened_ = update.opened(folder / str(size), issuer, public_key, size)
            keystores[size] = stack.enter_context(opened_)
        bare = stack.enter_context(
            sketch.opened(folder / "sketch.db", issuer, public_key, SKETCH_SIZE)
        )
        (folder / "java").mkdir()
        peers = java.prepare(folder / "java", issuer)
        running = None
        if not java.absent():
            running = stack.enter_context(java.running(peers))
            for kind in java.TYPES:
                say(f"Java makes its {kind} keystores and warms up ...")
                _ready(running, kind)
        disk = stack.enter_context(measure.syncing(folder))
        yield Arena(folder, issuer, keystores, bare, peers, running, disk)


def _ready(running: Java, kind: str) -> None:
    for size in java.SIZES:
        running.make(kind, size)
    for size, times in ((java.SIZES[0], 150), (java.SIZES[1], 50), (java.SIZES[-1], 6)):
        for number in range(times):
            running.update(kind, size, safe=number % 2 == 0)


def _java_update(running: Java, kind: str, size: int) -> Once:
    if kind == java.SAFE:
        return lambda: running.update("JKS", size, safe=True)
    return lambda: running.update(kind, size)
