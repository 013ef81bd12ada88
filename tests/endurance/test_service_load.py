import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from keysteward import app
from keysteward.accounts import clients
from keysteward.entries import Version
from keysteward.keystore.steward import Steward
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import pki_maker, servers, steward
from tests.endurance import prepared, soundness
from tests.endurance.clients import Connection, Load, Refused
from tests.pki_maker import Issued
from tests.servers import Server

WRITERS, READERS = 8, 24
SECONDS, SECONDS_ON_NODES = (
    float(os.environ.get("KEYSTEWARD_LOAD_SECONDS", usual)) for usual in ("10", "2")
)
"""How long the load lasts; a longer one is asked for by the variable."""
ALIASES = ("contested-1", "contested-2", "contested-3", "contested-4")
"""Two writers each: an upload that loses a race is planned anew."""

_LIMITS = {"KEYSTEWARD_ODATA_KEYSTORE_RATE": "off", "KEYSTEWARD_ODATA_ACCOUNT_RATE": "off"}


class _Site:
    """An installation with key pairs whose responses a CA of the test can make."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = pki_maker.issue("Load Root", ca=True)
        self.leaves: dict[str, Issued] = {}
        with app.opened(settings) as opened:
            for alias in ALIASES:
                leaf = pki_maker.issue("client", issuer=self.root, eku=("clientAuth",))
                steward.add(opened, alias, leaf, self.root, key=leaf)
                self.leaves[alias] = leaf
            self.secret = _add_client(opened)

    def versions(self) -> dict[str, tuple[Version, ...]]:
        """Return all versions of the key pairs, the first one first."""
        with app.opened(self.settings) as opened:
            store, keystore = opened.store, opened.keystore_id
            return {a: store.list_versions(store.get_entry(keystore, a)) for a in ALIASES}

    @contextmanager
    def under_load(self, writers: int, readers: int, *nodes: Server) -> Iterator[Load]:
        """Let clients work while the context lasts, as many of them on each node."""
        load = Load(patient=len(nodes) > 1)
        with ExitStack() as stack:
            try:
                for number in range(writers):
                    alias = ALIASES[number % len(ALIASES)]
                    write = load.write_over_odata if number % 2 else load.write_over_rest
                    # Whoever writes the same entry does so on another node, if there is one.
                    node = nodes[number * len(nodes) // writers]
                    write(self._connect(stack, node), alias, self.leaves[alias], self.root)
                for number in range(readers):
                    load.read(self._connect(stack, nodes[number % len(nodes)]), ALIASES)
                yield load
            finally:
                load.stop()

    def _connect(self, stack: ExitStack, server: Server) -> Connection:
        connection = Connection(server.host, server.port, "load", self.secret)
        return stack.enter_context(closing(connection))


def _add_client(opened: Steward) -> str:
    roles = frozenset({Role.OPERATOR})
    _, made = clients.add_client(opened, steward.TENANT, "load", roles, None)
    return made.secret.reveal().decode()


@pytest.fixture
def site(settings: Settings) -> _Site:
    """Return an installation with four key pairs."""
    return _Site(settings)


def _assert_all_there(site: _Site, load: Load, most_unconfirmed: int) -> None:
    """Assert that every confirmed upload is a version, and that there are few others."""
    confirmed = Counter(load.confirmed)
    stored = Counter(
        (alias, str(version.certificate.fingerprint))
        for alias, versions in site.versions().items()
        for version in versions[1:]
    )
    assert not confirmed - stored
    assert most_unconfirmed >= (stored - confirmed).total()
    soundness.assert_sound(site.settings)


@pytest.mark.slow
@pytest.mark.sqlite_alone
def test_no_update_is_lost_while_eight_write_and_twenty_four_read(
    site: _Site, tmp_path: Path
) -> None:
    """For a minute nobody gets an error, and what was confirmed is what is stored."""
    with (
        servers.served(site.settings, tmp_path / "server", **_LIMITS) as server,
        site.under_load(WRITERS, READERS, server) as load,
    ):
        load.stopping.wait(SECONDS)

    assert [] == load.failures
    assert WRITERS * 10 < len(load.confirmed)
    assert READERS * 10 < load.reads
    _assert_all_there(site, load, most_unconfirmed=0)


@pytest.mark.sqlite_alone
def test_no_confirmed_update_is_lost_when_the_server_is_ended_under_load(
    site: _Site, tmp_path: Path
) -> None:
    """SIGTERM lets requests finish: what was answered is stored, the others get no false answer."""
    with (
        servers.served(site.settings, tmp_path / "server", **_LIMITS) as server,
        site.under_load(WRITERS, 4, server) as load,
    ):
        time.sleep(3)
        status = server.stop(signal.SIGTERM)

    assert 0 == status
    assert load.confirmed
    assert not [f for f in load.failures if "503" not in str(f) and not isinstance(f, OSError)]
    _assert_all_there(site, load, most_unconfirmed=WRITERS)


@pytest.mark.sqlite_alone
def test_no_confirmed_update_is_lost_when_the_server_is_killed_under_load(
    site: _Site, tmp_path: Path
) -> None:
    """What was answered was on disk before."""
    with (
        servers.served(site.settings, tmp_path / "server", **_LIMITS) as server,
        site.under_load(WRITERS, 4, server) as load,
    ):
        time.sleep(3)
        server.process.kill()

    assert load.confirmed
    _assert_all_there(site, load, most_unconfirmed=WRITERS)


@pytest.mark.postgresql_alone
def test_no_confirmed_update_is_lost_when_one_of_two_nodes_is_killed_under_load(
    site: _Site, tmp_path: Path
) -> None:
    """Clients of the other node, which write the same entries, go on and get no error.

    But those whose uploads lose against the other node's again and again: they are told to repeat.
    """
    first, second = prepared.nodes_of(site.settings)
    with (
        servers.served(first, tmp_path / "first", **_LIMITS) as killed,
        servers.served(second, tmp_path / "second", **_LIMITS) as other,
        site.under_load(WRITERS, READERS, killed, other) as load,
    ):
        load.stopping.wait(SECONDS_ON_NODES)
        assert [] == load.failures
        killed.process.kill()
        before = len(load.confirmed), load.reads
        _wait_until(lambda: len(load.confirmed) > before[0] + WRITERS * 2)
        _wait_until(lambda: load.reads > before[1] + READERS * 2)

    assert [] == [failure for failure in load.failures if isinstance(failure, Refused)]
    assert (WRITERS + READERS) // 2 >= len(load.failures)
    _assert_all_there(site, load, most_unconfirmed=WRITERS // 2)
    soundness.assert_nobody_left(site.settings)


def _wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not reached() and time.monotonic() < end:
        time.sleep(0.02)
    assert reached()
