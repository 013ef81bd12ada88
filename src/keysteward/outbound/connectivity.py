"""The connectivity test that the server makes for somebody: guarded, bounded, told in the log."""

from collections.abc import Mapping
from dataclasses import dataclass

from keysteward.entries import Action, Caller, Entry, View
from keysteward.guard import Reach
from keysteward.keystore import readings
from keysteward.keystore.steward import Steward
from keysteward.outbound import addresses, connections, contexts, destinations, findings, reports
from keysteward.outbound.addresses import Address
from keysteward.outbound.destinations import Resolve
from keysteward.outbound.reports import Asked, Report, Result
from keysteward.problems import Problem

TIMEOUT_SECONDS = 10.0
MOST_SECONDS = 30.0
"""Of a test that the server makes; a thread waits so long."""

_MOST_ALIAS = 250


@dataclass(frozen=True, slots=True)
class ConnectionWish:
    """What is to be tried."""

    host: str
    port: int = addresses.DEFAULT_PORT
    alias: str | None = None
    """Of the key pair to present; None for none."""
    view: View = View.CURRENT
    """Where the key pair is; a new key of the provider can be tried before it is activated."""
    validate: bool = True
    """Whether the server's certificate is verified."""
    timeout_seconds: float = TIMEOUT_SECONDS
    """For everything together; cut to ``MOST_SECONDS``."""

    @property
    def address(self) -> Address:
        """Raises AddressInvalid."""
        return addresses.address_of(self.host, self.port)


def run_test(
    steward: Steward,
    caller: Caller,
    wish: ConnectionWish,
    *,
    reach: Reach,
    ask: Resolve = destinations.ask_system,
) -> Report:
    """Return how a real connection with a key pair of the keystore went; one row in the audit log.

    A connection that does not come about is a report with a failed check. It takes as long as the
    wish says and blocks; run it in a thread.

    Args:
        steward: of the keystore whose key pairs and trusted certificates count.
        caller: who asks.
        wish: what is to be tried.
        reach: where the server may connect to for somebody: ``steward.settings.reach``.
        ask: what resolves names.

    Raises AddressInvalid, DestinationNotAllowed, AliasNotFound, NotAKeyPair, SealedKeyDamaged,
    KeyNotUsableForTls, TlsFromMemoryUnavailable; each is a row of its own, refused.
    """
    try:
        entry, report = _run(steward, wish, reach, ask)
    except Problem as problem:
        steward.store.record_refusal(
            steward.keystore_id,
            caller.name,
            steward.clock(),
            action=Action.CONNECTION_TEST,
            alias=None if wish.alias is None else wish.alias[:_MOST_ALIAS],
            problem=problem,
            more=_told(wish),
        )
        raise
    readings.record(steward, caller, Action.CONNECTION_TEST, _result(wish, report), entry)
    return report


def _run(
    steward: Steward, wish: ConnectionWish, reach: Reach, ask: Resolve
) -> tuple[Entry | None, Report]:
    address = wish.address
    destinations.require_port(address, reach)
    entry = None
    if wish.alias is not None:
        entry = steward.store.get_entry(steward.keystore_id, wish.alias, wish.view)
    context = contexts.context_of(steward, entry)
    if not wish.validate:
        contexts.accept_any_server(context)
    made = connections.attempt(
        address,
        context,
        reach=reach,
        timeout_seconds=min(wish.timeout_seconds, MOST_SECONDS),
        alias=entry.alias if entry else None,
        ask=ask,
    )
    anchors = contexts.anchors_of(steward)
    sent = made.transcript.peer_chain
    shown = findings.of_chain(sent, anchors, address.host, steward.clock())
    own = entry.version.certificate if entry else None
    asked = Asked(address, wish.validate, entry.alias if entry else None, own)
    return entry, reports.build_report(asked, made, shown)


def _told(wish: ConnectionWish) -> Mapping[str, object]:
    return {
        "host": wish.host[:253],
        "port": wish.port,
        "view": wish.view,
        "validate": wish.validate,
    }


def _result(wish: ConnectionWish, report: Report) -> Mapping[str, object]:
    failed = next((c for c in report.checks if c.result is Result.FAILED), None)
    return {
        **_told(wish),
        "ip": report.ip,
        "passed": report.passed,
        "failed": failed and failed.step,
        "certificate_sent": report.certificate_sent,
        "certificate": report.own and report.own.fingerprint,
    }
