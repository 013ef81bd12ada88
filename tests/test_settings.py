import re
from dataclasses import fields
from pathlib import Path

import pytest

from keysteward import settings
from keysteward.problems import SettingInvalid
from keysteward.settings import Settings
from tests.architecture.documents import DOCS

SERVER = {
    "CONNECT_NETWORKS": ("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
    "CONNECT_PORTS": ("443, 8443, 9000-9010", ((443, 443), (8443, 8443), (9000, 9010))),
    "HOST": ("::1", "::1"),
    "PORT": ("443", 443),
    "TLS": ("true", True),
    "TLS_CERTIFICATE": ("server.crt", Path("server.crt")),
    "TLS_KEY": ("server.key", Path("server.key")),
    "PROXIES": ("192.0.2.1, 2001:db8::/32", ("192.0.2.1", "2001:db8::/32")),
    "CONNECTIONS": ("5", 5),
    "ADDRESS_CONNECTIONS": ("4", 4),
    "HEADER_SECONDS": ("3", 3),
    "WRITE_SECONDS": ("2", 2),
    "STOP_SECONDS": ("1", 1),
    "METRICS_OPEN": ("true", True),
    "METRICS_ENTRIES": ("7", 7),
    "LOG": ("debug", "debug"),
}


def _read(**variables: str) -> Settings:
    environment = {f"KEYSTEWARD_{name}": text for name, text in variables.items()}
    return settings.from_environment(environment, data=Path("data"))


@pytest.mark.parametrize(("name", "text", "value"), [(n, *pair) for n, pair in SERVER.items()])
def test_setting_of_the_server_is_read(name: str, text: str, value: object) -> None:
    """Each variable fills its own field and no other; an empty one leaves the default."""
    default, given, empty = _read(), _read(**{name: text}), _read(**{name: ""})
    changed = {
        f.name: getattr(given, f.name)
        for f in fields(given)
        if getattr(given, f.name) != getattr(default, f.name)
    }

    assert {name.lower(): value} == changed
    assert default == empty


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CONNECT_NETWORKS", "receiver.example"),
        ("CONNECT_NETWORKS", "10.0.0.1/8"),
        ("CONNECT_PORTS", "https"),
        ("CONNECT_PORTS", "443,"),
        ("CONNECT_PORTS", "9010-9000"),
        ("CONNECT_PORTS", "1-65536"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("TLS", "yes"),
        ("METRICS_OPEN", "1"),
        ("PROXIES", "proxy.example.test"),
        ("PROXIES", "192.0.2.1,"),
        ("PROXIES", "*"),
        ("PROXIES", "192.0.2.1/24"),
        ("CONNECTIONS", "-1"),
        ("HEADER_SECONDS", "1.5"),
        ("LOG", "verbose"),
    ],
)
def test_setting_of_the_server_that_cannot_be_used_is_refused(name: str, text: str) -> None:
    """A mistake is named with its variable instead of being replaced by a default."""
    with pytest.raises(SettingInvalid, match=f"KEYSTEWARD_{name}: "):
        _read(**{name: text})


def test_known_variables_are_those_of_the_documentation() -> None:
    """A variable that is documented is never warned of, and none is known that is not there."""
    told = "".join((DOCS / name).read_text() for name in ("settings.md", "remote.md"))
    named = set(re.findall(r"KEYSTEWARD_[A-Z_]+[A-Z]", told))
    assert named | {"KEYSTEWARD_CORPUS"} == settings.KNOWN
    given = {"KEYSTEWARD_PROT": "1", "KEYSTEWARD_PORT": "1", "HOME": "/"}
    assert ("KEYSTEWARD_PROT",) == settings.unknown(given)
