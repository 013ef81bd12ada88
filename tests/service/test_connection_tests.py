"""Connections that the server makes for somebody: over REST, and by the command with --server."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from keysteward import serving
from tests import commands, pki_maker, receivers, servers
from tests import steward as steward_
from tests.commands import Run
from tests.receivers import Receiver
from tests.rest import faces
from tests.rest.faces import PASSWORD, Face

TESTS = "/keystores/default/connection-tests"
NETWORKS = ("127.0.0.0/8", "::1/128")
CLIENT = pki_maker.make_chain("p256", 1, "client")
SERVER = receivers.server_chain()


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """A receiver that demands a client certificate."""
    folder = tmp_path_factory.mktemp("receiver")
    with receivers.openssl_receiver(folder, SERVER, client_cas=CLIENT[-1:]) as running:
        yield running


@pytest.fixture(scope="module")
def filled(face: Face) -> Face:
    """The installation with the client's key pair and the receiver's root."""
    steward_.add(face.steward, "shop", *CLIENT)
    steward_.add_anchor(face.steward, "receiver", SERVER[-1])
    return face


@contextmanager
def _reaching(face: Face) -> Iterator[Face]:
    """Lend the same installation behind a server that may connect to this machine.

    It counts tests anew.
    """
    settings = replace(face.steward.settings, connect_networks=NETWORKS)
    steward = replace(face.steward, settings=settings)
    with TestClient(serving.build(steward), base_url="http://localhost") as client:
        yield Face(steward, client, face.clock)


@pytest.fixture
def open_face(filled: Face) -> Iterator[Face]:
    """Return a face of a server that may connect to this machine."""
    with _reaching(filled) as face:
        yield face


def _schema() -> dict[str, Any]:
    document = faces.document()
    answer = document["paths"]["/keystores/{keystore}/connection-tests"]["post"]["responses"]["200"]
    return {**answer["content"]["application/json"]["schema"], "components": document["components"]}


def test_test_of_a_connection_passes(open_face: Face, receiver: Receiver) -> None:
    """The answer has every check in words, and is what the document says."""
    body = {"host": "localhost", "port": receiver.port, "alias": "shop"}
    answer = open_face.ask("POST", TESTS, json=body)
    told = answer.json()
    assert 200 == answer.status_code
    assert (True, None) == (told["passed"], told["problem"])
    assert {"passed"} == {check["result"] for check in told["checks"]}
    assert "not the authorisation" in told["proof"]
    assert base64.b64encode(CLIENT[0].der).decode() == told["certificate"]["der"]
    jsonschema_rs.validate(_schema(), told)


def test_connection_that_fails_is_an_answer(open_face: Face, receiver: Receiver) -> None:
    """What the test finds out is no error of whoever asks."""
    answer = open_face.ask("POST", TESTS, json={"host": "localhost", "port": receiver.port})
    told = answer.json()
    assert 200 == answer.status_code
    assert (False, "connection-failed") == (told["passed"], told["problem"]["slug"])
    assert "" == told["proof"]
    jsonschema_rs.validate(_schema(), told)


@pytest.mark.parametrize(
    ("host", "port"),
    [("localhost", 8443), ("127.0.0.1", 443), ("169.254.169.254", 443), ("1.1.1.1", 25)],
)
def test_server_connects_to_public_addresses_alone(filled: Face, host: str, port: int) -> None:
    """By default nothing behind the server's own network can be asked for."""
    with _anew(filled) as face:
        answer = face.ask("POST", TESTS, json={"host": host, "port": port})
    assert (403, "destination-not-allowed") == (answer.status_code, answer.json()["slug"])


@contextmanager
def _anew(face: Face) -> Iterator[Face]:
    with TestClient(serving.build(face.steward), base_url="http://localhost") as client:
        yield Face(face.steward, client, face.clock)


def test_metadata_service_stays_out_where_its_network_is_allowed(filled: Face) -> None:
    """A wide network in the settings gives nobody the machine's credentials."""
    settings = replace(filled.steward.settings, connect_networks=("0.0.0.0/0", "::/0"))
    with _anew(replace(filled, steward=replace(filled.steward, settings=settings))) as face:
        for host in ("169.254.169.254", "::ffff:169.254.169.254"):
            answer = face.ask("POST", TESTS, json={"host": host, "port": 8443})
            assert "destination-not-allowed" == answer.json()["slug"]


@pytest.mark.parametrize(
    "body",
    [
        {"host": ""},
        {"host": "localhost", "port": 0},
        {"host": "localhost", "port": 65_536},
        {"host": "localhost", "timeout_seconds": 31},
        {"host": "localhost", "url": "https://localhost"},
        {},
    ],
)
def test_body_that_cannot_be_meant_is_refused(filled: Face, body: dict[str, object]) -> None:
    """Limits are checked before anything is looked up."""
    assert 400 == filled.ask("POST", TESTS, json=body).status_code


def test_url_is_no_host(open_face: Face) -> None:
    """Over REST host and port are members of their own."""
    answer = open_face.ask("POST", TESTS, json={"host": "https://localhost/"})
    assert (422, "address-invalid") == (answer.status_code, answer.json()["slug"])


def test_account_has_few_tests_at_once(filled: Face) -> None:
    """A server is no scanner: after five at once, two seconds for each further one."""
    with _anew(filled) as face:
        body = {"host": "127.0.0.1"}
        told = [face.ask("POST", TESTS, "operator", json=body).status_code for _ in range(30)]
        other = face.ask("POST", TESTS, json=body)
    assert [403] * 5 == told[:5]
    assert 429 in told
    assert 403 == other.status_code


def _connect(port: int, *words: str) -> Run:
    """Run ``connect`` on a server of this machine."""
    return commands.inside(
        None,
        *("connect", *words),
        KEYSTEWARD_SERVER=f"http://127.0.0.1:{port}",
        KEYSTEWARD_USER="operator",
        KEYSTEWARD_PASSWORD=PASSWORD,
    )


def test_command_lets_the_server_connect(filled: Face, receiver: Receiver) -> None:
    """``connect --server`` prints what it prints on this machine, as the server saw it."""
    address = f"localhost:{receiver.port}"
    with (
        _reaching(filled) as face,
        servers.threaded(face.client.app, face.steward.settings) as port,
    ):
        green = _connect(port, address, "--alias", "shop")
        red = _connect(port, address)
        long = _connect(port, address, "--timeout", "31")
    assert (0, "") == (green.status, green.stderr)
    assert "sent: CN=client" in green.stdout
    assert 9 == red.status
    assert "[connection-failed]" in red.stderr
    assert 2 == long.status


def test_command_tells_where_the_server_may_not_connect(filled: Face) -> None:
    """The refusal of the guard has its own exit status, and names the setting."""
    with _anew(filled) as face, servers.threaded(face.client.app, face.steward.settings) as port:
        run = _connect(port, "localhost:8443")
    assert 7 == run.status
    assert "[destination-not-allowed]" in run.stderr
    assert "KEYSTEWARD_CONNECT_NETWORKS" in run.stderr
