"""Every setting, its unit and default, read once. The only module that reads the environment."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypedDict

from keysteward import guard
from keysteward.guard import Reach
from keysteward.problems import SettingInvalid

RESPONSE_LIMIT_BYTES = 30_720
"""Default limit of a signing response in bytes.

SAP's help page "Uploading a Signing Response" says 30,720 bytes; its API specification (Security
Content 1.0.0) says 30072, which reads like two digits swapped. The larger, round number (30 KiB) is
the one that refuses no file that SAP takes.
"""

CERTIFICATE_LIMIT_BYTES = 10_240
"""Default limit of a certificate file: SAP's help page says 10,240 bytes, its API says 10 kB."""

KEY_PAIR_LIMIT_BYTES = 30_720
"""Default limit of a key pair's file (PKCS#12, PEM): the signing response's, with both sources."""

KEY_FILE_LIMIT_BYTES = 10_000
"""Default limit of an SSH or RSA key's file (SAP's API specification and $metadata)."""

KEYSTORE_FILE_LIMIT_BYTES = 2_097_152
"""Default limit of a keystore file: SAP's help page says 2 MB."""

DERIVATION_LIMIT_ROUNDS = 100_000_000
"""Default of the key derivation that one file may ask for: about half a minute on one core.

JCEKS and scrypt take two to three times as long for what is counted as a round.
1,800 keys with keytool's 10,000 rounds each take a fifth of it.
"""

ODATA_KEYSTORE_RATE = 12
"""Default limit of requests a second to one keystore over OData (SAP's help page)."""

ODATA_ACCOUNT_RATE = 10
"""Default limit of requests a second of one account over OData (SAP's help page)."""

LOG_LEVELS = ("debug", "info", "warning", "error")

_MOST_PORT = 65_535
TOKEN_SECONDS = 3600
"""Default life of a token of an API client: an hour, as SAP's and most others have it."""

SESSION_IDLE_SECONDS = 1800
"""Default time after which a session that nobody uses ends: half an hour."""

SESSION_SECONDS = 43_200
"""Default time after which every session ends: twelve hours, a working day."""

