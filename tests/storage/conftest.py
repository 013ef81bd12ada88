"""A keystore in a folder of its own, and certificates that are made once for all tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keysteward.entries import Action, Entry, EntryType, Owner, Reason
from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.pki.usages import Usage
from keysteward.sealing.sealer import SealedKey, SealingContext
from keysteward.settings import Settings
from keysteward.storage import lifecycle
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Fingerprint, Secret
from tests import pki_maker

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
        """Run a statement behind the store's back."""
        with self.store._database.reading() as link:
            cursor = link.connection.cursor()
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


@pytest.fixture(scope="session")
def pki() -> Pki:
    """Return certificates that all tests share."""
    return Pki()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a new installation."""
    return Settings(data=tmp_path / "data", keyring=tmp_path / "data" / "sealing")


@pytest.fixture
def bench(settings: Settings, pki: Pki) -> Iterator[Bench]:
    """Return a new keystore, open."""
    lifecycle.create(settings, "tester", NOW)
    bench = Bench(settings, pki)
    yield bench
    bench.store.close()
