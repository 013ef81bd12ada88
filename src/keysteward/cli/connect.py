"""connect: a real handshake and one request, told in plain words."""

from typing import Annotated

import typer

from keysteward.cli import output
from keysteward.cli.session import Session, complete_alias
from keysteward.outbound import addresses, connections, contexts
from keysteward.outbound.connections import Connection
from keysteward.pki.certificates import Certificate


def connect(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="The receiver.")],
    *,
    alias: Annotated[
        str | None,
        typer.Option(
            help="The key pair to show; none if left out.",
            show_default=False,
            autocompletion=complete_alias,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, max=600, help="For the whole attempt.")
    ] = 10.0,
) -> None:
    """Connect to a receiver with a key pair of the keystore, and say what it answered."""
    parsed = addresses.parse_address(address)
    with session.opened() as steward:
        entry = steward.store.get_entry(steward.keystore_id, alias) if alias is not None else None
        context = contexts.context_of(steward, entry)
    found = connections.check_connection(parsed.host, parsed.port, context, timeout_seconds=timeout)
    say_connection(found, entry.version.certificate if entry else None)


def say_connection(found: Connection, shown: Certificate | None) -> None:
    """Print what was negotiated, whom we met, and what the receiver said."""
    output.say(
        f"Connected to {found.address} ({found.ip}) in {found.duration_seconds * 1000:.0f} ms."
    )
    rows = [
        ("Protocol", f"{found.protocol}, {found.cipher}"),
        ("Client certificate", _client(found, shown)),
        *(("Accepted issuer", issuer) for issuer in found.accepted_issuers),
        *(("Receiver's chain", c.subject) for c in found.peer_chain),
        ("Answer", found.status_line or "none"),
        *(("", line) for line in found.body[:10]),
    ]
    output.table(("", ""), rows)
    output.say(found.remark)


def _client(found: Connection, shown: Certificate | None) -> str:
    if not found.certificate_requested:
        return "not asked for"
    if not found.certificate_sent or shown is None:
        return "asked for, none sent"
    return f"sent: {shown.subject}"
