"""The check of a connection: a real handshake and one request, told in plain words."""

import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass

from keysteward.outbound import answers, refusals, transcripts, verifications
from keysteward.outbound.addresses import Address
from keysteward.outbound.channels import Channel
from keysteward.outbound.refusals import Refusal
from keysteward.outbound.transcripts import Transcript
from keysteward.pki.certificates import Certificate
from keysteward.problems import ConnectionFailed
from keysteward.values import Alias

_ANSWER_LIMIT_BYTES = 16_384
_LINE_LIMIT = 200

# How long a server may take for the rest of its answer once the header is there, in seconds.
_BODY_PATIENCE_SECONDS = 1.0

# What nginx says in the body of its answer 400 (its own statuses 495 and 496): it finishes the
# handshake with any client certificate or none, and refuses afterwards.
_REFUSED_IN_ANSWER = (b"The SSL certificate error", b"No required SSL certificate was sent")


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that came about. All texts from the server are free of control characters."""

    address: str
    ip: str
    protocol: str
    """As OpenSSL writes it: ``TLSv1.2``, ``TLSv1.3``."""
    cipher: str
    peer_chain: tuple[Certificate, ...]
    """As the server sent it, end-entity first."""
    certificate_requested: bool
    certificate_sent: bool
    accepted_issuers: tuple[str, ...]
    """The issuers that the server named when it asked for a certificate, RFC 4514; often none."""
    status_line: str | None
    """First line of the HTTP answer; None if none came."""
    header: tuple[str, ...]
    body: tuple[str, ...]
    """The first lines of the answer."""
    text: str
    """The first line of the answer that is text for people, tags left out; often the whole."""
    duration_seconds: float
    remark: str
    """A sentence on what this proves about the client certificate, and what it does not."""


@dataclass(frozen=True, slots=True)
class _Received:
    data: bytes = b""
    failure: ssl.SSLError | None = None
    timed_out: bool = False


def check_connection(
    host: str,
    port: int,
    context: ssl.SSLContext,
    *,
    timeout_seconds: float,
    server_name: str | None = None,
    alias: Alias | None = None,
) -> Connection:
    """Return what a real connection showed: resolve, connect, handshake, one ``GET /``.

    A server that refuses the client certificate does so in the handshake (TLS 1.2), with its first
    bytes afterwards (TLS 1.3 ends the client's handshake before the server has seen the
    certificate, RFC 8446 section 4.4.2.4 and appendix E.1), or in its HTTP answer (nginx). All
    three raise.

    Args:
        host: name or IP address, as ``addresses.parse_address`` returns it.
        port: TCP port.
        context: made for this check; it is observed, so no other connection may use it meanwhile.
        timeout_seconds: for everything after the name was resolved.
        server_name: name to ask for and to verify, if it is another than ``host``.
        alias: whose key pair the context presents, for the words of a refusal.

    Raises ConnectionFailed with the reason and the remedy.
    """
    started = time.monotonic()
    address, name = str(Address(host, port)), server_name or host
    transcript = transcripts.observe(context)
    connected, ip = _connect(host, port, started + timeout_seconds, address)
    with closing(connected):
        channel = Channel(connected, context, name, started + timeout_seconds)
        refusal = _handshake_refusal(channel, transcript, name, alias)
        if refusal is not None:
            raise _failed(address, refusal, transcript)
        received = _ask(channel, name)
    refusal = _refusal_after_handshake(channel, transcript, received, alias)
    if refusal is not None:
        raise _failed(address, refusal, transcript)
    answer = answers.read_answer(received.data)
    return Connection(
        address=address,
        ip=ip,
        protocol=channel.protocol,
        cipher=channel.cipher,
        peer_chain=transcript.peer_chain,
        certificate_requested=transcript.requested,
        certificate_sent=bool(transcript.own_chain),
        accepted_issuers=transcript.accepted_issuers,
        status_line=answer.status_line,
        header=answer.header,
        body=answer.body,
        text=answer.text,
        duration_seconds=time.monotonic() - started,
        remark=_remark(transcript, channel.protocol, answer.status_line),
    )


def _failed(address: str, refusal: Refusal, transcript: Transcript) -> ConnectionFailed:
    return ConnectionFailed(
        address,
        refusal.reason,
        refusal.remedy,
        alert=refusal.alert,
        peer_chain=verifications.shown(transcript.peer_chain),
        evidence=refusal.evidence,
    )


# ---- resolve and connect


def _connect(host: str, port: int, deadline: float, address: str) -> tuple[socket.socket, str]:
    """Return a connected socket and the IP address; every address of the name is tried in turn."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError) as error:
        raise ConnectionFailed(
            address,
            f"The name {host!r} cannot be resolved.",
            "Check its spelling and this system's name service.",
        ) from error
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, target in found:
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(max(0.001, deadline - time.monotonic()))
            connected.connect(target)
        except OSError as error:
            connected.close()
            failure = error
        else:
            return connected, str(target[0])
    raise ConnectionFailed(address, *_unreachable(failure)) from failure


