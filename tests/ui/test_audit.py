import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import pytest
from httpx2 import Response

from keysteward.entries import Action
from keysteward.keystore import audit_events, lifecycle
from keysteward.problems import AliasNotFound
from keysteward.rest import past
from keysteward.rights import Role
from keysteward.storage.records import AuditFilter, AuditRow
from keysteward.ui import audit
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT
from tests.ui.faces import ENTRIES, KEYSTORE, Face

LOG = f"{KEYSTORE}/audit"
HOSTILE = "<script>alert(1)</script>\u202e"

_TEXT = re.compile(r"<[^>]*>")
_ROW = re.compile(r"<dt>Row</dt><dd>(\d+)</dd>")


@pytest.fixture(scope="module", autouse=True)
def history(face: Face) -> None:
    """Have things happen: 60 requests, a rename, and a refusal about a hostile name."""
    steward = face.steward
    for alias in ("pay", "shop", "<b>bold</b>"):
        steward_.add(steward, alias, issue("example.org"))
    lifecycle.rename_entry(steward, TENANT, "pay", "payment")
    with suppress(AliasNotFound):
        lifecycle.delete_entry(steward, TENANT, HOSTILE)
    for _ in range(60):
        steward_.ask(steward, "shop")


def _read(face: Face, wanted: AuditFilter, *, keystore: bool = True) -> tuple[AuditRow, ...]:
    found = face.steward.store.audit_log.read(
        face.steward.keystore_id if keystore else None, wanted
    )
    return tuple(found)


def _questions(face: Face, *, keystore: bool = True) -> int:
    return len(_read(face, AuditFilter(action=Action.READ_AUDIT_LOG), keystore=keystore))


def _shown(answer: Response) -> list[int]:
    assert 200 == answer.status_code, answer.text
    return list(map(int, _ROW.findall(answer.text)))


def _links(answer: Response) -> dict[str, str]:
    found = re.findall(r'<a href="([^"]*)">((?:Older|Newer) Rows|Newest)</a>', answer.text)
    return {name: address.replace("&amp;", "&") for address, name in found}


def _pages(face: Face, answer: Response, direction: str) -> Iterator[Response]:
    yield answer
    while direction in (links := _links(answer)):
        answer = face.get(links[direction])
        yield answer


def test_pages_lead_from_the_newest_row_to_the_oldest_and_back(face: Face) -> None:
    """Every row is on one page, newest first, either way; one question leaves one row."""
    before = _questions(face)
    first = face.get(f"{LOG}?action=signing-request")
    forth = list(_pages(face, first, "Older Rows"))
    rows = [row.sequence for row in _read(face, AuditFilter(action=Action.SIGNING_REQUEST))]
    assert rows[::-1] == [row for page in forth for row in _shown(page)]
    assert [audit.LIMIT, 10] == [len(_shown(page)) for page in forth]
    back = list(_pages(face, forth[-1], "Newer Rows"))
    assert _shown(forth[0]) == _shown(back[-1])
    assert set() == {"Newer Rows", "Newest"} & set(_links(back[-1]))
    assert before + 1 == _questions(face)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("outcome=refused", AuditFilter(outcome="refused")),
        ("alias=pay", AuditFilter(alias="pay")),
        ("actor=nobody", AuditFilter(actor="nobody")),
        ("action=rename&alias=pay", AuditFilter(action=Action.RENAME, alias="pay")),
        ("since=2100-01-01T00:00", AuditFilter(actor="nobody")),
    ],
)
def test_filter_shows_what_fits_it(query: str, wanted: AuditFilter, face: Face) -> None:
    """Each condition is one of the log's own."""
    expected = [row.sequence for row in _read(face, wanted)][::-1]
    assert expected == _shown(face.get(f"{LOG}?{query}"))


def test_until_is_the_end_of_its_minute(face: Face) -> None:
    """Fields have no seconds: what happened in the minute that is named is shown."""
    row = _read(face, AuditFilter(action=Action.RENAME))[0]
    minute = f"{row.at:%Y-%m-%dT%H:%M}"
    assert row.sequence in _shown(face.get(f"{LOG}?action=rename&since={minute}&until={minute}"))


def test_time_that_is_none_is_said_and_nothing_is_asked(face: Face) -> None:
    """Rows that somebody did not ask for are not shown, and no question is recorded."""
    before = _questions(face)
    answer = face.get(f"{LOG}?since=yesterday")
    assert "This is not a time." in answer.text
    assert [] == _shown(answer)
    assert 422 == face.get(f"{LOG}/download/lines?since=yesterday").status_code
    assert before == _questions(face)


def test_what_others_chose_is_text(face: Face) -> None:
    """Names and details full of HTML are shown, and are no elements."""
    text = face.get(f"{LOG}?outcome=refused").text
    assert "<script>alert" not in text
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;\u202e</bdi>" in text
    assert "<b>bold" not in face.get(f"{LOG}?action=add-key-pair").text
    hostile = face.get(f"{LOG}?actor=%22%3E%3Cscript%3Ealert(1)").text
    assert "<script>alert" not in hostile


