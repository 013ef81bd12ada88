import html
import re

import pytest

from keysteward.entries import Action
from keysteward.keystore import activations, backups, keystores, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.rights import PERMISSIONS, Role
from keysteward.ui import actions
from keysteward.ui.actions import Facts
from tests import providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START, TENANT
from tests.ui.faces import ENTRIES, Face

HOSTILE = "<b>'&\"</b>"


@pytest.fixture
def production(face: Face) -> Steward:
    """Return the steward of the other keystore."""
    return keystores.steward_of(face.steward, "production")


def _living(face: Face, alias: str) -> bool:
    return face.steward.store.find_entry(face.steward.keystore_id, alias) is not None


def test_every_action_that_is_offered_has_its_address(face: Face) -> None:
    """What a menu offers is there: windows open, and files are given out."""
    face.generate("all")
    entry = face.steward.store.get_entry(face.steward.keystore_id, "all")
    around = actions.Surroundings(PERMISSIONS[Role.ADMINISTRATOR], "SAP", 2)
    missing = {}
    for group in actions.offers(Facts.of(entry, has_root=True), around):
        for offer in group:
            part = "dialog" if offer.window else ""
            answer = face.get(f"{ENTRIES}/all/{offer.path}", part=part)
            if answer.status_code != 200:
                missing[offer.path] = answer.status_code
    assert {} == missing


def test_window_of_renaming_says_what_depends_on_the_alias(face: Face) -> None:
    """Whoever asks for it, an awaited response, and backups."""
    face.generate("named")
    steward_.ask(face.steward, "named")
    backups.create_backup(face.steward, TENANT, "with named")
    page = face.get(f"{ENTRIES}/named/rename").text
    assert "has to use the new one from then on" in page
    assert "It is for the new alias then." in page
    assert "It keeps its old alias in the backups with named." in page
    answer = face.post(f"{ENTRIES}/named/rename", {"new_alias": "renamed"})
    assert f"{ENTRIES}/renamed" == answer.json()["address"]


def test_window_of_deleting_names_what_depends_on_the_entry(face: Face) -> None:
    """Chains that have a certificate, trust, backups, awaited responses; nothing is deleted yet."""
    root = issue("root of chains", ca=True)
    steward_.add_anchor(face.steward, "anchor", root)
    for number in range(7):
        steward_.add(face.steward, f"chain {number}", issue(f"leaf {number}", issuer=root), root)
    page = html.unescape(face.get(f"{ENTRIES}/anchor/delete").text)
    assert "This is a trust anchor" in page
    assert "and 2 more have this certificate, and keep it." in page
    face.generate("asked")
    steward_.ask(face.steward, "asked")
    assert "A signing response is awaited." in face.get(f"{ENTRIES}/asked/delete").text
    assert _living(face, "anchor")
    assert _living(face, "asked")


def test_deleted_entry_is_gone_until_it_is_restored(face: Face) -> None:
    """The message says that it can be."""
    face.generate("passing")
    told = face.post(f"{ENTRIES}/passing/delete").json()
    assert {"address": ENTRIES, "message": "passing is deleted. It can be restored."} == told
    assert not _living(face, "passing")
    assert (Action.DELETE, "done", "passing") in steward_.audited(face.steward)
    assert 404 == face.post(f"{ENTRIES}/passing/delete").status_code
    assert 200 == face.post(f"{ENTRIES}/passing/restore").status_code
    assert _living(face, "passing")


def test_deleted_entry_is_destroyed_once_its_alias_is_typed(face: Face) -> None:
    """Its sealed key is nothing but zeros then; without the alias nothing happens."""
    entry = face.generate("doomed")
    key = entry.version.private_key_id
    address = f"{ENTRIES}/doomed/purge"
    assert 422 == face.get(address, part="dialog").status_code
    living = face.post(address, {"confirm": "doomed"})
    assert (409, True) == (living.status_code, _living(face, "doomed"))
    lifecycle.delete_entry(face.steward, TENANT, "doomed")
    page = face.get(f"{ENTRIES}/doomed?deleted=yes").text
    assert f'data-open="{address}"' in page
    assert "Type the alias to confirm" in face.get(address).text
    refused = face.post(address, {"confirm": "Doomed"})
    assert 'data-field="confirm"' in refused.text
    assert any(_sealed(face, key))
    told = face.post(address, {"confirm": "doomed"}).json()
    assert {"address": ENTRIES, "message": "doomed is destroyed."} == told
    assert not any(_sealed(face, key))


def _sealed(face: Face, key: int | None) -> bytes:
    connection = steward_.connect(face.steward.settings)
    try:
        found = connection.execute("SELECT sealed FROM private_keys WHERE id = ?", (key,))
        return bytes(found.fetchone()[0])
    finally:
        connection.close()


