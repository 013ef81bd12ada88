"""Very many entries in little time: certificates that were written at once, of a few issuers."""

from keysteward.entries import EntryType, Owner, Reason
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage
from keysteward.storage.records import NewEntry, NewVersion
from keysteward.values import Alias
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT

FIRMS = 20
"""How many certificates there are; the entries hold them in turn."""


def alias(number: int) -> str:
    """Return the alias of one of them, counted from 0; their order is that of the numbers."""
    return f"partner-{number:05}"


def fill(steward: Steward, size: int) -> None:
    """Add as many certificate entries, in one transaction."""
    issued = [issue(f"CN=Partner,O=Firm {n:02}", ca=True) for n in range(FIRMS)]
    versions = [NewVersion(Reason.UPLOADED, (c,), None) for c in steward_.read(*issued)]
    with steward.writing(TENANT) as writing:
        writing.create_entries([(_entry(n), versions[n % FIRMS]) for n in range(size)])


def _entry(number: int) -> NewEntry:
    return NewEntry(
        alias=Alias(alias(number)),
        type=EntryType.CERTIFICATE,
        owner=Owner.TENANT,
        usage=Usage.TLS_CLIENT,
        trusted=False,
    )
