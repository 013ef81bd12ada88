"""A real pgbouncer in transaction mode in front of a PostgreSQL server of the tests."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from keysteward.storage.engines.contract import POSTGRESQL
from tests.postgresql import Server

CONNECTIONS = 4
"""To the server; fewer than clients have together, so that these really are shared."""
_START_SECONDS = 20
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Pooler:
    """A pooler that takes connections."""

    port: int

    def url(self, database: str) -> str:
        """Return the URL of one of the server's databases behind it."""
        return f"{POSTGRESQL}://postgres@{_HOST}:{self.port}/{database}"

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """Connect beside the product; ``pgbouncer`` is the database that tells of itself."""
        return psycopg.connect(
            host=_HOST, port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def transactions(self, database: str) -> int:
        """Return how many transactions of a database went through it."""
        with self.connect("pgbouncer") as connection:
            rows = connection.execute("SHOW STATS").fetchall()
        return sum(int(str(row[1])) for row in rows if row[0] == database)


@contextmanager
def pooled(server: Server) -> Iterator[Pooler]:
    """Run a pooler for the time of a context; skips the test if there is none."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("needs pgbouncer (Debian package pgbouncer)")
    with tempfile.TemporaryDirectory(prefix="keysteward") as name:
        folder, port = Path(name), _free_port()
        file = folder / "pgbouncer.ini"
        file.write_text(_configuration(server, port))
        owner = server.folder.stat()
        if os.geteuid() == 0:  # which pgbouncer refuses
            for path in (folder, file):
                os.chown(path, owner.st_uid, owner.st_gid)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                (program, file),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=owner.st_uid if os.geteuid() == 0 else None,
                group=owner.st_gid if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
            )
        try:
            _wait(process, port, folder / "log")
            yield Pooler(port)
        finally:
            process.kill()
            process.wait()


def _configuration(server: Server, port: int) -> str:
    return f"""
[databases]
* = host={server.folder} user=postgres
[pgbouncer]
listen_addr = {_HOST}
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
default_pool_size = {CONNECTIONS}
max_client_conn = 200
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((_HOST, port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"pgbouncer did not come up: {log.read_text()}")
