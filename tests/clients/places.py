"""An API client of its own for each test: limits count by account, and the audit log names it."""

import secrets

from keysteward import app
from keysteward.accounts import clients
from keysteward.rights import Role
from tests.clients.contract import Place
from tests.servers import Server
from tests.steward import TENANT


def place_at(server: Server) -> Place:
    """Return where a server is, with an API client that was made just now."""
    name = f"test-{secrets.token_hex(4)}"
    with app.opened(server.settings) as steward:
        _, made = clients.add_client(steward, TENANT, name, frozenset({Role.OPERATOR}), None)
    return Place(server.url, name, made.secret.reveal().decode())
