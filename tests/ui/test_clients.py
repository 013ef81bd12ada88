import re

import pytest

from keysteward.accounts import clients, tokens
from keysteward.accounts.clients import Client
from keysteward.rights import Role
from keysteward.values import Secret
from tests.ui.faces import Face

_SECRET = re.compile(r"<code>(ks_[^<]+)</code>")


def _client(face: Face, name: str) -> Client:
    return clients.get_client(face.steward, name)


def _add(face: Face, name: str, **more: str) -> str:
    fields = {"name": name, "roles": "operator", "days": "30", **more}
    answer = face.post("/clients/add", fields)
    assert 200 == answer.status_code, answer.text
    found = _SECRET.search(answer.text)
    assert found is not None
    assert "will not be shown again" in answer.text
    return found[1]


def test_secret_is_shown_once_and_gets_a_token(face: Face) -> None:
    """It stands in the answer to the form alone."""
    secret = _add(face, "pipeline", which_keystores="some", keystores="production")
    issued = tokens.issue(face.steward, "pipeline", Secret(secret.encode()), "127.0.0.1")
    assert issued.token.reveal()
    account = _client(face, "pipeline").account
    assert {Role.OPERATOR} == account.roles
    assert frozenset({"production"}) == account.keystores
    for address in ("/clients", "/clients/pipeline/change", "/audit"):
        assert secret not in face.get(address).text


def test_second_secret_comes_before_the_first_one_goes(face: Face) -> None:
    """Two are valid at once, a third is refused, and one can be removed."""
    first = _add(face, "rotating")
    answer = face.post("/clients/rotating/add-secret", {"days": "60"})
    second = _SECRET.search(answer.text)
    assert second is not None
    assert first != second[1]
    refused = face.post("/clients/rotating/add-secret", {"days": "60"})
    assert 'data-slug="too-many-secrets"' in refused.text
    old, new = _client(face, "rotating").secrets
    assert 200 == face.get(f"/clients/rotating/secrets/{old.id}/remove").status_code
    face.post(f"/clients/rotating/secrets/{old.id}/remove")
    assert (new,) == _client(face, "rotating").secrets
    for number in (str(old.id), "x", "9" * 30):
        assert 404 == face.post(f"/clients/rotating/secrets/{number}/remove").status_code


@pytest.mark.parametrize("days", ["", "0", "3651", "-1", "ten"])
def test_lifetime_is_1_to_3650_days(days: str, face: Face) -> None:
    """Anything else is refused beside its field, before anything is made."""
    before = clients.list_clients(face.steward)
    answer = face.post("/clients/add", {"name": "new", "roles": "viewer", "days": days})
    assert 'data-field="days"' in answer.text
    assert before == clients.list_clients(face.steward)


def test_client_is_changed_disabled_enabled_and_removed(face: Face) -> None:
    """Each form does what it says."""
    _add(face, "worker")
    face.post("/clients/worker/change", {"roles": "viewer", "which_keystores": "all"})
    assert {Role.VIEWER} == _client(face, "worker").account.roles
    face.post("/clients/worker/disable")
    assert _client(face, "worker").account.disabled_at is not None
    face.post("/clients/worker/enable")
    assert _client(face, "worker").account.disabled_at is None
    face.post("/clients/worker/remove")
    assert "worker" not in {one.account.name for one in clients.list_clients(face.steward)}
    assert 404 == face.get("/clients/worker/change").status_code
