import html
import re
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from keysteward.entries import View
from keysteward.keystore import activations, key_pairs, lifecycle
from keysteward.rights import Role
from tests import many_entries, providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START, TENANT
from tests.ui.faces import ENTRIES, Face

ROOT = issue("CN=Root of Lists,O=Lists", ca=True)
CA = issue("CN=CA of Lists,O=Lists", issuer=ROOT, ca=True)
LONE_CA = issue("CN=Lone CA", issuer=issue("CN=Nobody has this", ca=True), ca=True)
HOSTILE = '"><script>alert(1)</script>&amp;/?# אב'
HOSTILE_NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "\u202e<img src=x onerror=alert(2)>"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'it\'s "quoted"'),
    ]
)
MANY = 120

_ROW = re.compile(r'<tr role="row">(.*?)</tr>', re.DOTALL)
_ALIAS = re.compile(r'name="alias" value="([^"]*)"')
_NEXT = re.compile(r'href="([^"]*)" data-list-link="next"')
_COUNT = re.compile(r"<h2 data-list-count>Entries \((.*?)\)</h2>")
_TEMPLATE = re.compile(r'<template id="(menu-\d+)">(.*?)</template>', re.DOTALL)
_ITEM = re.compile(r'<ui5-menu-item text="([^"]*)" data-path="([^"]*)"([^>]*)>')


@pytest.fixture(scope="module", autouse=True)
def furnished(face: Face) -> None:
    """Fill the module's installation with one entry of each kind, and many certificates."""
    steward = face.steward
    many_entries.fill(steward, MANY)
    chain = (CA, ROOT)
    steward_.add_anchor(steward, "zz root", ROOT)
    for alias, days in (("ended", -3), ("soon", 12), ("today", 0), ("fine", 300)):
        not_after = START + timedelta(days=days, hours=2)
        steward_.add(steward, alias, issue(alias, issuer=CA, not_after=not_after), *chain)
    steward_.add(steward, "id_rsa", issue("ssh"))
    steward_.add(steward, "rootless", issue("rootless", issuer=LONE_CA), LONE_CA)
    steward_.add(steward, "rooted", issue("rooted", issuer=CA), CA)
    steward_.ask(steward, "fine")
    key_pairs.renew_key_pair(steward, TENANT, "soon")
    steward_.add_anchor(steward, HOSTILE, issue(HOSTILE_NAME, ca=True), trusted=False)
    providers.supply(steward, providers.leaf("one", not_after=START + timedelta(days=90)))
    activations.activate(steward, TENANT, providers.ALIAS)


def _list(face: Face, query: str = "", who: str = "administrator") -> str:
    answer = face.get(ENTRIES + query, who, part="list")
    assert 200 == answer.status_code, answer.text
    return answer.text


def _aliases(text: str) -> list[str]:
    return [html.unescape(alias) for alias in _ALIAS.findall(text)]


def _row(text: str, alias: str) -> str:
    """Return the row of an alias, white space drawn together."""
    marked = html.escape(alias)
    (row,) = (row for row in _ROW.findall(text) if f'value="{marked}"' in _quoted(row))
    return re.sub(r"\s+", " ", row)


def _quoted(text: str) -> str:
    """Return HTML with quotation marks escaped as Python's library does."""
    return text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def _menu(text: str, alias: str) -> dict[str, str]:
    """Return the reasons of the actions of an alias by their labels; empty if available."""
    (name,) = re.findall(r'data-row-menu="([^"]*)"', _row(text, alias))
    items = _ITEM.findall(dict(_TEMPLATE.findall(text))[name])
    reasons = {}
    for label, _, rest in items:
        found = re.search(r'disabled additional-text="([^"]*)"', rest)
        reasons[label] = html.unescape(found[1]) if found else ""
    return reasons


@pytest.mark.parametrize(
    ("query", "aliases"),
    [
        ("?text=ENDED", ["ended"]),
        ("?text=firm+19&sort=-alias", [many_entries.alias(n) for n in range(119, 0, -20)]),
        ("?text=ca+of+lists&show=ending", ["ended", "soon", "today"]),
        ("?text=partner-0001", [many_entries.alias(n) for n in range(10, 20)]),
        ("?text=%22%3E%3Cscript", [HOSTILE]),
        ("?text=onerror%3Dalert", [HOSTILE]),
        ("?text=nobody+is+called+so", []),
        ("?show=waiting", ["fine"]),
        ("?show=pending", ["soon"]),
        ("?show=provider", ["sap_client"]),
        ("?show=ending&sort=valid-until", ["ended", "today", "soon"]),
        ("?show=deleted", []),
        (
            "?show=key-pairs",
            ["ended", "fine", "id_rsa", "rooted", "rootless", "sap_client", "soon", "today"],
        ),
    ],
)
def test_list_shows_what_its_address_asks_for(query: str, aliases: list[str], face: Face) -> None:
    """Text and choice are combined, in the order that is asked for, and counted."""
    found = _list(face, query)
    assert aliases == _aliases(found)
    assert [str(len(aliases))] == _COUNT.findall(found)


