"""A server on the loopback network that answers as a test writes down, and keeps what it got.

with scripted_server.run([Reply(200, b"{}"), DROP]) as server:
    ask(server.url)
    server.requests
"""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.pki_maker import Issued


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers to one request."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


DROP = None
"""Instead of a reply: the connection is closed without one."""


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    """Return a reply that holds a value."""
    media_type = {"Content-Type": "application/json"}
    return Reply(status, json.dumps(value).encode(), {**media_type, **headers})


@dataclass(frozen=True, slots=True)
class Got:
    """A request that came; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    requests: list[Got]


@contextmanager
def run(script: Sequence[Reply | None], tls: tuple[Path, Path] | None = None) -> Iterator[Server]:
    """Run a server that gives the replies in their order; ``tls`` is its chain and its key."""
    replies, requests = list(script), list[Got]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            requests.append(Got(self.command, self.path, headers, self.rfile.read(length)))
            reply = replies.pop(0)
            if reply is DROP:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        # The library finds them by these names.
        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    class Listener(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that does not like the certificate goes away; that is the test

    with Listener(("127.0.0.1", 0), Handler) as listener:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            listener.socket = context.wrap_socket(listener.socket, server_side=True)
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        scheme = "http" if tls is None else "https"
        try:
            yield Server(f"{scheme}://127.0.0.1:{listener.server_address[1]}", requests)
        finally:
            listener.shutdown()
            thread.join()


def tls_files(folder: Path, chain: Sequence[Issued]) -> tuple[Path, Path]:
    """Write the chain and the key of a server, end-entity first; return both files."""
    folder.mkdir(parents=True, exist_ok=True)
    certificates, key = folder / "server.pem", folder / "server.key"
    certificates.write_bytes(b"".join(issued.pem for issued in chain))
    key.write_bytes(chain[0].key_pem())
    return certificates, key
