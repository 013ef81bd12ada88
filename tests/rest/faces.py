"""The whole application in this process, with an account for each role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from httpx2 import Response
from starlette.testclient import TestClient

from keysteward import serving
from keysteward.accounts import users
from keysteward.keystore import keystores
from keysteward.keystore.steward import Steward
from keysteward.rest import application as rest
from keysteward.rights import Role
from keysteward.settings import Settings
from keysteward.values import Secret
from keysteward.web.service import Service
from tests import steward as steward_
from tests.steward import TENANT, Clock

ROOT = "/rest/v1"
PASSWORD = "correct horse battery staple"
ENTRIES = f"{ROOT}/keystores/default/entries"


@dataclass(frozen=True, slots=True)
class Face:
    """An opened installation with two keystores, and a client to ask it."""

    steward: Steward
    client: TestClient
    clock: Clock

    def ask(self, method: str, path: str, who: str = "administrator", **more: Any) -> Response:  # noqa: ANN401  # as the client takes it
        """Send a request as the account that is called like its role; nobody for ``""``."""
        if who:
            more["auth"] = (who, PASSWORD)
        return self.client.request(method, f"{ROOT}{path}", **more)


@contextmanager
def opened(settings: Settings) -> Iterator[Face]:
    """Open a fresh installation, with an account for each role and one restricted."""
    with steward_.opened(settings, Clock()) as steward:
        keystores.create_keystore(steward, TENANT, "production")
        for role in Role:
            _add(steward, role.value, role)
        _add(steward, "restricted", Role.ADMINISTRATOR, frozenset({"production"}))
    with reopened(settings) as face:
        yield face


@contextmanager
def reopened(settings: Settings) -> Iterator[Face]:
    """Open an installation that ``opened`` has made."""
    clock = Clock()
    with (
        steward_.opened(settings, clock) as steward,
        TestClient(
            serving.build(steward), base_url="http://localhost", raise_server_exceptions=False
        ) as client,
    ):
        yield Face(steward, client, clock)


def _add(steward: Steward, name: str, role: Role, keystores_: frozenset[str] | None = None) -> None:
    password = Secret(PASSWORD.encode())
    users.add_user(steward, TENANT, name, password, frozenset({role}), keystores_)


def document() -> dict[str, Any]:
    """Return the OpenAPI document; nothing of an installation is in it."""
    application = rest.build(cast(Service, None))
    with TestClient(application) as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def forget_failures(face: Face) -> None:
    """Let nobody wait for attempts to sign in that went wrong on purpose."""
    connection = steward_.connect(face.steward.settings, writing=True)
    try:
        connection.execute("DELETE FROM sign_in_failures")
        connection.commit()
    finally:
        connection.close()
