"""PostgreSQL's engine on a real server: the schema, who makes it, numbers, and what it refuses."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import make_url

from keysteward.problems import DatabaseUnusable, KeystoreBusy, KeystoreExists
from keysteward.storage import lifecycle, migrations, tables
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import NOTHING, Scope
from keysteward.storage.engines.postgresql import ENGINE
from tests import steward as steward_
from tests.fresh import FreshOnPostgresql
from tests.postgresql import Server
from tests.steward import START

T = TypeVar("T")

_COLUMNS = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name"
    " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
)
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
_CONSTRAINTS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2"
)


@pytest.fixture
def name(postgresql_server: Server) -> Iterator[str]:
    """Return the name of an empty database."""
    made = postgresql_server.create()
    yield made
    postgresql_server.drop(made)


@pytest.fixture
def filled(postgresql_server: Server, tmp_path: Path) -> Iterator[str]:
    """Return the name of a database with a fresh keystore."""
    made = FreshOnPostgresql.on(postgresql_server, tmp_path / "template").name
    yield made
    postgresql_server.drop(made)


def _at_once(*works: Callable[[], T]) -> list[T | Exception]:
    """Do works in threads that begin together; return what each gave or raised."""
    meeting = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        meeting.wait(30)
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the tests look at it
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def _described(server: Server, database: str) -> list[Sequence[object]]:
    with closing(server.connect(database)) as connection:
        found = [
            row
            for query in (_COLUMNS, _INDEXES, _CONSTRAINTS)
            for row in connection.execute(query).fetchall()
        ]
    return [row for row in found if "alembic_version" not in " ".join(map(str, row))]


def test_migrations_make_what_the_tables_say(
    postgresql_server: Server, filled: str, name: str
) -> None:
    """Columns with their collation, indexes with their conditions, and constraints are the same."""
    core = ENGINE.open(make_url(postgresql_server.url(name)))
    tables.metadata.create_all(core)
    core.dispose()
    expected = _described(postgresql_server, name)
    assert expected == [
        row for row in _described(postgresql_server, filled) if row[0] != "entry_search"
    ]
    assert 100 < len(expected)


def test_several_nodes_upgrade_at_once(
    postgresql_server: Server, name: str, tmp_path: Path
) -> None:
    """One of them does it, the others wait and find nothing to do; none fails."""
    url = postgresql_server.url(name)
    database = Database(ENGINE, ENGINE.open(make_url(url)))
    with closing(database), database.schema_change() as connection:
        migrations.upgrade(connection, "0005")
    settings = [steward_.settings_for(tmp_path / str(number), url) for number in range(4)]

    done = _at_once(*(lambda one=one: lifecycle.upgrade(one) for one in settings))

    assert [False, False, False, True] == sorted(done, key=bool)
    with closing(postgresql_server.connect(name)) as connection:
        assert (migrations.HEAD,) == connection.execute("SELECT * FROM alembic_version").fetchone()


def test_several_nodes_make_one_installation(
    postgresql_server: Server, name: str, tmp_path: Path
) -> None:
    """One wins, the others are told that there is one; the database holds one sealing key."""
    url = postgresql_server.url(name)
    settings = [steward_.settings_for(tmp_path / str(number), url) for number in range(4)]

    done = _at_once(*(lambda one=one: lifecycle.create(one, "tester", START) for one in settings))

    keys = [one for one in done if isinstance(one, str)]
    assert 3 == len([one for one in done if isinstance(one, KeystoreExists)]), done
    with closing(postgresql_server.connect(name)) as connection:
        found = connection.execute("SELECT sealing_key_id FROM data_keys").fetchall()
    assert [(key,) for key in keys] == found


def test_database_is_made_where_there_is_none(postgresql_server: Server, tmp_path: Path) -> None:
    """Whoever may make databases needs no other program before ``init``."""
    name = "made_by_init"
    try:
        lifecycle.create(
            steward_.settings_for(tmp_path / "data", postgresql_server.url(name)), "tester", START
        )
        with closing(postgresql_server.connect(name)) as connection:
            found = connection.execute("SHOW server_encoding").fetchone()
        assert ("UTF8",) == found
    finally:
        postgresql_server.drop(name)


def test_who_may_make_no_database_is_told_how(postgresql_server: Server, tmp_path: Path) -> None:
    """The problem names the command."""
    with closing(postgresql_server.connect()) as connection:
        connection.execute("DROP ROLE IF EXISTS modest")
        connection.execute("CREATE ROLE modest LOGIN")
    url = postgresql_server.url("missing").replace("postgres@", "modest@")
    with pytest.raises(
        DatabaseUnusable, match="CREATE DATABASE name TEMPLATE template0 ENCODING 'UTF8'"
    ):
        lifecycle.create(steward_.settings_for(tmp_path / "data", url), "tester", START)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER DATABASE {} SET synchronous_commit = off", "a confirmed change can be lost"),
        ("ALTER DATABASE {} SET client_encoding = 'LATIN1'", None),
    ],
)
def test_setting_of_a_database_that_breaks_a_promise_is_refused(
    postgresql_server: Server, filled: str, tmp_path: Path, statement: str, said: str | None
) -> None:
    """What would lose confirmed changes is refused; what the product sets itself is not."""
    with closing(postgresql_server.connect()) as connection:
        connection.execute(statement.format(filled).encode())
    settings = steward_.settings_for(tmp_path / "template", postgresql_server.url(filled))
    if said is None:
        lifecycle.open_store(settings).close()
    else:
        with pytest.raises(DatabaseUnusable, match=said):
            lifecycle.open_store(settings)


def test_database_in_another_encoding_is_refused(postgresql_server: Server, tmp_path: Path) -> None:
    """Names in all scripts must fit."""
    with closing(postgresql_server.connect()) as connection:
        connection.execute(
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    settings = steward_.settings_for(tmp_path / "data", postgresql_server.url("latin"))
    try:
        with pytest.raises(DatabaseUnusable, match="encoded in LATIN1"):
            lifecycle.create(settings, "tester", START)
    finally:
        postgresql_server.drop("latin")


def test_reserved_ids_are_given_once(postgresql_server: Server, filled: str) -> None:
    """Eight writers at once get 800 different numbers, each its own in ascending order."""
    database = Database(ENGINE, ENGINE.open(make_url(postgresql_server.url(filled))))

    def take() -> list[int]:
        with database.writing(NOTHING) as link:
            return [n for _ in range(10) for n in link.reserve_ids("certificates", 10)]

    with closing(database):
        found = _at_once(*[take] * 8)
    numbers = [number for one in found if not isinstance(one, Exception) for number in one]
    assert (800, 800) == (len(numbers), len(set(numbers)))
    assert all(one == sorted(one) for one in found if not isinstance(one, Exception))


def test_raised_ids_are_not_given_again(postgresql_server: Server, filled: str) -> None:
    """After a move the next number is beyond all that were ever given."""
    database = Database(ENGINE, ENGINE.open(make_url(postgresql_server.url(filled))))
    with closing(database):
        with database.writing(NOTHING) as link:
            ENGINE.raise_ids(link.connection, {"entries": 4711, "accounts": 0})
            last = ENGINE.last_ids(link.connection)
            (following,) = link.reserve_ids("entries", 1)
        assert (4711, 4712) == (last["entries"], following)
        assert 1 == last["keystores"]


def test_deadlock_is_a_busy_keystore(postgresql_server: Server, filled: str) -> None:
    """The server ends one of two that wait for each other; nothing of that one was done."""
    database = Database(ENGINE, ENGINE.open(make_url(postgresql_server.url(filled))))
    meeting = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        with database.writing(Scope(first)) as link:
            meeting.wait(30)
            try:
                link.connection.cursor().execute(f"SELECT pg_advisory_xact_lock(19283, {second})")
            except psycopg.Error as error:
                raise link.problem(error) from error

    with closing(database):
        done = _at_once(lambda: lock(101, 102), lambda: lock(102, 101))
    assert {None, KeystoreBusy} == {None if one is None else type(one) for one in done}
