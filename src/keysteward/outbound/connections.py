"""The check of a connection: a real handshake and one request, told in plain words."""

import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass

from keysteward.outbound import refusals, transcripts
from keysteward.outbound.addresses import Address
from keysteward.outbound.channels import Channel
from keysteward.outbound.refusals import Refusal
from keysteward.outbound.transcripts import Transcript
from keysteward.pki.certificates import Certificate
from keysteward.problems import ConnectionFailed

_ANSWER_LIMIT_BYTES = 16_384
_LINES_LIMIT = 200
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
    duration_seconds: float
    remark: str
    """A sentence on what this proves about the client certificate, and what it does not."""


@dataclass(frozen=True, slots=True)
class _Answer:
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

    Raises ConnectionFailed with the reason and the remedy.
    """
    started = time.monotonic()
    address, name = str(Address(host, port)), server_name or host
    transcript = transcripts.observe(context)
    connected, ip = _connect(host, port, started + timeout_seconds, address)
    with closing(connected):
        channel = Channel(connected, context, name, started + timeout_seconds)
        refusal = _handshake_refusal(channel, transcript, name)
        if refusal is not None:
            raise _failed(address, refusal, transcript)
        answer = _ask(channel, name)
    refusal = _refusal_after_handshake(channel, transcript, answer)
    if refusal is not None:
        raise _failed(address, refusal, transcript)
    status_line, header, body = _lines(answer.data)
    return Connection(
        address=address,
        ip=ip,
        protocol=channel.protocol,
        cipher=channel.cipher,
        peer_chain=transcript.peer_chain,
        certificate_requested=transcript.requested,
        certificate_sent=bool(transcript.own_chain),
        accepted_issuers=transcript.accepted_issuers,
        status_line=status_line,
        header=header,
        body=body,
        duration_seconds=time.monotonic() - started,
        remark=_remark(transcript, channel.protocol, status_line),
    )


def _failed(address: str, refusal: Refusal, transcript: Transcript) -> ConnectionFailed:
    return ConnectionFailed(
        address,
        refusal.reason,
        refusal.remedy,
        alert=refusal.alert,
        peer_chain=refusals.shown(transcript.peer_chain),
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


def _handshake_refusal(channel: Channel, transcript: Transcript, name: str) -> Refusal | None:
    try:
        channel.shake_hands()
    except ssl.SSLCertVerificationError as error:
        return refusals.of_verification(error, transcript, name)
    except ssl.SSLError as error:
        if transcript.alert is not None:
            return refusals.of_alert(transcript.alert, transcript)
        if channel.foreign is not None:
            return refusals.of_other_protocol(channel.foreign)
        if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return refusals.of_closing(transcript, "reset" if channel.reset else "closed")
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


def _ask(channel: Channel, name: str) -> _Answer:
    host = f"[{name}]" if ":" in name else name
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    data = b""
    try:
        channel.send(request.encode("ascii", "replace"))
        while len(data) < _ANSWER_LIMIT_BYTES and not _complete(data):
            piece = channel.receive()
            if not piece:
                break
            if b"\r\n\r\n" not in data and b"\r\n\r\n" in data + piece:
                patience = time.monotonic() + _BODY_PATIENCE_SECONDS
                channel.deadline = min(channel.deadline, patience)
            data += piece
    except TimeoutError:
        return _Answer(data, timed_out=True)
    except ssl.SSLError as error:
        return _Answer(data, failure=error)
    except OSError:
        return _Answer(data)
    return _Answer(data[:_ANSWER_LIMIT_BYTES])


def _complete(data: bytes) -> bool:
    """Whether the answer is whole by its own length (RFC 9112 section 6), so nobody need wait."""
    header, end, body = data.partition(b"\r\n\r\n")
    for line in header.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if end and name.strip().lower() == b"content-length" and value.strip().isdigit():
            return len(body) >= int(value.strip()[:9])
    return False


def _refusal_after_handshake(
    channel: Channel, transcript: Transcript, answer: _Answer
) -> Refusal | None:
    if answer.data:
        if transcript.requested and any(text in answer.data for text in _REFUSED_IN_ANSWER):
            return _refused_in_answer(transcript, answer.data)
        return None
    if transcript.alert is not None:
        return refusals.of_alert(transcript.alert, transcript)
    if answer.timed_out or not transcript.requested or channel.protocol != "TLSv1.3":
        # In TLS 1.2 the server ended the handshake after it had judged the client certificate.
        return None
    if answer.failure is not None and not channel.reset:
        closed = isinstance(answer.failure, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        if not closed:
            return refusals.of_own_tls(answer.failure)
    return refusals.of_closing(transcript, "reset" if channel.reset else "closed")


def _refused_in_answer(transcript: Transcript, data: bytes) -> Refusal:
    said = refusals.printable(data.split(b"\n")[0], _LINE_LIMIT)
    if not transcript.own_chain:
        return Refusal(
            f"The server demands a client certificate and got none; it answered {said!r}.",
            "Connect with the alias of a key pair that has one.",
        )
    leaf, top = transcript.own_chain[0], transcript.own_chain[-1]
    return Refusal(
        f"The server does not accept the client certificate issued by {leaf.issuer}; it answered "
        f"{said!r} and names an SSL certificate error.",
        f"Check that the certificate is valid, and that the server trusts the root {top.issuer} "
        "for client certificates and allows a chain of this length.",
    )


def _lines(data: bytes) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """Return status line, header lines and body lines of an answer, each bounded."""
    head, _, rest = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/"):
        return None, (), _printable(data.split(b"\n"))
    first, *header = head.split(b"\r\n")
    return refusals.printable(first, _LINE_LIMIT), _printable(header), _printable(rest.split(b"\n"))


def _printable(lines: list[bytes]) -> tuple[str, ...]:
    shown = (refusals.printable(line, _LINE_LIMIT) for line in lines)
    return tuple(line for line in shown if line)[:_LINES_LIMIT]


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
