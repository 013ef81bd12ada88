"""Connections from this machine."""

from dataclasses import dataclass

from keysteward import guard
from keysteward.cli.desk import Connections
from keysteward.entries import View
from keysteward.keystore.steward import Steward
from keysteward.outbound import connections as outbound
from keysteward.outbound import contexts
from keysteward.outbound.addresses import Address
from keysteward.outbound.connections import Connection
from keysteward.pki.certificates import Certificate


@dataclass(frozen=True, slots=True)
class _Connections:
    steward: Steward

    def check(
        self, address: Address, alias: str | None, view: View, timeout_seconds: float
    ) -> tuple[Connection, Certificate | None]:
        entry = None
        if alias is not None:
            entry = self.steward.store.get_entry(self.steward.keystore_id, alias, view)
        context = contexts.context_of(self.steward, entry)
        found = outbound.check_connection(
            *(address.host, address.port, context),
            # Who sits here can connect anywhere without us.
            reach=guard.ANYWHERE,
            timeout_seconds=timeout_seconds,
            alias=entry.alias if entry else None,
        )
        return found, entry.version.certificate if entry else None


def connections(steward: Steward) -> Connections:
    """Return what can be asked of connections."""
    return _Connections(steward)
