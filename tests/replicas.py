"""PostgreSQL servers that a test starts, kills and replicates as it likes, on TCP."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from keysteward.storage.engines.contract import POSTGRESQL
from tests.postgresql import Server

HOST = "127.0.0.1"
_START_SECONDS = 60
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "max_wal_senders": "2",
}


def url_of(database: str, *servers: "OwnServer") -> str:
    """Return the URL of a database that several servers have."""
    hosts = "&".join(f"host={HOST}:{server.port}" for server in servers)
    return f"{POSTGRESQL}://postgres@/{database}?{hosts}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class OwnServer:
    """A server with its data folder; runs between ``start`` and ``stop``."""

    programs: Path
    folder: Path
    user: int
    port: int = field(default_factory=_free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    def initialise(self) -> None:
        """Make an empty cluster."""
        self._run(
            "initdb",
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--locale=C",
            "--encoding=UTF8",
        )

    def follow(self, primary: "OwnServer") -> None:
        """Become a hot standby of another server, which runs."""
        source = f"host={HOST} port={primary.port} user=postgres"
        self._run(
            "pg_basebackup",
            "--no-sync",
            "--write-recovery-conf",
            f"--dbname={source}",
            "--checkpoint=fast",
            "--wal-method=stream",
        )

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                (
                    self.programs / "postgres",
                    "-D",
                    self.folder / "data",
                    "-p",
                    str(self.port),
                    *settings,
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_user(),
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        """End it at once, as a power cut would: connections break without a word."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(_START_SECONDS)
            self._process = None

    def promote(self) -> None:
        """Make a standby a primary."""
        with self.connect() as connection:
            connection.execute("SELECT pg_promote(wait => true)")

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Connect beside the product; every statement is a transaction of its own."""
        return psycopg.connect(
            host=HOST, port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return url_of(database, self)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            (self.programs / program, "-D", self.folder / "data", *arguments),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **self._as_user(),
        )

    def _as_user(self) -> dict[str, Any]:
        """Return how a program is run as the user of the tests' server: it refuses to be root's."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": []}


def wait_for_replay(primary: OwnServer, standby: OwnServer) -> None:
    """Return when the standby has what the primary has."""
    with primary.connect() as of_one, standby.connect() as of_two:
        (written,) = of_one.execute("SELECT pg_current_wal_lsn()").fetchone() or (None,)
        replayed: tuple[object, ...] | None = (False,)
        while replayed != (True,):
            replayed = of_two.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (written,)
            ).fetchone()


@contextmanager
def servers(like: Server, folder: Path, count: int = 1) -> Iterator[tuple[OwnServer, ...]]:
    """Lend servers that do not run yet, by the programs and the user of the tests' own one."""
    with like.connect() as connection:
        row = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    assert row is not None
    owner = like.folder.stat().st_uid
    with tempfile.TemporaryDirectory(dir=folder) as name:
        Path(name).chmod(0o711)
        made = tuple(
            OwnServer(Path(str(row[0])), _folder(Path(name) / str(number), owner), owner)
            for number in range(count)
        )
        try:
            yield made
        finally:
            for server in made:
                server.stop()


def _folder(place: Path, owner: int) -> Path:
    place.mkdir()
    os.chown(place, owner, -1)
    return place
