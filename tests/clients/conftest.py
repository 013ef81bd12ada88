"""One server for all clients, with the limits on requests that everyone gets."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from keysteward import app
from keysteward.accounts import clients
from keysteward.rights import Role
from tests import servers
from tests import steward as steward_
from tests.clients import guide, node_client
from tests.clients.contract import Place
from tests.servers import Server
from tests.steward import TENANT


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
    return _place(server)


@pytest.fixture(scope="session")
def cloud_sdk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where SAP's generator has made a client of the server's own metadata."""
    node_client.require_packages()
    folder = tmp_path_factory.mktemp("cloud-sdk")
    (folder / "node_modules").symlink_to(node_client.FOLDER / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    (example,) = guide.examples(guide.CLOUD_SDK, "bash")
    guide.run_bash(_place(server), folder, example)
    return folder


def _place(server: Server) -> Place:
    name = f"test-{secrets.token_hex(4)}"
    with app.opened(server.settings) as steward:
        _, made = clients.add_client(steward, TENANT, name, frozenset({Role.OPERATOR}), None)
    return Place(server.url, name, made.secret.reveal().decode())
