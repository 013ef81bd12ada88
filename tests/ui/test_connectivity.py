import re
from base64 import b64encode
from html import unescape

import pytest

from keysteward.entries import Action, View
from keysteward.rights import Role
from tests import providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import START
from tests.ui.faces import KEYSTORE, Face

TESTS = f"{KEYSTORE}/connectivity"
HOSTILE = "<img src=x>&'\""


@pytest.fixture(scope="module", autouse=True)
def furnished(face: Face) -> None:
    """Fill the module's installation with key pairs of the tenant and of the provider."""
    for alias in ("shop", "other", HOSTILE):
        steward_.add(face.steward, alias, issue("CN=of tests"))
    steward_.add_anchor(face.steward, "anchor of shop", issue("CN=anchor", ca=True))
    waiting = providers.leaf("one", not_after=START.replace(year=2030))
    providers.supply(face.steward, waiting)


def _suggested(face: Face, query: str) -> list[tuple[str, bool]]:
    text = face.get(f"{TESTS}?{query}", part="suggestions").text
    found = re.findall(r'<ui5-suggestion-item text="([^"]*)"([^>]*)>', text)
    return [(unescape(alias), "additional-text" in more) for alias, more in found]


def test_page_takes_the_alias_of_its_address(face: Face) -> None:
    """Test Connection leads here with the alias filled in, and the tick set."""
    text = face.get(f"{TESTS}?alias=shop").text
    assert 'name="alias" value="shop"' in text
    assert re.search(r'name="client" [^>]*checked', text)
    assert not re.search(r'name="client" [^>]*checked', face.get(TESTS).text)
    assert "<img" not in face.get(f"{TESTS}?alias=%3Cimg%20src=x%3E").text


def test_key_pairs_are_suggested_by_what_was_typed(face: Face) -> None:
    """Key pairs alone; the provider's new ones if they are to be included."""
    assert [("shop", False)] == _suggested(face, "text=SHO")
    assert [(HOSTILE, False)] == _suggested(face, "text=%3Cimg")
    assert [] == _suggested(face, "text=platform")
    assert [(providers.ALIAS, True)] == _suggested(face, "text=platform&new=yes")
    assert 4 == len(_suggested(face, "text=&new=yes"))


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("https://user:secret@partner.example:8443/path?q", "443", ("partner.example", "8443")),
        ("ldaps://partner.example", "443", ("partner.example", "636")),
        ("partner.example", "8444", ("partner.example", "8444")),
    ],
)
def test_url_is_cut_to_its_host(
    face: Face, host: str, port: str, expected: tuple[str, str]
) -> None:
    """Host and port stay, with a note if something was left out; no password comes back."""
    answer = face.post(f"{TESTS}/address", {"host": host, "port": port})
    assert [expected] == re.findall(r'data-host="([^"]*)" data-port="([^"]*)"', answer.text)
    assert ("://" in host) == ("The rest was left out." in answer.text)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"host": "", "port": "443"}, "host"),
        ({"host": "ftp://partner.example", "port": "443"}, "host"),
        ({"host": "partner.example", "port": "70000"}, "port"),
        ({"host": "partner.example", "port": "443", "client": "yes"}, "alias"),
        ({"host": "partner.example", "port": "443", "client": "yes", "alias": "x"}, "alias"),
        ({"host": "127.0.0.1", "port": "443"}, "host"),
    ],
)
def test_refusal_stands_beside_its_field(face: Face, fields: dict[str, str], field: str) -> None:
    """What cannot be tried is said where it was typed."""
    answer = face.post(TESTS, fields)
    assert answer.status_code >= 400
    assert f'data-field="{field}"' in answer.text


def test_new_key_is_tried_if_it_is_to_be_included(face: Face) -> None:
    """The audit log says which of the two it was."""
    fields = {"host": "127.0.0.1", "port": "443", "client": "yes", "alias": providers.ALIAS}
    face.post(TESTS, {**fields, "include_new": "yes"})
    *_, row = face.steward.store.audit_log.read(face.steward.keystore_id, last=1)
    assert (Action.CONNECTION_TEST, View.NEW) == (row.action, row.detail["view"])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PROVIDER])
def test_who_may_only_look_sees_why_nothing_can_be_sent(face: Face, role: Role) -> None:
    """The page opens, Send is grey with its reason, and sending is refused."""
    text = face.get(TESTS, role.value).text
    assert re.search(r'type="Submit"[^>]* disabled', text)
    assert "Your roles do not permit this." in text
    answer = face.post(TESTS, {"host": "partner.example", "port": "443"}, role.value)
    assert 403 == answer.status_code


def test_certificate_of_a_server_is_added_once_its_fingerprint_is_confirmed(face: Face) -> None:
    """The right fingerprint has to be ticked; then the keystore trusts it under the alias."""
    root = issue("CN=Server Root", ca=True)
    fields = {"certificate": b64encode(root.der).decode(), "alias": "server root"}
    unread = face.post(f"{TESTS}/add", fields)
    assert 'data-field="trust_root"' in unread.text
    other = face.post(f"{TESTS}/add", {**fields, "trust_root": "0" * 64})
    assert 'data-field="trust_root"' in other.text
    certificate = steward_.read(root)[0]
    taken = {**fields, "alias": "shop", "trust_root": certificate.fingerprint}
    assert 'data-field="alias"' in face.post(f"{TESTS}/add", taken).text
    done = face.post(f"{TESTS}/add", {**fields, "trust_root": certificate.fingerprint})
    assert 200 == done.status_code, done.text
    entry = face.steward.store.get_entry(face.steward.keystore_id, "server root")
    assert (True, certificate) == (entry.trusted, entry.version.certificate)
    refused = face.post(f"{TESTS}/add", {"certificate": "?", "alias": "x", "trust_root": "0"})
    assert 'data-field="certificate"' in refused.text
    file = face.post(f"{TESTS}/download", fields, Role.VIEWER.value)
    assert (root.pem, 200) == (file.content, file.status_code)


def test_who_sends_too_often_has_to_wait(face: Face) -> None:
    """Tests of the page and of REST are counted together, for each account."""
    fields = {"host": "127.0.0.1", "port": "443"}
    refused = [face.post(TESTS, fields, Role.OPERATOR.value) for _ in range(40)]
    assert {"destination-not-allowed", "too-many-requests"} == {_slug(r.text) for r in refused}
    assert 429 == refused[-1].status_code
    assert 429 != face.post(TESTS, fields).status_code


def _slug(text: str) -> str:
    found = re.search(r'data-slug="([^"]+)"', text)
    return found[1] if found else ""
