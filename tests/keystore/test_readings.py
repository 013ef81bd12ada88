"""Reading many contents leaves a row: one for each question, and nothing of the answer."""

from collections.abc import Callable, Mapping

import pytest

from keysteward.keystore import backups, readings
from keysteward.keystore.downloads import KeystoreForm
from keysteward.keystore.steward import Steward
from keysteward.problems import AliasNotFound, BackupNotFound, Problem
from keysteward.storage.records import AuditFilter, AuditRow
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT

ROOT = issue("Root", ca=True)
CLIENT = issue("client", issuer=ROOT, eku=("clientAuth",))

READINGS: Mapping[str, tuple[Callable[[Steward], object], str, dict[str, object]]] = {
    "requests": (
        lambda s: readings.signing_requests(s, TENANT, s.store.get_entry(s.keystore_id, "client")),
        "read-signing-requests",
        {"requests": 1},
    ),
    "keystore": (
        lambda s: readings.keystore(s, TENANT, KeystoreForm.JCEKS),
        "read-keystore",
        {"form": "jceks"},
    ),
    "backup file": (
        lambda s: readings.backup_keystore(s, TENANT, None, KeystoreForm.P12),
        "read-backup",
        {"backup": "later", "form": "p12"},
    ),
    "backup": (
        lambda s: readings.backup(s, TENANT, "first"),
        "read-backup",
        {"backup": "first", "form": "list"},
    ),
    "comparison": (
        lambda s: readings.comparison(s, TENANT, None),
        "read-backup",
        {"backup": "later", "form": "comparison"},
    ),
    "audit log": (
        lambda s: readings.audit_rows(s, TENANT, AuditFilter(alias="client"), last=5),
        "read-audit-log",
        {"alias": "client", "last": 5},
    ),
    "alias in the past": (
        lambda s: readings.active_at(s, TENANT, "client", s.clock()),
        "read-audit-log",
        {"alias": "client", "at": "2026-06-01T12:00:00+00:00"},
    ),
}


@pytest.fixture
def filled(steward: Steward) -> Steward:
    """Return a keystore with a key pair that waits for its response, and two backups."""
    steward_.add(steward, "client", CLIENT, ROOT)
    backups.create_backup(steward, TENANT, "first")
    steward_.add_anchor(steward, "root", ROOT)
    backups.create_backup(steward, TENANT, "later")
    steward_.ask(steward, "client")
    return steward


def _last(steward: Steward) -> AuditRow:
    return next(iter(steward.store.audit_log.read(steward.keystore_id, last=1)))


@pytest.mark.parametrize("what", READINGS)
def test_reading_has_one_row_that_names_it(filled: Steward, what: str) -> None:
    """Who read what, in which form, by which filters; the detail holds nothing else."""
    read, action, detail = READINGS[what]
    rows = len(steward_.audited(filled))
    read(filled)
    row = _last(filled)
    assert rows + 1 == row.sequence
    assert (TENANT.name, action, "done", detail) == (
        row.actor,
        row.action,
        row.outcome,
        dict(row.detail),
    )


def test_reading_returns_what_the_store_has(filled: Steward) -> None:
    """The answers are those of the operations without the row."""
    entry = filled.store.get_entry(filled.keystore_id, "client")
    assert filled.store.list_requests(entry.id) == readings.signing_requests(filled, TENANT, entry)
    backup, listed = readings.backup(filled, TENANT, None)
    assert ("later", ["client", "root"]) == (backup.name, [one.alias for one in listed])
    compared = readings.comparison(filled, TENANT, "first")
    assert ["root"] == [one.alias for one in compared.differences]
    current = readings.keystore(filled, TENANT, KeystoreForm.JKS)
    of_backup = readings.backup_keystore(filled, TENANT, "later", KeystoreForm.JKS)
    assert ("PublicContentKeystore.jks", current.content) == (
        current.file_name,
        of_backup.content,
    )
    answer = readings.active_at(filled, TENANT, "client", filled.clock())
    assert answer.active is not None


def test_question_to_the_audit_log_does_not_answer_with_itself(filled: Steward) -> None:
    """Also where the rows are taken long after they were asked for."""
    asked = readings.audit_rows(filled, TENANT, AuditFilter())
    backups.create_backup(filled, TENANT, "meanwhile")
    actions = [row.action for row in asked]
    assert "signing-request" == actions[-1]
    assert [*actions, "read-audit-log", "create-backup"] == [
        row.action for row in readings.audit_rows(filled, TENANT, AuditFilter())
    ]


def test_long_filter_is_cut(filled: Steward) -> None:
    """A question cannot fill the log."""
    readings.record_audit_question(filled, TENANT, AuditFilter(actor="a" * 5000))
    assert {"actor": "a" * 250 + "…"} == dict(_last(filled).detail)


@pytest.mark.parametrize(
    ("read", "problem", "action"),
    [
        (lambda s: readings.backup(s, TENANT, "none"), BackupNotFound, "read-backup"),
        (lambda s: readings.comparison(s, TENANT, "none"), BackupNotFound, "read-backup"),
        (
            lambda s: readings.backup_keystore(s, TENANT, "none", KeystoreForm.JKS),
            BackupNotFound,
            "read-backup",
        ),
        (
            lambda s: readings.active_at(s, TENANT, "nobody", s.clock()),
            AliasNotFound,
            "read-audit-log",
        ),
    ],
)
def test_refused_reading_is_recorded(
    filled: Steward, read: Callable[[Steward], object], problem: type[Problem], action: str
) -> None:
    """With the word of the reading, and the problem."""
    with pytest.raises(problem):
        read(filled)
    row = _last(filled)
    assert (action, "refused", problem.slug) == (row.action, row.outcome, row.detail["problem"])