def _plan(face: Face, alias: str, **typed: str) -> tuple[str, str]:
    """Return what the plan of a copy says, and its digest."""
    form = {"target": "production", "new_alias": alias, **typed}
    answer = face.post(f"{ENTRIES}/{alias}/copy/plan", form, part="preview")
    assert 200 == answer.status_code, answer.text
    digest = re.findall(r'name="digest" value="([^"]*)"', answer.text)
    ticks = re.findall(r'name="(\w+)"[^>]* text="', answer.text)
    assert ticks in ([], ["overwrite"])
    told = html.unescape(re.sub(r"<[^>]*>", "", answer.text))
    return " ".join((told, *ticks)), digest[0]


def test_copy_does_what_was_shown(face: Face, production: Steward) -> None:
    """It is planned first, under the same alias or another one, and has the same key."""
    entry = face.generate("copied")
    window = html.unescape(face.get(f"{ENTRIES}/copied/copy").text)
    assert "The keystore <bdi>production</bdi> gets this entry as <bdi>copied</bdi>." in window
    _, digest = _plan(face, "copied", new_alias="there")
    form = {"target": "production", "new_alias": "there", "digest": digest}
    told = face.post(f"{ENTRIES}/copied/copy", form).json()
    assert "copied is copied to production as there." == told["message"]
    there = production.store.get_entry(production.keystore_id, "there")
    assert entry.version.certificate == there.version.certificate


def test_copy_to_a_taken_alias_asks_whether_to_overwrite(face: Face, production: Steward) -> None:
    """The plan says that it is taken; the tick makes it a new version of that entry."""
    face.generate("both")
    face.generate("both", production)
    told, _ = _plan(face, "both")
    assert "An entry 'both' exists already." in told
    assert told.endswith(" overwrite")
    told, digest = _plan(face, "both", overwrite="yes")
    assert "gets this content as a new version." in told
    form = {"target": "production", "new_alias": "both", "overwrite": "yes", "digest": digest}
    assert 200 == face.post(f"{ENTRIES}/both/copy", form).status_code
    assert 2 == production.store.get_entry(production.keystore_id, "both").version.number
    told, _ = _plan(face, "both", overwrite="yes")
    assert "has this content already" in told


def test_copy_that_would_do_something_else_by_now_is_shown_anew(
    face: Face, production: Steward
) -> None:
    """What was overtaken is not carried out."""
    face.generate("overtaken")
    _, digest = _plan(face, "overtaken", overwrite="yes")
    before = face.generate("overtaken", production)
    form = {
        "target": "production",
        "new_alias": "overtaken",
        "overwrite": "yes",
        "digest": digest,
    }
    answer = face.post(f"{ENTRIES}/overtaken/copy", form)
    assert "What would be done is no longer what was shown." in answer.text
    after = production.store.get_entry(production.keystore_id, "overtaken")
    assert before.version.number == after.version.number


def test_copy_goes_to_keystores_of_the_account_alone(face: Face) -> None:
    """Another one is answered like one that is not there; to the own one there is no way."""
    face.generate("mine")
    for target in ("nowhere", "default"):
        form = {"target": target, "new_alias": "mine"}
        assert face.post(f"{ENTRIES}/mine/copy/plan", form, part="preview").status_code in (
            404,
            409,
        )
    page = face.get(f"{ENTRIES}/mine/copy").text
    assert 'ui5-option value="default"' not in page


def test_strange_aliases_are_harmless_text(face: Face) -> None:
    """Every window shows them as text."""
    face.generate(HOSTILE)
    alias = "%3Cb%3E%27%26%22%3C%2Fb%3E"
    for path in ("rename", "delete", "copy", "renew", "signing-request"):
        answer = face.get(f"{ENTRIES}/{alias}/{path}", part="dialog")
        assert (200, False) == (answer.status_code, "<b>" in answer.text)


@pytest.mark.parametrize("path", ["rename", "delete", "copy", "renew"])
def test_entry_of_the_provider_is_not_changed(path: str, face: Face) -> None:
    """Neither does a window open, nor does a form that nobody was shown do anything."""
    if not _living(face, providers.ALIAS):
        leaf = providers.leaf("one", not_after=START.replace(year=2030))
        providers.supply(face.steward, leaf)
        activations.activate(face.steward, TENANT, providers.ALIAS)
    address = f"{ENTRIES}/{providers.ALIAS}/{path}"
    form = {"new_alias": "mine", "target": "production"}
    refused = {face.get(address, part="dialog").status_code, face.post(address, form).status_code}
    assert refused <= {403, 409}
    assert _living(face, providers.ALIAS)


@pytest.mark.parametrize("path", ["rename", "delete", "copy", "purge"])
def test_who_may_only_look_changes_nothing(path: str, face: Face) -> None:
    """Neither by the window nor by a form of their own."""
    address = f"{ENTRIES}/anything/{path}"
    assert 403 == face.get(address, Role.VIEWER.value).status_code
    assert 403 == face.post(address, {}, Role.VIEWER.value).status_code


def test_window_about_an_entry_that_is_gone_says_so_and_can_be_closed(face: Face) -> None:
    """A refused window has a title, the reason and a way out."""
    answer = face.get(f"{ENTRIES}/gone/rename", part="dialog")
    assert 404 == answer.status_code
    assert 'class="dialog" data-title="There is no such alias"' in answer.text
    assert "data-close" in answer.text
