"""A copy of a PostgreSQL database in a file: pg_dump writes it, pg_restore reads it to be checked.

Both work on one snapshot of the database, which a transaction of ours keeps: what pg_restore gives
out of the file is compared with what the server gives, row by row, whatever happens meanwhile.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from keysteward.problems import (
    DatabaseUnusable,
    KeystoreBusy,
    Problem,
    ProgramFailed,
    ProgramMissing,
)
from keysteward.sealing import folders
from keysteward.storage.engines.contract import BUSY_TIMEOUT_SECONDS

_DEBIAN = Path("/usr/lib/postgresql")
"""Has a folder of programs for each version; what Debian has on PATH may run another one."""

_SERVICE = "keysteward"
_OF_A_SERVICE = frozenset({"service", "servicefile", "password"})
"""Parameters that do not go into a service file: it would be found twice, or shown."""

_BY_ITSELF = ("sslcertmode", "allow")
"""A default of the client library since PostgreSQL 16, which pg_dump 15 does not know."""

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_MOST_REASON = 300
_WAITING = "Query was: LOCK TABLE"
"""What pg_dump adds when it waited too long for somebody who changes the schema."""

_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    # pg_dump may take hours, in which nothing is asked here.
    " SET LOCAL idle_in_transaction_session_timeout = 0"
)
_TABLES = (
    "SELECT relname, quote_ident(relname), quote_ident(nspname) FROM pg_class"
    " JOIN pg_namespace n ON n.oid = relnamespace"
    " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname"
)


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    heading: bytes
    """How the line begins that its rows follow in a script of pg_restore's."""


class _Rows:
    """A digest of rows in any order, and how many there are."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, row: bytes) -> None:
        """Take one, without the end of its line."""
        self.count += 1
        self._sum += int.from_bytes(hashlib.sha256(row).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rows) and self._state == other._state

    def __hash__(self) -> int:
        return hash(self._state)

    @property
    def _state(self) -> tuple[int, int]:
        return self.count, self._sum % (1 << 256)


def dump(driver: psycopg.Connection[Any], target: Path) -> None:
    """Fill an empty file with what the database holds, sync it, and compare it with the database.

    Raises ProgramMissing, ProgramFailed, KeystoreBusy while somebody changes the schema, and
    DatabaseUnusable for a pooler or a copy that differs.
    """
    _require_direct(driver)
    programs = _programs(driver.info.server_version // 10_000)
    try:
        driver.execute(_BEGIN, prepare=False)
        snapshot, tables = _snapshot(driver)
        with _environment(driver) as environment:
            options = {
                "file": str(target),
                "format": "custom",
                "snapshot": snapshot,
                "lock-wait-timeout": f"{BUSY_TIMEOUT_SECONDS}s",
            }
            _run(programs / "pg_dump", options, environment)
        found = _read_back(programs / "pg_restore", target, tables)
        _compare(driver, tables, found)
    finally:
        driver.rollback()
    folders.sync(target)
    folders.sync(target.parent)


def _require_direct(driver: psycopg.Connection[Any]) -> None:
    """Refuse a pooler: what pg_dump sets for its session, others would find on theirs."""
    ((pid,),) = driver.execute("SELECT pg_backend_pid()", prepare=False).fetchall()
    if pid != driver.info.backend_pid:
        raise DatabaseUnusable(
            "A pooler stands before the database, and pg_dump must not work through one: name the "
            "server itself in the URL of the database."
        )


def _programs(server: int) -> Path:
    """Return the folder of the programs of the least version that fits a server's."""
    places = [*sorted(_DEBIAN.glob("*/bin")), *map(Path, os.get_exec_path())]
    known = [(_version(place), place) for place in places if place.is_absolute()]
    found = [one for one in known if one[0] >= server]
    if not found:
        raise ProgramMissing(f"pg_dump {server}", f"postgresql-client-{server}")
    return min(found, key=lambda one: one[0])[1]


