"""Two nodes of Keysteward on one database: a keystore with key pairs, and servers that answer."""

import json
import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from faults import asking, processes
from faults.processes import Processes
from tests import commands

_START_SECONDS = 60
_HOST = "127.0.0.1"
_COMMAND = (sys.executable, "-c", "from keysteward.app import main; main()")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a node answers."""

    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Site:
    """An installation whose nodes differ in nothing but their data folders."""

    running: Processes
    database: str
    """URL, with a password in it."""

    def create(self) -> None:
        """Make the keystore and the sealing key."""
        password = secrets.token_hex(16).encode()
        self.run("init", "--admin", "admin", "--password-stdin", stdin=password)

    def add_client(self, name: str) -> str:
        """Make an API client that may change entries, and return its secret."""
        added = json.loads(self.run("client", "add", name, "--role", "operator", "--json"))
        return str(added["client_secret"])

    def add_key_pair(self, alias: str) -> CertificatePublicKeyTypes:
        """Generate a key pair, write its signing request, and return what a CA reads from that."""
        subject = ("--cn", alias, "--country", "DE")
        self.run("keypair", "generate", alias, "--type", "ec", "--curve", "P-256", *subject)
        request = x509.load_pem_x509_csr(self.run("csr", alias, "-o", "-").encode())
        return request.public_key()

    def run(self, *arguments: str, stdin: bytes = b"") -> str:
        """Return what a command of the first node prints. Raises RuntimeError if it fails."""
        done = commands.run(
            self._data(1), *arguments, stdin=stdin, KEYSTEWARD_DATABASE=self.database
        )
        if done.status != 0:
            raise RuntimeError(f"keysteward {arguments[0]}: {done.status}: {done.stderr.strip()}")
        return done.stdout

    def serve(self, count: int, *arguments: str) -> Sequence[Server]:
        """Start nodes, each with a copy of the sealing keys, and return them once they are ready.

        ``arguments`` are those of ``serve`` besides the port.
        """
        servers = [self._start(number, *arguments) for number in range(1, count + 1)]
        for server in servers:
            asking.wait_for(f"{server.name} is ready", _START_SECONDS, partial(is_ready, server))
        return servers

    def _start(self, number: int, *arguments: str) -> Server:
        name, data = f"keysteward{number}", self._data(number)
        if number > 1:
            shutil.copytree(self._data(1) / "sealing", data / "sealing")
        server = Server(name, _HOST, processes.free_port(_HOST))
        command = (*_COMMAND, "serve", "--port", str(server.port), *arguments)
        environment = commands.environment(data, KEYSTEWARD_DATABASE=self.database)
        # The server works in another folder, so a relative place of the sources would be lost.
        paths = [str(Path(one).resolve()) for one in sys.path if one]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        self.running.start(name, *command, environment=environment, as_server=False)
        return server

    def _data(self, number: int) -> Path:
        return self.running.folder / f"data{number}"


def is_ready(server: Server) -> bool:
    """Tell whether a node answers that it can work."""
    answer = asking.ask(server.host, server.port, "/readyz")
    return answer is not None and answer.get("status") == "ok"
