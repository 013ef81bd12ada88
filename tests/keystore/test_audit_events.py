"""The audit log in the words of SAP Cloud Integration."""

import json
from typing import Any

import pytest

from keysteward.entries import View
from keysteward.keystore import audit_events, backups, key_pairs, lifecycle, versions
from keysteward.keystore.intake import Mode
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage
from keysteward.problems import AliasNotFound
from keysteward.storage.records import AuditFilter
from tests import providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import EVERYTHING, TENANT

ROOT = issue("Root", ca=True)
FIRST, SECOND = (issue(name, issuer=ROOT, eku=("clientAuth",)) for name in ("first", "second"))


def _events(steward: Steward) -> list[dict[str, Any]]:
    rows = steward.store.audit_log.read(steward.keystore_id, AuditFilter())
    return [event.members for event in audit_events.read_events(steward, rows)]


def _told(steward: Steward) -> list[tuple[str, str, str]]:
    return [(e["action"], e["objectType"], e["objectId"]) for e in _events(steward)]


def test_event_has_the_documented_members(steward: Steward) -> None:
    """As SAP's page prints them: names whole, the serial number in decimal, nothing changed."""
    steward_.add(steward, "client", FIRST, ROOT)
    (event,) = _events(steward)
    (certificate,) = steward_.read(FIRST)
    attributes = {
        "Issuer CN": "CN=Root",
        "Subject CN": "CN=first",
        "Serial Number": str(certificate.serial_number),
    }
    assert {
        "action": "Create",
        "objectType": "X.509 Key-Pair",
        "objectId": "client",
        "attributes": attributes,
        "changedAttributes": {},
        "time": steward.clock(),
        "user": TENANT.name,
        "sequence": 2,
    } == event
    assert json.dumps(event["attributes"])


def test_rename_is_a_delete_and_a_create(steward: Steward) -> None:
    """One of the old alias, one of the new, both with the same certificate."""
    steward_.add_anchor(steward, "old", ROOT)
    lifecycle.rename_entry(steward, TENANT, "old", "new")
    made, gone, new = _events(steward)
    assert [("Delete", "old"), ("Create", "new")] == [
        (event["action"], event["objectId"]) for event in (gone, new)
    ]
    assert made["attributes"] == gone["attributes"] == new["attributes"]
    assert {"X.509 Certificate"} == {event["objectType"] for event in (made, gone, new)}


def test_upload_is_a_create_with_the_certificate_of_its_time(steward: Steward) -> None:
    """Each event tells what was current then, not what is now."""
    steward_.add(steward, "client", FIRST, ROOT)
    upload = KeyUpload(SECOND.key_pem(), certificates=steward_.read(SECOND, ROOT))
    key_pairs.update_key_pair(steward, TENANT, "client", upload, consent=EVERYTHING)
    versions.roll_back(steward, TENANT, "client", 1, EVERYTHING)
    assert ["CN=first", "CN=second", "CN=first"] == [
        event["attributes"]["Subject CN"] for event in _events(steward)
    ]
    assert {("Create", "X.509 Key-Pair", "client")} == set(_told(steward))


def test_deleted_and_restored_entry(steward: Steward) -> None:
    """A backup brings back what SAP calls Backup X.509 Certificate."""
    steward_.add(steward, "client", FIRST, ROOT)
    backups.create_backup(steward, TENANT, "before")
    lifecycle.delete_entry(steward, TENANT, "client")
    backups.restore(steward, TENANT, "before", None, Mode.OVERWRITE)
    assert [
        ("Create", "X.509 Key-Pair", "client"),
        ("Delete", "X.509 Key-Pair", "client"),
        ("Create", "Backup X.509 Certificate", "client"),
    ] == _told(steward)


def test_purged_entry_keeps_its_events(steward: Steward) -> None:
    """The log and the certificates that stay tell them; a purge after a delete is no second one."""
    steward_.add(steward, "client", FIRST, ROOT)
    steward_.add_anchor(steward, "root", ROOT)
    expected = _events(steward)
    lifecycle.delete_entry(steward, TENANT, "client")
    for alias in ("client", "root"):
        lifecycle.purge_entry(steward, TENANT, alias, alias)
    found = _events(steward)
    assert expected == found[:2]
    assert [
        ("Delete", "X.509 Key-Pair", "client", "CN=first"),
        ("Delete", "X.509 Certificate", "root", "CN=Root"),
    ] == [
        (e["action"], e["objectType"], e["objectId"], e["attributes"]["Subject CN"])
        for e in found[2:]
    ]


def test_ssh_key_has_its_own_type(steward: Steward) -> None:
    """SAP names SSH key pairs beside the X.509 ones."""
    steward_.add(steward, "id_rsa", issue("id_rsa"), usage=Usage.SSH)
    assert [("Create", "SSH Key-Pair", "id_rsa")] == _told(steward)


def test_what_sap_has_no_event_for_has_none(steward: Steward) -> None:
    """Refusals, requests, backups, readings, and the provider's keys before their day."""
    steward_.add(steward, "client", FIRST, ROOT)
    steward_.ask(steward, "client")
    backups.create_backup(steward, TENANT, "before")
    providers.supply(steward, SECOND, view=View.NEW)
    with pytest.raises(AliasNotFound):
        lifecycle.delete_entry(steward, TENANT, "nobody")
    assert [("Create", "X.509 Key-Pair", "client")] == _told(steward)
