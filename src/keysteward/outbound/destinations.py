"""From a host to a connected socket: resolved once, judged by the guard, that address pinned."""

import contextlib
import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from keysteward import guard
from keysteward.guard import Reach
from keysteward.outbound.addresses import Address
from keysteward.problems import DestinationNotAllowed

NETWORKS = "KEYSTEWARD_CONNECT_NETWORKS"
PORTS = "KEYSTEWARD_CONNECT_PORTS"

_MOST_ADDRESSES = 8
"""Of one name that are tried; a name service may list any number."""

_MOST_SHOWN = 3

# Name services answer when they like, and nothing can interrupt the question: whoever waits goes
# away at its deadline, and so many questions may still be open then.
_QUESTIONS = threading.BoundedSemaphore(64)

Resolve = Callable[[str, int], tuple[str, ...]]
"""Returns the addresses of a host in order of preference; raises OSError if it has none."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A socket, and the IP address at its other end."""

    socket: socket.socket
    ip: str


class NotResolved(Exception):
    """The name has no address; ``in_time`` is False if no answer came at all."""

    def __init__(self, *, in_time: bool) -> None:
        super().__init__()
        self.in_time = in_time


def ask_system(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host as this system resolves names; a ``Resolve``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(target[0]) for *_, target in found))


def require_port(address: Address, reach: Reach) -> None:
    """Raise DestinationNotAllowed for a port that is not allowed."""
    reason = guard.port_refusal(address.port, reach)
    if reason is not None:
        raise DestinationNotAllowed(str(address), reason, PORTS)


def resolve(address: Address, deadline: float, reach: Reach, ask: Resolve) -> tuple[str, ...]:
    """Return the IP addresses of a host that may be connected to, before anything is sent there.

    Args:
        address: host and port.
        deadline: value of time.monotonic at which nobody waits any longer.
        reach: where connections may go.
        ask: what answers for the name service.

    Raises DestinationNotAllowed for a port that is not allowed, and if none of the addresses is;
    NotResolved.
    """
    require_port(address, reach)
    found = (address.host,) if _is_ip(address.host) else _ask(address, deadline, ask)
    allowed, refused = guard.split(found, reach)
    if allowed:
        return allowed[:_MOST_ADDRESSES]
    if not refused:
        raise NotResolved(in_time=True)
    reasons = " ".join(reason for _, reason in refused[:_MOST_SHOWN])
    raise DestinationNotAllowed(str(address), reasons, NETWORKS)


def connect(ips: tuple[str, ...], port: int, deadline: float) -> Connected:
    """Return a connection to the first address that takes one; each gets its share of the time.

    Raises the OSError of the last one, TimeoutError among them.
    """
    failure: OSError = TimeoutError()
    for number, ip in enumerate(ips):
        share = (deadline - time.monotonic()) / (len(ips) - number)
        try:
            return Connected(_connected(ip, port, max(0.001, share)), ip)
        except OSError as error:
            failure = error
    raise failure


def _connected(ip: str, port: int, seconds: float) -> socket.socket:
    # An address in digits is not looked up: what was judged is what is connected to.
    ((family, kind, protocol, _, target), *_) = socket.getaddrinfo(
        ip, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
    )
    made = socket.socket(family, kind, protocol)
    try:
        made.settimeout(seconds)
        made.connect(target)
    except OSError:
        made.close()
        raise
    return made


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ask(address: Address, deadline: float, ask: Resolve) -> tuple[str, ...]:
    """Return what a name service answers until the deadline. Raises NotResolved."""
    answers: queue.SimpleQueue[tuple[str, ...] | None] = queue.SimpleQueue()

    def run() -> None:
        found = None
        try:
            with contextlib.suppress(OSError, ValueError):
                found = ask(address.host, address.port)
        finally:
            answers.put(found)
            _QUESTIONS.release()

    if not _QUESTIONS.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise NotResolved(in_time=False)
    threading.Thread(target=run, name="resolve", daemon=True).start()
    try:
        found = answers.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty as error:
        raise NotResolved(in_time=False) from error
    if found is None:
        raise NotResolved(in_time=True)
    return found
