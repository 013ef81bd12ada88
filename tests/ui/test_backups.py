import re

import pytest

from keysteward.entries import Action
from keysteward.keystore import backups, lifecycle
from keysteward.keystore.intake import Mode
from keysteward.keystore.steward import Steward
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT
from tests.ui.faces import KEYSTORE, Face

LIST = f"{KEYSTORE}/backup"
HOSTILE = "<b>'&\"</b>"
RESTORE = f"{LIST}/first/restore"
_DIGEST = re.compile(r'name="digest" value="([^"]+)"')


@pytest.fixture(scope="module", autouse=True)
def furnished(face: Face) -> None:
    """Fill the module's installation: a backup of many entries, and one that nothing is in."""
    steward = face.steward
    assert "There is no backup of this keystore yet." in face.get(LIST).text
    backups.create_backup(steward, TENANT, HOSTILE)
    for number in range(60):
        steward_.add_anchor(steward, f"anchor {number:02}", issue(f"anchor {number}", ca=True))
    for alias in ("changed", "deleted", "kept", HOSTILE):
        steward_.add(steward, alias, issue("CN=of backups"))
    backups.create_backup(steward, TENANT, "first")
    face.clock.advance(minutes=1)


@pytest.fixture
def changed(face: Face) -> None:
    """Have the entries be others than those of the backup: one deleted, one renamed, one new."""
    backups.restore(face.steward, TENANT, "first", None, Mode.REPLACE)
    lifecycle.delete_entry(face.steward, TENANT, "deleted")
    lifecycle.rename_entry(face.steward, TENANT, "changed", "renamed")
    steward_.add(face.steward, "later", issue("later"))


def _aliases(steward: Steward) -> set[str]:
    states = steward.store.list_states(steward.keystore_id)
    return {state.alias for state in states if not state.alias.startswith("anchor")}


def test_tab_shows_a_page_of_the_chosen_backup(face: Face) -> None:
    """The newest if none is chosen; the rest follows page by page, and a filter narrows it."""
    page = face.get(LIST).text
    assert "Entries (64)" in page
    assert 50 == page.count('<th scope="row"')
    following = re.findall(r'href="([^"]+)" data-list-link="next"', page)[0].replace("&amp;", "&")
    assert 14 == face.get(following, part="list").text.count('<th scope="row"')
    assert "Entries (1)" in face.get(f"{LIST}?backup=first&text=ANCHOR%207", part="list").text
    other = face.get(f"{LIST}?backup=%3Cb%3E%27%26%22%3C%2Fb%3E").text
    assert "This backup has no entries." in other
    assert "<b>" not in other
    assert "&lt;b&gt;" in other
    assert 404 == face.get(f"{LIST}?backup=none").status_code


def test_look_into_a_backup_is_recorded_once(face: Face) -> None:
    """Further pages and what is typed into the filter belong to the same look."""
    before = len(steward_.audited(face.steward))
    page = face.get(LIST).text
    following = re.findall(r'href="([^"]+)" data-list-link="next"', page)[0].replace("&amp;", "&")
    face.get(following, part="list")
    face.get(f"{LIST}?backup=first&text=a", part="list")
    (row,) = steward_.audited(face.steward)[before:]
    assert Action.READ_BACKUP == row[0]


def test_backup_is_made_under_the_name_that_is_typed(face: Face) -> None:
    """A name that is taken is refused beside its field; deleting has to be confirmed."""
    create = f"{KEYSTORE}/create-backup"
    assert 'value="2' in face.get(create).text
    taken = face.post(create, {"name": "first"})
    assert 'data-field="name" data-slug="name-taken"' in taken.text
    made = face.post(create, {"name": "a/b c"}).json()
    assert f"{LIST}?backup=a%2Fb+c" == made["address"]
    delete = f"{LIST}/a%2Fb%20c/delete"
    assert 'data-field="confirm"' in face.post(delete).text
    assert 200 == face.post(delete, {"confirm": "yes"}).status_code
    names = [one.name for one in face.steward.store.list_backups(face.steward.keystore_id)]
    assert ["first", HOSTILE] == names


@pytest.mark.usefixtures("changed")
def test_comparison_says_in_words_what_is_not_as_it_was(face: Face) -> None:
    """What is called otherwise now is not taken for two entries."""
    text = re.sub(r"\s*<[^>]+>\s*", " ", face.get(f"{LIST}/first/compare").text)
    for said in (
        "changed Renamed since Now it is called renamed .",
        "deleted Deleted since",
        "later Added since",
        "renamed Renamed since In the backup it is called changed .",
    ):
        assert said in re.sub(r"\s+", " ", text)


@pytest.mark.usefixtures("changed")
def test_restore_of_all_names_what_vanishes_and_asks_for_it(face: Face) -> None:
    """Nothing is done without consent to the plan that was shown, or to another one."""
    planned = face.post(f"{RESTORE}/plan", {"scope": "replace"}).text
    assert "2 entries are deleted. I have looked at their names." in planned
    digest = _DIGEST.findall(planned)[0]
    assert 'data-field="confirm"' in face.post(RESTORE, {"digest": digest}).text
    steward_.add(face.steward, "even later", issue("even later"))
    again = face.post(RESTORE, {"digest": digest, "confirm": digest}).text
    assert "What would be done is no longer what was shown." in again
    assert "3 entries are deleted." in again
    assert "deleted" not in _aliases(face.steward)
    digest = _DIGEST.findall(again)[0]
    assert "data-done" in face.post(RESTORE, {"digest": digest, "confirm": digest}).text
    assert {"changed", "deleted", "kept", HOSTILE} == _aliases(face.steward)


@pytest.mark.usefixtures("changed")
def test_restore_of_some_leaves_all_others_alone(face: Face) -> None:
    """At least one has to be chosen; aliases of nothing are refused."""
    form: dict[str, str | list[str]] = {"scope": "selected"}
    planned = face.post(f"{RESTORE}/plan", form).text
    assert ["changed", "deleted"] == re.findall(r'name="alias" value="([^"]*)"', planned)
    digest = _DIGEST.findall(planned)[0]
    assert 'data-field="scope"' in face.post(RESTORE, {**form, "digest": digest}).text
    form["alias"] = ["deleted"]
    digest = _DIGEST.findall(face.post(f"{RESTORE}/plan", form).text)[0]
    done = face.post(RESTORE, {**form, "digest": digest}).text
    assert "data-done" in done
    assert {"renamed", "later", "deleted", "kept", HOSTILE} == _aliases(face.steward)
    unknown = face.post(f"{RESTORE}/plan", {"scope": "selected", "alias": ["none"]})
    assert 404 == unknown.status_code


def test_viewer_sees_a_backup_and_no_way_to_change_it(face: Face) -> None:
    """Neither making, restoring, deleting nor downloading is offered, or done."""
    page = face.get(LIST, who="viewer").text
    assert f'data-open="{LIST}/first/compare"' in page
    for address in (RESTORE, f"{LIST}/first/delete", f"{KEYSTORE}/create-backup"):
        assert address not in page
        assert 403 == face.get(address, who="viewer").status_code
    assert f"{LIST}/first/download/" not in page
    assert 403 == face.post(RESTORE, {"scope": "selected"}, who="viewer").status_code
