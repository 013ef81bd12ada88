import pytest

from keysteward.outbound import addresses
from keysteward.outbound.addresses import Address
from keysteward.problems import AddressInvalid


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("receiver.example", "receiver.example", 443),
        ("receiver.example:8443", "receiver.example", 8443),
        (" Receiver.Example:1 ", "Receiver.Example", 1),
        ("192.0.2.7:65535", "192.0.2.7", 65535),
        ("[2001:db8::7]:8443", "2001:db8::7", 8443),
        ("[2001:DB8:0::7]", "2001:db8::7", 443),
        ("2001:db8::7", "2001:db8::7", 443),
        ("bücher.example", "xn--bcher-kva.example", 443),
        ("back_end.internal", "back_end.internal", 443),
    ],
)
def test_address_is_read(text: str, host: str, port: int) -> None:
    """Host, port and IPv6 address are taken as people write them; the port is 443 if left out."""
    assert Address(host, port) == addresses.parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":443",
        "host:",
        "host:0",
        "host:65536",
        "host:٤٤٣",
        "host:+1",
        "host:99999999999999999999",
        "https://host",
        "https://host:443/path",
        "host/path",
        "a host",
        "host\x00.example",
        "host\r\nx",
        "-host",
        "a..b",
        "a" * 64 + ".example",
        "ü" * 64,
        ".".join(["label"] * 60),
        "[::1",
        "[::1]443",
        "[host]:443",
        "[::1]:",
        "1:2:3",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    """Whatever is no address ends in a problem that shows how to write one."""
    with pytest.raises(AddressInvalid, match="HOST:PORT"):
        addresses.parse_address(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://localhost:9441/x", "leave out https:// and the path"),
        ("https://[::1]:9441", "leave out https:// and the path"),
        ("localhost:9441/x", "Leave out the path"),
    ],
)
def test_url_is_told_what_to_leave_out(text: str, said: str) -> None:
    """Whoever pastes a URL learns which parts of it are too much."""
    with pytest.raises(AddressInvalid, match=said):
        addresses.parse_address(text)


def test_ipv6_address_is_shown_in_brackets() -> None:
    """Text and value are each other's inverse, so a shown address can be typed again."""
    address = addresses.parse_address("2001:db8::7")
    assert "[2001:db8::7]:443" == str(address)
    assert address == addresses.parse_address(str(address))
