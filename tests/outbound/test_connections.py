import re
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward import guard
from keysteward.outbound import connections, contexts
from keysteward.outbound.connections import Connection
from keysteward.pki import certificates
from keysteward.problems import ConnectionFailed
from keysteward.values import Alias, Secret
from tests import pki_maker, receivers
from tests.outbound.conftest import Script, Serve
from tests.pki_maker import Issued
from tests.receivers import Receiver

LONG_AGO = datetime(2024, 6, 1, tzinfo=UTC)

ServerContext = Callable[[], ssl.SSLContext]


def _context(chain: tuple[Issued, ...], anchor: Issued) -> ssl.SSLContext:
    return contexts.client_context(
        tuple(certificates.read_certificate(issued.der) for issued in chain),
        Secret(pki_maker.key_bytes(chain[0].key, Encoding.DER)),
        (certificates.read_certificate(anchor.der),),
        Alias("backend"),
    )


def _without_key(anchor: Issued) -> ssl.SSLContext:
    return contexts.trusting((certificates.read_certificate(anchor.der),))


def _check(
    port: int,
    context: ssl.SSLContext,
    *,
    seconds: float = 10.0,
    name: str | None = None,
    alias: Alias | None = None,
) -> Connection:
    return connections.check_connection(
        *("localhost", port, context),
        reach=guard.ANYWHERE,
        timeout_seconds=seconds,
        server_name=name,
        alias=alias,
    )


def _failure(
    port: int,
    context: ssl.SSLContext,
    *,
    seconds: float = 10.0,
    name: str | None = None,
    alias: Alias | None = None,
) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as raised:
        _check(port, context, seconds=seconds, name=name, alias=alias)
    assert f"localhost:{port}" == raised.value.address
    assert raised.value.remedy.endswith(".")
    return raised.value


# ---- it works


