"""Connections of clients that are slow, endless or wrong, to a small application of the test."""

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from keysteward.web.protocol import HEADER_LIMIT_BYTES
from tests import servers
from tests import steward as steward_

PATIENCE_SECONDS = 20.0
_LARGE = b"x" * 50_000_000


async def _hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def _early(_: Request) -> Response:
    """Answer without a look at the body."""
    return PlainTextResponse("no", 403)


async def _echo(request: Request) -> Response:
    return Response(await request.body())


async def _large(_: Request) -> Response:
    return Response(_LARGE)


_APP = Starlette(
    routes=[
        Route("/", _hello),
        Route("/early", _early, methods=["POST"]),
        Route("/echo", _echo, methods=["POST"]),
        Route("/large", _large),
    ]
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a server that waits a second for headers and for readers."""
    settings = steward_.settings_for(tmp_path_factory.mktemp("protocol"))
    quick = replace(settings, header_seconds=1, write_seconds=1)
    with servers.threaded(_APP, quick) as port:
        yield port


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)


def _read_to_end(sock: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionResetError):
        while part := sock.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def _ask(port: int, request: bytes) -> bytes:
    with closing(_connect(port)) as sock:
        sock.sendall(request)
        return _read_to_end(sock)


def _hello_works(port: int) -> bool:
    return _ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(b"hello")


def _detail(answer: bytes) -> str:
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["detail"])


def test_connection_that_sends_nothing_is_closed(port: int) -> None:
    """A client that only connects is let go without an answer."""
    assert b"" == _ask(port, b"")


def test_headers_that_drip_are_cut_off_while_others_are_served(port: int) -> None:
    """A header every tenth of a second keeps no connection beyond the time for all of them."""
    with closing(_connect(port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        end = time.monotonic() + PATIENCE_SECONDS
        while not select.select([sock], [], [], 0.1)[0] and time.monotonic() < end:
            sock.sendall(b"X-Drip: 1\r\n")
            assert _hello_works(port)
        assert _read_to_end(sock).startswith(b"HTTP/1.1 408 ")


def test_headers_that_stop_halfway_are_answered_408(port: int) -> None:
    """A client that stops in the middle of its headers is told so."""
    answer = _ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Never")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "The headers were not complete after 1 s. Send them again." == _detail(answer)


def test_second_request_has_its_own_time(port: int) -> None:
    """The time for headers begins anew with each request of a connection, and ends it, too."""
    with closing(_connect(port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"hello"):
            part = sock.recv(65_536)
            assert part
            answer += part
        sock.sendall(b"GET / HTTP/1.1\r\n")
        assert _read_to_end(sock).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("filling", [1, HEADER_LIMIT_BYTES], ids=["at the limit", "far beyond"])
def test_headers_beyond_the_limit_are_answered_431(port: int, filling: int) -> None:
    """Headers that are too large are refused, in one piece or not, and say what the limit is."""
    header = b"X-Long: " + b"x" * (HEADER_LIMIT_BYTES + filling) + b"\r\n"
    answer = _ask(port, b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert "16,384 bytes" in _detail(answer)


def test_headers_without_an_end_are_answered_431(port: int) -> None:
    """Endless headers are refused as soon as the limit is passed."""
    answer = _ask(port, b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 2 * HEADER_LIMIT_BYTES)

    assert answer.startswith(b"HTTP/1.1 431 ")


def test_headers_of_many_kilobytes_are_served(port: int) -> None:
    """What real clients send at most, a long token, is well within the limit."""
    token = b"Authorization: Bearer " + b"t" * 12_000
    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + token + b"\r\n\r\n"

    assert _ask(port, request).endswith(b"hello")


@pytest.mark.parametrize(
    "request_",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / FTP/1.1\r\n\r\n", b"\x00" * 100],
    ids=["TLS", "another protocol", "zeros"],
)
def test_what_is_no_request_is_answered_400(port: int, request_: bytes) -> None:
    """Bytes that are no HTTP end the connection with a problem document."""
    answer = _ask(port, request_ + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "This is no request in HTTP/1.1." == _detail(answer)


def test_transfer_encoding_that_is_not_known_is_answered_501(port: int) -> None:
    """Compressed transfer is refused rather than misread."""
    request = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"

    assert _ask(port, request).startswith(b"HTTP/1.1 501 ")


def test_request_with_two_lengths_is_refused_with_what_follows(port: int) -> None:
    """A proxy that goes by the other one would take the second request for a body."""
    hidden = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    length = b"Content-Length: %d\r\n" % (len(hidden) + 5)
    answer = _ask(
        port,
        b"POST /echo HTTP/1.1\r\nHost: h\r\n"
        + length
        + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + hidden,
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in answer
    assert 1 == answer.count(b"HTTP/1.1")


def test_body_that_is_malformed_halfway_ends_the_request(port: int) -> None:
    """A broken chunk ends the connection, and the application's wait for the body with it."""
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with closing(_connect(port)) as sock:
        sock.sendall(head + b"3\r\nabc\r\n")
        time.sleep(0.2)
        sock.sendall(b"no number\r\n")
        assert _read_to_end(sock).startswith(b"HTTP/1.1 400 ")
    assert _hello_works(port)


def test_upgrade_to_another_protocol_is_not_made(port: int) -> None:
    """A client that would like WebSocket gets the answer in HTTP/1.1."""
    request = (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )

    assert _ask(port, request + request).startswith(b"HTTP/1.1 200 ")


def test_early_answer_reaches_a_client_that_still_sends(port: int) -> None:
    """An answer before the end of the body arrives whole, and the connection is closed after it."""
    body = b"x" * 10_000_000
    head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    with closing(_connect(port)) as sock:
        with suppress(ConnectionResetError, BrokenPipeError):
            sock.sendall(head + body[:100_000])
        answer = _read_to_end(sock)

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"\r\nconnection: close\r\n" in answer.lower()
    assert answer.endswith(b"no")


def test_endless_body_after_an_early_answer_ends(port: int) -> None:
    """A client that sends on for ever after its answer is cut off."""
    head = b"POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with closing(_connect(port)) as sock:
        sock.sendall(head)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            _send_for_ever(sock, chunk)


def _send_for_ever(sock: socket.socket, chunk: bytes) -> None:
    for _ in range(20_000):
        sock.sendall(chunk)


def test_reader_that_stalls_is_cut_off_while_others_are_served(port: int) -> None:
    """A client that asks for much and reads nothing does not get the rest when it comes back."""
    with closing(socket.socket()) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(PATIENCE_SECONDS)
        sock.connect(("127.0.0.1", port))
        sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(3.5)
        assert _hello_works(port)
        assert len(_read_to_end(sock)) < len(_LARGE)


def test_reader_that_is_slow_gets_everything(port: int) -> None:
    """Whoever goes on reading is given the time that it takes, several periods of it."""
    request = b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with closing(_connect(port)) as sock:
        sock.sendall(request)
        got = 0
        for _ in range(60):
            got += len(sock.recv(400_000, socket.MSG_WAITALL))
            time.sleep(0.05)
        assert got + len(_read_to_end(sock)) > len(_LARGE)


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    """Requests that come in one piece get an answer each."""
    first = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    second = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers = _ask(port, first + second)

    assert 2 == answers.count(b"HTTP/1.1 200 OK")
    assert answers.index(b"abc") < answers.index(b"hello")