def _version(place: Path) -> int:
    """Return the version of the programs in a folder; 0 if there are none."""
    if not all(shutil.which(name, path=str(place)) for name in ("pg_dump", "pg_restore")):
        return 0
    done = subprocess.run((place / "pg_dump", "-V"), capture_output=True, text=True, check=False)
    told = _VERSION.search(done.stdout)
    return int(told[1]) if told else 0


@contextmanager
def _environment(driver: psycopg.Connection[Any]) -> Iterator[Mapping[str, str]]:
    """Lend the environment in which a program reaches the same database.

    The parameters lie in a file of ours, since a command line can be read by everybody.
    """
    parameters = driver.info.get_parameters()
    lines = [
        f"{name}={value}"
        for name, value in parameters.items()
        if name not in _OF_A_SERVICE and (name, value) != _BY_ITSELF
    ]
    with tempfile.TemporaryDirectory(prefix="keysteward-") as folder:
        file = Path(folder) / "service"
        file.touch(0o600)
        file.write_text("\n".join((f"[{_SERVICE}]", *lines, "")))
        yield {
            **os.environ,
            "PGSERVICEFILE": str(file),
            "PGSERVICE": _SERVICE,
            **({"PGPASSWORD": driver.info.password} if driver.info.password else {}),
        }


def _snapshot(driver: psycopg.Connection[Any]) -> tuple[str, Sequence[_Table]]:
    ((snapshot,),) = driver.execute("SELECT pg_export_snapshot()").fetchall()
    tables = [
        _Table(name, f"COPY {schema}.{quoted} (".encode())
        for name, quoted, schema in driver.execute(_TABLES).fetchall()
    ]
    return str(snapshot), tables


def _run(program: Path, options: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Run a program that never asks for a password (``-w``)."""
    done = subprocess.run(
        (program, "-w", *(f"--{name}={value}" for name, value in options.items())),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise _failed(program, done.stderr)


def _read_back(program: Path, file: Path, tables: Sequence[_Table]) -> Mapping[str, _Rows]:
    """Return the rows of each table that a file holds."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            (program, "-f", "-", file),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        found = _rows_in(process.stdout or (), tables)
        status = process.wait()
        errors.seek(0)
        if status:
            raise _failed(program, errors.read())
    return found


def _rows_in(script: IO[bytes] | Iterable[bytes], tables: Sequence[_Table]) -> dict[str, _Rows]:
    found: dict[str, _Rows] = {}
    rows: _Rows | None = None
    for line in script:
        if rows is None:
            if not line.startswith(b"COPY "):
                continue
            name = next((t.name for t in tables if line.startswith(t.heading)), "")
            rows = found.setdefault(name, _Rows())
        elif line == b"\\.\n":
            rows = None
        else:
            rows.add(line.removesuffix(b"\n"))
    return found


def _compare(
    driver: psycopg.Connection[Any], tables: Sequence[_Table], found: Mapping[str, _Rows]
) -> None:
    for table in tables:
        if found.get(table.name) != _rows_on(driver, table):
            raise DatabaseUnusable(
                f"The copy does not hold the table {table.name!r} as the database does, so it was "
                "removed. Look at the disk that it was written to, and at the server's log."
            )


def _rows_on(driver: psycopg.Connection[Any], table: _Table) -> _Rows:
    """Return the rows of a table as the server gives them, in the form that pg_dump writes."""
    rows = _Rows()
    query = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table.name))
    with driver.cursor() as cursor, cursor.copy(query) as copy:
        for row in copy:  # the client library takes each row from the server as one message
            rows.add(bytes(row).removesuffix(b"\n"))
    return rows


def _failed(program: Path, errors: bytes) -> Problem:
    """Return what a program had to say first, without its own name in front."""
    lines = errors.decode(errors="replace").strip().splitlines() or ["it gave no reason"]
    if any(_WAITING in line for line in lines):
        return KeystoreBusy()
    said = lines[0].split("error: ", 1)[-1].strip()[:_MOST_REASON]
    return ProgramFailed(program.name, said if said.endswith(".") else f"{said}.")
