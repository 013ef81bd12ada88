import ipaddress
import socket
import threading
import time

import pytest

from keysteward import guard
from keysteward.guard import Reach
from keysteward.outbound import destinations
from keysteward.outbound.addresses import Address
from keysteward.outbound.destinations import NotResolved
from keysteward.problems import DestinationNotAllowed

TO = Address("receiver.example", 443)
LOOPBACK = Reach((ipaddress.ip_network("127.0.0.0/8"),))


def _in(seconds: float) -> float:
    return time.monotonic() + seconds


def _answering(*found: str) -> destinations.Resolve:
    return lambda _host, _port: found


def test_refused_address_is_named_with_the_setting_that_allows_it() -> None:
    """Who is refused learns the address behind the name, what it is, and who can change it."""
    with pytest.raises(DestinationNotAllowed) as raised:
        destinations.resolve(TO, _in(5), Reach(), _answering("10.0.0.1", "::1"))
    assert "receiver.example:443" == raised.value.address
    assert "10.0.0.1 is not a public address: private." in raised.value.detail
    assert "::1 is not a public address: loopback." in raised.value.detail
    assert "KEYSTEWARD_CONNECT_NETWORKS" in raised.value.detail


def test_refused_port_asks_no_name_service() -> None:
    """A port that is not allowed ends the matter before anything leaves the machine."""
    asked = []

    def ask(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("1.1.1.1",)

    with pytest.raises(DestinationNotAllowed, match="KEYSTEWARD_CONNECT_PORTS"):
        destinations.resolve(Address("receiver.example", 25), _in(5), Reach(), ask)
    assert [] == asked


def test_name_with_a_refused_address_is_used_with_the_others() -> None:
    """A refused address of a name is never among those to connect to."""
    found = destinations.resolve(TO, _in(5), Reach(), _answering("127.0.0.1", "1.1.1.1"))
    assert ("1.1.1.1",) == found


def test_few_addresses_of_a_name_are_tried() -> None:
    """A name service that lists a whole network makes nobody connect to all of it."""
    many = tuple(f"1.1.1.{number}" for number in range(100))
    assert many[:8] == destinations.resolve(TO, _in(5), Reach(), _answering(*many))


def test_name_is_asked_for_once() -> None:
    """A name that points elsewhere the second time (DNS rebinding) is not asked a second time."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    answers = iter((("127.0.0.1",), ("169.254.169.254",)))
    with listener:
        reach = Reach(LOOPBACK.networks, ((port, port),))
        address = Address("receiver.example", port)
        ips = destinations.resolve(address, _in(5), reach, lambda _h, _p: next(answers))
        connected = destinations.connect(ips, port, _in(5))
        with connected.socket as made:
            assert ("127.0.0.1", port) == made.getpeername()
    assert "127.0.0.1" == connected.ip
    assert (("169.254.169.254",),) == tuple(answers)


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1"])
def test_loopback_is_found_in_every_spelling(host: str) -> None:
    """What the system's library reads as loopback is refused as what it is, not as what it says."""

    def ask(host: str, _port: int) -> tuple[str, ...]:
        return (socket.inet_ntoa(socket.inet_aton(host)),)

    with pytest.raises(DestinationNotAllowed, match="loopback"):
        destinations.resolve(Address(host, 443), _in(5), Reach(), ask)


def test_name_of_this_machine_is_refused() -> None:
    """The system's own name service is asked, and its answer judged."""
    with pytest.raises(DestinationNotAllowed, match="loopback"):
        destinations.resolve(Address("localhost", 443), _in(10), Reach(), destinations.ask_system)


def test_silent_name_service_ends_at_the_deadline() -> None:
    """Nobody waits for a name service longer than for all the rest."""
    silent = threading.Event()

    def ask(_host: str, _port: int) -> tuple[str, ...]:
        silent.wait(10)
        return ()

    with pytest.raises(NotResolved) as raised:
        destinations.resolve(TO, _in(0.05), Reach(), ask)
    silent.set()
    assert raised.value.in_time is False


def test_name_without_an_address_is_not_resolved() -> None:
    """That is another thing than a refusal."""

    def ask(_host: str, _port: int) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for one in (ask, _answering()):
        with pytest.raises(NotResolved) as raised:
            destinations.resolve(TO, _in(5), guard.ANYWHERE, one)
        assert raised.value.in_time is True


def test_next_address_is_tried_where_nothing_listens() -> None:
    """One dead address of a name does not end the attempt."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    with listener:
        connected = destinations.connect(("127.0.0.2", "127.0.0.1"), port, _in(10))
        connected.socket.close()
    assert "127.0.0.1" == connected.ip
