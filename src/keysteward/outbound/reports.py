"""What a test of a connection has shown, as a list of checks in words."""

from dataclasses import dataclass
from enum import StrEnum

from keysteward.outbound import connections
from keysteward.outbound.addresses import Address
from keysteward.outbound.connections import Attempt, Step
from keysteward.outbound.findings import ServerCertificate
from keysteward.pki.certificates import Certificate
from keysteward.problems import ConnectionFailed
from keysteward.values import Alias

PROOF = (
    "This proves the handshake, not the authorisation: what the receiver lets this client "
    "certificate do, only its application decides."
)
"""Stands in every result without a failed check."""


class Result(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_DONE = "not-done"
    """It was not asked for, or the test had ended before it, or nobody can tell."""


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a test."""

    step: Step
    name: str
    """For people, in English."""
    result: Result
    meaning: str
    """What was found, one or more sentences."""
    remedy: str = ""
    """What to do; for failed ones alone."""


@dataclass(frozen=True, slots=True)
class Report:
    """A test of a connection, whether it came about or not.

    No text from the server has control characters; all of them may hold markup.
    """

    address: Address
    ip: str
    """The address that was connected to; empty if none was."""
    checks: tuple[Check, ...]
    """One for each ``Step``, in that order."""
    protocol: str
    """As OpenSSL writes it, ``TLSv1.3``; empty if the handshake did not end."""
    cipher: str
    server_chain: tuple[ServerCertificate, ...]
    """As the server sent it; also where it was not accepted."""
    validated: bool
    """Whether the server's certificate was to be verified."""
    certificate_requested: bool
    certificate_sent: bool
    certificate_accepted: bool | None
    """None if none was sent, or if nobody can tell."""
    accepted_issuers: tuple[str, ...]
    alias: Alias | None
    own: Certificate | None
    """The certificate that was there to be sent."""
    status_line: str | None
    header: tuple[str, ...]
    body: tuple[str, ...]
    text: str
    duration_seconds: float
    remark: str
    """What this says about the client certificate; empty if no connection came about."""
    failure: ConnectionFailed | None
    """The same as the failed check, as a problem."""

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return self.failure is None

    @property
    def proof(self) -> str:
        """What a result without a failed check proves, and what not; else empty."""
        return PROOF if self.passed else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, as far as a report tells it."""

    address: Address
    validated: bool
    alias: Alias | None = None
    own: Certificate | None = None


def build_report(
    asked: Asked, made: Attempt, server_chain: tuple[ServerCertificate, ...]
) -> Report:
    """Return the report of an attempt."""
    connection = None if made.refusal else connections.connection_of(made)
    return Report(
        address=asked.address,
        ip=made.ip,
        checks=tuple(_check(step, asked, made, server_chain) for step in Step),
        protocol=made.protocol,
        cipher=made.cipher,
        server_chain=server_chain,
        validated=asked.validated,
        certificate_requested=made.transcript.requested,
        certificate_sent=bool(made.transcript.own_chain),
        certificate_accepted=_accepted(made),
        accepted_issuers=made.transcript.accepted_issuers,
        alias=asked.alias,
        own=asked.own,
        status_line=connection.status_line if connection else None,
        header=connection.header if connection else (),
        body=connection.body if connection else (),
        text=connection.text if connection else "",
        duration_seconds=made.duration_seconds,
        remark=connection.remark if connection else "",
        failure=connections.failure_of(made) if made.refusal else None,
    )


_NAMES = {
    Step.RESOLVE: "Host name resolved",
    Step.CONNECT: "Connected",
    Step.SERVER_CERTIFICATE: "Server certificate trusted",
    Step.HOST_NAME: "Server certificate covers the host",
    Step.CLIENT_CERTIFICATE: "Client certificate accepted",
    Step.HANDSHAKE: "TLS handshake completed",
    Step.ANSWER: "HTTP answer received",
}

_ENDED = "The test had ended before."


def _check(step: Step, asked: Asked, made: Attempt, chain: tuple[ServerCertificate, ...]) -> Check:
    name = _NAMES[step]
    if made.ended_at is step and made.refusal is not None:
        return Check(step, name, Result.FAILED, made.refusal.reason, made.refusal.remedy)
    result, meaning = _outcome(step, asked, made, chain)
    return Check(step, name, result, meaning)


def _outcome(
    step: Step, asked: Asked, made: Attempt, chain: tuple[ServerCertificate, ...]
) -> tuple[Result, str]:
    """Return what came of a step that the test did not end at."""
    if step is Step.RESOLVE:
        return Result.PASSED, f"{asked.address.host!r} has an address."
    if not made.ip:
        return Result.NOT_DONE, _ENDED
    if step is Step.CONNECT:
        return Result.PASSED, f"A server at {made.ip} took the connection."
    if step in (Step.SERVER_CERTIFICATE, Step.HOST_NAME):
        return _of_server(step, asked, made, chain)
    if step is Step.CLIENT_CERTIFICATE:
        return _of_client(made)
    if step is Step.HANDSHAKE:
        if made.protocol:
            return Result.PASSED, f"{made.protocol} with {made.cipher}."
        return Result.NOT_DONE, _ENDED
    return _of_answer(made)


def _of_server(
    step: Step, asked: Asked, made: Attempt, chain: tuple[ServerCertificate, ...]
) -> tuple[Result, str]:
    if not chain:
        return Result.NOT_DONE, _ENDED
    about_host = ("other-host",)
    found = [
        f.detail
        for one in chain
        for f in one.findings
        if (f.slug in about_host) is (step is Step.HOST_NAME)
    ]
    if not asked.validated:
        words = "The server's certificate was not to be verified."
        return Result.NOT_DONE, " ".join((words, *found))
    judged = made.protocol or made.ended_at is Step.CLIENT_CERTIFICATE
    if not judged:
        # OpenSSL ends at the first thing that it finds; the other one was not looked at.
        return Result.NOT_DONE, " ".join((_ENDED, *found))
    if step is Step.HOST_NAME:
        return Result.PASSED, f"The server's certificate is for {asked.address.host!r}."
    return Result.PASSED, " ".join(("What is trusted in this keystore verifies it.", *found))


def _of_client(made: Attempt) -> tuple[Result, str]:
    if made.refusal is not None:
        return Result.NOT_DONE, _ENDED
    remark = connections.connection_of(made).remark
    return (Result.PASSED if _accepted(made) else Result.NOT_DONE), remark


def _of_answer(made: Attempt) -> tuple[Result, str]:
    if made.refusal is not None or made.answer is None:
        return Result.NOT_DONE, _ENDED
    if made.answer.status_line is None:
        return Result.NOT_DONE, "No HTTP answer came; the server may speak another protocol."
    return Result.PASSED, f"The server answered {made.answer.status_line!r}."


def _accepted(made: Attempt) -> bool | None:
    """Return whether the server took the client certificate; None if nobody can tell."""
    if not made.transcript.requested or not made.transcript.own_chain:
        return None
    if made.refusal is not None:
        return False if made.ended_at is Step.CLIENT_CERTIFICATE else None
    # TLS 1.3 ends the client's handshake before the server has seen the certificate.
    answered = made.answer is not None and made.answer.status_line is not None
    return True if answered or made.protocol != "TLSv1.3" else None
