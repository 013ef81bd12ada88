"""The real server for tests: ``keysteward serve`` as a process of its own on a free loopback port.

Starting one takes about a second: share it in a fixture of a module. Data of the test goes in
before, by ``app.opened``, or while it runs, by its own addresses.
"""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue
from socket import socket
from typing import Any

from starlette.types import ASGIApp

from keysteward import app
from keysteward.accounts import users
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.values import Secret
from keysteward.web.running import Running
from keysteward.web.server import Server as WebServer
from keysteward.web.tls import Tls
from tests import commands
from tests.steward import TENANT

START_SECONDS = 30
STOP_SECONDS = 40

_ADDRESS = re.compile(r"answers at (https?)://(\S+):(\d+) ")
_LAST_WORDS = "requests that are running finish first.\n"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that takes requests."""

    settings: Settings
    url: str
    """Without a slash at its end."""
    host: str
    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    """Holds what it wrote to standard output and standard error."""

    @property
    def said(self) -> str:
        """What it printed for the person who started it."""
        return (self.folder / "stdout").read_text()

    @property
    def errors(self) -> str:
        """Its log as it is."""
        return (self.folder / "stderr").read_text()

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its log, one value for each line that is written to its end."""
        return [json.loads(line) for line in self.errors.split("\n")[:-1]]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def served(
    settings: Settings, folder: Path, *arguments: str, **environment: str
) -> Iterator[Server]:
    """Run a server on an installation for the time of a context; ``folder`` is for its output.

    ``arguments`` are those of ``serve`` besides the port, ``environment`` further settings
    (``KEYSTEWARD_CONNECTIONS="5"``).
    """
    process = start(settings, folder, *arguments, **environment)
    try:
        yield _wait(settings, process, folder)
    finally:
        process.kill()
        process.wait(STOP_SECONDS)


def start(
    settings: Settings, folder: Path, *arguments: str, **environment: str
) -> subprocess.Popen[bytes]:
    """Start a server and return at once; for those that do not come up."""
    folder.mkdir(parents=True, exist_ok=True)
    if settings.database is not None:
        environment["KEYSTEWARD_DATABASE"] = settings.database
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            (*commands.COMMAND, "serve", "--port", "0", *arguments),
            env=commands.environment(settings.data, **environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )


@contextmanager
def threaded(app_: ASGIApp, settings: Settings, secured: Tls | None = None) -> Iterator[int]:
    """Run an application in a thread of this process, as the product's server does; its port.

    For what a test's own application shows better than the real one.
    """
    ports: Queue[int] = Queue()
    running = Running()

    def announce(listening: socket) -> None:
        ports.put(listening.getsockname()[1])

    server = WebServer(app_, replace(settings, port=0), secured, running, announce)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield ports.get(timeout=START_SECONDS)
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)


def add_user(
    settings: Settings,
    name: str,
    password: str,
    *roles: Role,
    keystores: frozenset[str] | None = None,
) -> None:
    """Add a user who may sign in at once; an administrator unless roles are given."""
    with app.opened(settings) as steward:
        users.add_user(
            steward,
            TENANT,
            name,
            Secret(password.encode()),
            frozenset(roles or (Role.ADMINISTRATOR,)),
            keystores,
        )


def _wait(settings: Settings, process: subprocess.Popen[bytes], folder: Path) -> Server:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        said = (folder / "stdout").read_text()
        found = _ADDRESS.search(said)
        if found and _LAST_WORDS in said:
            scheme, host, port = found.groups()
            url = f"{scheme}://{host}:{port}"
            return Server(settings, url, host.strip("[]"), int(port), process, folder)
        time.sleep(0.02)
    raise AssertionError(f"The server did not come up: {(folder / 'stderr').read_text()}")
