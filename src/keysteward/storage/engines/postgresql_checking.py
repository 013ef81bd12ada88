"""What can be told of a PostgreSQL database's health, and of who else is connected to it."""

import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

_CLOSING_SECONDS = 2
"""How long the server may show a connection that was closed."""

_INVALID = (
    "SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid"
    " WHERE relnamespace = current_schema()::regnamespace AND NOT indisvalid"
)
_NAMES = (
    "ARRAY(SELECT attname FROM unnest({keys}) WITH ORDINALITY AS key (number, place)"
    " JOIN pg_attribute ON attrelid = {table} AND attnum = key.number ORDER BY key.place)"
)
_FOREIGN_KEYS = (
    "SELECT owner.relname, other.relname,"  # noqa: S608  # names of the catalogue's
    f" {_NAMES.format(keys='conkey', table='conrelid')},"
    f" {_NAMES.format(keys='confkey', table='confrelid')}"
    " FROM pg_constraint JOIN pg_class owner ON owner.oid = conrelid"
    " JOIN pg_class other ON other.oid = confrelid"
    " WHERE contype = 'f' AND owner.relnamespace = current_schema()::regnamespace"
)
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


def is_sound(driver: psycopg.Connection[Any]) -> bool:
    """Tell whether every index is valid, and every foreign key finds its row."""
    ((invalid,),) = driver.execute(_INVALID).fetchall()
    return not invalid and not any(
        _has_orphans(driver, *found) for found in driver.execute(_FOREIGN_KEYS).fetchall()
    )


def _has_orphans(
    driver: psycopg.Connection[Any],
    table: str,
    other: str,
    columns: Sequence[str],
    others: Sequence[str],
) -> bool:
    pairs = [
        sql.SQL("one.{} = other.{}").format(sql.Identifier(a), sql.Identifier(b))
        for a, b in zip(columns, others, strict=True)
    ]
    named = [sql.SQL("one.{} IS NOT NULL").format(sql.Identifier(name)) for name in columns]
    query = sql.SQL(
        "SELECT 1 FROM {} one WHERE {} AND NOT EXISTS (SELECT 1 FROM {} other WHERE {}) LIMIT 1"
    ).format(
        sql.Identifier(table),
        sql.SQL(" AND ").join(named),
        sql.Identifier(other),
        sql.SQL(" AND ").join(pairs),
    )
    return driver.execute(query).fetchone() is not None


def other_connections(driver: psycopg.Connection[Any]) -> int:
    """Return how many connections besides this one have its name; what closes gets some time."""
    end = time.monotonic() + _CLOSING_SECONDS
    while True:
        ((count,),) = driver.execute(_OTHERS).fetchall()
        if not count or time.monotonic() > end:
            return int(count)
        time.sleep(_CLOSING_SECONDS / 10)
