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


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("receiver.example", "receiver.example", 443),
        ("receiver.example:8443", "receiver.example", 8443),
        ("[2001:db8::7]:8443", "2001:db8::7", 8443),
        ("2001:db8::7", "2001:db8::7", 443),
        ("https://receiver.example", "receiver.example", 443),
        ("HTTPS://receiver.example/", "receiver.example", 443),
        ("https://receiver.example:8443/a/path?query=1#part", "receiver.example", 8443),
        ("https://receiver.example?query=1:2", "receiver.example", 443),
        ("https://[2001:db8::7]:8443/path", "2001:db8::7", 8443),
        ("https://[2001:db8::7]/path", "2001:db8::7", 443),
        ("https://ann:secret@receiver.example/path", "receiver.example", 443),
        ("https://receiver.example\\@other.example/", "receiver.example", 443),
        ("receiver.example/path", "receiver.example", 443),
        ("ldaps://directory.example", "directory.example", 636),
        ("amqps://broker.example/queue", "broker.example", 5671),
        ("mqtts://broker.example:8884", "broker.example", 8884),
        ("https://bücher.example/straße", "xn--bcher-kva.example", 443),
    ],
)
def test_pasted_text_is_cut_to_host_and_port(text: str, host: str, port: int) -> None:
    """What people copy from a browser or a channel's configuration is taken as it is."""
    assert Address(host, port) == addresses.cut_address(text).address


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("receiver.example:8443", ""),
        ("[2001:db8::7]:8443", ""),
        (
            "https://receiver.example/path",
            (
                "Only host and port count for a connection: receiver.example:443. The rest was "
                "left out."
            ),
        ),
        (
            "bücher.example",
            "In ASCII, as name services and certificates have it, it is 'xn--bcher-kva.example'.",
        ),
    ],
)
def test_note_says_what_was_cut(text: str, note: str) -> None:
    """Nothing is changed without a word; what needed no change has none."""
    assert note == addresses.cut_address(text).note


@pytest.mark.parametrize(
    ("text", "port"), [("receiver.example", 8443), ("receiver.example:9443", 9443)]
)
def test_port_of_its_own_field_counts_where_the_text_has_none(text: str, port: int) -> None:
    """The text is what was copied, so its port is meant."""
    assert port == addresses.cut_address(text, 8443).address.port


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "http://receiver.example",
        "ftp://receiver.example",
        "file:///etc/passwd",
        "javascript://x",
        "https://receiver.example:0/",
        "https://receiver.example:99999/",
        "https://re ceiver.example/",
        "https://receiver.example\r\n.other.example/",
        "https://[2001:db8::7/",
        "a" * 3_000,
    ],
)
def test_text_without_an_address_is_refused(text: str) -> None:
    """What is no address of something that speaks TLS is a problem, not a guess."""
    with pytest.raises(AddressInvalid):
        addresses.cut_address(text)


@pytest.mark.parametrize(
    "text",
    ["http://ann:secret@receiver.example", f"https://ann:secret@receiver.example/{'a' * 3_000}"],
)
def test_password_of_a_pasted_url_is_not_repeated(text: str) -> None:
    """A refusal is shown and logged; what stood before the host is not."""
    with pytest.raises(AddressInvalid) as raised:
        addresses.cut_address(text)
    assert "secret" not in raised.value.detail
    assert "secret" not in addresses.cut_address("https://ann:secret@receiver.example").note
