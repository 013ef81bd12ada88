import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Response

from keysteward.accounts import users
from keysteward.rest import application
from keysteward.settings import Settings
from tests import steward as steward_
from tests.rest import faces
from tests.rest.faces import Face
from tests.steward import TENANT

KEY_PAIRS = "/keystores/default/key-pairs"


def _wish(alias: str) -> dict[str, object]:
    return {"alias": alias, "type": "ec", "subject": {"common_name": "shop.example.test"}}


def _generate(face: Face, alias: str, key: str, who: str = "administrator") -> Response:
    return face.ask("POST", KEY_PAIRS, who, json=_wish(alias), headers={"Idempotency-Key": key})


def test_repeated_request_is_answered_as_before_and_not_done_again(face: Face) -> None:
    """A replay has the same status, headers and body, and says that it is one."""
    first, second = _generate(face, "once", "key-once"), _generate(face, "once", "key-once")
    assert (201, first.content) == (second.status_code, second.content)
    assert first.headers["ETag"] == second.headers["ETag"]
    assert ("true", None) == tuple(
        answer.headers.get("Idempotency-Replayed") for answer in (second, first)
    )


def test_key_with_another_body_or_address_is_refused(face: Face) -> None:
    """A key belongs to one request."""
    _generate(face, "first-body", "key-body")
    other_body = _generate(face, "second-body", "key-body")
    other_address = face.ask(
        "POST", "/keystores", json={"name": "x"}, headers={"Idempotency-Key": "key-body"}
    )
    for answer in (other_body, other_address):
        assert (422, "idempotency-key-reused") == (answer.status_code, answer.json()["slug"])


def test_keys_of_two_accounts_have_nothing_to_do_with_each_other(face: Face) -> None:
    """A key is its account's alone: nobody learns of another's request by guessing it."""
    _generate(face, "of-one", "key-shared")
    answer = _generate(face, "of-another", "key-shared", "operator")
    assert 201 == answer.status_code
    assert "Idempotency-Replayed" not in answer.headers


def test_kept_answer_is_not_for_whom_the_keystore_is_none_of(face: Face) -> None:
    """Who was allowed to see it when the request was carried out may not be any longer."""
    name, before = "restricted", frozenset({"production"})
    path, given = "/keystores/production/entries/gone/undelete", {"Idempotency-Key": "key-seen"}
    face.ask("POST", "/keystores/production/key-pairs", name, json=_wish("gone"))
    face.ask("DELETE", "/keystores/production/entries/gone", name)
    assert 200 == face.ask("POST", path, name, headers=given).status_code
    users.change_user(face.steward, TENANT, name, keystores=frozenset({"default"}))
    try:
        assert 404 == face.ask("POST", path, name, headers=given).status_code
    finally:
        users.change_user(face.steward, TENANT, name, keystores=before)
    again = face.ask("POST", path, name, headers=given)
    assert (200, "true") == (again.status_code, again.headers["Idempotency-Replayed"])


def test_key_is_forgotten_after_a_day(face: Face) -> None:
    """After 24 hours the same key is a new one."""
    assert 201 == _generate(face, "yesterday", "key-day").status_code
    face.clock.advance(hours=24, seconds=1)
    answer = _generate(face, "today", "key-day")
    assert (201, "today") == (answer.status_code, answer.json()["alias"])


def test_refused_request_is_tried_anew(face: Face) -> None:
    """Only what was carried out is kept: a refusal changes nothing and may be over."""
    assert 404 == _rename(face, "missing").status_code
    assert 201 == _generate(face, "missing", "key-missing").status_code
    assert 200 == _rename(face, "missing").status_code


def _rename(face: Face, alias: str) -> Response:
    path = f"/keystores/default/entries/{alias}/rename"
    return face.ask(
        "POST", path, json={"alias": "found"}, headers={"Idempotency-Key": "key-rename"}
    )


def test_requests_at_the_same_moment_are_carried_out_once(face: Face) -> None:
    """Of eight requests under one key one works, and the others wait for its answer."""
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: _generate(face, "raced", "key-race"), range(8)))
    assert {201} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert 7 == sum("Idempotency-Replayed" in answer.headers for answer in answers)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ü"])
