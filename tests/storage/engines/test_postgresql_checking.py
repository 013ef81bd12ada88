from collections.abc import Iterator

import psycopg
import pytest

from keysteward.storage.engines import postgresql_checking
from tests.postgresql import Server


@pytest.fixture
def driver(postgresql_server: Server) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Return a connection to a database with two tables, one of which names rows of the other."""
    name = postgresql_server.create()
    with postgresql_server.connect(name) as connection:
        connection.execute("CREATE TABLE parents (a int, b int, PRIMARY KEY (a, b), UNIQUE (b, a))")
        connection.execute(
            "CREATE TABLE children (x int, y int, FOREIGN KEY (y, x) REFERENCES parents (b, a))"
        )
        connection.execute("INSERT INTO parents VALUES (1, 2), (3, 4)")
        yield connection
    postgresql_server.drop(name)


def test_rows_that_are_there_are_sound(driver: psycopg.Connection[tuple[object, ...]]) -> None:
    """Also where a key of two columns is partly null, which names nothing."""
    assert postgresql_checking.is_sound(driver)
    driver.execute("INSERT INTO children VALUES (1, 2), (NULL, 9), (NULL, NULL)")
    assert postgresql_checking.is_sound(driver)


def test_row_whose_foreign_key_leads_nowhere_is_found(
    driver: psycopg.Connection[tuple[object, ...]],
) -> None:
    """The columns are compared in the order of the key, not of the table."""
    driver.execute("SET session_replication_role = replica")
    driver.execute("INSERT INTO children VALUES (2, 1)")
    assert not postgresql_checking.is_sound(driver)


def test_index_that_the_server_calls_invalid_is_found(
    driver: psycopg.Connection[tuple[object, ...]],
) -> None:
    """What an interrupted CREATE INDEX CONCURRENTLY leaves."""
    driver.execute("INSERT INTO children VALUES (1, 2), (1, 2)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        driver.execute("CREATE UNIQUE INDEX CONCURRENTLY twice ON children (x)")
    assert not postgresql_checking.is_sound(driver)


def test_connections_of_the_same_name_to_the_same_database_count(
    driver: psycopg.Connection[tuple[object, ...]], postgresql_server: Server
) -> None:
    """Others, and those to other databases, do not."""
    name = driver.info.dbname
    driver.execute("SET application_name = 'keysteward'")
    with (
        postgresql_server.connect(name) as one,
        postgresql_server.connect(name),
        postgresql_server.connect() as elsewhere,
    ):
        assert 0 == postgresql_checking.other_connections(driver)
        for connection in (one, elsewhere):
            connection.execute("SET application_name = 'keysteward'")
        assert 1 == postgresql_checking.other_connections(driver)
    assert 0 == postgresql_checking.other_connections(driver)
