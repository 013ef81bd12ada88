"""The server of this process: uvicorn's, listening and stopping as we have it."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

import anyio.to_thread
import structlog
import uvicorn
from starlette.types import ASGIApp

from keysteward.problems import SettingInvalid
from keysteward.settings import Settings
from keysteward.web import tls
from keysteward.web.connections import Doorkeeper, Gate
from keysteward.web.protocol import HEADER_LIMIT_BYTES, IDLE_SECONDS, Limits, Protocol
from keysteward.web.running import Running

Listener = socket.socket
"""What the server listens by."""

THREADS = 16
"""Worker threads for what blocks; see ADR 19 for the measurement."""

_BACKLOG = 1024
_TICK_SECONDS = 0.05
_FLUSH_SECONDS = 5
"""How long the last answers may take to reach their clients when everything else is done."""

_log = structlog.stdlib.get_logger("keysteward.server")


class Server(uvicorn.Server):
    """Serves until a signal ends it: SIGTERM or SIGINT lets requests finish, a second SIGINT not.

    ``announce`` is given a socket that listens, once requests can come. It listens by the sockets
    that it is given, or by its own: ``run`` raises SettingInvalid if it cannot.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        secured: tls.Tls | None,
        running: Running,
        announce: Callable[[Listener], None],
        sockets: Sequence[Listener] = (),
    ) -> None:
        super().__init__(_config(app, settings))
        self._sockets = sockets
        self._settings = settings
        self._tls = secured
        self._running = running
        self._announce = announce

    async def startup(self, sockets: object = None) -> None:  # noqa: ARG002 - uvicorn gives none
        """Listen."""
        # Operations run in the first ones, answers that are made piece by piece in the others.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        settings = self._settings
        gate = Gate(settings.connections, settings.address_connections, settings.proxies)
        limits = Limits(settings.header_seconds, settings.write_seconds)
        context = self._tls.context if self._tls else None

        def admit(lost: Callable[[], None]) -> asyncio.Protocol:
            return Protocol(self.config, self.server_state, limits, lost)

        self.servers = []
        for listening in self._sockets or await _listening(settings, self._tls):
            listener = await asyncio.get_running_loop().create_server(
                lambda: Doorkeeper(gate, admit, context, settings.header_seconds),
                sock=listening,
                backlog=_BACKLOG,
            )
            self.servers.append(listener)
        self.started = True
        self._announce(listening)

    async def shutdown(self, sockets: object = None) -> None:  # noqa: ARG002 - uvicorn gives none
        """Let requests finish, answering new ones that the server stops; then end connections."""
        self._running.ending.set()
        _log.info("stopping", requests=self._running.requests)
        try:
            await asyncio.wait_for(self._running.idle.wait(), self._settings.stop_seconds)
        except TimeoutError:
            _log.error("requests were cut off", requests=self._running.requests)
            for connection in self._connections():
                connection.abort()
        for listener in self.servers:
            listener.close()
        for connection in self._connections():
            connection.shutdown()
        end = time.monotonic() + _FLUSH_SECONDS
        while self.server_state.connections and time.monotonic() < end:  # noqa: ASYNC110 - a set of uvicorn's
            await asyncio.sleep(_TICK_SECONDS)
        for task in self.server_state.tasks:
            task.cancel()
        _log.info("stopped")

    def _connections(self) -> list[Protocol]:
        return [one for one in self.server_state.connections if isinstance(one, Protocol)]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals while the server runs; the process goes on to close the database after."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        taken = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in taken}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - see signal
        """Begin to stop; a second SIGINT ends the process as if nobody had caught it."""
        if self.should_exit and sig == signal.SIGINT:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = True


def listen(settings: Settings, secured: tls.Tls | None) -> Sequence[Listener]:
    """Return sockets that listen at the address of the settings, for processes to share.

    Raises SettingInvalid if there is no such address, or it is taken.
    """
    return asyncio.run(_listening(settings, secured))


async def _listening(settings: Settings, secured: tls.Tls | None) -> Sequence[Listener]:
    try:
        listener = await asyncio.get_running_loop().create_server(
            asyncio.Protocol,
            settings.host,
            settings.port,
            backlog=_BACKLOG,
            start_serving=False,
        )
    except (OSError, UnicodeError) as error:
        raise _not_listening(settings, error) from error
    # A socket of asyncio's can be duplicated and no more; a real one has the same descriptor.
    found = [socket.socket(fileno=os.dup(one.fileno())) for one in listener.sockets]
    listener.close()
    if secured is None:
        # What the TLS rule took for a loopback name may be something else in this network.
        tls.require_loopback(one.getsockname()[0] for one in found)
    return found


def address_of(settings: Settings, secured: tls.Tls | None, listening: Listener) -> str:
    """Return the address at which a socket answers, without a slash at its end."""
    host = settings.host
    if host in tls.UNSPECIFIED:
        host = os.uname().nodename
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if secured else 'http'}://{host}:{listening.getsockname()[1]}"


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        workers=1,
        access_log=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        h11_max_incomplete_event_size=HEADER_LIMIT_BYTES,
    )


def _not_listening(settings: Settings, error: Exception) -> SettingInvalid:
    number = getattr(error, "errno", None) or 0
    # Errors of name look-ups have negative numbers, and texts of their own.
    text = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or str(error)
    reason = text.lower()
    return SettingInvalid(
        "KEYSTEWARD_HOST, KEYSTEWARD_PORT",
        f"the server cannot listen on {settings.host}, port {settings.port}: {reason}. If another "
        "program has the port, end it or choose another port.",
    )
