"""What the provider does in tests: a CA of its own, and keys that it supplies.

Every key made here is for tests alone.
"""

from datetime import datetime

from keysteward.entries import Entry, View
from keysteward.keystore import supplies
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PROVIDER

ALIAS = "sap_client"
"""The provider's key pair that these tests work on."""

ROOT = issue("Platform Root", ca=True)
CA = issue("Platform CA", issuer=ROOT, ca=True)


def leaf(unit: str, *, not_before: datetime | None = None, not_after: datetime) -> Issued:
    """Return a client's certificate with a new key; its unit tells it from the others."""
    return issue(
        f"CN=platform.example,OU={unit}",
        issuer=CA,
        eku=("clientAuth",),
        not_before=not_before or pki_maker.NOT_BEFORE,
        not_after=not_after,
    )


def delivery(issued: Issued, *above: Issued) -> KeyUpload:
    """Return a PEM file with the key and its chain; by default this module's."""
    chain = (issued, *(above or (CA, ROOT)))
    return KeyUpload(issued.key_pem() + b"".join(one.pem for one in chain))


def supply(steward: Steward, issued: Issued, *, alias: str = ALIAS, view: View = View.NEW) -> Entry:
    """Supply a key pair with its chain."""
    return supplies.supply(steward, PROVIDER, alias, delivery(issued), view=view).entry


def chain_of(issued: Issued) -> tuple[object, ...]:
    """Return the chain that an entry with this certificate has."""
    return steward_.read(issued, CA, ROOT)