def test_connection_tells_what_was_negotiated(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """Protocol and cipher are the receiver's own account of the session."""
    connection = _check(demanding.port, _context(client, server[-1]))
    page = "\n".join(connection.body)
    assert "HTTP/1.0 200 ok" == connection.status_line
    assert ("Content-type: text/html",) == connection.header
    assert "s_server" in page
    assert (True, True) == (connection.certificate_requested, connection.certificate_sent)
    assert connection.protocol in ("TLSv1.2", "TLSv1.3")
    assert connection.ip in ("127.0.0.1", "::1")
    assert 0 < connection.duration_seconds < 10
    assert [server[0].der] == [certificate.der for certificate in connection.peer_chain]


def test_connection_agrees_with_openssl_about_protocol_and_cipher(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...], tmp_path: Path
) -> None:
    """The openssl command, with the same key pair, negotiates the same protocol."""
    own = tmp_path / "client.pem"
    own.write_bytes(b"".join(c.pem for c in client) + client[0].key_pem())
    trusted = tmp_path / "root.pem"
    trusted.write_bytes(server[-1].pem)
    command = ["openssl", "s_client", "-brief", "-connect", f"localhost:{demanding.port}"]
    command += ["-cert", str(own), "-cert_chain", str(own), "-CAfile", str(trusted)]
    ended = subprocess.run(
        command,
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    connection = _check(demanding.port, _context(client, server[-1]))
    said = ended.stdout + ended.stderr
    assert f"Protocol version: {connection.protocol}" in said
    assert f"Ciphersuite: {connection.cipher}" in said


def test_connection_names_the_issuers_that_the_server_accepts(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """What the server names while asking is read in both versions of the message."""
    connection = _check(demanding.port, _context(client, server[-1]))
    assert ("CN=Test Root",) == connection.accepted_issuers


def test_nginx_greets_the_client_by_its_name(
    nginx: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """The receiver's answer and its log name the subject of the certificate that was sent."""
    connection = _check(nginx.port, _context(client, server[-1]))
    assert ("Hello CN=client",) == connection.body
    assert "HTTP/1.1 200 OK" == connection.status_line
    assert "200 SUCCESS CN=client" in nginx.wait_for("SUCCESS CN=client")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_connection_says_when_no_certificate_was_asked_for(
    version: str, server: tuple[Issued, ...], client: tuple[Issued, ...], tmp_path: Path
) -> None:
    """A server that asks for nothing proves nothing about the key pair, and the remark says so."""
    with receivers.openssl_receiver(tmp_path, server, options=(version,)) as receiver:
        connection = _check(receiver.port, _context(client, server[-1]))
    assert (False, False) == (connection.certificate_requested, connection.certificate_sent)
    assert "did not ask for a client certificate" in connection.remark


def test_connection_says_when_a_certificate_was_optional(
    server: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
) -> None:
    """A server that asks and goes on without an answer is told apart from one that demands."""
    script = _answering(server_context, b"HTTP/1.1 204 No Content\r\n\r\n", ssl.CERT_OPTIONAL)
    with serve(script) as port:
        connection = _check(port, _without_key(server[-1]))
    assert (True, False) == (connection.certificate_requested, connection.certificate_sent)
    assert "optional" in connection.remark


def test_connection_answers_a_request_after_the_handshake(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
) -> None:
    """A server that asks only after it has seen the path gets the certificate then (TLS 1.3)."""
    subjects = []

    def script(connected: socket.socket) -> None:
        context = _demanding(server_context)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.post_handshake_auth = True
        with context.wrap_socket(connected, server_side=True) as tls:
            tls.recv(1000)
            tls.verify_client_post_handshake()
            tls.sendall(b"HTTP/1.1 200 OK\r\n")
            tls.settimeout(0.5)
            # No data follows, but the certificate is read on the way.
            with suppress(TimeoutError):
                tls.recv(1000)
            subjects.append(tls.getpeercert(binary_form=True))
            tls.sendall(b"Content-Length: 0\r\n\r\n")

    with serve(script) as port:
        connection = _check(port, _context(client, server[-1]))
    assert [client[0].der] == subjects
    assert (True, True) == (connection.certificate_requested, connection.certificate_sent)


def test_denied_access_is_told_from_a_refused_certificate(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
) -> None:
    """403 after an accepted certificate is a connection, with a remark on what is left to do."""
    script = _answering(server_context, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with serve(script) as port:
        connection = _check(port, _context(client, server[-1]))
    assert "denies access" in connection.remark


def test_answer_is_bounded_and_printable(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
) -> None:
    """A hostile answer cannot move the cursor, nor fill memory or screen."""
    lines = b"".join(b"line \x1b[2J\x07\xff %d\n" % number for number in range(5_000))
    answer = b"HTTP/1.1 200 \x1b]0;own\x07ed\r\nX: \xe2\x80\xae\r\n\r\n" + lines + b"y" * 1_000_000
    with serve(_answering(server_context, answer)) as port:
        connection = _check(port, _context(client, server[-1]))
    texts = (connection.status_line or "", *connection.header, *connection.body)
    assert 200 == len(connection.body)
    assert all(text.isprintable() and len(text) <= 200 for text in texts)


def test_server_that_is_silent_after_the_handshake_leaves_the_question_open(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
) -> None:
    """No answer in time is a connection, but TLS 1.3 then says nothing about the certificate."""

    def script(connected: socket.socket) -> None:
        with _demanding(server_context).wrap_socket(connected, server_side=True) as tls:
            while tls.recv(1000):
                pass

    with serve(_tolerant(script)) as port:
        connection = _check(port, _context(client, server[-1]), seconds=0.5)
    assert connection.status_line is None
    assert connection.certificate_sent
    assert "not known" in connection.remark


def test_answer_without_end_does_not_use_up_the_time(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
) -> None:
    """A server that keeps the connection open after its header is not waited for until the end."""

    def script(connected: socket.socket) -> None:
        with _demanding(server_context).wrap_socket(connected, server_side=True) as tls:
            tls.recv(1000)
            tls.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
            while tls.recv(1000):
                pass

    with serve(_tolerant(script)) as port:
        connection = _check(port, _context(client, server[-1]), seconds=30)
    assert ("hello",) == connection.body
    assert connection.duration_seconds < 10


# ---- the server refuses the client certificate


def test_unknown_issuer_is_named_with_the_root_to_send(
    demanding: Receiver, server: tuple[Issued, ...], stranger: tuple[Issued, ...]
) -> None:
    """The refusal is recognised in both versions; in TLS 1.3 it comes after the handshake."""
    problem = _failure(demanding.port, _context(stranger, server[-1]))
    assert "unknown_ca" == problem.alert
    assert "does not trust the issuer of the client certificate, CN=Strange Root" in problem.reason
    assert "Send its administrators the root CN=Strange Root" in problem.remedy
    assert "The server names the issuers that it accepts: CN=Test Root." in problem.reason
    assert "CN=localhost" in problem.peer_chain[0]


def test_chain_without_its_intermediate_is_named(
    demanding: Receiver, nginx: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """The issuer that lacks is no root to be sent round: the whole chain has to be uploaded."""
    for receiver in (demanding, nginx):
        context = _context(client[:1], server[-1])
        problem = _failure(receiver.port, context, alias=Alias("our backend"))
        said = "The chain of 'our backend' ends at 'CN=client' and lacks its issuer"
        assert said in problem.reason
        assert "The server names the issuers that it accepts: CN=Test Root." in problem.reason
        assert "Upload the CA's response with its whole chain." in problem.remedy
        assert problem.detail.index("CN=Test Root") < problem.detail.index("Upload")


def test_placeholder_leads_to_its_signing_request(
    demanding: Receiver, server: tuple[Issued, ...]
) -> None:
    """A key pair that has no CA's certificate yet is sent to the CA, not to the server."""
    own = pki_maker.issue("placeholder", eku=("clientAuth",))
    problem = _failure(demanding.port, _context((own,), server[-1]), alias=Alias("shop"))
    assert "still self-signed: CN=placeholder" in problem.reason
    assert "Send the entry's signing request to a CA" in problem.remedy


def test_expired_client_certificate_is_named(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """The remedy for an expired certificate is to renew it."""
    old = pki_maker.issue("old", None, client[1], eku=("clientAuth",), not_after=LONG_AGO)
    problem = _failure(demanding.port, _context((old, *client[1:]), server[-1]))
    assert "certificate_expired" == problem.alert
    assert "Renew it" in problem.remedy


def test_server_only_certificate_is_named(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """A certificate that is not for TLS clients leads to the extended key usage."""
    wrong = pki_maker.issue("wrong", None, client[1], eku=("serverAuth",))
    problem = _failure(demanding.port, _context((wrong, *client[1:]), server[-1]))
    assert "unsupported_certificate" == problem.alert
    assert "extended key usage" in problem.remedy


def test_missing_client_certificate_is_named(
    demanding: Receiver, server: tuple[Issued, ...]
) -> None:
    """TLS 1.2 and 1.3 have different alerts for it; the words are the same."""
    problem = _failure(demanding.port, _without_key(server[-1]))
    assert problem.alert in ("handshake_failure", "certificate_required")
    assert "demands a client certificate and none was sent" in problem.reason
    assert "the alias of a key pair" in problem.remedy
    assert "signature scheme" not in problem.remedy


def test_key_without_scheme_in_the_version_is_named(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """A DSA key works with TLS 1.2 as far as the library goes, and is not sent with TLS 1.3."""
    leaf = pki_maker.issue("dsa", pki_maker.make_key("dsa2048"), client[1], eku=("clientAuth",))
    context = _context((leaf, *client[1:]), server[-1])
    if _check_protocol(demanding, server, client) == "TLSv1.2":
        assert _check(demanding.port, context).certificate_sent
    else:
        remedy = _failure(demanding.port, context, alias=Alias("old key")).remedy
        assert "The key of 'old key' fits no signature scheme" in remedy


def test_nginx_refuses_in_its_answer(
    nginx: Receiver, server: tuple[Issued, ...], stranger: tuple[Issued, ...]
) -> None:
    """A server that finishes the handshake with anyone and refuses by HTTP is no success."""
    problem = _failure(nginx.port, _context(stranger, server[-1]))
    assert "does not accept the client certificate issued by CN=Strange Root" in problem.reason
    assert re.search("FAILED.*CN=stranger", nginx.wait_for("CN=stranger"))
    problem = _failure(nginx.port, _without_key(server[-1]))
    assert "demands a client certificate and got none" in problem.reason


@pytest.mark.parametrize("hard", [True, False], ids=["reset", "closed"])
def test_end_without_a_word_after_the_certificate_is_no_success(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    serve: Serve,
    server_context: ServerContext,
    *,
    hard: bool,
) -> None:
    """A TLS 1.3 server that just goes away may have refused the certificate."""

    def script(connected: socket.socket) -> None:
        context = _demanding(server_context)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        tls = context.wrap_socket(connected, server_side=True)
        tls.recv(1000)
        if hard:
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        tls.close()

    with serve(script) as port:
        problem = _failure(port, _context(client, server[-1]))
    assert f"The server {'reset' if hard else 'closed'} the connection" in problem.reason
    assert "may have refused the certificate" in problem.remedy


# ---- we refuse the server


def test_server_of_an_unknown_ca_is_shown(
    demanding: Receiver, client: tuple[Issued, ...], server: tuple[Issued, ...]
) -> None:
    """The chain that did not verify is in the problem, with the fingerprint to compare, at last."""
    problem = _failure(demanding.port, _context(client, client[-1]))
    fingerprint = certificates.read_certificate(server[0].der).fingerprint
    assert problem.alert is None
    assert "No trusted certificate verifies" in problem.reason
    assert "sends no certificate of its issuer 'CN=Receiver Root'" in problem.reason
    assert "add it as a certificate" in problem.remedy
    assert fingerprint not in problem.reason + problem.remedy
    assert problem.detail.endswith(f"SHA-256 {fingerprint}).")


def test_server_that_sends_an_unknown_root_is_shown(
    client: tuple[Issued, ...], server: tuple[Issued, ...], tmp_path: Path
) -> None:
    """A server that sends everything lacks nothing: its root has to be trusted here."""
    with receivers.openssl_receiver(tmp_path, (server[0], server[1], server[1])) as receiver:
        problem = _failure(receiver.port, _context(client, client[-1]))
    assert "ends in a root that is not trusted here" in problem.reason
    assert "Get the root" in problem.remedy
    assert "add it as a certificate" in problem.remedy


def test_server_without_its_intermediate_is_told_which(
    client: tuple[Issued, ...], tmp_path: Path
) -> None:
    """A trusted root does not help then; the lacking certificate does, trusted by itself."""
    root = pki_maker.issue("Try Root", ca=True)
    middle = pki_maker.issue("Try Issuing", None, root, ca=True)
    leaf = pki_maker.issue("localhost", None, middle, eku=("serverAuth",), san=("DNS:localhost",))
    with receivers.openssl_receiver(tmp_path, (leaf,)) as receiver:
        problem = _failure(receiver.port, _context(client, root))
        anchors = tuple(certificates.read_certificate(one.der) for one in (root, middle))
        mended = _check(receiver.port, contexts.trusting(anchors))
    assert (
        "it ends at 'CN=localhost', and the server sends no certificate of its issuer "
        "'CN=Try Issuing'." in problem.reason
    )
    assert "the server's administrators must add it to what the server sends" in problem.remedy
    assert "add it as a certificate" in problem.remedy
    assert "200" in (mended.status_line or "")


def test_server_with_another_name_is_shown(
    demanding: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> None:
    """The names that the certificate has are in the problem, beside the one asked for."""
    problem = _failure(demanding.port, _context(client, server[-1]), name="receiver.example")
    assert "Asked for: receiver.example. It has: DNS:localhost." in problem.reason


@pytest.mark.parametrize(
    ("self_signed", "not_before", "not_after", "said"),
    [
        (False, pki_maker.NOT_BEFORE, LONG_AGO, "has expired"),
        (False, datetime(2043, 1, 1, tzinfo=UTC), pki_maker.NOT_AFTER, "not yet valid"),
        (True, pki_maker.NOT_BEFORE, pki_maker.NOT_AFTER, "self-signed and not trusted"),
    ],
    ids=["expired", "future", "self-signed"],
)
def test_unacceptable_server_certificate_is_named(
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    tmp_path: Path,
    self_signed: bool,  # noqa: FBT001  # a column of the table
    not_before: datetime,
    not_after: datetime,
    said: str,
) -> None:
    """Each reason for which our side refuses a server has its own words."""
    leaf = pki_maker.issue(
        "localhost",
        None,
        None if self_signed else server[-1],
        san=("DNS:localhost",),
        not_before=not_before,
        not_after=not_after,
    )
    with receivers.openssl_receiver(tmp_path, (leaf,)) as receiver:
        problem = _failure(receiver.port, _context(client, server[-1]))
    assert said in problem.reason
    assert "CN=localhost" in problem.peer_chain[0]


# ---- there is no TLS, or none in common


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), "no TLS version"),
        (("-tls1_2", "-cipher", "AES128-SHA"), "shares no TLS version, cipher"),
    ],
    ids=["old version", "no common cipher"],
)
def test_nothing_in_common_is_named(
    options: tuple[str, ...],
    said: str,
    server: tuple[Issued, ...],
    client: tuple[Issued, ...],
    tmp_path: Path,
) -> None:
    """A server that speaks nothing that this side allows is told from one that refuses the key."""
    with receivers.openssl_receiver(tmp_path, server, options=options) as receiver:
        problem = _failure(receiver.port, _context(client, server[-1]))
    assert said in problem.reason


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "plain HTTP: 'HTTP/1.1 400 Bad Request'"),
        (b"220 mail.example ESMTP\x1b[2J\r\n", "something else: '220 mail.example ESMTP"),
        (b"SSH-2.0-Open\r\n", "something else: 'SSH-2.0-Open'"),
        (b"\x80\x00\x01", "something else"),
    ],
)
def test_other_protocol_is_recognised(
    greeting: bytes,
    said: str,
    server: tuple[Issued, ...],
    serve: Serve,
) -> None:
    """A port that does not speak TLS is named by what it says, made printable."""

    def script(connected: socket.socket) -> None:
        connected.sendall(greeting)
        connected.recv(4000)

    with serve(script) as port:
        problem = _failure(port, _without_key(server[-1]))
    assert f"does not speak TLS at this port but {said}" in problem.reason
    assert problem.detail.isprintable()


def test_garbage_within_tls_ends_in_a_problem(server: tuple[Issued, ...], serve: Serve) -> None:
    """Records that look like TLS and are none are this side's refusal, with OpenSSL's reason."""

    def script(connected: socket.socket) -> None:
        connected.recv(4000)
        connected.sendall(b"\x16\x03\x03\x00\x08" + b"\xff" * 8)
        connected.recv(4000)

    with serve(_tolerant(script)) as port:
        assert "This side's TLS (OpenSSL" in _failure(port, _without_key(server[-1])).reason


def test_server_that_hangs_up_is_told(server: tuple[Issued, ...], serve: Serve) -> None:
    """An end before the handshake has no reason, and the problem says so."""

    def script(connected: socket.socket) -> None:
        connected.recv(4000)

    with serve(script) as port:
        problem = _failure(port, _without_key(server[-1]))
    assert "closed the connection before the handshake was done" in problem.reason


def test_slow_server_cannot_stretch_the_time(server: tuple[Issued, ...], serve: Serve) -> None:
    """The time is for everything together, however many bytes trickle in."""

    def script(connected: socket.socket) -> None:
        connected.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        with suppress(OSError):
            for _ in range(100):
                connected.sendall(b"x")
                time.sleep(0.05)

    started = time.monotonic()
    with serve(script) as port:
        problem = _failure(port, _without_key(server[-1]), seconds=0.5)
        assert time.monotonic() - started < 3
    assert "did not finish the TLS handshake in time" in problem.reason


def test_closed_port_is_told(server: tuple[Issued, ...]) -> None:
    """Nothing listening is told from everything that can go wrong later."""
    problem = _failure(receivers.free_port(), _without_key(server[-1]))
    assert "nothing listens at this port" in problem.reason


def test_unknown_name_is_told(server: tuple[Issued, ...]) -> None:
    """A name that does not exist is told from a server that is not there."""
    with pytest.raises(ConnectionFailed, match=r"'receiver\.invalid' cannot be resolved"):
        connections.check_connection(
            *("receiver.invalid", 443, _without_key(server[-1])),
            reach=guard.ANYWHERE,
            timeout_seconds=5,
        )


# ---- scripts


def _demanding(server_context: ServerContext) -> ssl.SSLContext:
    context = server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _answering(
    server_context: ServerContext, answer: bytes, mode: ssl.VerifyMode = ssl.CERT_REQUIRED
) -> Script:
    def script(connected: socket.socket) -> None:
        context = server_context()
        context.verify_mode = mode
        with context.wrap_socket(connected, server_side=True) as tls:
            tls.recv(1000)
            tls.sendall(answer)

    return _tolerant(script)


def _tolerant(script: Script) -> Script:
    """The check hangs up when it has seen enough, which is no failure of the script."""

    def run(connected: socket.socket) -> None:
        with suppress(OSError):
            script(connected)

    return run


def _check_protocol(
    receiver: Receiver, server: tuple[Issued, ...], client: tuple[Issued, ...]
) -> str:
    return _check(receiver.port, _context(client, server[-1])).protocol