def test_row_says_in_words_what_was_done_and_leads_to_its_entry(face: Face) -> None:
    """An alias is a link while an entry has it; details have names and words."""
    text = face.get(f"{LOG}?alias=shop").text
    assert f'<a href="{ENTRIES}/shop"><bdi>shop</bdi></a>' in text
    assert "<bdi>Download a signing request</bdi>" in text
    renamed = face.get(f"{LOG}?action=rename").text
    assert f'href="{ENTRIES}/pay"' not in renamed
    assert "New alias payment" in " ".join(_TEXT.sub(" ", renamed).split())
    refused = _TEXT.sub(" ", face.get(f"{LOG}?outcome=refused").text)
    assert "Refused because There is no such alias" in " ".join(refused.split())


def test_files_are_what_the_rest_api_sends(face: Face) -> None:
    """Lines of JSON and SAP's events hold what is filtered, byte for byte as over REST."""
    wanted = AuditFilter(alias="pay")
    rows = _read(face, wanted)
    lines = b"".join(msgspec.json.encode(past.row(row)) + b"\n" for row in rows)
    events = audit_events.read_events(face.steward, rows)
    sap = b"".join(msgspec.json.encode(event.members) + b"\n" for event in events)
    before = _questions(face)
    answer = face.get(f"{LOG}/download/lines?alias=pay")
    assert lines == answer.content
    assert 'filename="audit-default.jsonl"' in answer.headers["content-disposition"]
    assert sap == face.get(f"{LOG}/download/sap?alias=pay").content
    assert lines
    assert lines != sap
    assert before + 2 == _questions(face)
    assert 404 == face.get(f"{LOG}/download/csv").status_code


def test_file_of_too_many_rows_is_refused_whole(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes a part of the log for all of it."""
    monkeypatch.setattr(audit, "MOST_EXPORTED", 3)
    answer = face.get(f"{LOG}/download/lines")
    assert 422 == answer.status_code
    assert "Choose a shorter time" in answer.text
    assert 200 == face.get(f"{LOG}/download/lines?alias=nothing").status_code


def test_files_are_made_behind_each_other() -> None:
    """Each is some megabytes in memory: an account has few at once, and nobody waits for them."""
    files = [route for route in audit.routes.all if "download" in route.path]
    assert [True, True] == [route.slow for route in files]


def test_installation_log_is_for_who_manages_users(face: Face) -> None:
    """Who is limited to a keystore reads that one's log alone; questions are rows of each log."""
    before = _questions(face, keystore=False)
    answer = face.get("/audit?action=user-added")
    added = AuditFilter(action=Action.USER_ADDED)
    rows = [row.sequence for row in _read(face, added, keystore=False)]
    assert rows[::-1] == _shown(answer)
    assert before + 1 == _questions(face, keystore=False)
    lines = face.get("/audit/download/lines?action=user-added").content.splitlines()
    assert rows == [msgspec.json.decode(line)["sequence"] for line in lines]
    production = "/keystores/production/audit"
    assert 200 == face.get(production, "restricted").status_code
    assert 'href="/audit"' not in face.get(production, "restricted").text
    assert 403 == face.get("/audit", "restricted").status_code
    assert 403 == face.get(LOG, Role.OPERATOR).status_code


def test_past_of_an_alias_is_told(face: Face) -> None:
    """The certificate that was active under an alias, and whose alias it was later."""
    row = _read(face, AuditFilter(action=Action.RENAME))[0]
    at = row.at.isoformat()
    now = face.post(f"{LOG}/active", {"alias": "payment"})
    assert "Active at this time" in now.text
    entry = face.steward.store.get_entry(face.steward.keystore_id, "payment")
    assert entry.version.chain[0].fingerprint in now.text
    gone = face.post(f"{LOG}/active", {"alias": "pay", "at": at})
    assert "No entry had the alias" in gone.text
    unknown = face.post(f"{LOG}/active", {"alias": HOSTILE})
    assert 404 == unknown.status_code
    assert 'data-field="alias"' in unknown.text
    wrong = face.post(f"{LOG}/active", {"alias": "pay", "at": "once"})
    assert 'data-field="at"' in wrong.text


def test_verification_says_in_words_whether_the_log_is_whole(face: Face) -> None:
    """A log as it was written verifies; one that lacks a head that was kept does not."""
    text = face.post(f"{LOG}/verification").text
    assert "The audit log is whole and in order" in text
    head = re.search(r"<code>(\d+:[0-9a-f]{64})</code>", text)
    assert head is not None
    again = face.post(f"{LOG}/verification", {"expect": head[1]}).text
    assert "The audit log is whole and in order" in again
    cut = face.post(f"{LOG}/verification", {"expect": "7:" + "0" * 64}).text
    assert "it was cut off or replaced" in cut
    assert "whole and in order" not in cut
