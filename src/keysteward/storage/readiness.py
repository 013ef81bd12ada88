"""Whether a database that was opened is still one that this process can work with."""

from dataclasses import dataclass

from sqlalchemy import Connection, Text, column, select, table

from keysteward.problems import DatabaseUnavailable, KeystoreBusy
from keysteward.sealing.sealer import Sealer
from keysteward.storage import migrations, statements
from keysteward.storage.database import Database

_REVISION = select(column("version_num", Text)).select_from(table("alembic_version"))


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the database says, if it answers at all."""

    migrated: bool
    """Its schema is the one of this code."""
    missing_keys: tuple[str, ...]
    """Ids of sealing keys in use that were not loaded when the store was opened."""
    writing: bool
    """A server takes changes."""


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
        """Ask the database. Raises KeystoreBusy, DatabaseUnavailable or DatabaseUnusable."""
        with self._database.reading() as link:
            revision = link.one(_REVISION)
            keys = link.all(statements.LIST_DATA_KEYS)
        missing = {key_id for id_, key_id, _ in keys if not self._sealer.has_data_key(id_)}
        return Found(revision == (migrations.HEAD,), tuple(sorted(missing)), self._is_writable())

    def _is_writable(self) -> bool:
        try:
            self.require_writable()
        except (DatabaseUnavailable, KeystoreBusy):
            return False
        return True


def revision_of(connection: Connection) -> str | None:
    """Return the schema's revision, or None for a database that was never filled."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found
