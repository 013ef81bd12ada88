"""Whole keystores through the face: contract section 9."""

import base64
from typing import Any

import pytest

from keysteward.formats.keystores import jceks
from keysteward.formats.keystores.contract import Opening
from keysteward.keystore.steward import Steward
from tests import keystore_files, pki_maker, providers
from tests import steward as steward_
from tests.keystore_files import KeyEntry
from tests.odata import face
from tests.odata.face import Client
from tests.pki_maker import issue

SYSTEM = "KeystoreResources('system')"
IMPORT = "KeystoreResources"
PASSWORD = "changeit"
ROOT = issue("Root", ca=True)
OTHER = issue("Other", ca=True)


def _statuses(entities: list[dict[str, Any]]) -> dict[str, str]:
    return {one["Alias"]: one["Status"] for one in entities}


def _import(
    client: Client, file: bytes, options: str = "", password: str = PASSWORD, name: str = "system"
) -> Any:  # noqa: ANN401 - the answer
    body = {"Name": name, "Resource": base64.b64encode(file).decode(), "Password": password}
    return client.post(f"{IMPORT}{options}", body)


def test_export_is_a_jceks_truststore_of_public_content(client: Client, steward: Steward) -> None:
    """Magic CE CE CE CE; issuers of a chain have the alias with a number; it is recorded."""
    leaf, ca, root = pki_maker.make_chain()
    steward_.add(steward, "pair", leaf, ca, root)
    steward_.add_anchor(steward, "pair_1", OTHER)
    found = client.get(SYSTEM).json()["d"]
    assert ("system", None, None) == (found["Name"], found["Password"], found["Aliases"])
    assert found["Resource"].startswith("zs7Ozg")
    file = jceks.read(base64.b64decode(found["Resource"]), Opening(None, None, 1))
    assert {
        "pair": leaf.der,
        "pair_1": OTHER.der,
        "pair__1": ca.der,
        "pair_2": root.der,
    } == {one.name: one.der for one in file.certificates}
    raw = client.get(f"{SYSTEM}/Resource/$value").content
    assert raw[:4] == b"\xce\xce\xce\xce"
    last = next(steward.store.audit_log.read(steward.keystore_id, last=1))
    assert "read-keystore" == last.action


def test_backup_and_restore(client: Client, steward: Steward) -> None:
    """The backup of SAP's name is replaced by each new one; a restore says what it did."""
    missing = client.put(f"{SYSTEM}?retrieveBackup=backup_admin_system", json={"Resource": None})
    assert missing.status_code == 404
    steward_.add_anchor(steward, "first", ROOT)
    done = client.post(IMPORT, {"Name": "backup_admin_system"})
    assert {"first": "unchanged"} == _statuses(face.results(done))
    steward_.add_anchor(steward, "second", OTHER)
    again = client.post(f"{IMPORT}?returnKeystoreEntries=false", {"Name": "backup_admin_system"})
    assert again.status_code == 204
    assert 1 == len(steward.store.list_backups(steward.keystore_id))
    backup = client.get("KeystoreResources('backup_admin_system')").json()["d"]
    assert backup["Resource"].startswith("zs7Ozg")
    assert client.delete(face.entry("first")).status_code == 204
    steward_.add_anchor(steward, "third", issue("Third", ca=True))
    restore = f"{SYSTEM}?retrieveBackup=backup_admin_system&importOption="
    answer = client.put(f"{restore}overwrite", json={"Resource": None})
    assert {"first": "new", "second": "unchanged", "third": "unchanged"} == _statuses(
        face.results(answer)
    )
    replaced = client.put(f"{restore}replace", json={"Resource": None})
    assert "removed" == _statuses(face.results(replaced))["third"]
    quiet = client.put(f"{restore}replace&returnKeystoreEntries=false", json={"Resource": None})
    assert quiet.status_code == 204
    assert client.put(f"{restore}merge", json={"Resource": None}).status_code == 400


def test_mass_delete_reads_escaped_aliases(client: Client, steward: Steward) -> None:
    """A semicolon and a backslash of an alias come with a backslash; unknown ones are no error."""
    for number, alias in enumerate(("old;one", "back\\slash", "kept")):
        steward_.add_anchor(steward, alias, issue(f"root{number}", ca=True))
    delete = f"{SYSTEM}?deleteEntries=true"
    answer = client.put(delete, json={"Aliases": "old\\;one;back\\\\slash;nobody"})
    assert {"kept": "unchanged"} == _statuses(face.results(answer))
    none = client.put(f"{delete}&returnKeystoreEntries=false", json={"Aliases": "nobody"})
    assert none.status_code == 204
    for aliases, status in (("kept;sap_x", 403), ("", 400), (";", 400), ("a\\b", 400), (None, 400)):
        assert status == client.put(delete, json={"Aliases": aliases}).status_code
    assert client.entry("kept")["Alias"] == "kept"


