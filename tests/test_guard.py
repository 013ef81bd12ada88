import ipaddress

import pytest

from keysteward import guard
from keysteward.guard import Reach

PUBLIC = Reach()


def _reach(*networks: str) -> Reach:
    return Reach(tuple(map(ipaddress.ip_network, networks)))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("0.0.0.0", "unspecified"),  # noqa: S104  # nothing is bound
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "carrier"),
        ("100.127.255.255", "carrier"),
        ("100.100.100.200", "metadata"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("168.63.129.16", "metadata"),
        ("169.254.0.1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("169.254.170.2", "metadata"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.1", "reserved"),
        ("192.0.0.192", "metadata"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "6to4"),
        ("192.168.1.1", "private"),
        ("198.18.0.1", "benchmarks"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::127.0.0.1", "reserved"),
        ("::ffff:127.0.0.1", "IPv4-mapped with 127.0.0.1, loopback"),
        ("::ffff:a9fe:a9fe", "IPv4-mapped with 169.254.169.254, a cloud's metadata"),
        ("::ffff:0:10.0.0.1", "reserved"),
        ("64:ff9b::10.0.0.1", "NAT64 with 10.0.0.1, private"),
        ("64:ff9b::a9fe:a9fe", "NAT64 with 169.254.169.254"),
        ("64:ff9b:1::8.8.8.8", "local-use NAT64"),
        ("100::1", "discarding"),
        ("2001::1", "Teredo"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
        ("2001:2::1", "reserved"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::", "6to4 with 127.0.0.1, loopback"),
        ("2002:c0a8:101::1", "6to4 with 192.168.1.1, private"),
        ("3fff::1", "documentation"),
        ("4000::1", "reserved"),
        ("5f00::1", "reserved"),
        ("fc00::1", "private"),
        ("fd00::1", "private"),
        ("fd00:ec2::254", "metadata"),
        ("fd20:ce::254", "metadata"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
    ],
)
def test_address_that_is_not_public_is_refused(address: str, words: str) -> None:
    """Nothing but public addresses is connected to by default, and the reason says what it is."""
    reason = guard.refusal(address, PUBLIC)
    assert reason is not None
    assert words in reason


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "128.0.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.167.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1",
    ],
)
def test_public_address_is_allowed(address: str) -> None:
    """Public addresses are, also behind the prefixes that lead from IPv6 to IPv4."""
    assert guard.refusal(address, PUBLIC) is None


@pytest.mark.parametrize("text", ["", "localhost", "0x7f.1", "2130706433", "127.1", "1.1.1.1.1"])
def test_text_that_is_no_address_is_refused(text: str) -> None:
    """What another reader might take for an address is none here."""
    assert guard.refusal(text, PUBLIC) == f"{text!r} is no IP address."


@pytest.mark.parametrize(
    ("network", "address", "allowed"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "64:ff9b::10.1.2.3", True),
        ("10.0.0.0/8", "192.168.0.1", False),
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::1", False),
        ("::1/128", "::1", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("64:ff9b:1::/48", "64:ff9b:1::a00:1", True),
        ("169.254.0.0/16", "169.254.1.1", True),
        ("169.254.0.0/16", "169.254.169.254", False),
        ("0.0.0.0/0", "169.254.169.254", False),
        ("0.0.0.0/0", "::ffff:169.254.169.254", False),
        ("::/0", "fd00:ec2::254", False),
        ("::/0", "fd00::1", True),
        ("100.64.0.0/10", "100.100.100.200", False),
        ("100.100.100.200/32", "100.100.100.200", True),
        ("169.254.169.254/32", "169.254.169.254", True),
    ],
)
def test_configured_network_is_allowed(network: str, address: str, *, allowed: bool) -> None:
    """A network opens what lies in it, but a metadata service only by its own address."""
    assert allowed is (guard.refusal(address, _reach(network)) is None)


def test_every_ipv6_network_opens_no_mapped_metadata_service() -> None:
    """The widest network that can be written reaches no metadata service in any spelling."""
    for address in ("::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::"):
        assert guard.refusal(address, _reach("::/0", "0.0.0.0/0")) is not None


@pytest.mark.parametrize(
    ("port", "allowed"),
    [
        *((port, True) for port in (443, 465, 636, 990, 993, 995, 1024, 5671, 8443, 8883, 65_535)),
        *((port, False) for port in (1, 22, 25, 53, 80, 110, 143, 389, 445, 587, 1023)),
    ],
)
def test_port_is_one_of_those_that_speak_tls(port: int, *, allowed: bool) -> None:
    """Below 1024 only services that begin with TLS are connected to."""
    assert allowed is (guard.port_refusal(port, PUBLIC) is None)


def test_name_with_both_kinds_of_addresses_is_used_with_the_allowed_ones() -> None:
    """What a name service mixes in is left out, in the order of the answer."""
    allowed, refused = guard.split(("10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"), PUBLIC)
    assert ("1.1.1.1", "2606:4700::1111") == allowed
    assert ["10.0.0.1", "::1"] == [address for address, _ in refused]


def test_own_machine_connects_anywhere() -> None:
    """Who connects with their own rights is not limited."""
    assert guard.refusal("169.254.169.254", guard.ANYWHERE) is None
    assert guard.port_refusal(25, guard.ANYWHERE) is None
