"""A keystore of its own for each test, and certificates that are made once for all tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keysteward.entries import Action, Entry, EntryType, Owner, Reason
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.usages import Usage
from keysteward.sealing.sealer import SealedKey, SealingContext
from keysteward.settings import Settings
from keysteward.storage import audit, lifecycle
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Fingerprint, Secret
from tests import pki_maker
from tests import steward as steward_
from tests.fresh import Fresh, FreshOnPostgresql, FreshOnSqlite

NOW = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
FILE = Fingerprint("5a" * 32)


class Pki:
    """One root, one CA, and certificates for one key; all made for tests."""

    def __init__(self) -> None:
        self.root = pki_maker.issue("Root", ca=True)
        self.ca = pki_maker.issue("CA", None, self.root, ca=True)
        self.key = pki_maker.make_key()
        self.placeholder = self.read(pki_maker.issue("client", self.key))
        self.chains = tuple(
            self.read(pki_maker.issue("client", self.key, self.ca), self.ca, self.root)
            for _ in range(8)
        )
        self.other = self.read(pki_maker.issue("other"))

    def read(self, *issued: pki_maker.Issued) -> tuple[Certificate, ...]:
        """Return the values of certificates."""
        return tuple(read_certificate(one.der) for one in issued)


class Bench:
    """A store with its keystore, and short words for what most tests do first."""

    def __init__(self, settings: Settings, pki: Pki) -> None:
        self.settings = settings
        self.pki = pki
        self.store = lifecycle.open_store(settings)
        self.keystore_id = self.store.get_keystore("default")

    @property
    def files(self) -> dict[str, bytes]:
        """The content of the database's files, by name."""
        return {f.name: f.read_bytes() for f in self.settings.data.glob("keysteward.db*")}

    def entry(self, alias: str = "a") -> Entry:
        """Return the living entry of an alias."""
        return self.store.get_entry(self.keystore_id, alias)

    def base(self, alias: str = "a") -> Base:
        """Return the state of the living entry of an alias."""
        return Base.of(self.entry(alias))

    def add(
        self,
        alias: str = "a",
        chain: tuple[Certificate, ...] | None = None,
        pkcs8: bytes | None = None,
        public_key: Fingerprint | None = None,
    ) -> int:
        """Make a key pair with a sealed key and return the entry's id."""
        chain = chain or self.pki.placeholder
        content = Secret(pkcs8 or f"the key of {alias}".encode() * 20)
        new = NewEntry(Alias(alias), EntryType.KEY_PAIR, Owner.TENANT, Usage.TLS_CLIENT)

        def seal(context: SealingContext) -> SealedKey:
            return self.store.sealer.seal(content, context)

        with self.store.writing(self.keystore_id, "tester", NOW) as writing:
            key_id = writing.add_private_key(public_key or chain[0].public_key_sha256, seal)
            entry_id = writing.create_entry(new, NewVersion(Reason.GENERATED, chain, key_id))
            writing.audit(Action.GENERATE, alias, entry_id, 1)
        return entry_id

    def add_certificate(
        self, alias: str, certificate: Certificate, *, trusted: bool = False
    ) -> int:
        """Make a certificate entry and return its id."""
        new = NewEntry(Alias(alias), EntryType.CERTIFICATE, Owner.TENANT, Usage.TLS_CLIENT, trusted)
        with self.store.writing(self.keystore_id, "tester", NOW) as writing:
            return writing.create_entry(new, NewVersion(Reason.UPLOADED, (certificate,), None))

    def upload(self, number: int = 0, alias: str = "a", base: Base | None = None) -> int:
        """Replace the chain by one of the CA's and return the version's number."""
        entry = self.entry(alias)
        version = NewVersion(
            Reason.SIGNING_RESPONSE, self.pki.chains[number], entry.version.private_key_id, FILE
        )
        with self.store.writing(self.keystore_id, "tester", NOW) as writing:
            return writing.replace_chain(base or Base.of(entry), version, {"overridden": []})

    def request(self, alias: str = "a", at: datetime = NOW, der: bytes = b"request") -> int:
        """Record a signing request for the current key and return its id."""
        entry = self.entry(alias)
        key = entry.version.certificate.public_key_sha256
        with self.store.writing(self.keystore_id, "tester", at) as writing:
            return writing.record_request(Base.of(entry), der, key)

    def execute(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        """Run a statement behind the store's back; each value is a ``?`` in it."""
        database = self.store._database
        with database.reading() as link:
            cursor = link.connection.cursor()
            cursor.execute(
                statement if database.serial else statement.replace("?", "%s"), parameters
            )
            return list(cursor.fetchall()) if cursor.description else []

    def link_audit(self) -> None:
        """Link the rows of the audit log that wait for it."""
        audit.link_all(self.store._database, self.store.sealer)

    def written(self) -> list[list[tuple[object, ...]]]:
        """Return every row of entries, versions, and the audit log, linked or not."""
        tables = ("entries", "versions", "audit", "audit_waiting")
        return [self.execute(f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables]  # noqa: S608


@pytest.fixture(scope="session")
def pki() -> Pki:
    """Return certificates that all tests share."""
    return Pki()


@pytest.fixture(scope="session")
def fresh_at_now(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Fresh:
    """Return what makes new keystores that were made at NOW."""
    folder = tmp_path_factory.mktemp("template") / "data"
    if engine == "sqlite":
        lifecycle.create(steward_.settings_for(folder), "tester", NOW)
        return FreshOnSqlite(folder)
    server = request.getfixturevalue("postgresql_server")
    name = server.create()
    lifecycle.create(steward_.settings_for(folder, server.url(name)), "tester", NOW)
    return FreshOnPostgresql(server, folder, name)


@pytest.fixture
def settings(fresh_at_now: Fresh, tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of an installation that is not there yet."""
    with fresh_at_now.database() as url:
        yield steward_.settings_for(tmp_path / "data", url)


@pytest.fixture
def bench(fresh_at_now: Fresh, pki: Pki, tmp_path: Path) -> Iterator[Bench]:
    """Return a new keystore, open."""
    with fresh_at_now.keystore(tmp_path / "bench" / "data") as settings:
        bench = Bench(settings, pki)
        yield bench
        bench.store.close()
