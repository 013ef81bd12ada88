"""The composition of the server: a Steward in; the application with all faces out, and it runs."""

import gc
from collections.abc import Callable

import structlog
from starlette.applications import Starlette

from keysteward import __version__
from keysteward.accounts.principals import AccountKind
from keysteward.cli.session import Listening
from keysteward.keystore.steward import Steward
from keysteward.odata import application as odata
from keysteward.rest import application as rest
from keysteward.ui import application as ui
from keysteward.web import application, csrf, logs, tls
from keysteward.web.rates import Rates
from keysteward.web.running import Running
from keysteward.web.server import Server
from keysteward.web.service import Service
from keysteward.web.tls import Tls

_log = structlog.stdlib.get_logger("keysteward.server")


def build(steward: Steward, running: Running | None = None) -> Starlette:
    """Return the application of an opened keystore; ``running`` is what its server knows of it."""
    settings = steward.settings
    service = Service(
        steward,
        csrf.CsrfTokens(steward.sealer.derive_key("csrf"), steward.clock),
        Rates.of(settings.odata_keystore_rate, settings.odata_account_rate),
    )
    parts = (*odata.routes(service), *rest.routes(service), *ui.routes(service))
    return application.build(service, parts, running)


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
    logs.configure(steward.settings.log)
    for name in unknown:
        _log.warning("unknown setting", variable=name)
    running = Running()

    def listening(url: str) -> None:
        # What was loaded stays to the end; collecting garbage need not walk through it each time.
        gc.collect()
        gc.freeze()
        _log.info("started", address=url, version=__version__)
        fingerprint = secured.fingerprint if secured and secured.self_signed else None
        users = steward.store.accounts.list(AccountKind.USER)
        able = [user for user in users if user.administers]
        names = tuple(user.name for user in able)
        one_time = tuple(user.name for user in able if user.must_change_password)
        announce(Listening(url, fingerprint, names, one_time))

    Server(build(steward, running), steward.settings, secured, running, listening).run()
