"""Being told of changes at once: a connection of its own that PostgreSQL sends notifications to."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

CHANNEL = "keysteward"
"""On which changes are told."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A connection that listens; see ``contract.Listener``."""

    connection: psycopg.Connection[Any]

    def wait(self, seconds: float) -> None:
        """Wait for one notification; those that came with it are one."""
        for _ in self.connection.notifies(timeout=seconds, stop_after=1):
            pass

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def listen(connection: psycopg.Connection[Any]) -> Listening | None:
    """Return a connection that listens; None, and it is closed, if a pooler stands between.

    Behind one in transaction mode another client's connection would listen.
    """
    row = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    if row is None or row[0] != connection.info.backend_pid:
        connection.close()
        return None
    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)), prepare=False)
    return Listening(connection)


def tell(connection: psycopg.Connection[Any]) -> None:
    """Have all who listen told once the open transaction is committed."""
    connection.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(CHANNEL)), prepare=False)
