import pytest

from tests.rest.faces import Face


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/users", {"name": "x", "roles": ["admin"]}, "Possible: administrator, operator, "),
        ("/users", {"name": "x", "role": "viewer"}, "Known: "),
    ],
)
def test_refusal_of_a_body_names_what_would_be_known(
    path: str, body: object, sentence: str, face: Face
) -> None:
    """A misspelt member or value is answered with the right ones."""
    answer = face.ask("POST", path, json=body)
    assert (400, True) == (answer.status_code, sentence in answer.json()["detail"])


def test_refusal_of_a_query_names_the_possible_values(face: Face) -> None:
    """As that of a body does."""
    answer = face.ask("GET", "/keystores/default/entries?owner=nobody")
    assert (400, True) == (answer.status_code, "Possible: " in answer.json()["detail"])


def test_wrong_old_password_is_no_matter_of_signing_in(face: Face) -> None:
    """It is refused as a value of the request, with nothing said of tokens."""
    made = face.ask("POST", "/users", json={"name": "forgetful", "roles": ["viewer"]}).json()
    auth = ("forgetful", made["one_time_password"])
    change = {"old": "another one", "new": "a long sentence of several words"}
    answer = face.client.put("/rest/v1/me/password", auth=auth, json=change)
    assert (422, "old-password-wrong") == (answer.status_code, answer.json()["slug"])
    assert "token" not in answer.text


def test_only_missing_credentials_are_told_how_to_sign_in(face: Face) -> None:
    """Who sent wrong ones knows how to send them."""
    missing = face.client.get("/rest/v1/me")
    wrong = face.client.get("/rest/v1/me", headers={"Authorization": "Bearer nonsense"})
    assert (401, 401) == (missing.status_code, wrong.status_code)
    assert "/oauth/token" in missing.json()["detail"]
    assert "/oauth/token" not in wrong.json()["detail"]
