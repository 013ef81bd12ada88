import re

import pytest

from keysteward.accounts import users
from keysteward.rights import Role
from keysteward.storage.account_records import Account
from tests.ui.faces import PASSWORD, Face

_ONCE = re.compile(r"<code>([a-z2-9]{20})</code>")


def _user(face: Face, name: str) -> Account:
    return users.get_user(face.steward, name)


def _add(face: Face, name: str, **more: str | list[str]) -> str:
    answer = face.post("/users/add", {"name": name, "roles": "viewer", **more})
    assert 200 == answer.status_code, answer.text
    return answer.text


def test_one_time_password_is_shown_once(face: Face) -> None:
    """It stands in the answer to the form alone, opens the door, and is in no later page."""
    text = _add(face, "once", roles=["viewer", "operator"])
    shown = _ONCE.search(text)
    assert shown is not None
    assert "will not be shown again" in text
    assert {Role.VIEWER, Role.OPERATOR} == _user(face, "once").roles
    assert _user(face, "once").keystores is None
    signed_in = face.post("/sign-in", {"name": "once", "password": shown[1]}, who="")
    assert "/password" == signed_in.json()["address"]
    for address in ("/users", "/users/add", "/users/once/change", "/audit"):
        assert shown[1] not in face.get(address).text


def test_given_password_is_never_shown(face: Face) -> None:
    """Whoever was given one signs in with it, to the keystores that were chosen."""
    given = "a sentence of several words"
    fields = {"which_password": "given", "password": given, "password_again": given}
    text = _add(face, "given", which_keystores="some", keystores="production", **fields)
    assert given not in text
    assert frozenset({"production"}) == _user(face, "given").keystores
    assert not _user(face, "given").must_change_password


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a:b"}, "name"),
        ({"name": "viewer"}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": "emperor"}, "roles"),
        ({"roles": ["provider", "viewer"]}, "roles"),
        ({"which_keystores": "some"}, "keystores"),
        ({"which_keystores": "some", "keystores": "nowhere"}, "keystores"),
        ({"which_password": "given"}, "password"),
        (
            {"which_password": "given", "password": "short", "password_again": "short"},
            "password",
        ),
        ({"which_password": "given", "password": "one", "password_again": "two"}, "password_again"),
    ],
)
def test_wrong_form_is_refused_beside_its_field(
    fields: dict[str, str | list[str]], field: str, face: Face
) -> None:
    """Each refusal names its field, and nobody is added."""
    before = users.list_users(face.steward)
    empty = {"password": "", "which_keystores": "all"}
    answer = face.post("/users/add", {"name": "new", "roles": "viewer", **empty, **fields})
    assert f'data-field="{field}"' in answer.text
    assert before == users.list_users(face.steward)


def test_change_replaces_roles_and_keystores(face: Face) -> None:
    """What is ticked is what the account has then."""
    _add(face, "changed")
    chosen = ["default", "production"]
    some: dict[str, str | list[str]] = {
        "roles": "operator",
        "which_keystores": "some",
        "keystores": chosen,
    }
    face.post("/users/changed/change", some)
    assert {Role.OPERATOR} == _user(face, "changed").roles
    assert frozenset(chosen) == _user(face, "changed").keystores
    face.post("/users/changed/change", {"roles": "operator", "which_keystores": "all"})
    assert _user(face, "changed").keystores is None


def test_disabling_ends_sessions_and_enabling_lets_in_again(face: Face) -> None:
    """A session does not outlive its account."""
    fields = {"which_password": "given", "password": PASSWORD, "password_again": PASSWORD}
    _add(face, "shut", **fields)
    assert 200 == face.get("/password", "shut").status_code
    face.post("/users/shut/disable")
    assert 401 == face.get("/password", "shut", part="dialog").status_code
    assert "Disabled" in face.get("/users").text
    face.post("/users/shut/enable")
    del face.sessions["shut"]
    assert 200 == face.get("/password", "shut").status_code


def test_new_password_ends_sessions(face: Face) -> None:
    """The old password and its sessions are over; the new one is shown once."""
    fields = {"which_password": "given", "password": PASSWORD, "password_again": PASSWORD}
    _add(face, "reset", **fields)
    assert 200 == face.get("/password", "reset").status_code
    assert _ONCE.search(face.post("/users/reset/password").text)
    assert 401 == face.get("/password", "reset", part="dialog").status_code
    assert _user(face, "reset").must_change_password


def test_last_administrator_stays(face: Face) -> None:
    """Nobody can shut everybody out: whoever manages users last is neither removed nor changed."""
    for wish in ("remove", "disable"):
        answer = face.post(f"/users/administrator/{wish}")
        assert 'data-slug="last-administrator"' in answer.text
    answer = face.post("/users/administrator/change", {"roles": "viewer"})
    assert 'data-slug="last-administrator"' in answer.text
    assert _user(face, "administrator").administers


def test_name_full_of_html_is_text(face: Face) -> None:
    """A name is a name, in lists, addresses and dialogs."""
    _add(face, "<b>&\"'/x")
    text = face.get("/users").text
    assert "<b>&" not in text
    assert "<bdi>&lt;b&gt;&amp;&#34;&#39;/x</bdi>" in text
    address = "/users/%3Cb%3E%26%22%27%2Fx"
    assert f'data-open="{address}/remove"' in text
    assert 200 == face.get(f"{address}/remove").status_code
    assert 200 == face.post(f"{address}/remove").status_code
    assert "&lt;b&gt;" not in face.get("/users").text


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.PROVIDER, "restricted"])
def test_accounts_are_for_who_manages_users(role: str, face: Face) -> None:
    """All others are refused, and are not led there."""
    assert 403 == face.get("/users", role).status_code
    assert 403 == face.get("/clients", role).status_code


def test_roles_are_explained_in_the_language_of_the_page(face: Face) -> None:
    """Each role stands there with what it permits, and the account's menu names one's own."""
    text = face.get("/users", **{"Accept-Language": "de"}).text
    assert "Betrachter" in text
    assert "Audit-Log lesen und prüfen" in text
    assert "Angemeldet als Administrator" in text


def test_refusals_speak_of_the_page_alone(face: Face) -> None:
    """Nobody on a page is told to send headers or tokens to an API."""
    answer = face.get("/users", "", part="dialog")
    assert 401 == answer.status_code
    assert "Sign in with your name and password." in answer.text
    shown = _ONCE.search(_add(face, "hurried"))
    assert shown is not None
    signed_in = face.post("/sign-in", {"name": "hurried", "password": shown[1]}, who="")
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    face.client.cookies.clear()
    part = {"Cookie": cookie, "Keysteward-Part": "dialog"}
    refused = face.client.get("/keystores/default", headers=part)
    assert 403 == refused.status_code
    assert "Choose one of your own." in refused.text
    for text in (answer.text, refused.text):
        assert not re.search("rest/v1|oauth|bearer|header", text, re.IGNORECASE)
