"""The database engines, by the scheme of their URLs."""

from collections.abc import Mapping

from keysteward.storage.engines import sqlite
from keysteward.storage.engines.contract import StorageEngine

ENGINES: Mapping[str, StorageEngine] = {
    sqlite.SCHEME: sqlite.ENGINE,
}
