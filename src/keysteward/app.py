"""The composition root: settings in; a Steward and the command out. Nobody imports it."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from keysteward.cli import application
from keysteward.cli.session import Composition
from keysteward.keystore.steward import Steward
from keysteward.pki import pem_blocks
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.problems import Problem, SettingInvalid
from keysteward.settings import Settings
from keysteward.storage import lifecycle


def main() -> None:
    """Run the ``keysteward`` command."""
    application.run(Composition(os.environ, create, lifecycle.upgrade, opened))


def create(settings: Settings) -> str:
    """Make keystore and sealing key; return the sealing key's id. Raises KeystoreExists."""
    return lifecycle.create(settings, f"local:{getpass.getuser()}", _now())


@contextmanager
def opened(settings: Settings) -> Iterator[Steward]:
    """Open an installation for the time of a context.

    Raises KeystoreNotInitialised, KeystoreUnknown, DatabaseUnusable, SealingKeyMissing,
    SettingInvalid for a trust bundle that cannot be read.
    """
    bundle = _bundle(settings.trust_bundle)
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


def _now() -> datetime:
    return datetime.now(UTC)


def _bundle(path: Path | None) -> tuple[Certificate, ...]:
    if path is None:
        return ()
    try:
        blocks = pem_blocks.find(path.read_bytes())
        found = tuple(read_certificate(b.der or b"") for b in blocks if b.label == "CERTIFICATE")
    except (OSError, Problem) as error:
        raise SettingInvalid(
            "KEYSTEWARD_TRUST_BUNDLE", "the file cannot be read as certificates in PEM."
        ) from error
    if not found:
        raise SettingInvalid("KEYSTEWARD_TRUST_BUNDLE", "the file holds no certificate in PEM.")
    return found
