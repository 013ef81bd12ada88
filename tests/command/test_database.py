"""database copy and backup, as a person and a script use them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from keysteward.settings import Settings
from keysteward.storage import lifecycle
from tests import commands, installations
from tests import steward as steward_
from tests.postgresql import PROGRAMS, Server
from tests.steward import Clock


@pytest.fixture
def database(postgresql_server: Server) -> Iterator[str]:
    """Return the URL of an empty database, with a password that its server does not ask for."""
    name = postgresql_server.create()
    yield postgresql_server.url(name).replace("postgres@", "postgres:swordfish@")
    postgresql_server.drop(name)


def test_copy_tells_what_is_there_and_what_to_do(
    settings: Settings, database: str, tmp_path: Path
) -> None:
    """Where the new database is, what to set, what stays where; a password is not shown."""
    with steward_.opened(settings, Clock()) as steward:
        installations.furnish(steward)
    run = commands.run(settings.data, "database", "copy", database)
    assert (0, "") == (run.status, run.stderr)
    shown = make_url(database).render_as_string()
    for words in (
        "default, second",
        f"All of it is in {shown}, and every row was compared.",
        f"KEYSTEWARD_DATABASE={shown}",
        f"The sealing keys stay in {settings.keyring}",
        f"{settings.data} is as it was.",
    ):
        assert words in run.stdout
    assert "swordfish" not in run.stdout
    before, after = (
        commands.inside(settings.data, "list", "--json", *options)
        for options in ((), ("--database", database))
    )
    assert before.json
    assert before.json == after.json
    back = f"sqlite:///{tmp_path}/back/keysteward.db"
    run = commands.inside(settings.data, "database", "copy", back, "--json", "--database", database)
    assert (0, shown, back) == (run.status, run.json["source"], run.json["target"])
    verified = commands.inside(
        *(settings.data, "audit", "verify", "--json", "--database", back),
        *("--expect", run.json["head"]),
    )
    assert (True, True) == (verified.json["clean"], verified.json["expected_found"])
    assert run.json["rows"]["audit"] == verified.json["rows"]


def test_copy_of_what_is_served_is_refused(settings: Settings, database: str) -> None:
    """Both by the lock of a data folder and by the connections to a server."""
    with (settings.data / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = commands.inside(settings.data, "database", "copy", database)
    assert (8, True) == (run.status, "[installation-in-use]" in run.stderr), run
    assert 0 == commands.inside(settings.data, "database", "copy", database).status
    on_server = steward_.settings_for(settings.data, database)
    with closing(lifecycle.open_store(on_server)) as store:
        store.list_keystores()
        back = ("database", "copy", f"sqlite:///{settings.data}/back.db")
        run = commands.inside(settings.data, *back, KEYSTEWARD_DATABASE=database)
    assert (8, True) == (run.status, "1 other connection of Keysteward" in run.stderr), run
    assert not (settings.data / "back.db").exists()


def test_refusals_of_copy_have_their_statuses(settings: Settings, tmp_path: Path) -> None:
    """A URL that is none, a database that is not empty, a folder that cannot be made, no source."""
    own = f"sqlite:///{settings.data}/keysteward.db"
    for status, slug, folder, url in (
        (5, "setting-invalid", settings.data, str(tmp_path / "new.db")),
        (5, "setting-invalid", settings.data, "mysql://root@host/name"),
        (6, "keystore-exists", settings.data, own),
        (5, "data-folder-unusable", settings.data, "sqlite:////proc/nowhere/new.db"),
        (8, "database-unavailable", settings.data, f"postgresql+psycopg://u@/d?host={tmp_path}"),
        (4, "keystore-not-initialised", tmp_path / "nothing", f"sqlite:///{tmp_path}/new.db"),
    ):
        run = commands.inside(folder, "database", "copy", url)
        assert (status, True) == (run.status, f"[{slug}]" in run.stderr), run
    assert not (tmp_path / "nothing").exists()
    assert not (tmp_path / "new.db").exists()


def test_backup_of_a_server_is_written_by_its_programs(
    settings: Settings, database: str, tmp_path: Path
) -> None:
    """It says what the file lacks and what brings it back; without pg_dump, what to install."""
    assert 0 == commands.inside(settings.data, "database", "copy", database).status
    path = f"{PROGRAMS}:{os.environ['PATH']}"
    backup = ("database", "backup", str(tmp_path / "keysteward.dump"), "--database", database)
    run = commands.run(settings.data, *backup, PATH=path)
    assert (0, "") == (run.status, run.stderr)
    assert "the copy was checked" in run.stdout
    assert "back the keyring folder up" in run.stdout
    restore = "pg_restore --exit-on-error --no-owner --dbname NAME"
    assert f"  {restore} {tmp_path}/keysteward.dump\n" in run.stdout
    assert (tmp_path / "keysteward.dump").read_bytes().startswith(b"PGDMP")
