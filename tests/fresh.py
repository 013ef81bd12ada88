"""Fresh keystores for tests, each a copy of one that ``init`` made in the same run."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from keysteward import app
from keysteward.settings import Settings
from tests import steward
from tests.postgresql import Server


class Fresh(Protocol):
    """What makes them on one engine."""

    def keystore(self, folder: Path) -> AbstractContextManager[Settings]:
        """Make one in a folder that is not there yet, for the time of a context."""

    def copy(self, settings: Settings, folder: Path) -> AbstractContextManager[Settings]:
        """Make another one of one that nobody has open, for the time of a context."""

    def database(self) -> AbstractContextManager[str | None]:
        """Lend the URL of a database in which nothing is; None means the data folder's own."""


@dataclass(frozen=True, slots=True)
class FreshOnSqlite:
    """Copies of a file."""

    template: Path

    @contextmanager
    def keystore(self, folder: Path) -> Iterator[Settings]:
        """Copy data folder and keyring."""
        yield steward.copy_template(self.template, folder)

    @contextmanager
    def copy(self, settings: Settings, folder: Path) -> Iterator[Settings]:
        """Copy data folder and keyring."""
        yield steward.copy_template(settings.data, folder)

    @contextmanager
    def database(self) -> Iterator[str | None]:
        """Lend none: it is a file of the folder."""
        yield None


@dataclass(frozen=True, slots=True)
class FreshOnPostgresql:
    """Copies of a database, which the server makes."""

    server: Server
    template: Path
    name: str
    """Of the database."""

    @classmethod
    def on(cls, server: Server, folder: Path) -> "FreshOnPostgresql":
        """Make what others are copied from."""
        name = server.create()
        app.create(steward.settings_for(folder, server.url(name)))
        return cls(server, folder, name)

    @contextmanager
    def keystore(self, folder: Path) -> Iterator[Settings]:
        """Copy database and keyring."""
        template = steward.settings_for(self.template, self.server.url(self.name))
        with self.copy(template, folder) as made:
            yield made

    @contextmanager
    def copy(self, settings: Settings, folder: Path) -> Iterator[Settings]:
        """Copy database and keyring; the server waits for connections that are just ending."""
        of = make_url(settings.database or "").database
        assert of is not None
        name = self.server.create(of)
        try:
            yield steward.copy_template(settings.data, folder, self.server.url(name))
        finally:
            self.server.drop(name)

    @contextmanager
    def database(self) -> Iterator[str | None]:
        """Make a database."""
        name = self.server.create()
        try:
            yield self.server.url(name)
        finally:
            self.server.drop(name)
