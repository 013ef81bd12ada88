"""One server for all clients, with the limits on requests that everyone gets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests import steward as steward_
from tests.clients import guide, node_client, places
from tests.clients.contract import Place
from tests.servers import Server


@pytest.fixture(scope="session")
def server(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a real server on a fresh keystore."""
    folder = tmp_path_factory.mktemp("clients")
    settings = steward_.copy_template(keystore_template, folder / "data")
    with servers.served(settings, folder / "server") as server:
        yield server


@pytest.fixture
def place(server: Server) -> Place:
    """Return where the server is, and an API client of its own, with an operator's rights."""
    return places.place_at(server)


@pytest.fixture(scope="session")
def cloud_sdk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where SAP's generator has made a client of the server's own metadata."""
    node_client.require_packages()
    folder = tmp_path_factory.mktemp("cloud-sdk")
    (folder / "node_modules").symlink_to(node_client.FOLDER / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    (example,) = guide.examples(guide.CLOUD_SDK, "bash")
    guide.run(places.place_at(server), folder, *guide.of_bash(example))
    return folder
