"""Addresses of receivers as people write them: ``host``, ``host:port``, ``[IPv6]:port``."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

from keysteward.problems import AddressInvalid

DEFAULT_PORT = 443

# Letters, digits and hyphens (RFC 1123 section 2.1), and the underscore that names on internal
# networks have.
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host name (in ASCII form) or an IP address without brackets, and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address of a text like ``receiver.example:8443``; the port is 443 if not given.

    Raises AddressInvalid for anything else, a URL included.
    """
    asked = text.strip()
    if "://" in asked:
        raise AddressInvalid(text, "This is a URL: leave out https:// and the path.")
    if "/" in asked:
        raise AddressInvalid(text, "Leave out the path.")
    if asked.startswith("["):
        host, closed, rest = asked[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise AddressInvalid(text, "An IPv6 address needs both brackets.")
        return Address(_ipv6(host, text), _port(rest[1:], text) if rest else DEFAULT_PORT)
    if asked.count(":") > 1:
        return Address(_ipv6(asked, text), DEFAULT_PORT)
    host, colon, port = asked.partition(":")
    return Address(_host(host, text), _port(port, text) if colon else DEFAULT_PORT)


def _ipv6(host: str, text: str) -> str:
    try:
        return str(IPv6Address(host))
    except ValueError as error:
        raise AddressInvalid(text, "This is no IPv6 address.") from error


def _host(host: str, text: str) -> str:
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressInvalid(text, "The host name has a part that is no name.") from error
    if not _HOST.fullmatch(name) or ".." in name or max(map(len, name.split("."))) > 63:
        raise AddressInvalid(text, "The host name is missing or has characters that no name has.")
    return name


def _port(port: str, text: str) -> int:
    if not port.isascii() or not port.isdigit() or not 1 <= int(port[:6]) <= 65_535:
        raise AddressInvalid(text, "The port is no whole number from 1 to 65,535.")
    return int(port)
