"""What whoever mistypes a URL of PostgreSQL is told; on a real server that asks for a password."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keysteward import app
from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    KeystoreNotInitialised,
    Problem,
    SettingInvalid,
)
from keysteward.settings import Settings
from tests import replicas, steward
from tests.postgresql import Server
from tests.replicas import HOST, OwnServer

PASSWORD = "not-to-be-seen-42"


@pytest.fixture(scope="module")
def locked(
    postgresql_server: Server,
) -> Iterator[OwnServer]:
    """Return a server with a user "app", who has a password."""
    place = postgresql_server.folder.parent
    with replicas.servers(postgresql_server, place) as (server,):
        server.initialise()
        (server.folder / "data" / "pg_hba.conf").write_text(
            f"host all postgres {HOST}/32 trust\nhost all all {HOST}/32 scram-sha-256\n"
        )
        server.start()
        with server.connect() as connection:
            connection.execute(f"CREATE ROLE app LOGIN CREATEDB PASSWORD '{PASSWORD}'")
            connection.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
        yield server


def _settings(folder: Path, url: str) -> Settings:
    return steward.settings_for(folder, f"postgresql+psycopg://{url}")


def _problem(settings: Settings) -> Problem:
    with pytest.raises(Problem) as caught, app.opened(settings):
        pytest.fail("it was opened")
    return caught.value


def test_installation_is_made_and_opened_by_a_user_with_a_password(
    locked: OwnServer, tmp_path: Path
) -> None:
    """The database is made, too; the password is in nothing that is shown."""
    settings = _settings(tmp_path / "data", f"app:{PASSWORD}@{HOST}:{locked.port}/made")
    app.create(settings)
    with app.opened(settings) as opened:
        assert 1 == opened.keystore_id
        assert PASSWORD not in repr(opened)
    assert PASSWORD not in repr(settings)


@pytest.mark.parametrize(
    ("url", "expected", "words"),
    [
        ("app:wrong@{host}:{port}/x", DatabaseUnusable, "does not let this user in"),
        ("app@{host}:{port}/x", DatabaseUnusable, "does not let this user in"),
        ("nobody:{password}@{host}:{port}/x", DatabaseUnusable, "does not let this user in"),
        ("app:{password}@{host}:{port}/nowhere", KeystoreNotInitialised, "holds none"),
        ("app:{password}@{host}:{port}/postgres", KeystoreNotInitialised, "holds none"),
        ("app:{password}@{host}:{port}/ascii", DatabaseUnusable, "UTF8"),
        ("app:{password}@{host}:1/x", DatabaseUnavailable, "answers at 127.0.0.1:1. Look at"),
        ("app:{password}@db.invalid/x", DatabaseUnavailable, "db.invalid"),
        ("app:{password}@{host}:{port}/x?sslmode=require", DatabaseUnusable, "TLS"),
        ("app:{password}@{host}:{port}/x?sslmod=require", SettingInvalid, "sslmod"),
        ("app:{password}@{host}:here/x", SettingInvalid, "no database URL"),
        ("app:{password}@{host}/x?connect_timeout=soon", SettingInvalid, "'soon'"),
        ("app:{password}@/x?host=a,b&port=1,2,3", SettingInvalid, "do not fit together"),
        ("app:@{password}@{host}:{port}/x", SettingInvalid, "%40"),
        ("app:{password}@{host}:{port}/", SettingInvalid, "KEYSTEWARD_DATABASE"),
    ],
)
def test_wrong_url_is_told_with_its_remedy(
    locked: OwnServer, tmp_path: Path, url: str, expected: type[Problem], words: str
) -> None:
    """Each mistake has a sentence of its own, in which no password stands."""
    given = url.format(host=HOST, port=locked.port, password=PASSWORD)
    problem = _problem(_settings(tmp_path / "data", given))
    assert expected is type(problem)
    assert words in problem.detail
    assert PASSWORD not in str(problem)


def test_several_hosts_are_told_with_their_ports(tmp_path: Path) -> None:
    """Both ways to write them are understood."""
    for url in (
        "app@/x?host=127.0.0.1:1&host=127.0.0.1:2",
        "app@/x?host=127.0.0.1,127.0.0.1&port=1,2",
    ):
        problem = _problem(_settings(tmp_path / "data", url))
        assert "127.0.0.1:1, 127.0.0.1:2" in problem.detail
