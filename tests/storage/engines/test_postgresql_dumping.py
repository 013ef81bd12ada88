"""Backups of a PostgreSQL database, with the real programs."""

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    FileExists,
    KeystoreBusy,
    ProgramFailed,
    ProgramMissing,
)
from keysteward.settings import Settings
from keysteward.storage import lifecycle
from keysteward.storage.engines import postgresql_dumping
from keysteward.storage.store import Store
from tests import beside, installations, poolers
from tests import steward as steward_
from tests.fresh import FreshOnPostgresql
from tests.pki_maker import issue
from tests.postgresql import PROGRAMS, Server
from tests.steward import Clock

"""Of the tests' server."""


@pytest.fixture(scope="module")
def furnished(
    postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Return an installation with something of everything."""
    made = FreshOnPostgresql.on(postgresql_server, tmp_path_factory.mktemp("made") / "data")
    folder = tmp_path_factory.mktemp("furnished") / "data"
    with made.keystore(folder) as settings:
        with steward_.opened(settings, Clock()) as steward:
            installations.furnish(steward)
        yield settings


@pytest.fixture
def store(furnished: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Return it opened, where the programs of its server are found."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    with closing(lifecycle.open_store(furnished)) as store:
        yield store


def test_backup_is_restored_by_the_servers_own_programs(
    store: Store, furnished: Settings, postgresql_server: Server, tmp_path: Path
) -> None:
    """Into another database: every row is there, and the audit log verifies with the same head."""
    head = store.verify_audit().head
    before = beside.rows(furnished, without=())
    file = tmp_path / "keysteward.dump"
    store.backup(file)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    name = postgresql_server.create()
    try:
        into = (f"--host={postgresql_server.folder}", "--username=postgres", f"--dbname={name}")
        subprocess.run((PROGRAMS / "pg_restore", "--exit-on-error", *into, file), check=True)
        settings = replace(furnished, database=postgresql_server.url(name))
        assert before == beside.rows(settings, without=())
        with steward_.opened(settings, Clock()) as steward:
            assert (True, head) == (
                steward.store.verify_audit().clean,
                steward.store.verify_audit().head,
            )
            steward_.add(steward, "new", issue("new"))
    finally:
        postgresql_server.drop(name)


def test_backup_holds_one_state_while_others_write(
    store: Store, furnished: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed after the snapshot makes no difference to the comparison."""
    run = postgresql_dumping._run
    written: list[int] = []

    def meanwhile(program: Path, *arguments: object) -> None:
        with steward_.opened(furnished, Clock()) as steward:
            written.append(steward_.add(steward, "late", issue("late")).id)
        run(program, *arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(postgresql_dumping, "_run", meanwhile)
    store.backup(tmp_path / "keysteward.dump")
    assert written


def test_copy_that_lacks_something_is_removed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is missing, one that is altered, and a file that is cut."""
    read = postgresql_dumping._rows_in

    def without(line: bytes) -> bytes:
        return b"" if b"shop client" in line else line

    def other(line: bytes) -> bytes:
        return line.replace(b"shop client", b"shop_client")

    for change in (without, other):
        monkeypatch.setattr(
            postgresql_dumping,
            "_rows_in",
            lambda script, tables, change=change: read(filter(None, map(change, script)), tables),
        )
        with pytest.raises(DatabaseUnusable, match="does not hold the table"):
            store.backup(tmp_path / "keysteward.dump")
        assert not (tmp_path / "keysteward.dump").exists()
    monkeypatch.undo()
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    run = postgresql_dumping._run

    def cutting(program: Path, *arguments: object) -> None:
        run(program, *arguments)  # type: ignore[arg-type]  # as above
        file = tmp_path / "keysteward.dump"
        os.truncate(file, file.stat().st_size - 1000)

    monkeypatch.setattr(postgresql_dumping, "_run", cutting)
    with pytest.raises(ProgramFailed, match="pg_restore"):
        store.backup(tmp_path / "keysteward.dump")
    assert not (tmp_path / "keysteward.dump").exists()


def test_file_that_is_there_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    """As on SQLite."""
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(FileExists):
        store.backup(tmp_path / "notes")
    assert "mine" == (tmp_path / "notes").read_text()


def test_missing_program_is_named_with_its_package(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs of an older version than the server's are none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql_dumping, "_DEBIAN", tmp_path)
    _fake(tmp_path, "echo 'pg_dump (PostgreSQL) 9.6.1'")
    with pytest.raises(ProgramMissing) as missing:
        store.backup(tmp_path / "keysteward.dump")
    assert ("pg_dump 16", "postgresql-client-16") == (missing.value.name, missing.value.package)
    assert not (tmp_path / "keysteward.dump").exists()


def test_least_version_that_fits_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's folders come first, since what Debian has on PATH may run another version."""
    debian, path = tmp_path / "debian", tmp_path / "path"
    for folder, version in ((debian / "15" / "bin", 15), (debian / "18" / "bin", 18), (path, 17)):
        folder.mkdir(parents=True)
        _fake(folder, f"echo 'pg_dump (PostgreSQL) {version}.2 (Debian {version}.2-1)'")
    monkeypatch.setattr(postgresql_dumping, "_DEBIAN", debian)
    monkeypatch.setenv("PATH", f"{path}:/bin")
    assert path == postgresql_dumping._programs(16)
    assert debian / "18" / "bin" == postgresql_dumping._programs(18)
    assert debian / "15" / "bin" == postgresql_dumping._programs(14)


def _fake(folder: Path, line: str) -> None:
    for name in ("pg_dump", "pg_restore"):
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o700)


def test_reason_of_the_program_is_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its name in front, which the problem says."""
    _fake(
        tmp_path,
        "case $1 in -V) echo '(PostgreSQL) 16.0';; *) echo 'pg_dump: error: no luck' >&2; exit 1;;"
        " esac",
    )
    monkeypatch.setattr(postgresql_dumping, "_DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ProgramFailed) as failed:
        store.backup(tmp_path / "keysteward.dump")
    assert ("pg_dump", "no luck.") == (failed.value.name, failed.value.reason)


def test_passwords_are_on_no_command_line(
    furnished: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other users of the machine see command lines; what the URL has comes by other ways."""
    _fake(
        tmp_path,
        "case $1 in -V) echo '(PostgreSQL) 16.0';;"
        f' *) echo "$@" > {tmp_path}/line; env > {tmp_path}/environment;'
        f" stat -c %a $PGSERVICEFILE > {tmp_path}/mode; cat $PGSERVICEFILE > {tmp_path}/service;"
        " exit 1;; esac",
    )
    monkeypatch.setattr(postgresql_dumping, "_DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    url = (furnished.database or "").replace("postgres@", "postgres:swordfish@")
    settings = replace(furnished, database=f"{url}&sslpassword=seabass")
    with closing(lifecycle.open_store(settings)) as store, pytest.raises(ProgramFailed):
        store.backup(tmp_path / "keysteward.dump")
    line, environment, service = (
        (tmp_path / name).read_text() for name in ("line", "environment", "service")
    )
    assert [] == [word for word in ("swordfish", "seabass", "host") if word in line]
    assert "PGPASSWORD=swordfish\n" in environment
    assert ("600\n", False) == ((tmp_path / "mode").read_text(), "swordfish" in service)
    assert {"user=postgres", "sslpassword=seabass"} < set(service.splitlines())


def test_backup_waits_for_no_change_of_the_schema(
    store: Store, furnished: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives up as every other one does who finds the database in use."""
    monkeypatch.setattr(postgresql_dumping, "BUSY_TIMEOUT_SECONDS", 1)
    with closing(beside.server(furnished)) as connection:
        connection.execute("LOCK TABLE backups IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(KeystoreBusy):
            store.backup(tmp_path / "keysteward.dump")


def test_pooler_is_refused(furnished: Settings, postgresql_server: Server, tmp_path: Path) -> None:
    """What pg_dump sets for its session would stay on the connection that others get next."""
    name = str(beside.query(furnished, "SELECT current_database()")[0][0])
    with poolers.pooled(postgresql_server) as pooler:
        settings = replace(furnished, database=pooler.url(name))
        with (
            closing(lifecycle.open_store(settings)) as store,
            pytest.raises(DatabaseUnusable, match="pooler"),
        ):
            store.backup(tmp_path / "keysteward.dump")


def test_lost_connection_is_no_traceback(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends our transaction while pg_dump works."""
    run = postgresql_dumping._run

    def ending(program: Path, *arguments: object) -> None:
        run(program, *arguments)  # type: ignore[arg-type]  # as above
        with psycopg.connect(
            host=str(store._database.core.url.query["host"]),
            user="postgres",
            autocommit=True,
        ) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'keysteward'"
            )

    monkeypatch.setattr(postgresql_dumping, "_run", ending)
    with pytest.raises(DatabaseUnavailable):
        store.backup(tmp_path / "keysteward.dump")
    assert not (tmp_path / "keysteward.dump").exists()


def test_several_hosts_reach_the_program(
    furnished: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds the server that answers as the product does."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    url = (furnished.database or "").replace("?host=", f"?host={tmp_path}:5432&host=") + ":5432"
    with closing(lifecycle.open_store(replace(furnished, database=url))) as store:
        store.backup(tmp_path / "keysteward.dump")
    assert (tmp_path / "keysteward.dump").stat().st_size
