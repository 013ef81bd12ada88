"""The examples of docs/clients.md work as they are printed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import commands, peers, servers
from tests import steward as steward_
from tests.clients import guide, places
from tests.clients.contract import Place
from tests.servers import Server

ALIASES = {
    "curl": "shop-curl",
    "Python: pyodata": "shop-python",
    "JavaScript: @contiva/sap-integration-suite-client": "shop-contiva",
    guide.CLOUD_SDK: "shop-sdk",
}
"""What each example makes, by the heading above it."""


def _has_made(server: Server, heading: str) -> bool:
    listed = commands.inside(server.settings.data, "list", "--json").json
    return ALIASES[heading] in [entry["alias"] for entry in listed]


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
    guide.run(place, tmp_path, *guide.of_bash(example))
    assert _has_made(server, "curl")
    assert (tmp_path / "shop-curl.csr").read_text().startswith("-----BEGIN CERTIFICATE REQUEST")


def test_pyodata_makes_a_key_pair_and_fetches_its_request(
    server: Server, place: Place, tmp_path: Path
) -> None:
    """Both examples are one program."""
    program = "".join(guide.examples("Python: pyodata", "python"))
    said = guide.run(place, tmp_path, sys.executable, "-c", program)
    assert _has_made(server, "Python: pyodata")
    assert "-----BEGIN CERTIFICATE REQUEST" in said


@pytest.mark.parametrize("heading", [name for name in ALIASES if name.startswith("JavaScript")])
def test_client_of_node_makes_a_key_pair(
    server: Server, place: Place, cloud_sdk: Path, heading: str
) -> None:
    """It lists what it made; the folder is where the example before has generated the SDK's."""
    (example,) = guide.examples(heading, "js")
    (cloud_sdk / "example.js").write_text(example)
    said = guide.run(place, cloud_sdk, "node", "example.js")
    assert ALIASES[heading] in said
    assert _has_made(server, heading)


@pytest.fixture(scope="module")
def secured(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with the self-signed certificate that it made."""
    folder = tmp_path_factory.mktemp("secured")
    settings = steward_.copy_template(keystore_template, folder / "data")
    with servers.served(settings, folder / "server", "--tls") as server:
        yield server


@pytest.mark.parametrize(
    ("trusting", "heading", "language"),
    [
        ("curl", "curl", "bash"),
        ("Python: pyodata", "Python: pyodata", "python"),
        ("JavaScript", "JavaScript: @contiva/sap-integration-suite-client", "js"),
        ("JavaScript", guide.CLOUD_SDK, "js"),
    ],
)
def test_self_signed_certificate_is_trusted_by_the_variable_of_the_page(
    secured: Server, cloud_sdk: Path, trusting: str, heading: str, language: str
) -> None:
    """Without it each client refuses, with it the example runs over TLS."""
    place = places.place_at(secured)
    assert place.url.startswith("https:")
    example = "".join(guide.examples(heading, language))
    (cloud_sdk / "example.js").write_text(example)
    command = {
        "bash": guide.of_bash(example),
        "python": (sys.executable, "-c", example),
        "js": ("node", "example.js"),
    }[language]
    status, said = guide.tried(place, cloud_sdk, *command)
    assert 0 != status, said
    assert not _has_made(secured, heading)
    root = str(secured.settings.data / "tls" / "certificate.pem")
    guide.run(place, cloud_sdk, *command, **{guide.trust_variables()[trusting]: root})
    assert _has_made(secured, heading)
