"""Real TLS receivers for tests: openssl s_server and nginx on a free port of 127.0.0.1.

    with receivers.openssl_receiver(folder, server=chain, client_cas=(root,)) as receiver:
        connect(receiver.host, receiver.port)
        receiver.log()

Each context manager ends the process that it started. Certificates and keys are ``Issued`` values
of ``pki_maker``; what lies in ``folder`` afterwards are the receiver's own files, never a client's
key. Where a program is missing, the test is skipped with the name of its Debian package.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import pki_maker
from tests.pki_maker import Issued

_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running receiver. ``host`` is a name that ``server_chain`` certificates are made for."""

    host: str
    port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    def log(self) -> str:
        """Return what the receiver has written until now."""
        return self.log_file.read_text("utf-8", "replace")

    def wait_for(self, text: str) -> str:
        """Return the log as soon as the text is in it; a failure if it does not come in time."""
        end = time.monotonic() + _WAIT_SECONDS
        while text not in self.log():
            if time.monotonic() > end:
                pytest.fail(f"the receiver did not log {text!r}:\n{self.log()}")
            time.sleep(_POLL_SECONDS)
        return self.log()


def server_chain(kind: str = "p256", name: str = "localhost") -> tuple[Issued, Issued]:
    """Return the certificate of a receiver with this host name, and its root."""
    root = pki_maker.issue("Receiver Root", pki_maker.make_key(kind), ca=True)
    san = (f"DNS:{name}",)
    key = pki_maker.make_key(kind)
    return pki_maker.issue(name, key, root, eku=("serverAuth",), san=san), root


@contextmanager
def openssl_receiver(
    folder: Path,
    server: tuple[Issued, ...],
    client_cas: tuple[Issued, ...] = (),
    options: tuple[str, ...] = (),
) -> Iterator[Receiver]:
    """Run ``openssl s_server -www``, which answers each request with a page about the session.

    Args:
        folder: for the receiver's files and its log; made if it does not exist.
        server: its chain, end-entity first; the root is not sent.
        client_cas: roots of client certificates. A client certificate is demanded if there are
            any, and refused in the handshake if none of them verifies it.
        options: more options of s_server, like ``-tls1_2``.
    """
    program = _program("openssl", "openssl")
    files = _server_files(folder, server)
    command = [program, "s_server", "-cert", str(files[0]), "-key", str(files[1]), "-www"]
    if len(server) > 2:
        command += ["-cert_chain", str(_pem(folder / "server-chain.pem", server[1:-1]))]
    if client_cas:
        trusted = _pem(folder / "client-cas.pem", client_cas)
        command += ["-Verify", "5", "-verify_return_error", "-CAfile", str(trusted)]
    port = free_port()
    command += ["-accept", f"127.0.0.1:{port}", *options]
    with _running(command, port, folder / "s_server.log") as receiver:
        yield receiver


@contextmanager
def nginx_receiver(
    folder: Path, server: tuple[Issued, ...], client_cas: tuple[Issued, ...], depth: int = 3
) -> Iterator[Receiver]:
    """Run nginx that demands a client certificate and greets ``Hello CN=…`` by its subject.

    Like every nginx, it finishes the handshake with any certificate and answers 400 afterwards if
    none was sent or it does not verify. The log has one line per request: status, verdict, subject,
    serial number.
    """
    program = _program("nginx", "nginx-light")
    certificate, key = _server_files(folder, server)
    trusted = _pem(folder / "client-cas.pem", client_cas)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""daemon off; master_process off; worker_processes 1;
pid {folder}/nginx.pid; error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
  log_format tls '$status $ssl_client_verify $ssl_client_s_dn $ssl_client_serial';
  access_log {folder}/access.log tls;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_client_certificate {trusted}; ssl_verify_client on; ssl_verify_depth {depth};
    location / {{ default_type text/plain; return 200 "Hello $ssl_client_s_dn\\n"; }}
  }}
}}
"""
    )
    log = folder / "access.log"
    log.touch()
    command = [
        program,
        "-p",
        str(folder),
        "-c",
        str(configuration),
        "-e",
        str(folder / "error.log"),
    ]
    with _running(command, port, folder / "nginx.out") as receiver:
        yield Receiver(receiver.host, port, receiver.process, log)


def free_port() -> int:
    """Return a port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], port: int, log_file: Path) -> Iterator[Receiver]:
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    receiver = Receiver("localhost", port, process, log_file)
    try:
        _wait_until_it_listens(receiver)
        yield receiver
    finally:
        process.terminate()
        try:
            process.wait(_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(receiver: Receiver) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while receiver.process.poll() is None and time.monotonic() < end:
        if _listens(receiver.port):
            return
        time.sleep(_POLL_SECONDS)
    pytest.fail(f"the receiver did not start:\n{receiver.log()}")


def _listens(port: int) -> bool:
    # Looked up and not tried: a connection of our own would be in the receiver's log.
    local = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[3] == "0A":
            return True
    return False


def _server_files(folder: Path, server: tuple[Issued, ...]) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "server.key"
    key.write_bytes(server[0].key_pem())
    return _pem(folder / "server.pem", server[:-1] or server), key


def _pem(path: Path, certificates: tuple[Issued, ...]) -> Path:
    path.write_bytes(b"".join(certificate.pem for certificate in certificates))
    return path


def _program(name: str, package: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is missing: install the Debian package {package}")
    return found
