import stat
import threading
from dataclasses import replace
from pathlib import Path

import pysqlite3.dbapi2 as driver
import pytest

from keysteward.problems import DatabaseUnusable, FileExists, FileUnreadable
from keysteward.storage import lifecycle
from keysteward.storage.engines import sqlite
from tests.storage.conftest import Bench

pytestmark = pytest.mark.sqlite_alone


def test_copy_opens_as_a_keystore(bench: Bench, tmp_path: Path) -> None:
    """A copy is one private file with the whole keystore in it, audit chain included."""
    bench.add()
    bench.upload(0)
    target = tmp_path / "copy.db"
    bench.store.backup(target)
    assert 0o600 == stat.S_IMODE(target.stat().st_mode)
    assert [target] == [f for f in tmp_path.iterdir() if f.is_file()]
    store = lifecycle.open_store(replace(bench.settings, database=f"sqlite:///{target}"))
    assert bench.entry() == store.get_entry(bench.keystore_id, "a")
    assert bench.store.verify_audit() == store.verify_audit()
    store.close()


def test_copy_of_a_busy_database_is_one_moment(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others write, the copy ends, and its entry and audit log belong together."""
    monkeypatch.setattr(sqlite, "_BACKUP_STEP_PAGES", 1)
    bench.add()
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            bench.upload(bench.entry().version.number % 8)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            bench.store.backup(tmp_path / f"{number}.db")
    finally:
        done.set()
        thread.join()
    for number in range(5):
        settings = replace(bench.settings, database=f"sqlite:///{tmp_path}/{number}.db")
        store = lifecycle.open_store(settings)
        report = store.verify_audit()
        version = store.get_entry(bench.keystore_id, "a").version.number
        store.close()
        assert (True, version + 1) == (report.clean, report.rows)


def test_copy_never_replaces_a_file(bench: Bench, tmp_path: Path) -> None:
    """An existing file stays as it is."""
    target = tmp_path / "copy.db"
    target.write_bytes(b"something dear")
    with pytest.raises(FileExists):
        bench.store.backup(target)
    assert b"something dear" == target.read_bytes()


def test_copy_into_a_folder_that_is_not_there_is_refused(bench: Bench, tmp_path: Path) -> None:
    """The message names the file and the system's reason."""
    with pytest.raises(FileUnreadable, match="no such file"):
        bench.store.backup(tmp_path / "nowhere" / "copy.db")


def test_copy_is_removed_when_it_is_not_sound(bench: Bench, tmp_path: Path) -> None:
    """A copy that does not pass the checks is no copy, and the message says so."""
    bench.add()
    with driver.connect(bench.settings.data / lifecycle.FILE_NAME) as behind:
        behind.execute("PRAGMA foreign_keys = OFF")
        behind.execute("DELETE FROM certificates")
    behind.close()
    with pytest.raises(DatabaseUnusable, match="integrity check"):
        bench.store.backup(tmp_path / "copy.db")
    assert not [f for f in tmp_path.iterdir() if f.is_file()]