_MOST = 10_000_000_000
"""Largest number that a setting takes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation can be told; each field names its environment variable in the docs."""

    data: Path
    """KEYSTEWARD_DATA: the data folder."""
    keyring: Path
    """KEYSTEWARD_KEYRING: folder of the sealing keys, ``sealing`` in the data folder by default."""
    keystore: str = "default"
    """KEYSTEWARD_KEYSTORE: name of the tenant keystore that commands work on."""
    database: str | None = field(default=None, repr=False)  # may have a password
    """KEYSTEWARD_DATABASE: URL of another database than the data folder's own SQLite file."""
    response_limit_bytes: int = RESPONSE_LIMIT_BYTES
    """KEYSTEWARD_RESPONSE_LIMIT_BYTES: largest signing response, in bytes."""
    certificate_limit_bytes: int = CERTIFICATE_LIMIT_BYTES
    """KEYSTEWARD_CERTIFICATE_LIMIT_BYTES: largest certificate file, in bytes."""
    key_pair_limit_bytes: int = KEY_PAIR_LIMIT_BYTES
    """KEYSTEWARD_KEY_PAIR_LIMIT_BYTES: largest file with one key pair, in bytes."""
    key_file_limit_bytes: int = KEY_FILE_LIMIT_BYTES
    """KEYSTEWARD_KEY_FILE_LIMIT_BYTES: largest SSH or RSA key file, in bytes."""
    keystore_file_limit_bytes: int = KEYSTORE_FILE_LIMIT_BYTES
    """KEYSTEWARD_KEYSTORE_FILE_LIMIT_BYTES: largest keystore file to import, in bytes."""
    keystore_limit_bytes: int | None = None
    """KEYSTEWARD_KEYSTORE_LIMIT_BYTES: largest whole keystore, in bytes; none by default."""
    derivation_limit_rounds: int = DERIVATION_LIMIT_ROUNDS
    """KEYSTEWARD_DERIVATION_LIMIT_ROUNDS: most rounds of key derivation that a file may ask for."""
    backups_kept: int | None = None
    """KEYSTEWARD_BACKUPS_KEPT: how many of the newest backups stay; all by default."""
    provider: str = "SAP"
    """KEYSTEWARD_PROVIDER: the name under which the provider's entries are shown."""
    token_seconds: int = TOKEN_SECONDS
    """KEYSTEWARD_TOKEN_SECONDS: how long a token of an API client is valid, in seconds."""
    session_idle_seconds: int = SESSION_IDLE_SECONDS
    """KEYSTEWARD_SESSION_IDLE_SECONDS: when a session that nobody uses ends, in seconds."""
    session_seconds: int = SESSION_SECONDS
    """KEYSTEWARD_SESSION_SECONDS: when every session ends, in seconds after its beginning."""
    odata_keystore_rate: int | None = ODATA_KEYSTORE_RATE
    """KEYSTEWARD_ODATA_KEYSTORE_RATE: OData requests a second to one keystore; ``off`` for any."""
    odata_account_rate: int | None = ODATA_ACCOUNT_RATE
    """KEYSTEWARD_ODATA_ACCOUNT_RATE: OData requests a second of one account; ``off`` for any."""
    trust_bundle: Path | None = field(default=None)
    """KEYSTEWARD_TRUST_BUNDLE: PEM file of roots that need no confirmation; none by default."""
    connect_networks: tuple[str, ...] = ()
    """KEYSTEWARD_CONNECT_NETWORKS: what the server may connect to besides public addresses."""
    connect_ports: tuple[tuple[int, int], ...] = guard.PORTS
    """KEYSTEWARD_CONNECT_PORTS: ports that the server may connect to, with commas and ranges."""
    host: str = "127.0.0.1"
    """KEYSTEWARD_HOST: address or name that the server listens on."""
    port: int = 8470
    """KEYSTEWARD_PORT: TCP port that the server listens on."""
    workers: int = 1
    """KEYSTEWARD_WORKERS: how many processes answer requests; PostgreSQL for more than one."""
    tls: bool = False
    """KEYSTEWARD_TLS: whether the server speaks TLS on a loopback address, too."""
    tls_certificate: Path | None = None
    """KEYSTEWARD_TLS_CERTIFICATE: PEM file of the server's chain; a self-signed one by default."""
    tls_key: Path | None = None
    """KEYSTEWARD_TLS_KEY: PEM file of the private key to the server's certificate."""
    proxies: tuple[str, ...] = ()
    """KEYSTEWARD_PROXIES: addresses and networks of trusted proxies, with commas; none."""
    connections: int = 1_000
    """KEYSTEWARD_CONNECTIONS: most connections at the same time."""
    address_connections: int = 100
    """KEYSTEWARD_ADDRESS_CONNECTIONS: most connections from one address that is no proxy's."""
    header_seconds: int = 10
    """KEYSTEWARD_HEADER_SECONDS: within which a request's headers and a TLS handshake are there."""
    write_seconds: int = 30
    """KEYSTEWARD_WRITE_SECONDS: within which a client must take something of its answer."""
    stop_seconds: int = 30
    """KEYSTEWARD_STOP_SECONDS: how long a server that stops waits for running requests."""
    metrics_open: bool = False
    """KEYSTEWARD_METRICS_OPEN: whether /metrics is answered without sign-in."""
    metrics_entries: int = 5_000
    """KEYSTEWARD_METRICS_ENTRIES: most entries with a series of their own in /metrics."""
    log: str = "info"
    """KEYSTEWARD_LOG: least level that is logged: debug, info, warning or error."""

    @property
    def reach(self) -> Reach:
        """Where the server may connect to for somebody."""
        networks = tuple(map(ipaddress.ip_network, self.connect_networks))
        return Reach(networks, self.connect_ports)


KNOWN = frozenset(f"KEYSTEWARD_{one.name.upper()}" for one in fields(Settings)) | {
    *("KEYSTEWARD_SERVER", "KEYSTEWARD_SERVER_CA", "KEYSTEWARD_SERVER_FINGERPRINT"),
    *("KEYSTEWARD_CLIENT_ID", "KEYSTEWARD_CLIENT_SECRET", "KEYSTEWARD_TOKEN"),
    *("KEYSTEWARD_USER", "KEYSTEWARD_PASSWORD", "KEYSTEWARD_CORPUS"),
}
"""Every variable that some part of the product reads; docs/remote.md has those of remote work."""


