from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keysteward.keystore import aliases, names
from tests import steward as steward_
from tests.pki_maker import issue
from tests.rest.faces import Face

ODD = (
    "a/b",
    "..",
    ".",
    "%2F",
    "%",
    "%25",
    "?x=1",
    "#part",
    "a b",
    "a+b",
    "ключ",
    "鍵",
    "🔑",
    "a\\b",
    "entries",
    "a;b=c",
    "download",
    "'\"<&>",
    "x" * 250,
)

# TestClient sends what it is given; dots are the one thing that clients resolve themselves.
spelled = st.text(min_size=1, max_size=40).filter(
    lambda text: names.fault(text, 250) is None and not aliases.is_reserved(text)
)


def _segment(alias: str) -> str:
    return quote(alias, safe="").replace(".", "%2E")


@pytest.fixture(scope="module")
def known(face: Face) -> Face:
    """Return a face whose keystore has the root that all aliases of this file are for."""
    steward_.add_anchor(face.steward, "first", issue("Root", ca=True))
    return face


def _keeps_alias(face: Face, alias: str) -> None:
    before = face.ask("GET", "/keystores/default/entries?limit=1").json()["items"][0]["alias"]
    renamed = face.ask(
        "POST", f"/keystores/default/entries/{_segment(before)}/rename", json={"alias": alias}
    )
    if renamed.status_code == 409:  # it is called so already
        assert before == alias
        return
    assert (200, alias) == (renamed.status_code, renamed.json()["alias"])
    shown = face.ask("GET", f"/keystores/default/entries/{_segment(alias)}")
    assert (200, alias) == (shown.status_code, shown.json()["alias"])
    versions = face.ask("GET", f"/keystores/default/entries/{_segment(alias)}/versions")
    assert 200 == versions.status_code


@pytest.mark.parametrize("alias", ODD)
def test_odd_alias_is_addressed(alias: str, known: Face) -> None:
    """An alias that looks like a part of an address is one alias when it is percent-encoded."""
    _keeps_alias(known, alias)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(spelled)
@example("a/../b")
@example("%252F")
def test_every_alias_is_addressed(known: Face, alias: str) -> None:
    """Whatever alias an entry may have, its address is the percent-encoded alias."""
    _keeps_alias(known, alias)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=30))
@example(b"\xff")
@example(b"%ff")
@example(b"%")
@example(b"%zz/%2")
def test_any_bytes_in_an_address_are_answered(known: Face, raw: bytes) -> None:
    """No path is an error of the server, however it is encoded."""
    segment = "".join(f"%{byte:02X}" for byte in raw)
    answer = known.ask("GET", f"/keystores/default/entries/{segment}")
    assert answer.status_code in (200, 400, 404)
    assert answer.status_code == 200 or answer.json()["status"] == answer.status_code


def test_address_with_a_slash_at_its_end_is_another_one(known: Face) -> None:
    """Nothing is guessed: there is no empty alias, and no redirect to another address."""
    answer = known.ask("GET", "/keystores/default/entries/")
    assert (404, "resource-unknown") == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=1001", "?limit=1&limit=2", "?nope=1", "?limit=x", "?waiting=1"]
)
def test_query_that_is_not_right_is_refused(query: str, known: Face) -> None:
    """A misspelt option is no silent default."""
    answer = known.ask("GET", f"/keystores/default/entries{query}")
    assert (400, "request-invalid") == (answer.status_code, answer.json()["slug"])


def test_head_answers_where_get_does(known: Face) -> None:
    """HEAD has the status and the headers of GET."""
    alias = known.ask("GET", "/keystores/default/entries?limit=1").json()["items"][0]["alias"]
    path = f"/keystores/default/entries/{_segment(alias)}"
    head, get = known.ask("HEAD", path), known.ask("GET", path)
    assert (200, get.headers["ETag"]) == (head.status_code, head.headers["ETag"])


def test_addresses_above_the_documentation_lead_to_it(face: Face) -> None:
    """Whoever types the root of the face, or a slash too many, gets to the documentation."""
    for address in ("/rest/v1", "/rest/v1/", "/rest/v1/docs/"):
        answer = face.client.get(address, follow_redirects=False)
        assert (308, "/rest/v1/docs") == (answer.status_code, answer.headers["Location"])