def test_mass_delete_is_all_or_nothing(client: Client, steward: Steward) -> None:
    """An entry of the provider in the list is 403, and the others stay."""
    steward_.add_anchor(steward, "mine", ROOT)
    providers.supply(steward, providers.leaf("one", not_after=pki_maker.NOT_AFTER))
    answer = client.put(f"{SYSTEM}?deleteEntries=true", json={"Aliases": "mine;SAP_client"})
    assert answer.status_code == 403
    assert client.entry("mine")["Alias"] == "mine"


def test_what_a_put_shall_do_has_to_be_said(client: Client) -> None:
    """Neither option, or both, is 400; so is another keystore or backup."""
    body = {"Resource": None}
    both = "?deleteEntries=true&retrieveBackup=backup_admin_system"
    for address, text in (
        (SYSTEM, None),
        (SYSTEM + both, None),
        ("KeystoreResources('other')?deleteEntries=true", "Keystore name 'other' is invalid."),
        (f"{SYSTEM}?retrieveBackup=other", "Keystore name 'other' is invalid."),
    ):
        found = face.error(client.put(address, json=body))
        assert found[0] == 400
        assert text in (None, found[2])


@pytest.fixture(scope="module")
def pairs() -> list[KeyEntry]:
    """Two RSA keys with chains of three, for tests alone."""
    return keystore_files.key_entries(keystore_files.distinct_rsa_keys(2))


def test_import_tells_the_fate_of_each_entry(
    client: Client, steward: Steward, pairs: list[KeyEntry]
) -> None:
    """new, unchanged, changed, removed, and SAP's words for what stays outside."""
    file = keystore_files.write_jks(pairs, PASSWORD, [("root", ROOT.der), ("sap_x", OTHER.der)])
    first = _statuses(face.results(_import(client, file)))
    names = [pair.alias for pair in pairs]
    assert dict.fromkeys((*names, "root"), "new") == {
        alias: status for alias, status in first.items() if alias != "sap_x"
    }
    reserved = (
        "notImported: The alias is not allowed. Aliases starting with 'sap_' are reserved for SAP."
    )
    assert reserved == first["sap_x"]
    steward_.add_anchor(steward, "mine", issue("Mine", ca=True))
    again = _statuses(face.results(_import(client, file)))
    assert dict.fromkeys((*names, "root", "mine"), "unchanged") == {
        alias: status for alias, status in again.items() if alias != "sap_x"
    }
    other = keystore_files.write_jks([], PASSWORD, [("root", OTHER.der), (names[0], ROOT.der)])
    changed = _statuses(face.results(_import(client, other)))
    in_the_way = "notImported :Key Pair entry cannot be overwritten by a certificate entry."
    assert ("changed", in_the_way) == (changed["root"], changed[names[0]])
    merged = _statuses(face.results(_import(client, file, "?importOption=merge")))
    assert "notImported: An entry with the same alias already exists" == merged["root"]
    replaced = _statuses(face.results(_import(client, other, "?importOption=replace")))
    assert ("removed", "removed") == (replaced["mine"], replaced[names[1]])


def test_import_refuses_as_documented(client: Client, pairs: list[KeyEntry]) -> None:
    """400 for name, password, option, and one entry that cannot come if nothing is told; 415."""
    file = keystore_files.write_jks(pairs, PASSWORD, [("root", ROOT.der)])
    text = (
        "The value 'KeyRenewal' is not supported for the property 'Name'. Possible name values "
        "are 'system' and 'backup_admin_system'."
    )
    assert (400, "Bad Request", text) == face.error(_import(client, file, name="KeyRenewal"))
    assert 400 == _import(client, file, password="wrong").status_code
    assert 400 == _import(client, file, "?importOption=all").status_code
    assert 415 == _import(client, b"nothing").status_code
    assert 413 == _import(client, b"\xfe\xed\xfe\xed" + bytes(2_097_152)).status_code
    reserved = keystore_files.write_jks([], PASSWORD, [("root", ROOT.der), ("sap_x", OTHER.der)])
    quiet = "?returnKeystoreEntries=false"
    assert 400 == _import(client, reserved, quiet).status_code
    assert [] == face.results(client.get("KeystoreEntries"))
    assert 204 == _import(client, file, quiet).status_code
    backup = {"Name": "backup_admin_system"}
    assert 400 == client.post(f"{IMPORT}?importOption=merge", backup).status_code
