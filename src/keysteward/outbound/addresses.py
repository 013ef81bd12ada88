"""Addresses of receivers as people write them: ``host``, ``host:port``, ``[IPv6]:port``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from types import MappingProxyType

from keysteward.problems import AddressInvalid

DEFAULT_PORT = 443

PORTS_OF_SCHEMES: Mapping[str, int] = MappingProxyType(
    {
        "https": 443,
        "wss": 443,
        "smtps": 465,
        "ldaps": 636,
        "ftps": 990,
        "imaps": 993,
        "pop3s": 995,
        "amqps": 5671,
        "mqtts": 8883,
        "tls": DEFAULT_PORT,
        "ssl": DEFAULT_PORT,
    }
)
"""Schemes of URLs that mean TLS from the first byte, and the ports that they mean (IANA)."""

MOST_CHARACTERS = 2_000
"""Of what is pasted."""

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


@dataclass(frozen=True, slots=True)
class Pasted:
    """An address that was cut out of what somebody pasted."""

    address: Address
    note: str
    """A sentence on what was left out or changed; empty if nothing was."""


def cut_address(text: str, port: int | None = None) -> Pasted:
    """Return the host and port of a pasted URL, or of ``host``, ``host:port``, ``[IPv6]:port``.

    A port in the text counts; ``port`` is for a text without one, before the scheme's own and 443.
    Names with other letters than those of ASCII come back in their ASCII form. Raises
    AddressInvalid, also for schemes that mean no encryption; its text has no password of a URL.
    """
    asked = text.strip()
    scheme, found, rest = asked.partition("://")
    if not found:
        scheme, rest = "", asked
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    if len(asked) > MOST_CHARACTERS:
        raise AddressInvalid(host[:80], "This is too long for an address.")
    if found and scheme.lower() not in PORTS_OF_SCHEMES:
        reason = f"{scheme[:20]}:// means no TLS from the first byte, which is what is tested."
        raise AddressInvalid(host, reason)
    parsed = parse_address(host)
    if not _names_port(host):
        meant = port or PORTS_OF_SCHEMES.get(scheme.lower(), DEFAULT_PORT)
        parsed = Address(parsed.host, _port(str(meant), host))
    return Pasted(parsed, _note(parsed, cut=rest != host or bool(found), named=host))


def _names_port(host: str) -> bool:
    """Tell whether a text that ``parse_address`` takes has a port."""
    return host.rpartition("]")[2].startswith(":") if "]" in host else host.count(":") == 1


def _note(parsed: Address, *, cut: bool, named: str) -> str:
    said = []
    if cut:
        said.append(f"Only host and port count for a connection: {parsed}. The rest was left out.")
    if not named.isascii():
        said.append(f"In ASCII, as name services and certificates have it, it is {parsed.host!r}.")
    return " ".join(said)


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


def address_of(host: str, port: int) -> Address:
    """Return the address of a host, and of a port that stands beside it. Raises AddressInvalid."""
    if ":" in host or host.startswith("["):
        found = Address(_ipv6(host.removeprefix("[").removesuffix("]"), host), port)
    else:
        found = Address(_host(host, host), port)
    return Address(found.host, _port(str(port), host))


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
