"""A server while its database is taken away: the primary first, then everything."""

import base64
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from keysteward import app
from keysteward.rights import Role
from keysteward.settings import Settings
from tests import commands, pki_maker, replicas, servers
from tests import steward as steward_
from tests.postgresql import Server as Database
from tests.replicas import OwnServer
from tests.servers import Server

PASSWORD = "correct horse battery staple"
ENTRY = "/rest/v1/keystores/default/entries/shop"


def _basic(name: str, password: str = PASSWORD) -> Mapping[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@dataclass(frozen=True, slots=True)
class Reading:
    """A server that works on a standby, whose primary ended a moment ago."""

    server: Server
    standby: OwnServer
    session: Mapping[str, str]
    """The cookie of one that began before."""

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        """Send a request; return status, headers and what the answer's JSON says."""
        with closing(
            http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        ) as connection:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def reading(
    postgresql_server: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reading]:
    """Run a server on two database servers and end the one that can be written."""
    folder = tmp_path_factory.mktemp("reading")
    place = postgresql_server.folder.parent
    with replicas.servers(postgresql_server, place, 2) as (primary, standby):
        primary.initialise()
        primary.start()
        settings = _filled(folder / "data", primary)
        standby.follow(primary)
        standby.start()
        both = replace(settings, database=replicas.url_of("keysteward", primary, standby))
        with servers.served(both, folder / "out") as server:
            reading = Reading(server, standby, {})
            assert 200 == reading.ask("GET", ENTRY, _basic("admin"))[0]
            assert 200 == reading.ask("GET", ENTRY, _basic("viewer"))[0]
            body = json.dumps({"name": "admin", "password": PASSWORD}).encode()
            type_ = {"Content-Type": "application/json"}
            status, headers, _ = reading.ask("POST", "/rest/v1/session", type_, body)
            assert 201 == status
            cookie = headers["Set-Cookie"].partition(";")[0]
            replicas.wait_for_replay(primary, standby)
            primary.stop()
            yield replace(reading, session={"Cookie": cookie})


def _filled(data: Path, primary: OwnServer) -> Settings:
    settings = steward_.settings_for(data, primary.url("keysteward"))
    app.create(settings)
    servers.add_user(settings, "admin", PASSWORD)
    servers.add_user(settings, "viewer", PASSWORD, Role.VIEWER)
    servers.add_user(settings, "late", PASSWORD)
    with app.opened(settings) as steward:
        steward_.add(steward, "shop", pki_maker.issue("shop"))
    return settings


def test_who_is_signed_in_reads_on(reading: Reading) -> None:
    """Passwords that were right a moment ago and sessions go on; a refusal stays what it is."""
    assert "shop" == reading.ask("GET", ENTRY, _basic("admin"))[2]["alias"]
    assert "shop" == reading.ask("GET", ENTRY, reading.session)[2]["alias"]
    assert 403 == reading.ask("DELETE", ENTRY, _basic("viewer"))[0]


def test_changes_and_new_sign_ins_are_refused_clearly(reading: Reading) -> None:
    """Nothing is done, and everybody is told when to come again; no password can be guessed."""
    for status, headers, told in (
        reading.ask("DELETE", ENTRY, _basic("admin")),
        reading.ask("GET", ENTRY, _basic("late")),
        reading.ask("GET", ENTRY, _basic("late", "wrong")),
    ):
        assert (503, "2") == (status, headers["Retry-After"])
        assert "database-unavailable" == told["slug"]


def test_node_stays_ready_and_says_that_it_only_reads(reading: Reading) -> None:
    """A load balancer keeps it: no other node could do more."""
    status, _, told = reading.ask("GET", "/readyz", {})
    assert (200, "ok", False) == (status, told["status"], told["writing"])


def test_commands_read_and_exit_with_8_for_a_change(reading: Reading) -> None:
    """A command that starts meanwhile works as the server does."""
    data, database = reading.server.settings.data, reading.server.settings.database or ""
    shown = commands.run(data, "show", "shop", KEYSTEWARD_DATABASE=database)
    refused = commands.run(data, "delete", "shop", KEYSTEWARD_DATABASE=database)
    assert (0, 8) == (shown.status, refused.status), (shown.stderr, refused.stderr)
    assert "The database cannot be reached" in refused.stderr


def test_node_without_any_server_is_not_ready_and_comes_back(reading: Reading) -> None:
    """The reason is told; when a server can be written, nothing has to be started anew."""
    reading.standby.stop()
    status, _, told = reading.ask("GET", "/readyz", {})
    (database,) = [check for check in told["checks"] if check["name"] == "database"]
    assert (503, False) == (status, told["writing"])
    assert "does not answer" in database["detail"]
    assert 503 == reading.ask("GET", ENTRY, _basic("admin"))[0]

    reading.standby.start()
    reading.standby.promote()
    while not reading.ask("GET", "/readyz", {})[2]["writing"]:
        time.sleep(0.1)
    assert 200 == reading.ask("DELETE", ENTRY, _basic("admin"))[0]
    assert 404 == reading.ask("GET", ENTRY, reading.session)[0]
    assert [] == [line for line in reading.server.log if line["event"] == "failed"]