def test_key_that_is_none_is_refused(key: str, face: Face) -> None:
    """A key is 1 to 200 visible ASCII characters."""
    answer = face.ask(
        "POST", KEY_PAIRS, json=_wish("never"), headers={b"Idempotency-Key": key.encode()}
    )
    assert 400 == answer.status_code


def test_every_creating_call_takes_a_key() -> None:
    """A POST without it is one that creates nothing, or the sign-in."""
    without = {o.name for o in application.operations() if o.method == "POST" and o.again is None}
    assert {"check_connection", "check_signing_response", "sign_in_user"} == without


def test_secret_is_answered_again_and_lies_nowhere_in_clear(face: Face) -> None:
    """A repeated request gets the secret again, which the database does not show."""
    wish = {"name": "pipeline", "roles": ["operator"]}
    headers = {"Idempotency-Key": "key-client"}
    first = face.ask("POST", "/clients", json=wish, headers=headers)
    second = face.ask("POST", "/clients", json=wish, headers=headers)
    assert first.content == second.content
    secret = first.json()["secret"]["secret"]
    assert len("ks_") < len(secret)
    settings = face.steward.settings
    assert secret not in repr(steward_.rows(settings, without=()))
    folder = settings.data
    assert not any(secret.encode() in path.read_bytes() for path in folder.glob("*.db*"))


_KILLED = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from keysteward.rest import idempotency
    from tests import steward
    from tests.rest import faces

    def end(self, told, *, known=False):
        os._exit(9)

    idempotency.Repeating.complete = end
    settings = steward.settings_for(Path(sys.argv[1]), sys.argv[2] or None)
    with faces.reopened(settings) as face:
        face.ask(
            "POST", "/keystores/default/key-pairs", headers={"Idempotency-Key": "key-killed"},
            json={"alias": "killed", "type": "ec", "subject": {"common_name": "a.example.test"}},
        )
    """
)


def test_answer_is_made_anew_after_a_crash_right_behind_the_commit(
    settings: Settings,
) -> None:
    """The key is there exactly if the operation is, so it is not done a second time."""
    with faces.opened(settings):
        pass
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(settings.data), settings.database or ""],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(("src", "."))},
        capture_output=True,
    )
    assert 9 == ended.returncode, ended.stderr
    assert [("key-killed", None)] == _kept(settings)
    with faces.reopened(settings) as face:
        wish = {"alias": "killed", "type": "ec", "subject": {"common_name": "a.example.test"}}
        answers = [
            face.ask("POST", KEY_PAIRS, json=wish, headers={"Idempotency-Key": "key-killed"})
            for _ in range(2)
        ]
    assert {(201, "true")} == {
        (answer.status_code, answer.headers["Idempotency-Replayed"]) for answer in answers
    }
    assert 1 == len({answer.content for answer in answers})
    assert (1, "killed") == (answers[0].json()["version"]["number"], answers[0].json()["alias"])


def _kept(settings: Settings) -> list[tuple[str, int | None]]:
    connection = steward_.connect(settings)
    try:
        return list(connection.execute("SELECT key, status FROM idempotency_keys"))
    finally:
        connection.close()


def test_no_key_is_kept_of_what_was_rolled_back(face: Face) -> None:
    """The key goes with its transaction: a refused import of nothing leaves none."""
    before = len(_kept(face.steward.settings))
    answer = face.ask(
        "POST",
        "/keystores/default/import",
        content=b"no keystore",
        headers={"Idempotency-Key": "key-refused"},
    )
    assert 415 == answer.status_code
    assert before == len(_kept(face.steward.settings))


def test_old_keys_go_with_new_ones(face: Face) -> None:
    """Nothing grows: what is older than a day is forgotten, a few rows with each new one."""
    for number in range(3):
        assert 201 == _generate(face, f"old-{number}", f"key-old-{number}").status_code
    face.clock.advance(days=2)
    assert 201 == _generate(face, "new", "key-new").status_code
    kept = {key for key, _ in _kept(face.steward.settings)}
    assert not {key for key in kept if key.startswith("key-old-")}
