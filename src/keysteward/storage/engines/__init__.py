"""The database engines, by the scheme of their URLs."""

from keysteward.problems import ExtraMissing
from keysteward.storage.engines import sqlite
from keysteward.storage.engines.contract import POSTGRESQL, StorageEngine

SCHEMES = (sqlite.SCHEME, POSTGRESQL)


def find(scheme: str) -> StorageEngine | None:
    """Return the engine of a URL's scheme. Raises ExtraMissing if its driver is not installed."""
    if scheme == sqlite.SCHEME:
        return sqlite.ENGINE
    if scheme != POSTGRESQL:
        return None
    try:
        from keysteward.storage.engines import postgresql  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise ExtraMissing("postgres", "PostgreSQL") from error
    return postgresql.ENGINE
