"""How connections to PostgreSQL come about, and what its errors say."""

import logging
import re
import select
import time
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Dialect, Engine, create_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from keysteward.problems import DatabaseUnusable, SettingInvalid
from keysteward.storage.engines.contract import EXAMPLE, SETTING

OLDEST = 140_000
"""PostgreSQL 14, as the server tells its version."""

WRITABLE, ANY = "read-write", "any"
"""Which servers will do, as PostgreSQL's own client library has it."""

_DEFAULTS: dict[str, Any] = {
    "application_name": "keysteward",
    "client_encoding": "UTF8",
    # For each host, in seconds.
    "connect_timeout": 3,
    # A server that vanished without a word is noticed after about ten seconds, both while an
    # answer is waited for and while something sent is not acknowledged (the last in milliseconds).
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# It warns of what follows from a lost connection, which is told as a problem.
logging.getLogger("psycopg").setLevel(logging.ERROR)

_PARAMETERS = frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())

_CONNECTING = (
    # A server that refuses a connection tells its SQLSTATE, but the client library keeps it to
    # itself; without NLS its own words are English, as are the server's unless somebody asks for
    # others. What is not found here counts as a server that does not answer.
    ("53300", r"too many clients|remaining connection slots|too many connections for"),
    ("28P01", r"authentication failed|no password supplied"),
    ("28000", r"no pg_hba\.conf entry|pg_hba\.conf rejects|role \".*\" (does not exist|is not)"),
    ("3D000", r"database \".*\" does not exist"),
    ("42501", r"permission denied for database"),
    ("0T000", r"SSL error|does not support SSL|certificate|sslmode|sslrootcert"),
)

UNUSABLE = {
    "0T000": "TLS to PostgreSQL does not come about. Look at sslmode and sslrootcert in the URL, "
    "and at the server's certificate.",
    "28": "PostgreSQL does not let this user in. Look at the user name, its password and "
    "pg_hba.conf.",
    "3D000": "PostgreSQL has no database of this name. Have it made: CREATE DATABASE name TEMPLATE "
    "template0 ENCODING 'UTF8'.",
    "42501": "This user of PostgreSQL may not do that here. Make it the owner of the database.",
    "53100": "The disk of the database's server is full. Nothing was changed; make room and "
    "repeat.",
    "53200": "The database's server is out of memory. Nothing was changed; repeat later.",
    "58": "The database's server reports an error of its system. Look at its log.",
    "XX": "The database is damaged, or its server has a bug. Look at its log.",
}


def connect(dialect: Dialect, url: URL, servers: str) -> psycopg.Connection[Any]:
    """Connect to the first of the URL's hosts that will do: WRITABLE or ANY.

    Raises psycopg's errors, and DatabaseUnusable for a server that must not be worked with.
    """
    connection = connect_plainly(dialect, url, servers)
    try:
        _configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_plainly(dialect: Dialect, url: URL, servers: str) -> psycopg.Connection[Any]:
    """Connect in the same way to whatever database and server this is."""
    _, parameters = dialect.create_connect_args(url)
    return psycopg.connect(
        autocommit=True,
        context=parameters.pop("context", None),
        **{**_DEFAULTS, **parameters, "target_session_attrs": servers},
    )


def connect_best(dialect: Dialect, url: URL) -> psycopg.Connection[Any]:
    """Connect to a server that can be written if there is one, else to any."""
    with suppress(psycopg.OperationalError):
        return connect(dialect, url, WRITABLE)
    return connect(dialect, url, ANY)


def make_engine(url: URL) -> Engine:
    """Return an engine without a pool. Raises SettingInvalid for a URL that cannot be right."""
    for name in url.query:
        if name not in _PARAMETERS:
            raise SettingInvalid(
                SETTING, f"{name!r} is no parameter of a connection to PostgreSQL; {EXAMPLE}"
            )
    if not url.database:
        raise SettingInvalid(SETTING, EXAMPLE)
    if "@" in (url.host or ""):
        raise SettingInvalid(SETTING, "an @ in the user's name or password is written as %40.")
    try:
        return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    except ArgumentError as error:
        reason = f"its hosts and ports do not fit together; {EXAMPLE}"
        raise SettingInvalid(SETTING, reason) from error


def state_of(error: Exception) -> str:
    """Return the SQLSTATE, or one that says the same as the refusal of a connection; else ""."""
    state: str | None = getattr(error, "sqlstate", None)
    if state or not isinstance(error, psycopg.OperationalError):
        return state or ""
    text = str(error)
    return next((state for state, words in _CONNECTING if re.search(words, text)), "")


def unusable(error: Exception) -> str | None:
    """Return a sentence by the SQLSTATE, or by its class; see ``StorageEngine.unusable``."""
    state = state_of(error)
    return UNUSABLE.get(state) or UNUSABLE.get(state[:2])


def places(dialect: Dialect, url: URL) -> str:
    """Return the hosts and ports of a URL, for a person."""
    _, parameters = dialect.create_connect_args(url)
    hosts = str(parameters.get("host", "localhost")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    if len(ports) < len(hosts):
        ports *= len(hosts)
    return ", ".join(f"{host}:{port}" if port else host for host, port in zip(hosts, ports))  # noqa: B905  # longer only if the URL is wrong


class _TextDumper(StrDumperUnknown):
    """Writes a text with NUL, which no text has here, as one that no name is allowed to be."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\1"))


def driver_of(connection: DBAPIConnection) -> psycopg.Connection[Any]:
    """Return the same, by the type that has more than the DB-API knows."""
    driver: Any = connection
    return driver  # type: ignore[no-any-return]


def _configure(driver: psycopg.Connection[Any]) -> None:
    driver.adapters.register_dumper(str, _TextDumper)
    row = driver.execute(
        "SELECT pg_backend_pid(), current_setting('server_version_num')::int,"
        " current_setting('server_encoding'), current_setting('synchronous_commit')",
        prepare=False,
    ).fetchone()
    if row is None:
        raise DatabaseUnusable(UNUSABLE["XX"])
    pid, version, encoding, synchronous = row
    if version < OLDEST:
        raise DatabaseUnusable(
            f"The server is PostgreSQL {version // 10_000}; {OLDEST // 10_000} or newer is needed."
        )
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The database is encoded in {encoding}. Have one made in UTF8: CREATE DATABASE name "
            "TEMPLATE template0 ENCODING 'UTF8'."
        )
    if synchronous == "off":
        raise DatabaseUnusable(
            f"With synchronous_commit = {synchronous} a confirmed change can be lost. Set it to "
            "'on' for this database: ALTER DATABASE NAME SET synchronous_commit = on."
        )
    if driver.info.backend_pid != pid:
        # A pooler stands between, and the next transaction may run on another connection, which
        # knows nothing of what was prepared on this one.
        driver.prepare_threshold = None


def ask(connection: psycopg.Connection[Any], statement: bytes, seconds: float) -> str:
    """Run a statement that returns no rows and return what the server calls it.

    Raises OperationalError if there is no answer in time; the connection is of no use then.
    """
    server, end = connection.pgconn, time.monotonic() + seconds
    server.send_query(statement)
    ready = select.poll()
    ready.register(server.socket, select.POLLIN)
    server.flush()
    while server.is_busy():
        left = end - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise psycopg.OperationalError("The server does not answer in time.")
        server.consume_input()
    result = server.get_result()
    while server.get_result() is not None:
        pass
    if result is None:
        raise psycopg.OperationalError("The server gave no result.")
    if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(result)
    return (result.command_status or b"").decode()
