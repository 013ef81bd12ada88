"""Entities that the tests of both formats write."""

from datetime import UTC, datetime

from keysteward.odata import model
from keysteward.odata.entities import Entity

ROOT = "https://host.example.test/api/v1/"
UNTIL = datetime(2028, 12, 31, 23, 59, 59, 500_000, UTC)

ENTRY = Entity(
    model.KEYSTORE_ENTRY,
    {
        "Hexalias": "73686F70",
        "Alias": "shop",
        "KeyType": "RSA",
        "KeySize": 2048,
        "ValidNotAfter": UNTIL,
        "SubjectDN": 'CN=A & B <x>, O="Firm, \x01Inc."',
        "LastModifiedTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    },
)
MEDIA = Entity(
    model.CERTIFICATE_RESOURCE,
    {"Hexalias": "73686F70", "Alias": "shop"},
    query="?keystoreName=KeyRenewal",
    content_type="application/pkix-cert",
    etag='W/"3-7"',
)
LINK = Entity(
    model.CHAIN_CERTIFICATE,
    {"Hexalias": "73686F70", "Index": 1, "Alias": "shop", "KeySize": 4096},
)
RUNTIME = Entity(
    model.RUNTIME_ASSIGNMENT,
    {"KeystoreName": "it's", "RuntimeId": "a/b", "Status": "ok", "StatusUpdatedAt": 2**40},
)
