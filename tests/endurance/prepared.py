"""A keystore with one key pair, and signing responses for it that were made beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keysteward import app
from keysteward.settings import Settings
from tests import pki_maker
from tests import steward as stewards
from tests.pki_maker import Issued

ALIAS = "worn"
"""The key pair that all endurance tests work on."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A keystore and files with responses, each with the chain that it holds."""

    settings: Settings
    chains: dict[str, tuple[Issued, ...]]
    """By file name; end-entity first, root last."""
    folder: Path
    """Where these files are."""
    key: Path
    """The entry's private key in PEM, for this test alone."""
    nodes: tuple[Settings, ...]
    """See ``nodes_of``."""

    @property
    def files(self) -> tuple[str, ...]:
        """The responses' paths, in the order of their names."""
        return tuple(str(self.folder / name) for name in sorted(self.chains))

    def fingerprints(self, name: str) -> tuple[str, ...]:
        """Return the SHA-256 fingerprints of a response's chain."""
        return tuple(c.fingerprint for c in stewards.read(*self.chains[name]))


def nodes_of(settings: Settings) -> tuple[Settings, ...]:
    """Return the settings of two nodes on one database; a database in a folder is for one node."""
    if settings.database is None:
        return (settings,)
    second = settings.data.with_name(f"{settings.data.name}-2")
    return settings, stewards.copy_template(settings.data, second, settings.database)


def prepare(
    folder: Path, count: int, database: str | None = None, *, lengths: Sequence[int] = (3,)
) -> Prepared:
    """Make a keystore with a trusted root and a key pair, and responses for that key.

    Args:
        folder: gets ``data`` and ``responses``.
        count: how many responses, each with a certificate of its own.
        database: URL of an empty one; none means the data folder's own.
        lengths: of their chains, in turn: certificate and root, and what lies between.
    """
    settings = stewards.settings_for(folder / "data", database)
    app.create(settings)
    issuers = [pki_maker.issue("Test Root", ca=True)]
    for number in range(1, max(lengths) - 1):
        issuers.append(pki_maker.issue(f"Test CA {number}", None, issuers[-1], ca=True))
    key = pki_maker.make_key()
    with app.opened(settings) as steward:
        stewards.add_anchor(steward, "root", issuers[0])
        stewards.add(steward, ALIAS, pki_maker.issue("client", key))
    chains = {}
    (folder / "responses").mkdir()
    for number in range(count):
        above = issuers[: lengths[number % len(lengths)] - 1]
        leaf = pki_maker.issue("client", key, above[-1], eku=("clientAuth",))
        chain = (leaf, *reversed(above))
        name = f"{number:04}.pem"
        chains[name] = chain
        (folder / "responses" / name).write_bytes(b"".join(one.pem for one in chain))
    key_file = folder / "test-only.key"
    key_file.write_bytes(pki_maker.key_bytes(key))
    return Prepared(settings, chains, folder / "responses", key_file, nodes_of(settings))
