"""Whether the server lives, whether it can work, and its numbers for Prometheus."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keysteward.accounts.principals import Principal
from keysteward.entries import ListedEntry
from keysteward.problems import Problem
from keysteward.rights import Permission
from keysteward.storage.sharing import MOST_COUNTED
from keysteward.web import access, permissions
from keysteward.web.metrics import Metrics
from keysteward.web.running import Running
from keysteward.web.service import Service, in_thread

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_EVER = datetime(9999, 12, 31, tzinfo=UTC)
_DAY_SECONDS = 86_400
_READING = "No server of the database takes changes at the moment; reading goes on."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be right."""

    name: str
    detail: str | None = None
    """What there is to say of it."""
    ok: bool = field(kw_only=True)

    def shown(self) -> dict[str, object]:
        """Return it as JSON has it."""
        detail = {} if self.detail is None else {"detail": self.detail}
        return {"name": self.name, "ok": self.ok, **detail}


@dataclass(frozen=True, slots=True)
class State:
    """What the database says."""

    checks: tuple[Check, ...]
    writing: bool = field(kw_only=True)


def routes(service: Service, metrics: Metrics, running: Running) -> tuple[Route, ...]:
    """Return the three routes; only the metrics need a permission: MonitoringDataRead."""

    async def live(_: Request) -> Response:
        """Answer as long as the event loop runs."""
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        """Answer whether requests can be worked on, and what stands in the way."""
        state = await in_thread(lambda: _state(service))
        checks = (Check("accepting", ok=not running.stopping), *state.checks)
        ok = all(check.ok for check in checks)
        content = {
            "status": "ok" if ok else "not ready",
            "writing": state.writing,
            "checks": [check.shown() for check in checks],
        }
        return JSONResponse(content, 200 if ok else 503)

    async def numbers(request: Request) -> Response:
        """Answer the counters of this process, and the days that entries have left."""
        principal = None
        if not service.steward.settings.metrics_open:
            principal = await access.authenticate(service, request)
            asked = permissions.Asked(request.method, "/metrics")
            await permissions.require(service, principal, Permission.MONITORING_DATA_READ, asked)
        content = await in_thread(lambda: _exposition(service, metrics, principal))
        return Response(content, media_type=_METRICS_TYPE)

    return (
        Route("/healthz", live, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
        Route("/metrics", numbers, methods=["GET"]),
    )


def _state(service: Service) -> "State":
    """Ask the database; what keeps it from answering fails all checks of it.

    A node that can only read is ready: while no server takes changes, none of the others can write
    either, and somebody has to answer.
    """
    try:
        found = service.steward.store.readiness.check()
    except Problem as problem:
        others = (Check("migrations", ok=False), Check("sealing_keys", ok=False))
        return State((Check("database", problem.detail, ok=False), *others), writing=False)
    keys = ", ".join(map(repr, found.missing_keys))
    lacks = f"Sealing keys in use were not in this node's keyring when it started: {keys}."
    return State(
        (
            Check("database", None if found.writing else _READING, ok=True),
            Check("migrations", ok=found.migrated),
            Check("sealing_keys", lacks if keys else None, ok=not keys),
        ),
        writing=found.writing,
    )


def _exposition(service: Service, metrics: Metrics, principal: Principal | None) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Entries(service, principal))
    return metrics.exposition() + generate_latest(registry)


class _Entries(Collector):
    """The gauges that are read from the database when somebody asks for them."""

    def __init__(self, service: Service, principal: Principal | None) -> None:
        self._steward = service.steward
        names = self._steward.store.list_keystores()
        self._keystores = [k for k in names if principal is None or principal.may_see(k[0])]

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are checked against those of no other collector."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges of all keystores that the account may see."""
        waiting = GaugeMetricFamily(
            "keysteward_audit_rows_waiting",
            f"Rows of the audit log that are not linked yet, {MOST_COUNTED} at most.",
        )
        waiting.add_metric((), self._steward.store.sharing.count_waiting())
        yield waiting
        yield from self._counts()
        yield self._days_left()

    def _counts(self) -> Iterator[Metric]:
        entries = GaugeMetricFamily(
            "keysteward_entries",
            "Current entries by type and owner.",
            labels=("keystore", "type", "owner"),
        )
        states = GaugeMetricFamily(
            "keysteward_entries_in_state",
            "Current entries by state; one may be in several. Waiting for a signing response, with "
            "a pending new key, ending within 30 days, ended.",
            labels=("keystore", "state"),
        )
        now = self._steward.clock()
        for name, keystore_id in self._keystores:
            counts = self._steward.store.catalogue.count_by_state(keystore_id, now)
            for (type_, owner), number in counts.by_type_and_owner.items():
                entries.add_metric((name, type_.value, owner.value), number)
            for state in ("waiting", "pending", "ending", "ended"):
                states.add_metric((name, state), getattr(counts, state))
        yield entries
        yield states

    def _days_left(self) -> Metric:
        limit = self._steward.settings.metrics_entries
        gauge = GaugeMetricFamily(
            "keysteward_entry_days_left",
            "Days until an entry's certificate ends, below zero if it has. Of the "
            f"{limit} entries that end first; KEYSTEWARD_METRICS_ENTRIES changes how many.",
            labels=("keystore", "alias", "owner", "type"),
        )
        now = self._steward.clock()
        found = ((name, entry) for name, id_ in self._keystores for entry in self._soonest(id_))
        for name, entry in sorted(found, key=lambda pair: pair[1].not_after)[:limit]:
            left = (entry.not_after - now).total_seconds() / _DAY_SECONDS
            labels = (name, str(entry.alias), entry.owner.value, entry.type.value)
            gauge.add_metric(labels, round(left, 3))
        return gauge

    def _soonest(self, keystore_id: int) -> tuple[ListedEntry, ...]:
        limit = self._steward.settings.metrics_entries
        return self._steward.store.list_entries(keystore_id, limit=limit, expiring_before=_EVER)
