import contextlib
import socket
from pathlib import Path

import pytest


def test_connect_refuses_addresses_elsewhere() -> None:
    """No test can reach another machine by address."""
    with (
        socket.socket() as sock,
        pytest.raises(RuntimeError, match="stay on this machine"),
    ):
        sock.connect(("192.0.2.1", 443))


def test_connect_refuses_addresses_elsewhere_over_ipv6() -> None:
    """No test can reach another machine over IPv6 either."""
    with (
        contextlib.closing(socket.socket(socket.AF_INET6)) as sock,
        pytest.raises(RuntimeError, match="stay on this machine"),
    ):
        sock.connect_ex(("2001:db8::1", 443))


def test_name_lookup_refuses_names_elsewhere() -> None:
    """No test asks a name server."""
    with pytest.raises(RuntimeError, match="stay on this machine"):
        socket.create_connection(("www.example.com", 443))


def test_name_lookup_finds_no_invalid_names() -> None:
    """A name under .invalid does not resolve, as on any machine."""
    with pytest.raises(socket.gaierror):
        socket.create_connection(("receiver.invalid", 443))


def test_connect_reaches_loopback() -> None:
    """Receivers on this machine can be reached by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as sock:
            assert ("127.0.0.1", port) == sock.getpeername()
        with socket.create_connection(("localhost", port)) as sock:
            assert port == sock.getpeername()[1]


def test_connect_reaches_unix_sockets(tmp_path: Path) -> None:
    """Sockets in the file system are on this machine by nature."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        assert path == client.getpeername()
