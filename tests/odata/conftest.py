"""A face on a fresh keystore, and an administrator's program that is signed in."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from keysteward.keystore.steward import Steward
from keysteward.rights import Role
from tests.odata import face
from tests.odata.face import Client


@pytest.fixture
def http(steward: Steward) -> Iterator[TestClient]:
    """Return what sends requests to the whole application."""
    with face.opened(steward) as opened:
        yield opened


@pytest.fixture
def client(http: TestClient, steward: Steward) -> Client:
    """Return a program with the role administrator."""
    return face.sign_in(http, steward, Role.ADMINISTRATOR)
