import os
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from keysteward.problems import (
    DatabaseUnusable,
    KeystoreExists,
    KeystoreNotInitialised,
    KeystoreUnknown,
    SealingKeyMissing,
    SettingInvalid,
)
from keysteward.sealing import sealer
from keysteward.settings import Settings
from keysteward.storage import lifecycle, migrations
from keysteward.storage.database import Database, parse_url
from tests import beside
from tests import steward as steward_
from tests.fresh import Fresh
from tests.storage.conftest import NOW, Bench


@pytest.mark.sqlite_alone
def test_new_database_is_private(settings: Settings) -> None:
    """Database, log and folder can be read by their user alone, whatever the umask is."""
    before = os.umask(0)
    try:
        lifecycle.create(settings, "tester", NOW)
        store = lifecycle.open_store(settings)
        store.get_keystore("default")
    finally:
        os.umask(before)
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in settings.data.iterdir()}
    store.close()
    expected = {"keysteward.db": 0o600, "keysteward.db-wal": 0o600, "keysteward.db-shm": 0o600}
    assert {**expected, "sealing": 0o700} == modes
    assert 0o700 == stat.S_IMODE(settings.data.stat().st_mode)


def test_creation_refuses_a_keystore_that_is_there(bench: Bench) -> None:
    """A second init changes nothing: no new sealing key, no new row."""
    before = bench.files, sorted(bench.settings.keyring.iterdir())
    with pytest.raises(KeystoreExists):
        lifecycle.create(bench.settings, "tester", NOW)
    assert before == (bench.files, sorted(bench.settings.keyring.iterdir()))


@pytest.mark.parametrize(
    "module_and_name",
    [(sealer, "create_data_key"), (migrations, "upgrade"), (lifecycle, "_fill")],
    ids=["after-the-key-file", "before-the-schema", "after-the-schema"],
)
def test_creation_can_be_repeated_when_it_died(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, module_and_name: tuple[object, str]
) -> None:
    """Wherever init stops, the database stays empty and init can be run again."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(*module_and_name, die)
        with pytest.raises(KeyboardInterrupt):
            lifecycle.create(settings, "tester", NOW)
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(settings)
    lifecycle.create(settings, "tester", NOW)
    lifecycle.open_store(settings).close()


def test_schema_that_is_made_first_of_all_belongs_to_the_transaction(
    fresh: Fresh, tmp_path: Path
) -> None:
    """What fails behind it leaves nothing, as a restore does that reads a damaged file."""
    with fresh.database() as database:
        settings = steward_.settings_for(tmp_path, database)
        engine, url = parse_url(lifecycle.database_url(settings))
        with (
            closing(Database(engine, engine.open(url))) as opened,
            suppress(KeyError),
            opened.schema_change() as connection,
        ):
            migrations.upgrade(connection)
            raise KeyError
        assert {} == beside.rows(settings, without=())


def test_sealing_key_is_synced_before_anything_is_written_with_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sealed row follows the key's file and folder to the disk."""
    order: list[str] = []
    fsync = os.fsync
    upgrade = migrations.upgrade

    def syncing(descriptor: int) -> None:
        order.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def upgrading(connection: object) -> None:
        order.append("schema")
        upgrade(connection)  # type: ignore[arg-type]  # passed through as it came

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(migrations, "upgrade", upgrading)
    key_id = lifecycle.create(settings, "tester", NOW)
    assert [f"{key_id}.key", "sealing", "data", "schema"] == order[-4:]


def test_opening_needs_a_keystore(settings: Settings) -> None:
    """Opening makes no file; it says that init does."""
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(settings)
    assert not settings.data.exists()


def test_opening_names_a_missing_sealing_key(bench: Bench) -> None:
    """A node without a key in use does not come up."""
    for file in bench.settings.keyring.iterdir():
        file.unlink()
    with pytest.raises(SealingKeyMissing) as caught:
        lifecycle.open_store(bench.settings)
    wrapped = bench.execute("SELECT sealing_key_id FROM data_keys")
    assert [(caught.value.key_id,)] == wrapped


@pytest.mark.parametrize("open_or_upgrade", [lifecycle.open_store, lifecycle.upgrade])
def test_opening_refuses_a_newer_database(
    bench: Bench, open_or_upgrade: Callable[[Settings], object]
) -> None:
    """A schema that this code does not know is left alone, with what to do."""
    bench.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseUnusable, match="a newer one made it"):
        open_or_upgrade(bench.settings)


def test_opening_refuses_an_older_database(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema from before is not worked with; the message says what to do."""
    monkeypatch.setattr(migrations, "HEAD", "9999")
    with pytest.raises(DatabaseUnusable, match="upgrade the database"):
        lifecycle.open_store(bench.settings)


def test_upgrade_leaves_a_current_database_as_it_is(bench: Bench) -> None:
    """There is nothing to do, and that is said."""
    before = bench.files, bench.execute("SELECT * FROM alembic_version"), bench.written()
    assert lifecycle.upgrade(bench.settings) is False
    after = bench.files, bench.execute("SELECT * FROM alembic_version"), bench.written()
    assert before == after


@pytest.mark.parametrize(
    "content", [b"no database at all " * 400, b"SQLite format 3\0" + b"x" * 99]
)
@pytest.mark.sqlite_alone
def test_opening_refuses_a_file_that_is_no_database(settings: Settings, content: bytes) -> None:
    """Foreign bytes end in a problem that says so."""
    settings.data.mkdir()
    (settings.data / lifecycle.FILE_NAME).write_bytes(content)
    with pytest.raises(DatabaseUnusable):
        lifecycle.open_store(settings)


@pytest.mark.parametrize("url", ["nonsense", "oracle://host/db", "sqlite://", "sqlite:///:memory:"])
@pytest.mark.sqlite_alone
def test_opening_refuses_a_url_that_no_engine_serves(settings: Settings, url: str) -> None:
    """The setting is named, not the library that cannot parse it."""
    with pytest.raises(SettingInvalid, match="KEYSTEWARD_DATABASE"):
        lifecycle.open_store(replace(settings, database=url))


@pytest.mark.sqlite_alone
def test_database_can_lie_elsewhere(settings: Settings, tmp_path: Path) -> None:
    """A URL names another file; the data folder then holds the keyring alone."""
    there = replace(settings, database=f"sqlite:///{tmp_path}/else where/100%.db")
    lifecycle.create(there, "tester", NOW)
    lifecycle.open_store(there).close()
    assert (tmp_path / "else where" / "100%.db").is_file()
    assert ["sealing"] == [f.name for f in settings.data.iterdir()]


def test_keystore_that_is_not_there_is_named(bench: Bench) -> None:
    """Another name is answered with it, and with those that there are."""
    with pytest.raises(KeystoreUnknown, match=r"'production'.*: 'default'"):
        bench.store.get_keystore("production")
