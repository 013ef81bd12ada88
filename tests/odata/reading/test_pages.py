"""Pages of a backup's entries are told in the audit log, as files of whole keystores are."""

import pytest

from keysteward.keystore import backups
from keysteward.keystore.steward import Steward
from tests import steward as steward_
from tests.odata.face import Client
from tests.pki_maker import issue
from tests.steward import TENANT

BACKUP = "backup_admin_system"
ROOT = issue("Root", ca=True)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"KeystoreEntries?keystoreName={BACKUP}", "read-backup"),
        (f"KeystoreEntries?keystoreName={BACKUP}&$top=1&$orderby=Alias desc", "read-backup"),
        (f"KeystoreEntries?keystoreName={BACKUP}&$skiptoken=1", None),
        (f"Keystores('{BACKUP}')/Entries", "read-backup"),
        (f"Keystores('{BACKUP}')?$expand=Entries", "read-backup"),
        (f"KeystoreResources('{BACKUP}')", "read-backup"),
        ("KeystoreResources('system')", "read-keystore"),
        (f"Keystores('{BACKUP}')", None),
        ("KeystoreEntries", None),
        ("Keystores('system')?$expand=Entries", None),
    ],
)
def test_reading_much_at_once_is_told(
    client: Client, steward: Steward, address: str, told: str | None
) -> None:
    """One row for a question, none for its further pages, nor for lists of current entries."""
    for alias in ("one", "two"):
        steward_.add_anchor(steward, alias, ROOT)
    backups.create_backup(steward, TENANT, BACKUP)
    before = len(steward_.audited(steward))
    answer = client.get(address)
    assert 200 == answer.status_code, answer.text
    expected = [] if told is None else [(told, "done", None)]
    assert expected == steward_.audited(steward)[before:]
