"""What every test lives under: no network beyond this machine, and keystores to throw away."""

import ipaddress
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keysteward.keystore.steward import Steward
from keysteward.settings import Settings
from tests import keystore_files, postgresql
from tests import steward as steward_
from tests.fresh import Fresh, FreshOnPostgresql, FreshOnSqlite
from tests.keystore_files import KeyEntry
from tests.steward import Clock

_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})


def pytest_configure() -> None:
    """Have processes of tests heed Ctrl-C, though a job in the background is told not to."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class NetworkRefusedError(RuntimeError):
    """A test tried to reach something other than this machine."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() in _LOCAL_NAMES


def _require_local(family: int, address: Any) -> None:  # noqa: ANN401 - as the standard library has it
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise NetworkRefusedError(f"Tests stay on this machine; {address[0]!r} is elsewhere.")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections and name look-ups that leave this machine.

    Names under ``.invalid`` do not exist by definition (RFC 6761 section 6.4), so the answer that
    every resolver must give is given here without asking one.
    """
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    sendto, getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:  # noqa: ANN401
        _require_local(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:  # noqa: ANN401
        _require_local(self.family, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, *arguments: Any) -> int:  # noqa: ANN401
        _require_local(self.family, arguments[-1])
        return sendto(self, *arguments)

    def guarded_getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name is None or _is_local(name):
            return getaddrinfo(host, *arguments, **named)
        if name.lower().rstrip(".").endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise NetworkRefusedError(f"Tests stay on this machine; {name!r} is elsewhere.")

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket.socket, "sendto", guarded_sendto)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


ENGINES = ("sqlite", "postgresql")
BOTH_ENGINES = ("accounts", "keystore", "operations", "service", "storage")
"""The folders whose tests run once for each engine, as far as they ask for a keystore."""
BOTH_ENGINES_TOO = (
    "command/test_secrets.py",
    "endurance/test_imports.py",
    "endurance/test_kills.py",
    "endurance/test_nodes.py",
    "endurance/test_races.py",
    "endurance/test_service_load.py",
    "rest/test_idempotency.py",
)
"""Single files of other folders."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have the tests of some folders run on every engine."""
    file = metafunc.definition.path.relative_to(Path(__file__).parent)
    both = file.parts[0] in BOTH_ENGINES or file.as_posix() in BOTH_ENGINES_TOO
    alone = [e for e in ENGINES if metafunc.definition.get_closest_marker(f"{e}_alone")]
    if "engine" in metafunc.fixturenames and both and alone != ["sqlite"]:
        metafunc.parametrize("engine", alone or ENGINES, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first: two processes share the rest out evenly behind them."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """Return which engine a test is for: SQLite, unless its folder is for both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """Return a PostgreSQL server that all tests of this process share."""
    with postgresql.served() as server:
        yield server


@pytest.fixture(scope="session")
def keystore_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a fresh keystore, on SQLite, that others are copied from."""
    return steward_.make_template(tmp_path_factory.mktemp("template") / "data")


@pytest.fixture(scope="session")
def fresh(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Fresh:
    """Return what makes fresh keystores on the engine that a test is for."""
    if engine == "sqlite":
        return FreshOnSqlite(request.getfixturevalue("keystore_template"))
    folder = tmp_path_factory.mktemp("template") / "data"
    return FreshOnPostgresql.on(request.getfixturevalue("postgresql_server"), folder)


@pytest.fixture(scope="session")
def many_entries() -> list[KeyEntry]:
    """1,800 distinct RSA-2048 keys with chains of three, for tests alone."""
    return keystore_files.key_entries(keystore_files.distinct_rsa_keys(1800))


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still until a test moves it."""
    return Clock()


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of a fresh keystore."""
    with fresh.keystore(tmp_path / "data") as made:
        yield made


@pytest.fixture
def steward(settings: Settings, clock: Clock) -> Iterator[Steward]:
    """Return an opened fresh keystore whose clock is the fixture ``clock``."""
    with steward_.opened(settings, clock) as opened:
        yield opened
