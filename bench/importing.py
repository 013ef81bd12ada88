"""Whole keystores from a file to the disk: the product, the bare sketch, Java, keytool, openssl.

Each import goes into a fresh copy of an empty keystore. What the product remembers of certificates
between two calls is forgotten before each, so every import is a process's first one.
"""

import gc
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from bench import commands, import_sketch, keystores, measure, update
from bench.java import Java
from bench.keystores import Files
from bench.measure import Once, Samples
from keysteward import app
from keysteward.keystore import imports
from keysteward.keystore.imports import Upload
from keysteward.keystore.intake import Mode, Status
from keysteward.keystore.steward import Steward
from keysteward.pki import certificates
from keysteward.settings import Settings
from keysteward.storage.store import Store
from keysteward.storage.transaction import Transaction
from keysteward.values import Secret

_ROUNDS, _SLOW_ROUNDS = 7, 2
_WARM_UP = 5
_LIMIT_BYTES = 1 << 30
"""Above every file here; the default is SAP's limit, which 1,800 key pairs do not fit in."""

JKS, PKCS12, TRUSTSTORE = "JKS", "PKCS#12", "certificates"
PRODUCT, SKETCH, JAVA, FLOOR, OPENSSL = (
    "Keysteward",
    "bare sketch",
    "Java in one process, to JKS",
    "PBKDF2 alone, on all cores",
    "openssl pkcs12 -nodes",
)
COMMAND = "keysteward import --yes"
KEYTOOL_DEFAULT = "PKCS12"
"""What keytool makes since Java 9 if it is told nothing else."""
KEYTOOL = {"JKS": "keytool -importkeystore, to JKS", "PKCS12": "keytool -importkeystore, to PKCS12"}


@dataclass(frozen=True, slots=True)
class Imports:
    """What was measured of each kind of file, by contestant."""

    contestants: Mapping[str, Mapping[str, Samples]]
    commands: Mapping[str, Samples]
    """JKS alone, as whole processes."""
    writing: Mapping[str, Samples]
    """How long other writers wait: the product's one transaction for each kind of file."""
    busy: float
    """Processors that the product keeps busy while it imports PKCS#12."""
    rows: Mapping[str, Mapping[str, int]]
    """New rows by table for the files of which there is a sketch."""


def settings(folder: Path) -> Settings:
    """Return the settings of a keystore that takes files of this size."""
    return replace(update.settings(folder), keystore_file_limit_bytes=_LIMIT_BYTES)


def take(steward: Steward, file: Path, mode: Mode, status: Status) -> int:
    """Import a file and return the number of its entries; each must get this status."""
    upload = Upload(file.read_bytes(), Secret(keystores.PASSWORD.encode()), mode=mode)
    plan = imports.import_keystore(steward, update.CALLER, upload)
    entries = len(plan.intake.decisions)
    if plan.intake.count(status) != entries or plan.skipped:
        raise RuntimeError("not everything was imported")
    return entries


def measure_all(
    folder: Path, files: Files, java: Java | None, say: Callable[[str], object]
) -> Imports:
    """Measure everybody with the files."""
    place = _Place(folder)
    say("Imports ...")
    found = {
        JKS: measure.alternate(_jks(place, files.jks, java), _ROUNDS, 1),
        TRUSTSTORE: measure.alternate(_sketched(place, files.truststore), _ROUNDS, 1),
        PKCS12: measure.alternate(_pkcs12(place, files.pkcs12, java), _SLOW_ROUNDS, 1),
    }
    say("Imports as commands ...")
    return Imports(
        contestants=found,
        commands=measure.alternate(_commands(place, files), _SLOW_ROUNDS, 1),
        writing={kind: Samples((tuple(place.writing[path]),)) for kind, path in _by_kind(files)},
        busy=place.processor_seconds[files.pkcs12] / sum(place.seconds[files.pkcs12]),
        rows={
            JKS: _rows(place, files.jks),
            TRUSTSTORE: _rows(place, files.truststore),
        },
    )


