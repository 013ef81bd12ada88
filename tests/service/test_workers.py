"""``keysteward serve --workers``: several processes behind one address."""

import base64
import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keysteward.settings import Settings
from tests import commands, servers
from tests.fresh import FreshOnPostgresql
from tests.postgresql import Server as Database
from tests.servers import Server

PASSWORD = "correct horse battery staple"
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
WAIT_SECONDS = 30


@pytest.fixture(scope="module")
def installation(
    postgresql_server: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Return an installation on PostgreSQL with an administrator."""
    folder = tmp_path_factory.mktemp("workers")
    fresh = FreshOnPostgresql.on(postgresql_server, folder / "template")
    with fresh.keystore(folder / "data") as settings:
        servers.add_user(settings, "admin", PASSWORD)
        yield settings


@pytest.fixture
def server(installation: Settings, tmp_path: Path) -> Iterator[Server]:
    """Return a server of three workers."""
    with servers.served(installation, tmp_path / "out", "--workers", "3") as running:
        yield running


def _workers(server: Server) -> set[int]:
    parent = server.process.pid
    return set(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def _lives(process: int) -> bool:
    """Tell whether a process runs; one that ended and nobody asked about does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _get(server: Server, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Authorization": BASIC})
        answer = connection.getresponse()
        return answer.status, answer.read()


def _until(reached: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_SECONDS
    while not reached() and time.monotonic() < end:
        time.sleep(0.05)
    return reached()


def _requests(server: Server) -> float:
    status, content = _get(server, "/metrics")
    assert 200 == status
    return sum(
        sample.value
        for family in text_string_to_metric_families(content.decode())
        if family.name == "keysteward_requests"
        for sample in family.samples
        if sample.labels["route"] == "/rest/v1/me"
    )


def test_workers_answer_at_one_address_and_count_together(server: Server) -> None:
    """The numbers for Prometheus are the node's, whichever worker is asked."""
    assert 3 == len(_workers(server))
    found = [_get(server, "/rest/v1/me") for _ in range(30)]
    assert [(200, "admin")] * 30 == [(s, json.loads(content)["name"]) for s, content in found]
    assert {30.0} == {_requests(server) for _ in range(6)}


def test_start_names_the_database_and_no_password(server: Server) -> None:
    """Where the keystore lies is its URL; the commands that are shown find it there, too."""
    assert "with what lies in postgresql+psycopg://" in server.said
    (add,) = [line for line in server.said.splitlines() if " client add NAME " in line]
    assert "--database postgresql+psycopg://" in add or "--database 'postgresql+psycopg://" in add


def test_killed_worker_is_replaced(server: Server) -> None:
    """The others go on meanwhile, and the log tells."""
    before = _workers(server)
    killed = min(before)
    os.kill(killed, signal.SIGKILL)

    assert _until(lambda: len(_workers(server) - before) == 1)
    assert 200 == _get(server, "/readyz")[0]
    (told,) = [line for line in server.log if line["event"] == "worker ended"]
    assert (killed, -signal.SIGKILL) == (told["process"], told["status"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_all(server: Server, number: signal.Signals) -> None:
    """The parent goes last, with status 0, and nothing listens any longer."""
    workers = _workers(server)
    assert 0 == server.stop(number)
    assert [False] * 3 == list(map(_lives, workers))
    with pytest.raises(ConnectionRefusedError):
        _get(server, "/healthz")


def test_workers_end_when_their_parent_is_killed(server: Server) -> None:
    """None stays behind at the address."""
    workers = _workers(server)
    server.stop(signal.SIGKILL)
    assert _until(lambda: not any(map(_lives, workers)))


def test_sqlite_has_one_serving_process(keystore_template: Path) -> None:
    """The refusal says why, and what to do."""
    done = commands.run(keystore_template, "serve", "--workers", "2", "--port", "0")
    assert done.status != 0
    said = " ".join(done.stderr.split())
    assert "an SQLite database is for one serving process" in said
    assert "keysteward database copy" in said
