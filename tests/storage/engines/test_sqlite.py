import threading

import pysqlite3.dbapi2 as driver
import pytest

from keysteward.problems import DatabaseUnusable
from keysteward.storage.engines import sqlite
from tests.storage.conftest import Bench

pytestmark = pytest.mark.sqlite_alone


def test_library_is_new_enough() -> None:
    """The driver's SQLite has no checkpoint race, whatever version Python itself brings."""
    assert (3, 51, 3) <= driver.sqlite_version_info
    sqlite.require_version(driver.sqlite_version_info)


@pytest.mark.parametrize("version", [(3, 51, 2), (3, 40, 1), (3, 7, 0)])
def test_older_library_is_refused(version: tuple[int, ...]) -> None:
    """An older SQLite is refused before a database is opened with it."""
    with pytest.raises(DatabaseUnusable, match=r"3\.51\.3 or newer"):
        sqlite.require_version(version)


def test_every_connection_is_durable_and_careful(bench: Bench) -> None:
    """Connections of several threads all read back the settings that promises rest on."""
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 10_000,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "secure_delete": 1,
    }
    found: list[dict[str, object]] = []
    meeting = threading.Barrier(3)

    def look() -> None:
        with bench.store._database.reading() as link:
            meeting.wait()
            cursor = link.connection.cursor()
            values: dict[str, object] = {}
            for name in expected:
                cursor.execute(f"PRAGMA {name}")
                row = cursor.fetchone()
                values[name] = row[0] if row else None
            found.append(values)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [expected] * 3 == found


def test_connection_is_refused_when_a_setting_does_not_hold(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system without WAL, for one, is found out and not worked with."""
    monkeypatch.setattr(sqlite, "PRAGMAS", {"synchronous": ("FULL", 3)})
    with pytest.raises(DatabaseUnusable, match="synchronous"):
        bench.store._database.connector.connect(writing=True)
