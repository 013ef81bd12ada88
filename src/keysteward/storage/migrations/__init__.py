"""The schema's history. Alembic is needed to create or upgrade a database, not to open one."""

from pathlib import Path

from sqlalchemy import Connection

from keysteward.storage import engines
from keysteward.storage.engines.contract import StorageEngine

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every revision that this code knows, oldest first; it works with the last one alone."""

HEAD = REVISIONS[-1]


SEARCH = "0006"
"""The first revision with the engine's search index, which fills it from what is there."""


def upgrade(connection: Connection, revision: str = HEAD) -> None:
    """Bring a database, also an empty one, to a later schema in the open transaction."""
    from alembic import command  # noqa: PLC0415  # 150 ms that opening a database must not pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def engine_of(connection: Connection) -> StorageEngine:
    """Return the engine that a revision works on."""
    dialect = connection.dialect
    names = (dialect.name, f"{dialect.name}+{dialect.driver}")
    found = next(filter(None, map(engines.find, names)), None)
    if found is None:
        raise ValueError(dialect.name)
    return found
