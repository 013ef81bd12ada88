"""How many connections there may be, and the protocol that lets them in."""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from ssl import SSLContext

from keysteward.problems import ServerBusy
from keysteward.web import problem_details

SHUTDOWN_SECONDS = 5.0
"""How long a client may take to end TLS."""

_IPV6_SITE_BITS = 64
"""Whoever has one IPv6 address has as many as this prefix holds (RFC 6177)."""


class Gate:
    """Counts connections, all and by address; addresses of trusted proxies are not limited."""

    def __init__(self, most: int, most_of_address: int, proxies: Sequence[str] = ()) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._proxies = tuple(ipaddress.ip_network(proxy) for proxy in proxies)
        self._by_site: Counter[str] = Counter()
        self._all = 0

    def enter(self, address: str) -> bool:
        """Count a connection unless there are too many; each one counted must ``leave``."""
        site, limited = self._site(address)
        if self._all >= self._most or (limited and self._by_site[site] >= self._most_of_address):
            return False
        self._all += 1
        self._by_site[site] += 1
        return True

    def leave(self, address: str) -> None:
        """Take a connection off the count."""
        site, _ = self._site(address)
        self._all -= 1
        self._by_site[site] -= 1
        if not self._by_site[site]:
            del self._by_site[site]

    def _site(self, address: str) -> tuple[str, bool]:
        """Return what counts as one client, and whether it is limited."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return address, True
        if isinstance(parsed, ipaddress.IPv6Address):
            mapped = parsed.ipv4_mapped
            if mapped is None:
                network = ipaddress.ip_network((parsed, _IPV6_SITE_BITS), strict=False)
                return str(network), not self._is_proxy(parsed)
            parsed = mapped
        return str(parsed), not self._is_proxy(parsed)

    def _is_proxy(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self._proxies)


class Doorkeeper(asyncio.Protocol):
    """A connection's first protocol: counts it, does the TLS handshake, and hands it on.

    Handshakes count as connections, which they would not if the event loop made them before it
    calls a protocol. ``admit`` makes the protocol that goes on, with the function to call when the
    connection is lost.
    """

    def __init__(
        self,
        gate: Gate,
        admit: Callable[[Callable[[], None]], asyncio.Protocol],
        tls: SSLContext | None,
        handshake_seconds: int,
    ) -> None:
        self._gate = gate
        self._admit = admit
        self._tls = tls
        self._handshake_seconds = handshake_seconds
        self._address = ""
        self._early = bytearray()
        self._lost = False
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a connection in, or turn it away: with a few words, unless it has to speak TLS."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the server listens for TCP
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        if not self._gate.enter(self._address):
            if self._tls is None:
                transport.write(_busy())
            transport.close()
        elif self._tls is None:
            self._hand_on(transport)
        else:
            transport.pause_reading()
            self._handshake = asyncio.create_task(self._start_tls(transport, self._tls))

    def data_received(self, data: bytes) -> None:
        """Keep what comes with the end of the handshake; what is turned away is not read."""
        if self._handshake is not None:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio has it
        """Note that the client went away before the connection was handed on."""
        self._lost = True

    async def _start_tls(self, transport: asyncio.Transport, tls: SSLContext) -> None:
        try:
            secure = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                tls,
                server_side=True,
                ssl_handshake_timeout=self._handshake_seconds,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
        except OSError:  # no TLS, a version or cipher that is not offered, or nothing in time
            self._leave()
            return
        except BaseException:
            self._leave()
            raise
        if secure is None or self._lost:
            self._leave()
            return
        self._hand_on(secure)

    def _hand_on(self, transport: asyncio.Transport) -> None:
        protocol = self._admit(self._leave)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(bytes(self._early))

    def _leave(self) -> None:
        self._gate.leave(self._address)


def _busy() -> bytes:
    problem = ServerBusy()
    status = problem_details.status_of(problem)
    return raw_answer(
        status, problem_details.document(problem, status), problem_details.headers_of(problem)
    )


def raw_answer(status: int, content: bytes, headers: dict[str, str]) -> bytes:
    """Return an answer as it goes over the wire, to a request that was never read; it is the last.

    A problem document, since nothing else is answered without a request.
    """
    lines = [
        f"HTTP/1.1 {status} {_PHRASES[status]}",
        f"Content-Type: {problem_details.MEDIA_TYPE}",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join((*lines, "", "")).encode() + content


_PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    503: "Service Unavailable",
}
