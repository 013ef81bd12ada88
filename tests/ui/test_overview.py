import re
from datetime import timedelta

import pytest

from keysteward.keystore import backups
from keysteward.rights import Role
from tests import providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START, TENANT
from tests.ui.faces import ENTRIES, KEYSTORE, Face

_FIGURE = re.compile(r'<li class="(\w*)"><a href="([^"]*)"><strong>([^<]*)</strong> ([^<]*)</a>')
_TILE = re.compile(r'<h2>.*?<a href="([^"]*)">([^<]*)</a>')


@pytest.fixture(scope="module", autouse=True)
def furnished(face: Face) -> None:
    """Fill the module's installation: one entry for each number, and more of one."""
    steward = face.steward
    for alias, days in (("ended", -1), ("soon", 3), ("sooner", 2), ("fine", 300)):
        steward_.add(steward, alias, issue(alias, not_after=START + timedelta(days=days)))
    steward_.ask(steward, "fine")
    backups.create_backup(steward, TENANT, "first")
    providers.supply(steward, providers.leaf("one", not_after=START + timedelta(days=90)))


def test_keystore_tile_counts_and_leads_to_what_it_counts(face: Face) -> None:
    """Each number is a link, and the list behind it has as many entries."""
    text = face.get(KEYSTORE).text
    ending = f"{ENTRIES}?show=ending&amp;sort=valid-until"
    assert [
        ("", ENTRIES, "4", "entries"),
        ("ended", ending, "1", "has ended"),
        ("soon", ending, "2", "end soon"),
        ("", f"{ENTRIES}?show=waiting", "1", "waits for a response"),
        ("", f"{KEYSTORE}/new", "1", "new SAP key"),
        ("", f"{KEYSTORE}/backup", "1", "backup"),
    ] == _FIGURE.findall(text)
    listed = face.get(ending.replace("&amp;", "&"), part="list").text
    assert "Entries (3)" in listed
    assert "Entries (1)" in face.get(f"{ENTRIES}?show=waiting", part="list").text


@pytest.mark.parametrize(
    ("role", "more"),
    [
        (Role.ADMINISTRATOR, {"Audit Log", "Users"}),
        (Role.OPERATOR, set()),
        (Role.VIEWER, set()),
        (Role.PROVIDER, set()),
    ],
)
def test_tiles_are_those_that_the_role_may_open(role: Role, more: set[str], face: Face) -> None:
    """Nobody is led to a refusal."""
    tiles = {title for _, title in _TILE.findall(face.get(KEYSTORE, role.value).text)}
    assert {"Keystore", "Connectivity Tests", "Backups"} | more == tiles


def test_start_leads_to_the_own_keystore(face: Face) -> None:
    """Who may not see the first one is led to one that they may see."""
    assert KEYSTORE == face.get("/").headers["location"]
    assert "/keystores/production" == face.get("/", "restricted").headers["location"]


def test_empty_keystore_has_zeros_without_colour(face: Face) -> None:
    """Nothing is wrong where there is nothing."""
    text = face.get("/keystores/production").text
    assert ["0", "0", "0", "0", "0"] == [figure[2] for figure in _FIGURE.findall(text)]
    assert {""} == {figure[0] for figure in _FIGURE.findall(text)}


@pytest.mark.parametrize(
    "section", ["", "/entries", "/backup", "/new", "/history", "/connectivity", "/audit"]
)
def test_choice_of_keystores_stays_in_the_section(section: str, face: Face) -> None:
    """Whoever chooses another keystore sees of it what they were looking at."""
    text = face.get(f"{KEYSTORE}{section}?text=a").text
    assert f'<ui5-option value="/keystores/production{section}">' in text
    assert f'<ui5-option value="{KEYSTORE}{section}" selected>' in text
