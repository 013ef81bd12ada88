from collections.abc import Iterator

import pytest

from tests.rest import faces
from tests.rest.faces import ROOT, Face


@pytest.fixture
def session(face: Face) -> Iterator[str]:
    """Return the CSRF token of a session of the administrator, whose cookie the client has."""
    answer = face.client.post(
        f"{ROOT}/session", json={"name": "administrator", "password": faces.PASSWORD}
    )
    assert 201 == answer.status_code
    yield answer.json()["csrf_token"]
    face.client.cookies.clear()


def test_session_reads_with_its_cookie_alone(face: Face, session: str) -> None:
    """A browser that has signed in is the user."""
    assert session
    assert "administrator" == face.client.get(f"{ROOT}/me").json()["name"]


def test_session_writes_with_its_token_alone(face: Face, session: str) -> None:
    """Another site can make a browser send the cookie, but does not know the token."""
    wish = {"name": "by-session"}
    without = face.client.post(f"{ROOT}/keystores", json=wish)
    assert (403, "csrf-token-missing") == (without.status_code, without.json()["slug"])
    answer = face.client.post(f"{ROOT}/keystores", json=wish, headers={"X-CSRF-Token": session})
    assert 201 == answer.status_code


def test_token_is_fetched_with_any_read(face: Face, session: str) -> None:
    """A GET with X-CSRF-Token: Fetch answers the token, a refused one, too."""
    assert session
    fetch = {"X-CSRF-Token": "Fetch"}
    found = face.client.get(f"{ROOT}/me", headers=fetch).headers["X-CSRF-Token"]
    refused = face.client.get(f"{ROOT}/keystores/nowhere/entries", headers=fetch)
    assert (404, True) == (refused.status_code, "X-CSRF-Token" in refused.headers)
    ended = face.client.delete(f"{ROOT}/session", headers={"X-CSRF-Token": found})
    assert 204 == ended.status_code
    assert "Max-Age=0" in ended.headers["Set-Cookie"]


def test_session_that_was_ended_is_nobodys(face: Face, session: str) -> None:
    """A cookie that somebody kept is worth nothing after the end."""
    kept = face.client.cookies["keysteward_session"]
    face.client.delete(f"{ROOT}/session", headers={"X-CSRF-Token": session})
    answer = face.client.get(f"{ROOT}/me", headers={"Cookie": f"keysteward_session={kept}"})
    assert 401 == answer.status_code


def test_cookie_is_for_this_server_alone(face: Face) -> None:
    """No script reads the cookie, and no other site sends it; under TLS it stays under TLS."""
    body = {"name": "administrator", "password": faces.PASSWORD}
    plain = face.client.post(f"{ROOT}/session", json=body).headers["Set-Cookie"]
    secured = face.client.post(f"https://localhost{ROOT}/session", json=body).headers["Set-Cookie"]
    face.client.cookies.clear()
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in plain
    assert ("Secure" not in plain, "Secure" in secured) == (True, True)


@pytest.mark.parametrize("path", ["/session", "/keystores"])
def test_browser_of_another_site_is_refused(path: str, face: Face) -> None:
    """Basic credentials, which a browser may add by itself, do not help another site."""
    answer = face.ask("POST", path, json={"name": "x"}, headers={"Origin": "https://evil.test"})
    assert (403, "csrf-token-missing") == (answer.status_code, answer.json()["slug"])


def test_wrong_password_begins_no_session(face: Face) -> None:
    """The answer says neither which of the two was wrong, nor sets a cookie."""
    answer = face.client.post(f"{ROOT}/session", json={"name": "nobody", "password": "x"})
    assert (401, "not-signed-in") == (answer.status_code, answer.json()["slug"])
    assert "Set-Cookie" not in answer.headers
    faces.forget_failures(face)


def test_one_time_password_opens_the_change_alone(face: Face) -> None:
    """A user with a one-time password chooses another one, and can do nothing else before."""
    made = face.ask("POST", "/users", json={"name": "new", "roles": ["viewer"]}).json()
    auth = ("new", made["one_time_password"])
    refused = face.client.get(f"{ROOT}/me", auth=auth)
    assert (403, "password-change-required") == (refused.status_code, refused.json()["slug"])
    change = {"old": made["one_time_password"], "new": "a long sentence of several words"}
    assert 204 == face.client.put(f"{ROOT}/me/password", auth=auth, json=change).status_code
    assert 200 == face.client.get(f"{ROOT}/me", auth=("new", change["new"])).status_code
