import pytest

from keysteward.problems import RequestInvalid
from keysteward.rest import paging
from keysteward.values import Secret
from tests import steward as steward_
from tests.pki_maker import issue
from tests.rest.faces import Face

PATH = "/keystores/default/entries"
KEY = Secret(b"k" * 32)


@pytest.fixture(scope="module")
def filled(face: Face) -> Face:
    """Return a face with eleven certificates."""
    root = issue("Root", ca=True)
    for number in range(11):
        steward_.add_anchor(face.steward, f"entry-{number:02}", root)
    return face


def _all(face: Face, query: str) -> list[str]:
    aliases, cursor = [], None
    while True:
        more = "" if cursor is None else f"&cursor={cursor}"
        page = face.ask("GET", f"{PATH}?{query}{more}").json()
        aliases += [item["alias"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return aliases


@pytest.mark.parametrize("limit", [1, 3, 11, 12])
def test_pages_together_are_the_list(limit: int, filled: Face) -> None:
    """Each entry is on one page, in the order of the aliases, whatever the pages' size."""
    expected = [f"entry-{number:02}" for number in range(11)]
    assert expected == _all(filled, f"limit={limit}&prefix=entry-")


def test_filters_are_combined(filled: Face) -> None:
    """Conditions hold together."""
    assert ["entry-10"] == _all(filled, "prefix=entry-1&type=certificate&owner=tenant")
    assert [] == _all(filled, "prefix=entry-1&type=key-pair")
    assert 11 == len(_all(filled, "expiring_days=100000&limit=2"))
    assert [] == _all(filled, "waiting=true")


def test_cursor_keeps_its_place_while_entries_change(filled: Face) -> None:
    """What is added before the place or deleted behind it moves no other entry."""
    first = filled.ask("GET", f"{PATH}?limit=5&prefix=entry-").json()
    steward_.add_anchor(filled.steward, "entry-00a", issue("Other", ca=True))
    assert 200 == filled.ask("DELETE", f"{PATH}/entry-07").status_code
    rest = filled.ask("GET", f"{PATH}?limit=50&prefix=entry-&cursor={first['next']}").json()
    assert ["entry-05", "entry-06", "entry-08", "entry-09", "entry-10"] == [
        item["alias"] for item in rest["items"]
    ]
    filled.ask("POST", f"{PATH}/entry-07/undelete")
    filled.ask("DELETE", f"{PATH}/entry-00a")


def test_cursor_of_another_list_is_refused(filled: Face) -> None:
    """With other conditions a cursor would skip or repeat; so it is none."""
    cursor = filled.ask("GET", f"{PATH}?limit=2").json()["next"]
    for query in ("waiting=true", "prefix=e", "view=new"):
        answer = filled.ask("GET", f"{PATH}?limit=2&{query}&cursor={cursor}")
        assert (400, "request-invalid") == (answer.status_code, answer.json()["slug"])


def test_audit_log_comes_in_pages_and_as_lines(filled: Face) -> None:
    """Pages, the newest rows and the lines show the same rows; the question is among them once."""
    path = "/keystores/default/audit"
    first = filled.ask("GET", f"{path}?limit=4&action=add-certificate").json()
    second = filled.ask(
        "GET", f"{path}?limit=50&action=add-certificate&cursor={first['next']}"
    ).json()
    lines = filled.ask("GET", f"{path}?format=lines&action=add-certificate").text.splitlines()
    assert len(lines) == len(first["items"]) + len(second["items"])
    questions = filled.ask("GET", f"{path}?action=read-audit-log&limit=1000").json()["items"]
    assert 2 == len(questions)


@pytest.mark.parametrize("place", [5, 5.5, "x", None, [1, 2]])
def test_cursor_that_was_changed_is_refused(place: object) -> None:
    """Whoever changes a character of a cursor has none."""
    cursor = paging.write(KEY, "list", place)
    assert place == paging.read(KEY, "list", cursor, type(place))
    for position in range(len(cursor)):
        other = "A" if cursor[position] != "A" else "B"
        changed = cursor[:position] + other + cursor[position + 1 :]
        with pytest.raises(RequestInvalid):
            paging.read(KEY, "list", changed, type(place))


@pytest.mark.parametrize("cursor", ["", "é", "====", "AAAA", "A" * 2000])
def test_cursor_that_is_none_is_refused(cursor: str) -> None:
    """Any other text is no cursor."""
    with pytest.raises(RequestInvalid):
        paging.read(KEY, "list", cursor, int)
