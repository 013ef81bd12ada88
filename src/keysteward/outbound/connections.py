"""The check of a connection: a real handshake and one request, told in plain words."""

import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from keysteward.guard import Reach
from keysteward.outbound import answers, destinations, refusals, transcripts, verifications
from keysteward.outbound.addresses import Address
from keysteward.outbound.answers import Answer
from keysteward.outbound.channels import Channel, EndlessData
from keysteward.outbound.destinations import Connected, NotResolved, Resolve
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


class Step(StrEnum):
    """What a connection goes through, in this order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    SERVER_CERTIFICATE = "server-certificate"
    HOST_NAME = "host-name"
    CLIENT_CERTIFICATE = "client-certificate"
    HANDSHAKE = "handshake"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far an attempt came; it came to its end if there is no refusal."""

    address: str
    transcript: Transcript
    duration_seconds: float
    ip: str = ""
    """Empty if none was connected to."""
    protocol: str = ""
    cipher: str = ""
    answer: Answer | None = None
    refusal: Refusal | None = None
    ended_at: Step | None = None
    """What the refusal is about."""


@dataclass(frozen=True, slots=True)
class _Received:
    data: bytes = b""
    failure: ssl.SSLError | None = None
    timed_out: bool = False


def check_connection(  # each is a keyword that says what it is
    host: str,
    port: int,
    context: ssl.SSLContext,
    *,
    reach: Reach,
    timeout_seconds: float,
    server_name: str | None = None,
    alias: Alias | None = None,
) -> Connection:
    """Return what a real connection showed; see ``attempt``.

    Raises ConnectionFailed with the reason and the remedy, and DestinationNotAllowed.
    """
    made = attempt(
        Address(host, port),
        context,
        reach=reach,
        timeout_seconds=timeout_seconds,
        server_name=server_name,
        alias=alias,
    )
    return connection_of(made)


def connection_of(made: Attempt) -> Connection:
    """Return the connection of an attempt. Raises ConnectionFailed if none came about."""
    if made.refusal is not None or made.answer is None:
        raise failure_of(made)
    transcript = made.transcript
    return Connection(
        address=made.address,
        ip=made.ip,
        protocol=made.protocol,
        cipher=made.cipher,
        peer_chain=transcript.peer_chain,
        certificate_requested=transcript.requested,
        certificate_sent=bool(transcript.own_chain),
        accepted_issuers=transcript.accepted_issuers,
        status_line=made.answer.status_line,
        header=made.answer.header,
        body=made.answer.body,
        text=made.answer.text,
        duration_seconds=made.duration_seconds,
        remark=_remark(transcript, made.protocol, made.answer.status_line),
    )


def failure_of(made: Attempt) -> ConnectionFailed:
    """Return the problem with which an attempt ended."""
    refusal = made.refusal or Refusal("The connection ended.", "Try again.")
    return ConnectionFailed(
        made.address,
        refusal.reason,
        refusal.remedy,
        alert=refusal.alert,
        peer_chain=verifications.shown(made.transcript.peer_chain),
        evidence=refusal.evidence,
    )


def attempt(  # each is a keyword that says what it is
    to: Address,
    context: ssl.SSLContext,
    *,
    reach: Reach,
    timeout_seconds: float,
    server_name: str | None = None,
    alias: Alias | None = None,
    ask: Resolve = destinations.ask_system,
) -> Attempt:
    """Return how far a real connection came: resolve, connect, handshake, one ``GET /``.

    A server that refuses the client certificate does so in the handshake (TLS 1.2), with its first
    bytes afterwards (TLS 1.3 ends the client's handshake before the server has seen the
    certificate, RFC 8446 section 4.4.2.4 and appendix E.1), or in its HTTP answer (nginx). All
    three are refusals.

    Args:
        to: name or IP address and TCP port, as ``addresses.parse_address`` returns them.
        context: made for this check; it is observed, so no other connection may use it meanwhile.
        reach: where the connection may go: ``guard.ANYWHERE`` for who connects from their own
            machine, ``settings.reach`` for whom the server connects for.
        timeout_seconds: for everything together, the name service and all addresses included.
        server_name: name to ask for and to verify, if it is another than the host.
        alias: whose key pair the context presents, for the words of a refusal.
        ask: what resolves the name.

    Raises DestinationNotAllowed; nothing was sent anywhere then but to the name service.
    """
    started = time.monotonic()
    deadline, name = started + timeout_seconds, server_name or to.host
    transcript = transcripts.observe(context)

    def ended(refusal: Refusal, at: Step, ip: str = "") -> Attempt:
        spent = time.monotonic() - started
        return Attempt(str(to), transcript, spent, ip, refusal=refusal, ended_at=at)

    try:
        ips = destinations.resolve(to, deadline, reach, ask)
    except NotResolved as error:
        return ended(_unresolved(to.host, error), Step.RESOLVE)
    try:
        connected = destinations.connect(ips, to.port, deadline)
    except OSError as error:
        return ended(Refusal(*_unreachable(error)), Step.CONNECT)
    with closing(connected.socket):
        channel = Channel(connected.socket, context, name, deadline)
        return _converse(connected, channel, transcript, to, (started, name, alias))