@pytest.mark.parametrize("sort", ["alias", "type", "valid-until", "modified", "subject", "issuer"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_entry_is_on_one_page_in_every_order(sort: str, sign: str, face: Face) -> None:
    """Following the way to the next page shows all, none twice, and both directions mirror."""
    address, found = f"?sort={sign}{sort}", []
    pages = 0
    while address:
        text = _list(face, address)
        found += _aliases(text)
        following = _NEXT.findall(text)
        address = html.unescape(following[0]).partition("entries")[2] if following else ""
        pages += 1
    listed = face.steward.store.catalogue.list(face.steward.keystore_id, View.CURRENT, limit=1000)
    everything = {entry.alias for entry in listed}
    assert 3 == pages
    assert len(everything) == len(found)
    assert everything == set(found)
    if sort == "alias":
        assert sorted(everything, reverse=sign == "-") == found


def test_header_tells_the_order_and_turns_it_round(face: Face) -> None:
    """One column is sorted; pressing it again asks for the other direction."""
    text = _list(face, "?sort=issuer&text=list")
    assert 1 == text.count("aria-sort")
    (header,) = re.findall(r'<th[^>]*class="c-issuer"[^>]*>.*?</th>', text, re.DOTALL)
    assert 'aria-sort="ascending"' in header
    assert "?text=list&amp;sort=-issuer" in header
    assert 'aria-sort="descending"' in _list(face, "?sort=-issuer")


def test_what_an_address_says_wrongly_is_as_if_it_were_not_there(face: Face) -> None:
    """A link with a strange order or choice still leads to the list."""
    assert _list(face, "?sort=nothing&show=everything") == _list(face)
    assert _list(face, "?sort=-nothing") == _list(face)


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "é",
        "bnVsbA==",
        "WyJhIiwgImIiXQ==",
        "WzEsICJhIiwgMV0=",
        "WyJhIiwgImIiLCAxZTQwXQ==",
    ],
)
def test_cursor_that_no_list_wrote_is_refused(cursor: str, face: Face) -> None:
    """It is a bad request, whatever is in it."""
    answer = face.get(f"{ENTRIES}?after={cursor}", part="list")
    assert 400 == answer.status_code


def test_names_full_of_markup_are_text(face: Face) -> None:
    """Neither alias nor subject can be anything but text, each in its own direction."""
    text = face.get(f"{ENTRIES}?text=script").text
    assert "<script>alert" not in text
    assert "<img" not in text
    row = _row(text, HOSTILE)
    shown = "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;/?# אב"
    assert f"<bdi>{shown}</bdi></a>" in row
    assert f'href="{ENTRIES}/%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26amp%3B%2F%3F%23' in row
    assert "\u202e" not in row
    assert "CN=\\E2\\80\\AE\\&lt;img src=x onerror=alert(2)\\&gt;</bdi>" in row
    assert f'value="{shown}"' in row


@pytest.mark.parametrize(
    ("alias", "level", "words", "days"),
    [
        ("ended", "ended", "Ended 2 days ago", "-2"),
        ("today", "soon", "Ends within a day", "0"),
        ("soon", "soon", "Ends in 12 days", "12"),
        ("fine", "", "", "300"),
    ],
)
def test_end_of_a_certificate_is_said_in_words(
    alias: str, level: str, words: str, days: str, face: Face
) -> None:
    """Colour is never all that tells it."""
    row = _row(_list(face, f"?text={alias}"), alias)
    assert f'data-label="Days Left"><span class="{level}">{days}</span>' in row
    assert (f'<span class="said">{words}</span>' in row) is bool(words)


def test_columns_say_chain_usage_state_and_owner(face: Face) -> None:
    """Each in its words, the lock with a name of its own."""
    key_pairs_ = _list(face, "?show=key-pairs")
    assert "Waiting for response since" in _row(key_pairs_, "fine")
    assert "Pending key" in _row(key_pairs_, "soon")
    assert ">Complete<" in _row(key_pairs_, "fine")
    assert ">Root missing<" in _row(key_pairs_, "rootless")
    assert ">Self-signed<" in _row(key_pairs_, "id_rsa")
    assert ">TLS client<" in _row(key_pairs_, "fine")
    lock = 'name="locked" mode="Image" show-tooltip accessible-name="Owned by SAP"'
    assert lock in _row(key_pairs_, "sap_client")
    assert 1 == key_pairs_.count('name="locked"')
    anchor = _row(_list(face, "?text=zz+root"), "zz root")
    assert "Trust anchor" in anchor
    assert ">Certificate<" in anchor


