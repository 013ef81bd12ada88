"""Receivers, key pairs and servers with odd manners that the tests of this room share."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests import pki_maker, receivers
from tests.pki_maker import Issued
from tests.receivers import Receiver

Script = Callable[[socket.socket], None]
Serve = Callable[[Script], AbstractContextManager[int]]

_WAIT_SECONDS = 10.0


@pytest.fixture(scope="session")
def server() -> tuple[Issued, Issued]:
    """A receiver's certificate for localhost, and its root."""
    return receivers.server_chain()


@pytest.fixture(scope="session")
def client() -> tuple[Issued, ...]:
    """A client's chain: end-entity, intermediate, root."""
    return pki_maker.make_chain("p256", 1, "client")


@pytest.fixture(scope="session")
def stranger() -> tuple[Issued, ...]:
    """A client's chain under a root that no receiver here trusts."""
    root = pki_maker.issue("Strange Root", ca=True)
    return pki_maker.issue("stranger", None, root, eku=("clientAuth",)), root


@pytest.fixture(scope="session", params=["-tls1_2", "-tls1_3"], ids=["TLS1.2", "TLS1.3"])
def demanding(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
) -> Iterator[Receiver]:
    """A receiver that demands a client certificate under the client's root, in both versions."""
    folder: Path = tmp_path_factory.mktemp("demanding")
    with receivers.openssl_receiver(
        folder, server, client_cas=client[-1:], options=(request.param,)
    ) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def nginx(
    tmp_path_factory: pytest.TempPathFactory,
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
) -> Iterator[Receiver]:
    """An nginx that greets clients under the client's root by their subject."""
    folder = tmp_path_factory.mktemp("nginx")
    with receivers.nginx_receiver(folder, server, client[-1:]) as receiver:
        yield receiver


@pytest.fixture
def serve() -> Serve:
    """A server for one connection: what the script does with the socket is its whole behaviour."""
    return _serve


@contextmanager
def _serve(script: Script) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(_WAIT_SECONDS)

    def run() -> None:
        connected, _ = listener.accept()
        connected.settimeout(_WAIT_SECONDS)
        with connected:
            script(connected)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(_WAIT_SECONDS)
        listener.close()
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def server_context(
    tmp_path_factory: pytest.TempPathFactory,
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
) -> Callable[[], ssl.SSLContext]:
    """Contexts for scripts that speak TLS and trust the client's root."""
    folder = tmp_path_factory.mktemp("scripted")
    certificate = folder / "server.pem"
    certificate.write_bytes(server[0].pem + server[0].key_pem())

    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.load_verify_locations(cadata=client[-1].pem.decode())
        return context

    return make
