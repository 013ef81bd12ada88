"""The composition of the server: a Steward in; the application with all faces out, and it runs."""

import gc
from collections.abc import Callable, Sequence

import structlog
from prometheus_client.multiprocess import mark_process_dead
from starlette.applications import Starlette

from keysteward import __version__
from keysteward.accounts.principals import AccountKind
from keysteward.cli.session import Listening
from keysteward.keystore.steward import Steward
from keysteward.odata import application as odata
from keysteward.rest import application as rest
from keysteward.settings import Settings
from keysteward.ui import application as ui
from keysteward.web import application, csrf, logs, server, tls, workers
from keysteward.web.jobs import Jobs
from keysteward.web.metrics import Metrics
from keysteward.web.rates import Rates
from keysteward.web.running import Running
from keysteward.web.server import Listener, Server
from keysteward.web.service import Service
from keysteward.web.tls import Tls
from keysteward.web.workers import Worker

_log = structlog.stdlib.get_logger("keysteward.server")


def build(
    steward: Steward, running: Running | None = None, metrics: Metrics | None = None
) -> Starlette:
    """Return the application of an opened keystore; the rest is what its server knows of it."""
    settings = steward.settings
    service = Service(
        steward,
        csrf.CsrfTokens(steward.sealer.derive_key("csrf"), steward.clock),
        Rates.of(settings.odata_keystore_rate, settings.odata_account_rate, settings.workers),
    )
    parts = (*odata.routes(service), *rest.routes(service), *ui.routes(service))
    return application.build(service, parts, running, metrics)


def secure(steward: Steward) -> Tls | None:
    """Return what the server speaks TLS with; see ``tls.choose``."""
    return tls.choose(steward.settings, steward.clock())


def run(
    steward: Steward,
    secured: Tls | None,
    announce: Callable[[Listening], None],
    unknown: tuple[str, ...] = (),
) -> None:
    """Serve until a signal ends it; see ``Server``. Warns of settings that are ``unknown``."""

    def listening(listening: Listener) -> None:
        announce(listening_at(steward, secured, listening))

    _run(steward, secured, listening, unknown)


def listen(settings: Settings, secured: Tls | None) -> Sequence[Listener]:
    """Return sockets for workers to share; see ``server.listen``."""
    return server.listen(settings, secured)


def divide(settings: Settings, announce: Callable[[], None]) -> Worker | int:
    """Return in each worker, and at the end in the process that watches them."""
    logs.configure(settings.log)
    return workers.divide(settings.workers, announce, mark_process_dead)


def run_worker(
    steward: Steward,
    secured: Tls | None,
    worker: Worker,
    sockets: Sequence[Listener],
    unknown: tuple[str, ...] = (),
) -> None:
    """Serve as one of several."""
    _run(steward, secured, lambda _: worker.report(), unknown, sockets)


def listening_at(steward: Steward, secured: Tls | None, listening: Listener) -> Listening:
    """Return what is told to whoever starts the server."""
    fingerprint = secured.fingerprint if secured and secured.self_signed else None
    users = steward.store.accounts.list(AccountKind.USER)
    able = [user for user in users if user.administers]
    names = tuple(user.name for user in able)
    one_time = tuple(user.name for user in able if user.must_change_password)
    url = server.address_of(steward.settings, secured, listening)
    return Listening(url, fingerprint, names, one_time)


def _run(
    steward: Steward,
    secured: Tls | None,
    announce: Callable[[Listener], None],
    unknown: tuple[str, ...],
    sockets: Sequence[Listener] = (),
) -> None:
    logs.configure(steward.settings.log)
    for name in unknown:
        _log.warning("unknown setting", variable=name)
    running, metrics = Running(), Metrics(divided=steward.settings.workers > 1)
    jobs = Jobs(steward, running.ending, metrics.hold)

    def listening(listening: Listener) -> None:
        # What was loaded stays to the end; collecting garbage need not walk through it each time.
        gc.collect()
        gc.freeze()
        address = server.address_of(steward.settings, secured, listening)
        _log.info("started", address=address, version=__version__)
        announce(listening)
        jobs.start()

    app = build(steward, running, metrics)
    try:
        Server(app, steward.settings, secured, running, listening, sockets).run()
    finally:
        jobs.end()