def test_menu_of_a_row_greys_what_the_entry_cannot_do(face: Face) -> None:
    """With the reason; a root is looked for in the keystore where the chain has none."""
    text = _list(face, "?show=key-pairs")
    assert {""} == set(_menu(text, "fine").values())
    root = "Download Root Certificate"
    assert "" == _menu(text, "rooted")[root]
    assert (
        "The root certificate is neither in the chain nor in the keystore."
        == _menu(text, "rootless")[root]
    )
    assert "which no certification authority" in _menu(text, "id_rsa")["Download Signing Request"]
    assert "waits for its signing response" in _menu(text, "soon")["Renew With New Key Pair"]
    assert "SAP owns this entry" in _menu(text, "sap_client")["Update Signing Response"]
    assert "" == _menu(text, "sap_client")["Download Certificate Chain"]


def test_page_of_rows_has_few_menus(face: Face) -> None:
    """Fifty rows that offer the same have one."""
    text = _list(face, "?show=certificates")
    assert 50 == len(_aliases(text))
    assert 1 == len(_TEMPLATE.findall(text))


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.ADMINISTRATOR, {"create", "add", "download", "delete", "back-up"}),
        (Role.OPERATOR, {"create", "add", "download", "delete", "back-up"}),
        (Role.VIEWER, set()),
        (Role.PROVIDER, set()),
    ],
)
def test_toolbar_offers_what_the_role_may_do(role: Role, offered: set[str], face: Face) -> None:
    """Nothing is offered that would be refused."""
    text = face.get(ENTRIES, role.value).text
    marks = {
        "create": 'data-menu="create-menu"',
        "add": 'data-menu="add-menu"',
        "download": 'data-menu="download-menu"',
        "delete": "/selected/delete",
        "back-up": "/create-backup",
    }
    assert offered == {name for name, mark in marks.items() if mark in text}
    assert "/selected/signing-requests" in text


def test_who_may_only_look_is_told_why_in_the_menu(face: Face) -> None:
    """Downloads stay."""
    menu = _menu(_list(face, "?show=key-pairs", Role.VIEWER.value), "fine")
    assert "Your roles do not permit this." == menu["Delete"]
    assert "" == menu["Download Certificate"] == menu["Download Signing Request"]


def test_deleted_entries_can_come_back_or_say_why_not(face: Face) -> None:
    """Where the alias is taken, or a later one was deleted, the button is grey with the reason."""
    steward = face.steward
    for alias in ("del once", "del twice", "del twice", "del taken"):
        steward_.add_anchor(steward, alias, ROOT, trusted=False)
        lifecycle.delete_entry(steward, TENANT, alias)
        face.clock.advance(seconds=1)
    steward_.add_anchor(steward, "del taken", ROOT, trusted=False)
    text = _list(face, "?show=deleted")
    rows = [re.sub(r"\s+", " ", row) for row in _ROW.findall(text)[1:]]
    assert 4 == len(rows)
    assert [] == _aliases(text)
    said = {
        (re.findall(r'accessible-name="Restore ([^"]*)"', row)[0], " disabled>" in row): row
        for row in rows
    }
    expected = {("del once", False), ("del twice", False), ("del twice", True), ("del taken", True)}
    assert expected == set(said)
    assert "An entry with this alias was deleted later." in said["del twice", True]
    assert "Another entry has the alias now." in said["del taken", True]
    assert "?deleted=yes" in said["del once", False]
    for who in (Role.VIEWER, Role.PROVIDER):
        assert 4 == _list(face, "?show=deleted", who.value).count("Your roles do not permit this.")
    answer = face.post(f"{ENTRIES}/del%20once/restore")
    assert 200 == answer.status_code
    assert "del once" in _aliases(_list(face, "?text=del+once"))


def test_list_is_german_for_germans(face: Face) -> None:
    """Texts, words and numbers are in the language of the browser."""
    headers = {"Accept-Language": "de"}
    text = face.get(f"{ENTRIES}?text=ended", **headers).text
    assert "<h2 data-list-count>Einträge (1)</h2>" in text
    assert "Seit 2 Tagen abgelaufen" in text
    assert "Signierantwort aktualisieren" in text
