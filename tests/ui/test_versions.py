import re
from datetime import timedelta

import pytest

from keysteward.entries import Reason
from keysteward.keystore import lifecycle
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START, TENANT
from tests.ui.faces import ENTRIES, Face

ROOT = issue("Root", ca=True)
CA = issue("CA", issuer=ROOT, ca=True)
ENDING = START + timedelta(days=10)


def _entry(face: Face, alias: str) -> None:
    """Make an entry whose second version ends soon, and whose third one does not."""
    placeholder = issue(alias)
    steward_.add(face.steward, alias, placeholder)
    for not_after in (ENDING, START + timedelta(days=400)):
        issued = issue(
            alias, placeholder.key, CA, eku=("clientAuth",), san=("DNS:a",), not_after=not_after
        )
        steward_.upload(face.steward, alias, issued, CA, ROOT)


def _digest(face: Face, address: str) -> str:
    answer = face.get(address, part="dialog")
    assert 200 == answer.status_code, answer.text
    found = re.search(r'name="digest" value="(\w{64})"', answer.text)
    assert found is not None
    return found[1]


def _current(face: Face, alias: str) -> tuple[int, Reason, str | None]:
    version = face.steward.store.get_entry(face.steward.keystore_id, alias).version
    return version.number, version.reason, version.note


def test_rollback_does_what_its_plan_showed(face: Face) -> None:
    """The older content is a new version with the reason that was typed."""
    _entry(face, "back")
    address = f"{ENTRIES}/back/rollback/2"
    answer = face.post(address, {"digest": _digest(face, address), "note": " receiver asks "})
    assert f"{ENTRIES}/back" == answer.json()["address"]
    assert (4, Reason.ROLLED_BACK, "receiver asks") == _current(face, "back")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "back")
    versions = {version.number: version for version in face.steward.store.list_versions(entry)}
    assert versions[2].chain == versions[4].chain


def test_rollback_says_what_changes(face: Face) -> None:
    """Notices in words, and old against new with the differences marked."""
    _entry(face, "told")
    text = face.get(f"{ENTRIES}/told/rollback/1", part="dialog").text
    assert {"self-signed", "root-changed"} <= set(re.findall(r'data-slug="([^"]+)"', text))
    assert 'class="differs"' in text


def test_rollback_to_what_is_current_changes_nothing(face: Face) -> None:
    """A renamed entry has its content twice; its button is grey."""
    _entry(face, "named")
    lifecycle.rename_entry(face.steward, TENANT, "named", "renamed")
    text = face.get(f"{ENTRIES}/renamed/rollback/3", part="dialog").text
    assert 'data-slug="already-current"' in text
    assert re.search(r'<ui5-button type="Submit"[^>]* disabled', text)


def test_rollback_to_an_expired_certificate_needs_word_and_reason(face: Face) -> None:
    """Without the tick it is refused, without a reason as well; then it is done."""
    _entry(face, "expired")
    before = face.clock.now
    face.clock.now = ENDING + timedelta(days=1)
    face.sessions.clear()
    try:
        address = f"{ENTRIES}/expired/rollback/2"
        digest = _digest(face, address)
        assert 'name="override" value="certificate-expired"' in face.get(address).text
        answer = face.post(address, {"digest": digest, "note": "why"})
        assert (422, True) == (
            answer.status_code,
            'data-slug="certificate-expired"' in answer.text,
        )
        fields = {"digest": digest, "override": "certificate-expired"}
        answer = face.post(address, fields)
        assert (422, True) == (answer.status_code, 'data-field="note"' in answer.text)
        assert (3, Reason.SIGNING_RESPONSE, None) == _current(face, "expired")
        assert 200 == face.post(address, {**fields, "note": "test system"}).status_code
        assert (4, Reason.ROLLED_BACK, "test system") == _current(face, "expired")
    finally:
        face.clock.now = before
        face.sessions.clear()


def test_rollback_is_refused_if_the_entry_changed_meanwhile(face: Face) -> None:
    """What was looked at is done, or nothing."""
    _entry(face, "changing")
    address = f"{ENTRIES}/changing/rollback/2"
    digest = _digest(face, address)
    other = f"{ENTRIES}/changing/rollback/1"
    assert 200 == face.post(other, {"digest": _digest(face, other)}).status_code
    answer = face.post(address, {"digest": digest})
    assert (409, True) == (answer.status_code, 'data-slug="entry-changed"' in answer.text)
    assert 4 == _current(face, "changing")[0]


@pytest.mark.parametrize("number", ["0", "99", "-1", "x", "9" * 30])
def test_version_that_is_none_is_refused(number: str, face: Face) -> None:
    """An address with a wrong number ends in a message, whatever it is."""
    if face.steward.store.find_entry(face.steward.keystore_id, "few") is None:
        _entry(face, "few")
    for address in (f"rollback/{number}", f"compare?a=1&b={number}"):
        answer = face.get(f"{ENTRIES}/few/{address}", part="dialog")
        assert answer.status_code in (400, 404)
        assert "data-slug" in answer.text


def test_compared_versions_stand_older_first_with_differences_marked(face: Face) -> None:
    """Whichever was chosen first."""
    _entry(face, "compared")
    text = face.get(f"{ENTRIES}/compared/compare?a=3&b=2", part="dialog").text
    titles = [
        " ".join(title.split())
        for title in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', text, re.DOTALL)
    ]
    assert ["Version 2", "Version 3 (current)"] == titles
    marked = re.findall(r'<tr[^>]* class="differs">\s*<th scope="row"[^>]*>([^<]+)', text)
    assert ["Serial Number", "Valid Until", "Fingerprint SHA-256"] == [m.strip() for m in marked]
    same = face.get(f"{ENTRIES}/compared/compare?a=3&b=3", part="dialog").text
    assert "Both versions have the same certificate." in same