def _converse(
    connected: Connected,
    channel: Channel,
    transcript: Transcript,
    to: Address,
    of: tuple[float, str, Alias | None],
) -> Attempt:
    """Return the rest of an attempt from the handshake on."""
    started, name, alias = of
    found: Answer | None = None
    refusal, at = _handshake_refusal(channel, transcript, name, alias)
    if refusal is None:
        received = _ask(channel, name)
        refusal, at = _refusal_after_handshake(channel, transcript, received, alias)
        found = answers.read_answer(received.data)
    return Attempt(
        address=str(to),
        transcript=transcript,
        duration_seconds=time.monotonic() - started,
        ip=connected.ip,
        protocol=channel.protocol,
        cipher=channel.cipher,
        answer=found,
        refusal=refusal,
        ended_at=at,
    )


# ---- resolve and connect


def _unresolved(host: str, error: NotResolved) -> Refusal:
    if not error.in_time:
        return Refusal(
            f"No name service answered in time for {host!r}.",
            "Check this system's name service, or allow more time.",
        )
    return Refusal(
        f"The name {host!r} cannot be resolved.",
        "Check its spelling and this system's name service.",
    )


def _unreachable(failure: OSError) -> tuple[str, str]:
    if isinstance(failure, EndlessData):
        return (
            "The server sends data without an end.",
            "Check host name and port: this is no server that answers requests.",
        )
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


_Ended = tuple[Refusal | None, Step | None]
"""A refusal and what it is about; two times None if there is none."""

_NOT_OF_THE_CERTIFICATE = frozenset({51, 70, 71, 80, 112, 120})
"""Alerts that mean something else also where a client certificate was asked for."""


def _handshake_refusal(
    channel: Channel, transcript: Transcript, name: str, alias: Alias | None
) -> _Ended:
    try:
        channel.shake_hands()
    except ssl.SSLCertVerificationError as error:
        at = Step.HOST_NAME if verifications.is_of_name(error) else Step.SERVER_CERTIFICATE
        return verifications.of_verification(error, transcript, name), at
    except ssl.SSLError as error:
        if transcript.alert is not None:
            return _of_alert(transcript, alias)
        if channel.foreign is not None:
            return refusals.of_other_protocol(channel.foreign), Step.HANDSHAKE
        if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return _of_closing(channel, transcript, alias)
        return refusals.of_own_tls(error), Step.HANDSHAKE
    except TimeoutError:
        refusal = Refusal(
            "The server took the connection and did not finish the TLS handshake in time.",
            "Check that this port speaks TLS, or allow more time.",
        )
        return refusal, Step.HANDSHAKE
    except OSError as error:
        return Refusal(*_unreachable(error)), Step.HANDSHAKE
    return None, None


def _of_alert(transcript: Transcript, alias: Alias | None) -> _Ended:
    number = transcript.alert or 0
    about_certificate = transcript.requested and number not in _NOT_OF_THE_CERTIFICATE
    at = Step.CLIENT_CERTIFICATE if about_certificate else Step.HANDSHAKE
    return refusals.of_alert(number, transcript, alias), at


def _of_closing(channel: Channel, transcript: Transcript, alias: Alias | None) -> _Ended:
    at = Step.CLIENT_CERTIFICATE if transcript.requested else Step.HANDSHAKE
    return refusals.of_closing(transcript, "reset" if channel.reset else "closed", alias), at


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
) -> _Ended:
    if received.data:
        if transcript.requested and any(text in received.data for text in _REFUSED_IN_ANSWER):
            said = refusals.printable(received.data.split(b"\n")[0], _LINE_LIMIT)
            return refusals.of_answer(said, transcript, alias), Step.CLIENT_CERTIFICATE
        return None, None
    if transcript.alert is not None:
        return _of_alert(transcript, alias)
    if received.timed_out or not transcript.requested or channel.protocol != "TLSv1.3":
        # In TLS 1.2 the server ended the handshake after it had judged the client certificate.
        return None, None
    if received.failure is not None and not channel.reset:
        closed = isinstance(received.failure, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        if not closed:
            return refusals.of_own_tls(received.failure), Step.HANDSHAKE
    return _of_closing(channel, transcript, alias)


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
