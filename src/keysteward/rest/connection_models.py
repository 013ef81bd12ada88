"""What a test of a connection takes and answers."""

from typing import Annotated

from msgspec import Meta

from keysteward.entries import View
from keysteward.outbound.connections import Step
from keysteward.outbound.reports import Result
from keysteward.rest.models import Certificate, Model, ProblemDetails
from keysteward.rest.wishes import Given


class ConnectionWanted(Given, frozen=True, kw_only=True):
    """A connection to try."""

    host: Annotated[
        str, Meta(max_length=300, description="A name or an IP address; no URL.", min_length=1)
    ]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 443
    alias: Annotated[
        Annotated[str, Meta(max_length=1000)] | None,
        Meta(description="Of the key pair to present; null for none."),
    ] = None
    view: Annotated[
        View, Meta(description="Where the key pair is: `new` tries a key before its activation.")
    ] = View.CURRENT
    validate: Annotated[bool, Meta(description="Whether the server's certificate is verified.")] = (
        True
    )
    timeout_seconds: Annotated[
        float, Meta(ge=0.1, le=30, description="For everything together.")
    ] = 10.0


class Check(Model, frozen=True, kw_only=True):
    """One step of a test."""

    step: Step
    name: Annotated[str, Meta(description="For people.")]
    result: Result
    meaning: str
    remedy: Annotated[str, Meta(description="What to do; empty unless it failed.")]


class Finding(Model, frozen=True, kw_only=True):
    """Something about a certificate of the server."""

    slug: str
    detail: str


class ServerCertificate(Model, frozen=True, kw_only=True):
    """A certificate that the server sent."""

    certificate: Certificate
    trusted: Annotated[bool, Meta(description="Whether the keystore trusts this very one.")]
    findings: tuple[Finding, ...]


class ConnectionReport(Model, frozen=True, kw_only=True):
    """What a test has shown. Texts from the server have no control characters."""

    address: str
    ip: Annotated[str, Meta(description="Empty if nothing was connected to.")]
    passed: Annotated[bool, Meta(description="Whether no check failed.")]
    proof: Annotated[str, Meta(description="What that proves and what not; empty if one failed.")]
    checks: tuple[Check, ...]
    protocol: str
    cipher: str
    server_chain: tuple[ServerCertificate, ...]
    validated: bool
    certificate_requested: bool
    certificate_sent: bool
    certificate_accepted: Annotated[bool | None, Meta(description="Null: nobody can tell.")]
    accepted_issuers: tuple[str, ...]
    alias: str | None
    certificate: Annotated[
        Certificate | None, Meta(description="The one that was there to be sent.")
    ]
    status_line: str | None
    header: tuple[str, ...]
    body: tuple[str, ...]
    text: str
    duration_seconds: float
    remark: str
    problem: Annotated[
        ProblemDetails | None, Meta(description="The failed check as a problem; null if none.")
    ]
