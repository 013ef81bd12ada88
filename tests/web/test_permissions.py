"""Both faces: who is refused for lack of a permission leaves a row, and cannot fill the log."""

import pytest

from keysteward.storage import database
from keysteward.storage.records import AuditRow
from tests.accounts import people
from tests.odata.face import hexalias
from tests.rest.faces import PASSWORD, Face

WORD = "permission-refused"


def _rows(face: Face, *, installation: bool = False) -> list[AuditRow]:
    log = face.steward.store.audit_log.read(face.steward.keystore_id)
    found = people.rows(face.steward) if installation else log
    return [row for row in found if row.action == WORD]


def test_refusal_over_rest_is_one_row_of_the_keystore(face: Face) -> None:
    """It tells who asked for what, and however often that is tried, it is told once."""
    for alias in ("shop", "shop", "other"):
        answer = face.ask("DELETE", f"/keystores/default/entries/{alias}", "viewer")
        assert 403 == answer.status_code
    (row,) = [row for row in _rows(face) if row.actor == "viewer"]
    assert ("refused", "shop", "not-permitted") == (row.outcome, row.alias, row.detail["problem"])
    assert "DELETE" == row.detail["method"]
    assert "/rest/v1/keystores/{keystore}/entries/{alias}" == row.detail["route"]
    assert answer.json()["permission"] == row.detail["permission"]


def test_refusal_over_odata_is_one_row_of_the_keystore(face: Face) -> None:
    """The alias is told as people know it, not as the address has it."""
    address = f"/api/v1/KeystoreEntries('{hexalias('shop')}')"
    for _ in range(2):
        answer = face.client.delete(address, auth=("provider", PASSWORD))
        assert 403 == answer.status_code
    (row,) = [row for row in _rows(face) if row.detail["route"] == "/api/v1/KeystoreEntries"]
    assert ("provider", "refused", "shop") == (row.actor, row.outcome, row.alias)
    assert "DELETE" == row.detail["method"]


def test_refusal_without_a_keystore_of_the_account_is_a_row_of_the_installation(face: Face) -> None:
    """What names no keystore, or one that is not there for the account, is told beside them."""
    before = len(_rows(face))
    assert 403 == face.ask("GET", "/users", "operator").status_code
    assert 403 == face.ask("POST", "/keystores/nowhere/backups", "viewer").status_code
    routes = {row.detail["route"]: row.alias for row in _rows(face, installation=True)}
    assert {"/rest/v1/users": None, "/rest/v1/keystores/{keystore}/backups": None} == routes
    assert before == len(_rows(face))


def test_refusal_stays_one_when_its_row_cannot_be_written(
    face: Face, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A writer that holds the database longer than one waits does not turn 403 into 503."""
    before = len(_rows(face))
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    store = face.steward.store
    with store.writing(face.steward.keystore_id, "another", face.steward.clock()):
        answer = face.ask("DELETE", "/keystores/default/backups/b", "viewer")
    assert (403, "not-permitted") == (answer.status_code, answer.json()["slug"])
    assert before == len(_rows(face))
    assert "refusal not in the audit log" in "".join(capfd.readouterr())
