"""What a client is told when the database is lost while its request is carried out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from httpx2 import Response
from sqlalchemy import make_url

from keysteward.storage import connecting, outcomes
from tests import cutting
from tests.cutting import Cut, Proxy
from tests.fresh import FreshOnPostgresql
from tests.postgresql import Server
from tests.rest import faces
from tests.rest.faces import Face

KEY_PAIRS = "/keystores/default/key-pairs"


@pytest.fixture(scope="module")
def proxied(
    postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Face, Proxy]]:
    """Return an installation whose connections can be cut."""
    folder = tmp_path_factory.mktemp("lost")
    fresh = FreshOnPostgresql.on(postgresql_server, folder / "template")
    with fresh.keystore(folder / "data") as settings, cutting.proxied(postgresql_server) as proxy:
        name = str(make_url(str(settings.database)).database)
        with faces.opened(replace(settings, database=proxy.url(name))) as face:
            yield face, proxy


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody look for a server for long."""
    monkeypatch.setattr(outcomes, "SECONDS", 0.2)
    monkeypatch.setattr(connecting, "AGAIN_SECONDS", 0.0)


def _generate(face: Face, alias: str) -> Response:
    wish = {"alias": alias, "type": "ec", "subject": {"common_name": "shop.example.test"}}
    return face.ask("POST", KEY_PAIRS, json=wish, headers={"Idempotency-Key": f"key-{alias}"})


def test_commit_whose_answer_is_lost_is_found_and_answered(proxied: tuple[Face, Proxy]) -> None:
    """The client learns nothing of it."""
    face, proxy = proxied
    proxy.cut_next(Cut.AFTER)
    assert 201 == _generate(face, "found").status_code
    assert 200 == face.ask("GET", "/keystores/default/entries/found").status_code


def test_commit_that_did_not_happen_may_be_repeated(proxied: tuple[Face, Proxy]) -> None:
    """The answer says that nothing was changed, and when to come again."""
    face, proxy = proxied
    proxy.cut_next(Cut.BEFORE)
    refused = _generate(face, "undone")
    assert (503, "database-unavailable") == (refused.status_code, refused.json()["slug"])
    assert (True, "2") == (refused.json()["unchanged"], refused.headers["Retry-After"])
    again = _generate(face, "undone")
    assert 201 == again.status_code
    assert "Idempotency-Replayed" not in again.headers


@pytest.mark.parametrize("cut", [Cut.AFTER, Cut.BEHIND])
@pytest.mark.usefixtures("impatient")
def test_request_of_unknown_outcome_is_answered_truly_when_it_is_repeated(
    proxied: tuple[Face, Proxy], cut: Cut
) -> None:
    """Nobody says "nothing was done" of what may be, or is; the same key tells later."""
    face, proxy = proxied
    alias = f"unknown-{cut.name.lower()}"
    with _cut_off(proxy, cut):
        told = _generate(face, alias)
    assert (500, "outcome-unknown") == (told.status_code, told.json()["slug"])
    assert "Retry-After" not in told.headers
    again = _generate(face, alias)
    assert (201, "true") == (again.status_code, again.headers["Idempotency-Replayed"])
    assert alias == again.json()["alias"]


@contextmanager
def _cut_off(proxy: Proxy, cut: Cut) -> Iterator[None]:
    """Let a request be carried out that loses its connection, and let nobody connect after it."""
    proxy.cut_next(cut, refuse=True)
    yield
    proxy.resume()
