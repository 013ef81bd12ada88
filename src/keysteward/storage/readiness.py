"""Whether a database that was opened is still one that this process can work with."""

from dataclasses import dataclass

from sqlalchemy import Connection, Text, column, select, table

from keysteward.sealing.sealer import Sealer
from keysteward.storage import migrations, statements
from keysteward.storage.database import Database

_REVISION = select(column("version_num", Text)).select_from(table("alembic_version"))


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the database says, if it answers at all."""

    migrated: bool
    """Its schema is the one of this code."""
    keys_loaded: bool
    """Every sealing key in use is one that was loaded when the store was opened."""


class Readiness:
    """Looks at the database; the store has one."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def require_writable(self) -> None:
        """Raise DatabaseUnavailable if no server takes changes; a file of our own always does."""
        if not self._database.serial:
            self._database.require_writable()

    def check(self) -> Found:
        """Ask the database. Raises KeystoreBusy or DatabaseUnusable if it does not answer."""
        with self._database.reading() as link:
            revision = link.one(_REVISION)
            keys = [row[0] for row in link.all(statements.LIST_DATA_KEYS)]
        return Found(revision == (migrations.HEAD,), all(map(self._sealer.has_data_key, keys)))


def revision_of(connection: Connection) -> str | None:
    """Return the schema's revision, or None for a database that was never filled."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found
