"""connect: a real handshake and one request, told in plain words."""

from collections.abc import Iterable
from typing import Annotated

import typer

from keysteward.cli import options, output
from keysteward.cli.session import Session, as_text, complete_alias
from keysteward.entries import View
from keysteward.outbound import addresses
from keysteward.outbound.connections import Connection
from keysteward.pki.certificates import Certificate
from keysteward.problems import ConnectionFailed, Problem


def connect(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="The receiver.")],
    *,
    alias: Annotated[
        str | None,
        typer.Option(
            "--alias",
            metavar="ALIAS",
            help="The key pair to present; none by default.",
            show_default=False,
            autocompletion=complete_alias,
            callback=as_text,
        ),
    ] = None,
    view: options.View = View.CURRENT,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            min=0.1,
            max=600,
            help="The time for the whole attempt.",
        ),
    ] = 10.0,
    as_json: options.Json = False,
) -> None:
    """Connect to a receiver with a key pair of the keystore, and say what it answered."""
    try:
        found, own = _connect(session, address, alias, view, timeout)
    except Problem as problem:
        if as_json:
            output.say_json({"address": address, "problem": _problem_json(problem)})
        raise
    if as_json:
        output.say_json(_connection_json(found, own))
    else:
        _say_connection(found, own)


def _connect(
    session: Session, address: str, alias: str | None, view: View, timeout_seconds: float
) -> tuple[Connection, Certificate | None]:
    """Return the connection, and the certificate that was there to be presented."""
    parsed = addresses.parse_address(address)
    with session.desk() as desk:
        return desk.connections.check(parsed, alias, view, timeout_seconds)


def _say_connection(found: Connection, own: Certificate | None) -> None:
    """Print what was negotiated, whom we met, and what the receiver said."""
    output.say(
        f"Connected to {found.address} ({found.ip}) in {found.duration_seconds * 1000:.0f} ms."
    )
    rows = [
        ("Protocol", f"{found.protocol}, {found.cipher}"),
        ("Client certificate", _client(found, own)),
        *_rows("Accepted issuers", found.accepted_issuers),
        *_rows("Receiver's chain", (c.subject for c in found.peer_chain)),
        ("Answer", found.status_line or "none"),
        *([("", found.text)] if found.text else []),
    ]
    output.table(("", ""), rows)
    output.say(found.remark)


def _rows(label: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    return [("" if number else label, text) for number, text in enumerate(texts)]


def _client(found: Connection, own: Certificate | None) -> str:
    if not found.certificate_requested:
        return "not asked for"
    if not found.certificate_sent or own is None:
        return "asked for, none sent"
    return f"sent: {own.subject}"


def _connection_json(found: Connection, own: Certificate | None) -> dict[str, object]:
    return {
        "address": found.address,
        "ip": found.ip,
        "protocol": found.protocol,
        "cipher": found.cipher,
        "certificate_requested": found.certificate_requested,
        "certificate_sent": found.certificate_sent,
        "certificate": own and {"sha256": own.fingerprint, "subject": own.subject},
        "accepted_issuers": found.accepted_issuers,
        "peer_chain": [
            {
                "sha256": c.fingerprint,
                "subject": c.subject,
                "issuer": c.issuer,
                "not_after": c.not_after,
            }
            for c in found.peer_chain
        ],
        "status_line": found.status_line,
        "header": found.header,
        "body": found.body,
        "duration_seconds": round(found.duration_seconds, 6),
        "remark": found.remark,
        "problem": None,
    }


def _problem_json(problem: Problem) -> dict[str, object]:
    alert = problem.alert if isinstance(problem, ConnectionFailed) else None
    return {**(output.problem_json(problem) or {}), "alert": alert}