def _unreachable(failure: OSError) -> tuple[str, str]:
    if isinstance(failure, ConnectionRefusedError):
        return (
            "The connection was refused: nothing listens at this port.",
            "Check the port, and that the server runs.",
        )
    if isinstance(failure, TimeoutError):
        return (
            "No answer came in time.",
            "Check host name and port, and that no firewall drops the connection.",
        )
    return (
        f"The server cannot be reached: {failure.strerror or failure}.",
        "Check host name, port and the network.",
    )


# ---- handshake


def _handshake_refusal(
    channel: Channel, transcript: Transcript, name: str, alias: Alias | None
) -> Refusal | None:
    try:
        channel.shake_hands()
    except ssl.SSLCertVerificationError as error:
        return verifications.of_verification(error, transcript, name)
    except ssl.SSLError as error:
        if transcript.alert is not None:
            return refusals.of_alert(transcript.alert, transcript, alias)
        if channel.foreign is not None:
            return refusals.of_other_protocol(channel.foreign)
        if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return refusals.of_closing(transcript, "reset" if channel.reset else "closed", alias)
        return refusals.of_own_tls(error)
    except TimeoutError:
        return Refusal(
            "The server took the connection and did not finish the TLS handshake in time.",
            "Check that this port speaks TLS, or allow more time.",
        )
    except OSError as error:
        return Refusal(*_unreachable(error))
    return None


# ---- one request


def _ask(channel: Channel, name: str) -> _Received:
    host = f"[{name}]" if ":" in name else name
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    data = b""
    try:
        channel.send(request.encode("ascii", "replace"))
        while len(data) < _ANSWER_LIMIT_BYTES and not answers.is_complete(data):
            piece = channel.receive()
            if not piece:
                break
            if b"\r\n\r\n" not in data and b"\r\n\r\n" in data + piece:
                patience = time.monotonic() + _BODY_PATIENCE_SECONDS
                channel.deadline = min(channel.deadline, patience)
            data += piece
    except TimeoutError:
        return _Received(data, timed_out=True)
    except ssl.SSLError as error:
        return _Received(data, failure=error)
    except OSError:
        return _Received(data)
    return _Received(data[:_ANSWER_LIMIT_BYTES])


def _refusal_after_handshake(
    channel: Channel, transcript: Transcript, received: _Received, alias: Alias | None
) -> Refusal | None:
    if received.data:
        if transcript.requested and any(text in received.data for text in _REFUSED_IN_ANSWER):
            said = refusals.printable(received.data.split(b"\n")[0], _LINE_LIMIT)
            return refusals.of_answer(said, transcript, alias)
        return None
    if transcript.alert is not None:
        return refusals.of_alert(transcript.alert, transcript, alias)
    if received.timed_out or not transcript.requested or channel.protocol != "TLSv1.3":
        # In TLS 1.2 the server ended the handshake after it had judged the client certificate.
        return None
    if received.failure is not None and not channel.reset:
        closed = isinstance(received.failure, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        if not closed:
            return refusals.of_own_tls(received.failure)
    return refusals.of_closing(transcript, "reset" if channel.reset else "closed", alias)


def _remark(transcript: Transcript, protocol: str, status_line: str | None) -> str:
    if not transcript.requested:
        return (
            "The server did not ask for a client certificate, so this says nothing about whether "
            "it would accept one."
        )
    if not transcript.own_chain:
        return (
            "The server asked for a client certificate, none was sent, and it went on without: it "
            "treats the certificate as optional."
        )
    if status_line is None and protocol == "TLSv1.3":
        return (
            "The client certificate was sent, but no answer came: whether the server accepts it "
            "is not known."
        )
    if status_line is not None and status_line.split(" ")[1:2] in (["401"], ["403"]):
        return (
            "The client certificate passed the TLS handshake, but the answer denies access: the "
            "server may know the certificate's issuer and not its subject, or this path may be "
            "closed to everyone."
        )
    return (
        "The client certificate was sent and the server went on after it; what its application "
        "makes of the certificate, only the answer can tell."
    )
