"""The one gate for connections that the server makes on a user's behalf: it decides, nothing else.

Whoever resolves a name asks here about every address that came back, and connects to an address
that passed: to ask a name server twice would let it answer otherwise the second time.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS: tuple[tuple[int, int], ...] = (
    (443, 443),
    (465, 465),
    (563, 563),
    (636, 636),
    (853, 853),
    (989, 995),
    (1024, 65_535),
)
"""First and last ports of ranges: below 1024 only those that speak TLS from the first byte (IANA's
service names), so that no bytes of ours reach a mail relay, a shell or a name server."""

_METADATA = "a cloud's metadata service"

# The special-purpose registries of IANA (RFC 6890), narrower networks first, and the addresses at
# which clouds give credentials to whoever asks from within: AWS, Azure, Google, Oracle (link-local
# and fd00::/8), Alibaba, and the older one of Oracle. Not ``ipaddress.is_global``: its answer
# differs between releases of Python.
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), words)
    for network, words in (
        ("169.254.169.254/32", _METADATA),
        ("169.254.170.2/32", _METADATA),
        ("168.63.129.16/32", _METADATA),
        ("100.100.100.200/32", _METADATA),
        ("192.0.0.192/32", _METADATA),
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared address space of a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved (6to4 relay)"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("fd00:ec2::254/128", _METADATA),
        ("fd00:ec2::23/128", _METADATA),
        ("fd20:ce::254/128", _METADATA),
        ("fd00:c1::a9fe:a9fe/128", _METADATA),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local-use NAT64"),
        ("100::/64", "for discarding"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

# IPv6 addresses behind which an IPv4 address is reached, and the bits below it.
_EMBEDDING: tuple[tuple[ipaddress.IPv6Network, int, str], ...] = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0, "IPv4-mapped"),  # RFC 4291 section 2.5.5.2
    (ipaddress.IPv6Network("64:ff9b::/96"), 0, "NAT64"),  # RFC 6052 section 2.1
    (ipaddress.IPv6Network("2002::/16"), 80, "6to4"),  # RFC 3056 section 2
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where connections may go: public addresses, and what is named here besides."""

    networks: tuple[Network, ...] = ()
    """Networks that are allowed though they are not public. A metadata service is not opened by a
    network that it happens to lie in, only by its own address."""
    ports: tuple[tuple[int, int], ...] = PORTS
    anywhere: bool = False
    """No limit at all."""


ANYWHERE = Reach(anywhere=True)
"""For people who connect from their own machine with their own rights: the local command line."""


def port_refusal(port: int, reach: Reach) -> str | None:
    """Return why a TCP port may not be connected to; None if it may."""
    if reach.anywhere or any(first <= port <= last for first, last in reach.ports):
        return None
    return f"Port {port} is none of those that this server connects to."


def refusal(address: str, reach: Reach) -> str | None:
    """Return why an IP address may not be connected to; None if it may.

    Args:
        address: as a name service or ``socket.getaddrinfo`` returns it, with or without a zone
            (``fe80::1%eth0``). A text that is no IP address is refused.
        reach: where connections may go.
    """
    if reach.anywhere:
        return None
    try:
        ip: _Ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address!r} is no IP address."
    words = _kind(ip, reach.networks)
    return None if words is None else f"{ip} is not a public address: {words}."


def split(
    found: Iterable[str], reach: Reach
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the addresses of a name that may be connected to, and the others with the reason.

    A name that has both is used with those that pass: a refused one is never connected to.
    """
    allowed: list[str] = []
    refused: list[tuple[str, str]] = []
    for address in found:
        reason = refusal(address, reach)
        if reason is None:
            allowed.append(address)
        else:
            refused.append((address, reason))
    return tuple(allowed), tuple(refused)


def _kind(ip: _Ip, networks: tuple[Network, ...]) -> str | None:
    """Return what an address is instead of public; None if it may be connected to."""
    inner, how = _reached(ip)
    special = next((words for network, words in _SPECIAL if inner in network), None)
    if special is None and inner.version == 6 and inner not in _GLOBAL_UNICAST:
        special = "reserved"
    for network in networks:
        opens = special != _METADATA or network.num_addresses == 1
        if opens and (ip in network or inner in network):
            return None
    return special if special is None or not how else f"{how} with {inner}, {special}"


def _reached(ip: _Ip) -> tuple[_Ip, str]:
    """Return the IPv4 address behind an IPv6 address, and how it is; else the address itself."""
    if isinstance(ip, ipaddress.IPv6Address):
        for network, below, how in _EMBEDDING:
            if ip in network:
                return ipaddress.IPv4Address(int(ip) >> below & 0xFFFF_FFFF), how
    return ip, ""
