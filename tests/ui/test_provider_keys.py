import re

import pytest

from keysteward.entries import View
from keysteward.keystore import activations
from keysteward.rights import Role
from tests import providers
from tests.steward import START, TENANT
from tests.ui.faces import KEYSTORE, Face

NEW = f"{KEYSTORE}/new"
HISTORY = f"{KEYSTORE}/history"
_DIGEST = re.compile(r'name="digest" value="([^"]*)"')


@pytest.fixture(scope="module", autouse=True)
def supplied(face: Face) -> None:
    """Have the provider supply three keys under one alias; two were active already."""
    for year in (2030, 2031, 2032):
        leaf = providers.leaf(str(year), not_after=START.replace(year=year))
        providers.supply(face.steward, leaf)
        if year < 2032:
            activations.activate(face.steward, TENANT, providers.ALIAS)
    only = providers.leaf("other", not_after=START.replace(year=2030))
    providers.supply(face.steward, only, alias="sap_<b>")


def test_lists_say_what_waits_and_what_was_replaced(face: Face) -> None:
    """When a key becomes active by itself, and when and by whom one was active before."""
    text = face.get(NEW).text
    assert "Entries (2)" in text
    assert "by itself from" in text
    assert "when somebody activates it" in text
    assert "sap_<b>" not in text
    found = face.get(f"{NEW}?text=%3Cb", part="list").text
    assert "Entries (1)" in found
    assert "<html" not in found
    history = face.get(HISTORY).text
    assert f"<bdi>[1]_{providers.ALIAS}</bdi>" in history
    assert TENANT.name in history


def test_plan_that_was_shown_is_the_one_that_is_carried_out(face: Face) -> None:
    """An activation names what was looked at; anything else changes nothing."""
    address = f"{NEW}/{providers.ALIAS}/activate"
    digest = _DIGEST.findall(face.get(address).text)[0]
    stale = face.post(address, {"digest": "0" * 64})
    assert 409 == stale.status_code
    assert face.steward.store.find_entry(face.steward.keystore_id, providers.ALIAS, View.NEW)
    done = face.post(address, {"digest": digest})
    assert 200 == done.status_code, done.text
    assert {
        "address": NEW,
        "message": f"{providers.ALIAS} is active now. The key before is in the history as "
        f"[2]_{providers.ALIAS}.",
    } == done.json()
    assert 404 == face.post(address, {"digest": digest}).status_code


def test_key_without_an_active_one_replaces_nothing(face: Face) -> None:
    """The plan says so, and what the provider calls it is text."""
    text = face.get(f"{NEW}/sap_%3Cb%3E/activate").text
    assert "nothing is replaced" in text
    assert "sap_<b>" not in text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PROVIDER])
def test_who_may_only_look_changes_nothing(face: Face, role: Role) -> None:
    """The lists are shown, their actions are grey with the reason, and forms are refused."""
    text = face.get(HISTORY, role.value).text
    assert re.search(r'data-path="restore"[^>]*disabled[^>]*do not permit', text)
    assert 403 == face.post(f"{NEW}/sap_%3Cb%3E/hold", who=role.value).status_code
    address = f"{HISTORY}/%5B1%5D_{providers.ALIAS}/restore"
    assert 403 == face.post(address, {"alias": "sap_again"}, role.value).status_code
