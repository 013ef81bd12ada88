"""The whole desk of a local keystore."""

from keysteward.cli.desk import Desk
from keysteward.cli.local import (
    accounts,
    audit_log,
    backups,
    certificates,
    connections,
    downloads,
    entries,
    key_pairs,
    keystores,
    provider_keys,
)
from keysteward.entries import Caller
from keysteward.keystore.steward import Steward


def desk_of(steward: Steward, caller: Caller) -> Desk:
    """Return the desk at which a caller asks for what a steward has."""
    return Desk(
        entries=entries.entries(steward, caller),
        key_pairs=key_pairs.key_pairs(steward, caller),
        certificates=certificates.certificates(steward, caller),
        downloads=downloads.downloads(steward, caller),
        backups=backups.backups(steward, caller),
        keystores=keystores.keystores(steward, caller),
        provider_keys=provider_keys.provider_keys(steward, caller),
        audit_log=audit_log.audit_log(steward, caller),
        connections=connections.connections(steward),
        users=accounts.users(steward, caller),
        clients=accounts.clients(steward, caller),
    )
