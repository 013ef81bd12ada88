import io
import re
import zipfile

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from keysteward.entries import Action
from keysteward.keystore import activations, backups, key_pairs, lifecycle
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.rights import Role
from tests import peers, providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import EVERYTHING, START, TENANT
from tests.ui.faces import KEYSTORE, Face

DELETE = f"{KEYSTORE}/selected/delete"
REQUESTS = f"{KEYSTORE}/selected/signing-requests"
HOSTILE = "<b>'&\"</b>"


@pytest.fixture(scope="module", autouse=True)
def furnished(face: Face) -> None:
    """Fill the module's installation with what can be asked for, and what cannot."""
    steward = face.steward
    for alias in ("one", "two", "One", "a/b", "a:b", HOSTILE):
        steward_.add(steward, alias, issue("CN=of lists"))
    steward_.add(steward, "id_rsa", issue("ssh"))
    bare = KeyUpload(issue("bare").key_pem())
    key_pairs.add_key_pair(steward, TENANT, "nameless", bare, consent=EVERYTHING)
    steward_.add_anchor(steward, "anchor", issue("CN=anchor", ca=True))
    backups.create_backup(steward, TENANT, "first")
    providers.supply(steward, providers.leaf("one", not_after=START.replace(year=2030)))
    activations.activate(steward, TENANT, providers.ALIAS)


def _zip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _living(face: Face, *aliases: str) -> set[str]:
    return set(face.steward.store.find_taken(face.steward.keystore_id, aliases))


def test_signing_requests_of_several_come_in_one_zip(face: Face) -> None:
    """Each is one that openssl reads, for its own key; files never take each other's place."""
    marked = ["one", "One", "a/b", "a:b", "id_rsa", "anchor", "nameless", "sap_client", "gone"]
    answer = face.post(f"{REQUESTS}/zip", {"alias": marked})
    assert 200 == answer.status_code, answer.text
    assert 'filename="signing-requests.zip"' in answer.headers["content-disposition"]
    files = _zip(answer.content)
    left_out = files.pop("LEFT-OUT.txt").decode()
    assert {"one.csr", "One (2).csr", "a_b.csr", "a_b (2).csr"} == set(files)
    for name, alias in (("one.csr", "one"), ("One (2).csr", "One")):
        public = peers.run("openssl", "req", "-verify", "-noout", "-pubkey", data=files[name])
        entry = face.steward.store.get_entry(face.steward.keystore_id, alias)
        key = entry.version.certificate.loaded.public_key()
        assert key == load_pem_public_key(public)
        assert entry.waiting_since is not None
    assert [
        "id_rsa: This is an SSH key, which no certification authority certifies.",
        "anchor: This is a certificate without a private key.",
        "nameless: Its key has no subject yet. Write its request alone, and say one.",
        "sap_client: SAP owns this entry and maintains it.",
    ] == left_out.splitlines()


def test_window_says_what_would_be_left_out_before_anything_is_written(face: Face) -> None:
    """And what is marked is harmless text there."""
    before = len(steward_.audited(face.steward))
    answer = face.post(REQUESTS, {"alias": ["two", HOSTILE, "anchor"]}, part="dialog")
    assert 200 == answer.status_code
    assert "2 signing requests are written, as one zip file." in answer.text
    assert "<b>" not in answer.text
    taken = re.findall(r'name="alias" value="([^"]*)"', answer.text)
    assert ["two", "&lt;b&gt;&#39;&amp;&#34;&lt;/b&gt;"] == taken
    left_out = answer.text.partition("Left Out")[2]
    assert "<bdi>anchor</bdi>" in left_out
    assert "This is a certificate without a private key." in left_out
    assert before == len(steward_.audited(face.steward))


def test_nothing_that_can_be_asked_for_leaves_nothing_to_press(face: Face) -> None:
    """The window says so, and its button is grey."""
    answer = face.post(REQUESTS, {"alias": ["anchor"]}, part="dialog")
    assert "No signing request can be written for what is marked." in answer.text
    assert re.search(r'type="Submit"[^>]* disabled', answer.text)


def test_who_may_only_look_gets_requests_and_deletes_nothing(face: Face) -> None:
    """As with one entry alone."""
    answer = face.post(f"{REQUESTS}/zip", {"alias": ["two"]}, Role.VIEWER.value)
    assert {"two.csr"} == set(_zip(answer.content))
    refused = face.post(DELETE, {"alias": ["two"], "confirmed": "yes"}, Role.VIEWER.value)
    assert 403 == refused.status_code
    assert {"two"} == _living(face, "two")


@pytest.mark.parametrize("address", [DELETE, REQUESTS, f"{REQUESTS}/zip"])
def test_nothing_marked_is_refused(address: str, face: Face) -> None:
    """A form without an alias does nothing."""
    answer = face.post(address)
    assert 422 == answer.status_code
    assert "Mark at least one entry." in answer.text


def test_delete_names_what_depends_on_what_is_marked(face: Face) -> None:
    """Anchors, backups and awaited responses are told before; nothing is deleted yet."""
    steward_.add(face.steward, "asked", issue("asked"))
    steward_.ask(face.steward, "asked")
    answer = face.post(DELETE, {"alias": ["anchor", "asked", "sap_client"]}, part="dialog")
    assert "These 2 entries are deleted." in answer.text
    assert "This is a trust anchor" in answer.text
    assert "It stays in the backups first." in answer.text
    assert 1 == answer.text.count("A signing response is awaited.")
    left_out = answer.text.partition("Left Out")[2]
    assert "SAP owns this entry and maintains it." in left_out
    everything = {"anchor", "asked", "sap_client"}
    assert everything == _living(face, *everything)


def test_delete_takes_all_that_is_confirmed_and_they_can_come_back(face: Face) -> None:
    """Who did it stands in the audit log."""
    for alias in ("x1", "x2"):
        steward_.add(face.steward, alias, issue(alias))
    answer = face.post(DELETE, {"alias": ["x1", "x2", "x1", "gone"], "confirmed": "yes"})
    told = {"address": f"{KEYSTORE}/entries", "message": "2 entries are deleted."}
    assert told == answer.json()
    assert set() == _living(face, "x1", "x2")
    rows = [row for row in steward_.audited(face.steward) if row[2] in ("x1", "x2")]
    assert {(Action.DELETE, "done", "x1"), (Action.DELETE, "done", "x2")} <= set(rows)
    lifecycle.undelete_entry(face.steward, TENANT, "x1")
    assert {"x1"} == _living(face, "x1", "x2")


def test_delete_of_what_is_the_providers_deletes_nothing(face: Face) -> None:
    """A form that was not made by the window does not get by the rule."""
    answer = face.post(DELETE, {"alias": ["one", "sap_client"], "confirmed": "yes"})
    assert answer.status_code in (403, 409)
    assert {"one", "sap_client"} == _living(face, "one", "sap_client")
