"""The examples of docs/clients.md work as they are printed."""

import sys
from pathlib import Path

import pytest

from tests import commands, peers
from tests.clients import guide
from tests.clients.contract import Place
from tests.servers import Server


def _aliases(server: Server) -> list[str]:
    listed = commands.inside(server.settings.data, "list", "--json").json
    return [entry["alias"] for entry in listed]


def test_api_client_is_made_as_printed(server: Server) -> None:
    """The command of the page prints the name and the secret."""
    (example,) = guide.examples("What a service key says", "console")
    program, *arguments = example.removeprefix("$ ").split()
    assert "keysteward" == program
    done = commands.inside(server.settings.data, *arguments)
    assert (0, "") == (done.status, done.stderr)
    assert "shop-flows" in done.stdout


def test_curl_makes_a_key_pair_and_fetches_its_request(
    server: Server, place: Place, tmp_path: Path
) -> None:
    """The session with token, cookie and CSRF token."""
    peers.require("curl")
    (example,) = guide.examples("curl", "bash")
    guide.run_bash(place, tmp_path, example)
    assert "shop-curl" in _aliases(server)
    assert (tmp_path / "shop-curl.csr").read_text().startswith("-----BEGIN CERTIFICATE REQUEST")


def test_pyodata_makes_a_key_pair_and_fetches_its_request(
    server: Server, place: Place, tmp_path: Path
) -> None:
    """Both examples are one program."""
    program = "".join(guide.examples("Python: pyodata", "python"))
    said = guide.run(place, tmp_path, sys.executable, "-c", program)
    assert "shop-python" in _aliases(server)
    assert "-----BEGIN CERTIFICATE REQUEST" in said


@pytest.mark.parametrize(
    ("heading", "alias"),
    [
        ("JavaScript: @contiva/sap-integration-suite-client", "shop-contiva"),
        (guide.CLOUD_SDK, "shop-sdk"),
    ],
)
def test_client_of_node_makes_a_key_pair(
    server: Server, place: Place, cloud_sdk: Path, heading: str, alias: str
) -> None:
    """It lists what it made; the folder is where the example before has generated the SDK's."""
    (example,) = guide.examples(heading, "js")
    (cloud_sdk / "example.js").write_text(example)
    said = guide.run(place, cloud_sdk, "node", "example.js")
    assert alias in said
    assert alias in _aliases(server)
