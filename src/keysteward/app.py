"""The composition root: settings in; a Steward, the server, the command out. Nobody imports it."""

import fcntl
import gc
import getpass
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from keysteward.cli import application
from keysteward.cli.session import Composition, Listening
from keysteward.keystore import recovery
from keysteward.keystore.steward import Steward
from keysteward.pki import pem_blocks
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.problems import DataFolderUnusable, InstallationInUse, Problem, SettingInvalid
from keysteward.sealing import folders
from keysteward.settings import Settings, unknown
from keysteward.storage import copying, lifecycle
from keysteward.storage.copying import Copied
from keysteward.storage.recovery import Contents, Progress
from keysteward.values import Secret

_BUNDLE = "KEYSTEWARD_TRUST_BUNDLE"
_DATA = "KEYSTEWARD_DATA"
_LOCK = "serve.lock"
_WORKERS = "KEYSTEWARD_WORKERS"
_EMBEDDED = (
    "an SQLite database is for one serving process: it has one writer at a time, and cannot tell "
    "other processes what changed. Let one process serve, or move the installation to PostgreSQL."
)


def main() -> None:
    """Run the ``keysteward`` command."""
    # What was loaded stays to the end; collecting garbage need not walk through it each time.
    gc.freeze()
    application.run(Composition(os.environ, create, upgrade, opened, restore, copy, serve))


def create(settings: Settings) -> str:
    """Make keystore and sealing key; return the sealing key's id.

    Raises KeystoreExists, DataFolderUnusable.
    """
    with _using(settings):
        return lifecycle.create(settings, f"local:{getpass.getuser()}", _now())


def upgrade(settings: Settings) -> bool:
    """Bring the database to this version's schema; return whether there was anything to do."""
    with _using(settings):
        return lifecycle.upgrade(settings)


def restore(settings: Settings, file: BinaryIO, passphrase: Secret, progress: Progress) -> Contents:
    """Make the installation of a recovery file; see ``recovery.restore``."""
    with _using(settings):
        actor = f"local:{getpass.getuser()}"
        return recovery.restore(settings, file, passphrase, actor, _now(), progress)


def copy(settings: Settings, target: str, progress: Progress) -> Copied:
    """Copy the installation into another database, while nobody serves it; see ``copying.copy``."""
    with _using(settings), _unserved(settings):
        return copying.copy(settings, target, f"local:{getpass.getuser()}", _now(), progress)


def serve(settings: Settings, announce: Callable[[Listening], None]) -> None:
    """Run the server until a signal ends it; ``announce`` is called once it takes requests.

    Raises as ``opened`` does, and SettingInvalid for a certificate or address that it cannot use,
    a data folder that another server works with, or several workers on an embedded database.
    """
    if settings.workers > 1:
        _serve_divided(settings, announce)
        return
    # No other command needs the server's libraries, and each starts faster without them.
    from keysteward import serving  # noqa: PLC0415

    with opened(settings) as steward, _alone(steward):
        with _using(settings):
            secured = serving.secure(steward)
        serving.run(steward, secured, announce, unknown(os.environ))


def _serve_divided(settings: Settings, announce: Callable[[Listening], None]) -> None:
    """Do so in several processes, which this one watches."""
    with opened(settings) as steward:
        if steward.store.accounts.at_hand:
            raise SettingInvalid(_WORKERS, _EMBEDDED)
        numbers = tempfile.mkdtemp(prefix="keysteward-")
        # prometheus_client looks at it when it is imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = numbers
        from keysteward import serving  # noqa: PLC0415  # as above

        try:
            with _using(settings):
                secured = serving.secure(steward)
            sockets = serving.listen(settings, secured)
        except BaseException:
            shutil.rmtree(numbers, ignore_errors=True)
            raise
        listening = serving.listening_at(steward, secured, sockets[0])
    divided = serving.divide(settings, lambda: announce(listening))
    if isinstance(divided, int):
        shutil.rmtree(numbers, ignore_errors=True)
        sys.exit(divided)
    with opened(settings) as steward:
        serving.run_worker(steward, secured, divided, sockets, unknown(os.environ))


@contextmanager
def opened(settings: Settings) -> Iterator[Steward]:
    """Open an installation for the time of a context.

    Raises KeystoreNotInitialised, KeystoreUnknown, DataFolderUnusable, DatabaseUnusable,
    SealingKeyMissing, SettingInvalid for a trust bundle that cannot be read.
    """
    bundle = _bundle(settings.trust_bundle)
    with _using(settings):
        store = lifecycle.open_store(settings)
    try:
        yield Steward(
            store=store,
            sealer=store.sealer,
            settings=settings,
            clock=_now,
            keystore_id=store.get_keystore(settings.keystore),
            bundle=bundle,
        )
    finally:
        store.close()


@contextmanager
def _alone(steward: Steward) -> Iterator[None]:
    """Hold the data folder of an embedded database for one server; commands need no lock."""
    settings = steward.settings
    if not steward.store.accounts.at_hand:
        yield
        return
    with _using(settings):
        folders.make(settings.data)
    reason = f"another server works with '{settings.data}' already. Stop that one first."
    with _locked(settings, SettingInvalid(_DATA, reason)):
        yield


@contextmanager
def _unserved(settings: Settings) -> Iterator[None]:
    """Keep servers away from the data folder of an embedded database, if there is one."""
    if not settings.data.is_dir() or not lifecycle.is_embedded(settings):
        yield
        return
    reason = f"A server works with '{settings.data}' and would go on changing it. Stop it."
    with _locked(settings, InstallationInUse(reason)):
        yield


@contextmanager
def _locked(settings: Settings, otherwise: Problem) -> Iterator[None]:
    """Hold the lock of the data folder; raise the problem if another process holds it.

    The operating system gives it back when the process ends, however it does.
    """
    with _using(settings):
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(settings.data / _LOCK, flags, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise otherwise from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _using(settings: Settings) -> Iterator[None]:
    """Say in words what the operating system has against the data folder."""
    try:
        yield
    except OSError as error:
        path = error.filename or settings.data
        raise DataFolderUnusable(str(path), _reason(error)) from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _now() -> datetime:
    return datetime.now(UTC)


def _bundle(path: Path | None) -> tuple[Certificate, ...]:
    if path is None:
        return ()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingInvalid(_BUNDLE, f"'{path}': {_reason(error)}.") from error
    try:
        blocks = pem_blocks.find(data)
        found = tuple(read_certificate(b.der or b"") for b in blocks if b.label == "CERTIFICATE")
    except Problem as error:
        raise SettingInvalid(_BUNDLE, f"'{path}' cannot be read as certificates in PEM.") from error
    if not found:
        raise SettingInvalid(_BUNDLE, f"'{path}' holds no certificate in PEM.")
    return found
