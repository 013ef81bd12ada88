"""Connections that a server makes, as the guard there lets it."""

from dataclasses import dataclass

import typer

from keysteward.cli.desk import Connections
from keysteward.cli.remote import values
from keysteward.client import Keystore, refusals
from keysteward.entries import View
from keysteward.outbound.addresses import Address
from keysteward.outbound.connections import Connection
from keysteward.pki.certificates import Certificate

_MOST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Connections:
    keystore: Keystore

    def check(
        self, address: Address, alias: str | None, view: View, timeout_seconds: float
    ) -> tuple[Connection, Certificate | None]:
        if timeout_seconds > _MOST_SECONDS:
            raise typer.BadParameter(f"a server takes at most {_MOST_SECONDS:g} s (--timeout).")
        told = self.keystore.check_connection(
            *(address.host, address.port),
            alias=alias,
            view=view.value,
            timeout_seconds=timeout_seconds,
        )
        if told.problem is not None:
            raise refusals.problem_of(0, told.problem)
        found = Connection(
            address=told.address,
            ip=told.ip,
            protocol=told.protocol,
            cipher=told.cipher,
            peer_chain=tuple(values.certificate(c.certificate) for c in told.server_chain),
            certificate_requested=told.certificate_requested,
            certificate_sent=told.certificate_sent,
            accepted_issuers=told.accepted_issuers,
            status_line=told.status_line,
            header=told.header,
            body=told.body,
            text=told.text,
            duration_seconds=told.duration_seconds,
            remark=told.remark,
        )
        return found, values.certificate(told.certificate) if told.certificate else None


def connections(keystore: Keystore) -> Connections:
    """Return what can be asked of connections."""
    return _Connections(keystore)
