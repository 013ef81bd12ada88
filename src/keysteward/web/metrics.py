"""Numbers about this process's requests, as Prometheus counts them."""

from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from keysteward import __version__

_METHODS = frozenset({"DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "PATCH", "POST", "PUT"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""In seconds: from a cached read to what a client gives up on."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a request that has been answered."""

    method: str
    path: str
    route: str | None
    """The template of its address; None for one that there is not."""
    status: int
    seconds: float
    credentials: bool
    """Whether it came with credentials in its header."""
    upload: str | None = None
    """How the file that it brought was judged: accept, warn, reject."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of one server, in a registry of their own."""

    divided: bool = False
    """Whether several workers count together, in files of prometheus_client's."""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    durations: Histogram = field(init=False)
    in_flight: Gauge = field(init=False)
    sign_in_refusals: Counter = field(init=False)
    rate_refusals: Counter = field(init=False)
    uploads: Counter = field(init=False)
    leases: Gauge = field(init=False)

    def __post_init__(self) -> None:
        # When a counter began doubles the series, and nobody asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type there
        made = {
            "requests": Counter(
                "keysteward_requests",
                "Requests answered.",
                ("face", "method", "route", "status"),
                registry=self.registry,
            ),
            "durations": Histogram(
                "keysteward_request_duration_seconds",
                "Time from a request's headers to the end of its answer.",
                ("face", "method"),
                buckets=_BUCKETS,
                registry=self.registry,
            ),
            "in_flight": Gauge(
                "keysteward_requests_in_flight",
                "Requests that are not answered yet.",
                registry=self.registry,
                multiprocess_mode="livesum",
            ),
            "sign_in_refusals": Counter(
                "keysteward_sign_in_refusals",
                "Requests with credentials that are not right.",
                ("face",),
                registry=self.registry,
            ),
            "rate_refusals": Counter(
                "keysteward_rate_refusals",
                "Requests refused because there were too many.",
                ("face",),
                registry=self.registry,
            ),
            "uploads": Counter(
                "keysteward_uploads",
                "Uploaded files by how they were judged: accept, warn, reject.",
                ("outcome",),
                registry=self.registry,
            ),
            "leases": Gauge(
                "keysteward_lease_held",
                "1 while this server does the job of this name; of all servers, one does.",
                ("lease",),
                registry=self.registry,
                multiprocess_mode="livesum",
            ),
        }
        for name, metric in made.items():
            object.__setattr__(self, name, metric)
        version = Gauge(
            "keysteward_build_info",
            "Always 1.",
            ("version",),
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        version.labels(__version__).set(1)

    def exposition(self) -> bytes:
        """Return the counters of all workers of this node, as Prometheus reads them."""
        if not self.divided:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library has no type
        return generate_latest(together)

    def hold(self, lease: str, held: int) -> None:
        """Note whether this process holds a lease: 1 or 0."""
        self.leases.labels(lease).set(held)

    def observe(self, seen: Observation) -> None:
        """Count a request; labels have few values, whatever clients send."""
        face = face_of(seen.path)
        method = seen.method if seen.method in _METHODS else "other"
        self.requests.labels(face, method, seen.route or "none", str(seen.status)).inc()
        self.durations.labels(face, method).observe(seen.seconds)
        if seen.status == 401 and (seen.credentials or face == "oauth"):
            self.sign_in_refusals.labels(face).inc()
        elif seen.status == 429:
            self.rate_refusals.labels(face).inc()
        if seen.upload is not None:
            self.uploads.labels(seen.upload).inc()


def face_of(path: str) -> str:
    """Return which part of the server an address belongs to."""
    first, _, rest = path.removeprefix("/").partition("/")
    if first in ("api", "location"):
        return "odata"
    if first in ("rest", "oauth"):
        return first
    return "health" if not rest and first in ("healthz", "readyz", "metrics") else "other"
