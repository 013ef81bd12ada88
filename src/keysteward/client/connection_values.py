"""What a test of a connection has shown."""

from dataclasses import dataclass

from keysteward.client.values import Certificate


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a test; ``result`` is ``passed``, ``failed`` or ``not-done``."""

    step: str
    name: str
    result: str
    meaning: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a certificate of the server."""

    slug: str
    detail: str


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate that the server sent."""

    certificate: Certificate
    trusted: bool
    """Whether the keystore trusts this very one."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """A connection that a server tried."""

    address: str
    ip: str
    passed: bool
    """Whether no check failed."""
    proof: str
    """What that proves and what not; empty if a check failed."""
    checks: tuple[Check, ...]
    protocol: str
    cipher: str
    server_chain: tuple[ServerCertificate, ...]
    validated: bool
    certificate_requested: bool
    certificate_sent: bool
    certificate_accepted: bool | None
    """None: nobody can tell."""
    accepted_issuers: tuple[str, ...]
    alias: str | None
    certificate: Certificate | None
    """The one that was there to be sent."""
    status_line: str | None
    header: tuple[str, ...]
    body: tuple[str, ...]
    text: str
    duration_seconds: float
    remark: str
    problem: dict[str, object] | None = None
    """The failed check as a problem (RFC 9457)."""