@dataclass(slots=True)
class _Place:
    """Where fresh keystores come from, and what the product's imports left behind."""

    folder: Path
    writing: dict[Path, list[float]] = field(default_factory=dict)
    seconds: dict[Path, list[float]] = field(default_factory=dict)
    processor_seconds: dict[Path, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        app.create(update.settings(self.folder / "empty"))

    def fresh(self, name: str) -> Path:
        """Return the folder of a new empty keystore."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        return Path(shutil.copytree(self.folder / "empty", path))

    def product(self, file: Path) -> float:
        """Import a file and return the seconds from its bytes to the commit."""
        fresh = settings(self.fresh("product"))
        with app.opened(fresh) as steward, _watching(self.writing.setdefault(file, [])):
            _forget()
            processor, start = time.process_time(), time.perf_counter()
            take(steward, file, Mode.ADD, Status.NEW)
            seconds = time.perf_counter() - start
            processor = time.process_time() - processor
        self.seconds.setdefault(file, []).append(seconds)
        self.processor_seconds[file] = self.processor_seconds.get(file, 0) + processor
        return seconds

    def sketch(self, file: Path) -> float:
        """Import the same by the sketch."""
        with import_sketch.opened(update.database(self.fresh("sketch"))) as sketch:
            _forget()
            return measure.timed(lambda: sketch.take(file, keystores.PASSWORD))


def _sketched(place: _Place, file: Path) -> dict[str, Once]:
    return {SKETCH: lambda: place.sketch(file), PRODUCT: lambda: place.product(file)}


def _jks(place: _Place, file: Path, java: Java | None) -> dict[str, Once]:
    found = _sketched(place, file)
    if java is not None:
        found[JAVA] = _java(place, file, java, "JKS")
        for _ in range(_WARM_UP):
            found[JAVA]()
    return found


def _pkcs12(place: _Place, file: Path, java: Java | None) -> dict[str, Once]:
    found: dict[str, Once] = {
        FLOOR: lambda: measure.timed(_derive_all),
        PRODUCT: lambda: place.product(file),
    }
    if java is not None:
        found[JAVA] = _java(place, file, java, "PKCS12")
    if not commands.absent("openssl"):
        line = ["openssl", "pkcs12", "-in", str(file), "-nodes", "-passin"]
        line += [f"pass:{keystores.PASSWORD}", "-out", str(place.folder / "openssl.pem")]
        found[OPENSSL] = lambda: measure.timed(lambda: _run(line))
    return found


def _java(place: _Place, file: Path, java: Java, kind: str) -> Once:
    return lambda: java.take(kind, file, place.folder / "java.jks")


def _derive_all() -> None:
    def derive(number: int) -> bytes:
        kdf = PBKDF2HMAC(hashes.SHA256(), 32, number.to_bytes(16), keystores.ROUNDS)
        return kdf.derive(keystores.PASSWORD.encode())

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(derive, range(keystores.KEY_PAIRS)))


def _commands(place: _Place, files: Files) -> dict[str, Once]:
    found: dict[str, Once] = {COMMAND: lambda: _own_command(place, files.jks)}
    if not commands.absent("keytool"):
        for kind, name in KEYTOOL.items():
            found[name] = _keytool(place.folder / f"keytool.{kind.lower()}", kind, files.jks)
    return found


def _own_command(place: _Place, file: Path) -> float:
    folder = place.fresh("command")
    line = [sys.executable, "-c", "from keysteward.app import main; main()"]
    line += ["import", str(file), "--yes", "--password-stdin"]
    environment = {
        **os.environ,
        "KEYSTEWARD_DATA": str(folder),
        "KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES": str(_LIMIT_BYTES),
    }
    return measure.timed(
        lambda: _run(line, environment=environment, typed=keystores.PASSWORD.encode())
    )


def _keytool(target: Path, kind: str, file: Path) -> Once:
    line = ["keytool", "-importkeystore", "-noprompt", "-srcstoretype", "JKS"]
    line += ["-srckeystore", str(file), "-srcstorepass", keystores.PASSWORD]
    line += ["-deststoretype", kind, "-destkeystore", str(target)]
    line += ["-deststorepass", keystores.PASSWORD]

    def once() -> float:
        target.unlink(missing_ok=True)
        return measure.timed(lambda: _run(line))

    return once


def _run(
    line: list[str], *, environment: Mapping[str, str] | None = None, typed: bytes = b""
) -> None:
    subprocess.run(line, check=True, capture_output=True, input=typed, env=environment)


def _rows(place: _Place, file: Path) -> dict[str, int]:
    """Return the new rows of one import. The sketch must have written what the product wrote."""
    place.product(file)
    place.sketch(file)
    empty, ours, sketched = (
        update.rows(update.database(place.folder / name)) for name in ("empty", "product", "sketch")
    )
    if ours != sketched:
        raise RuntimeError(f"product and sketch wrote different rows: {ours}, {sketched}")
    return {table: ours[table] - empty[table] for table in ours if ours[table] != empty[table]}


def _forget() -> None:
    certificates.read_certificate.cache_clear()
    certificates.failure_of_signature.cache_clear()
    gc.collect()
    # As the command does it, so that collecting garbage does not look at all the rest each time.
    gc.freeze()


@contextmanager
def _watching(lengths: list[float]) -> Iterator[None]:
    """Note the seconds of each write transaction, from BEGIN to COMMIT, within the block."""
    original = Store.writing

    @contextmanager
    def writing(
        store: Store, keystore_id: int, actor: str, at: datetime, *, shared: bool = False
    ) -> Iterator[Transaction]:
        with original(store, keystore_id, actor, at, shared=shared) as transaction:
            start = time.perf_counter()
            yield transaction
        lengths.append(time.perf_counter() - start)

    with mock.patch.object(Store, "writing", writing):
        yield


def _by_kind(files: Files) -> list[tuple[str, Path]]:
    return [(JKS, files.jks), (TRUSTSTORE, files.truststore), (PKCS12, files.pkcs12)]