def unknown(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that look like settings and are none, by name."""
    return tuple(sorted(n for n in environment if n.startswith("KEYSTEWARD_") and n not in KNOWN))


def from_environment(
    environment: Mapping[str, str],
    *,
    data: Path | None = None,
    keystore: str | None = None,
    database: str | None = None,
) -> Settings:
    """Return the settings of this process; arguments given on the command line come first.

    Raises SettingInvalid for a number that is none or out of range, and a name that is no text.
    """

    def text(name: str) -> str | None:
        return environment.get(f"KEYSTEWARD_{name}") or None

    def number(name: str) -> int | None:
        given = text(name)
        return None if given is None else _positive(f"KEYSTEWARD_{name}", given)

    def rate(name: str, default: int) -> int | None:
        return None if text(name) == "off" else number(name) or default

    home = environment.get("XDG_DATA_HOME") or str(
        Path(environment.get("HOME", "~")).expanduser() / ".local" / "share"
    )
    folder = data or Path(text("DATA") or Path(home) / "keysteward")
    bundle = text("TRUST_BUNDLE")
    return Settings(
        data=folder,
        keyring=Path(text("KEYRING") or folder / "sealing"),
        keystore=_encodable("KEYSTEWARD_KEYSTORE", keystore or text("KEYSTORE") or "default"),
        database=database or text("DATABASE"),
        response_limit_bytes=number("RESPONSE_LIMIT_BYTES") or RESPONSE_LIMIT_BYTES,
        certificate_limit_bytes=number("CERTIFICATE_LIMIT_BYTES") or CERTIFICATE_LIMIT_BYTES,
        key_pair_limit_bytes=number("KEY_PAIR_LIMIT_BYTES") or KEY_PAIR_LIMIT_BYTES,
        key_file_limit_bytes=number("KEY_FILE_LIMIT_BYTES") or KEY_FILE_LIMIT_BYTES,
        keystore_file_limit_bytes=number("KEYSTORE_FILE_LIMIT_BYTES") or KEYSTORE_FILE_LIMIT_BYTES,
        keystore_limit_bytes=number("KEYSTORE_LIMIT_BYTES"),
        derivation_limit_rounds=number("DERIVATION_LIMIT_ROUNDS") or DERIVATION_LIMIT_ROUNDS,
        backups_kept=number("BACKUPS_KEPT"),
        provider=text("PROVIDER") or "SAP",
        token_seconds=number("TOKEN_SECONDS") or TOKEN_SECONDS,
        session_idle_seconds=number("SESSION_IDLE_SECONDS") or SESSION_IDLE_SECONDS,
        session_seconds=number("SESSION_SECONDS") or SESSION_SECONDS,
        odata_keystore_rate=rate("ODATA_KEYSTORE_RATE", ODATA_KEYSTORE_RATE),
        odata_account_rate=rate("ODATA_ACCOUNT_RATE", ODATA_ACCOUNT_RATE),
        trust_bundle=Path(bundle) if bundle else None,
        **_server(environment),
    )


class _Server(TypedDict, total=False):
    """The fields of ``Settings`` that only the server looks at."""

    connect_networks: tuple[str, ...]
    connect_ports: tuple[tuple[int, int], ...]
    host: str
    port: int
    workers: int
    tls: bool
    tls_certificate: Path
    tls_key: Path
    proxies: tuple[str, ...]
    connections: int
    address_connections: int
    header_seconds: int
    write_seconds: int
    stop_seconds: int
    metrics_open: bool
    metrics_entries: int
    log: str


def _server(environment: Mapping[str, str]) -> _Server:
    """Return what of the server is set; defaults stand in ``Settings``."""
    found: _Server = {}
    for name, read in _SERVER.items():
        variable = f"KEYSTEWARD_{name.upper()}"
        given = environment.get(variable)
        if given:
            found[name] = read(variable, given)  # type: ignore[literal-required]  # names of _Server
    return found


def _encodable(name: str, text: str) -> str:
    """Refuse bytes of the command line or the environment that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SettingInvalid(name, "it is no UTF-8 text.") from error
    return text


def _port(name: str, text: str) -> int:
    port = _positive(name, text)
    if port > _MOST_PORT:
        raise SettingInvalid(name, f"{port} is no port; the last one is {_MOST_PORT}.")
    return port


def _switch(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingInvalid(name, f"{text!r} is neither 'true' nor 'false'.")
    return text == "true"


def _networks(name: str, text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(","))
    for part in found:
        try:
            ipaddress.ip_network(part)
        except ValueError as error:
            reason = f"{part!r} is no IP address, and no network like 10.0.0.0/8."
            raise SettingInvalid(name, reason) from error
    return found


def _ports(name: str, text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        begin = _port(name, first.strip())
        end = _port(name, last.strip()) if dash else begin
        if end < begin:
            raise SettingInvalid(name, f"{part.strip()!r} ends before it begins.")
        found.append((begin, end))
    return tuple(found)


def _level(name: str, text: str) -> str:
    if text not in LOG_LEVELS:
        raise SettingInvalid(name, f"{text!r} is none of {', '.join(LOG_LEVELS)}.")
    return text


def _positive(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:11]) <= _MOST:
        raise SettingInvalid(name, f"{text!r} is no whole number from 1 to {_MOST:,}.")
    return int(text)


_SERVER: Mapping[str, Callable[[str, str], object]] = {
    "connect_networks": _networks,
    "connect_ports": _ports,
    "host": _encodable,
    "port": _port,
    "workers": _positive,
    "tls": _switch,
    "tls_certificate": lambda _, text: Path(text),
    "tls_key": lambda _, text: Path(text),
    "proxies": _networks,
    "connections": _positive,
    "address_connections": _positive,
    "header_seconds": _positive,
    "write_seconds": _positive,
    "stop_seconds": _positive,
    "metrics_open": _switch,
    "metrics_entries": _positive,
    "log": _level,
}
"""How each setting of the server is read from its variable's name and text."""
