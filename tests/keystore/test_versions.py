"""Rolling back: planned like an upload, stored as a version of its own."""

import pytest
from cryptography import x509

from keysteward.entries import Plan, Reason
from keysteward.keystore import audit, key_pairs, signing_responses, versions
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.problems import (
    CertificateExpired,
    EntryChanged,
    NotAKeyPair,
    VersionNeverCurrent,
    VersionNotFound,
)
from keysteward.settings import Settings
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, START, TENANT, Clock

KEY = pki_maker.make_key("p256")
ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
OTHER_ROOT = issue("Other Root", ca=True)
OTHER_CA = issue("Other Issuing", issuer=OTHER_ROOT, ca=True)


def _leaf(issuer: Issued = CA, **options: object) -> Issued:
    chosen: dict[str, object] = {"key": KEY, "issuer": issuer, "eku": ("clientAuth",), **options}
    return issue("client", **chosen)  # type: ignore[arg-type]  # the arguments of issue


FIRST = _leaf(not_after=START.replace(year=2027))
SECOND = _leaf(OTHER_CA)


@pytest.fixture(autouse=True)
def entry(steward: Steward) -> None:
    """Make the entry "client": a placeholder, then a chain of each of two CAs (versions 1 to 3)."""
    steward_.add(steward, "client", issue("client", KEY, eku=("clientAuth",)))
    steward_.upload(steward, "client", FIRST, CA, ROOT)
    steward_.upload(steward, "client", SECOND, OTHER_CA, OTHER_ROOT)


def _slugs(plan: Plan) -> set[str]:
    return {notice.slug for notice in plan.notices}


def test_rollback_makes_the_old_chain_a_new_version(steward: Steward, clock: Clock) -> None:
    """Number, reason, note and time are its own; all earlier versions stay."""
    clock.advance(hours=1)
    done = versions.roll_back(steward, TENANT, "client", 2, PLAIN, note="partner asked for it")
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert (4, 4) == (done.version, entry.version.number)
    assert steward_.read(FIRST, CA, ROOT) == entry.version.chain
    assert (Reason.ROLLED_BACK, "partner asked for it", clock.now) == (
        *(entry.version.reason, entry.version.note, entry.version.created_at),
    )
    assert [1, 2, 3, 4] == [v.number for v in steward.store.list_versions(entry)]


def test_rollback_says_that_issuer_and_root_change(steward: Steward) -> None:
    """As an upload of that chain would."""
    plan = versions.plan_rollback(steward, TENANT, "client", 2, PLAIN)
    assert {"issuer-changed", "root-changed", "shorter-life"} == _slugs(plan)
    assert (3, 2, "warn") == (plan.base_version, plan.restores, plan.outcome)


def test_rollback_says_that_the_key_changes(steward: Steward) -> None:
    """An older version can have another private key, and brings it back."""
    before = steward.store.get_entry(steward.keystore_id, "client").version.private_key_id
    key_pairs.renew_key_pair(steward, TENANT, "client")
    request = x509.load_pem_x509_csr(steward_.ask(steward, "client"))
    key = request.public_key()
    new = issue("client", issuer=CA, eku=("clientAuth",), public_key=key)
    steward_.upload(steward, "client", new, CA, ROOT)
    assert before != steward.store.get_entry(steward.keystore_id, "client").version.private_key_id
    done = versions.roll_back(steward, TENANT, "client", 3, PLAIN)
    assert "key-changed" in _slugs(done.plan)
    assert before == steward.store.get_entry(steward.keystore_id, "client").version.private_key_id


def test_rollback_to_the_placeholder_warns(steward: Steward) -> None:
    """A receiver that knows the CA alone will refuse it."""
    assert "self-signed" in _slugs(versions.plan_rollback(steward, TENANT, "client", 1, PLAIN))


def test_rollback_to_an_expired_certificate_needs_the_override(
    steward: Steward, settings: Settings, clock: Clock
) -> None:
    """Without it nothing changes; with it the audit log tells."""
    clock.now = START.replace(year=2028)
    before = steward_.rows(settings)
    with pytest.raises(CertificateExpired):
        versions.roll_back(steward, TENANT, "client", 2, PLAIN)
    assert before == steward_.rows(settings)
    consent = Consent(frozenset({"certificate-expired"}))
    done = versions.roll_back(steward, TENANT, "client", 2, consent)
    assert ("certificate-expired",) == done.plan.overridden
    (row,) = tuple(steward.store.audit_log.read(steward.keystore_id, last=1))
    assert ("rolled-back", 4, ["certificate-expired"], 2) == (
        *(row.action, row.version, row.detail["overridden"], row.detail["restores"]),
    )


def test_rollback_to_the_current_chain_stores_nothing(steward: Steward, settings: Settings) -> None:
    """It is a success that says so."""
    before = steward_.rows(settings)
    done = versions.roll_back(steward, TENANT, "client", 3, PLAIN)
    assert (3, {"already-current"}) == (done.version, _slugs(done.plan))
    assert before == steward_.rows(settings)


def test_rollback_can_be_rolled_back(steward: Steward) -> None:
    """Forth again is back to a version as well."""
    versions.roll_back(steward, TENANT, "client", 2, PLAIN)
    done = versions.roll_back(steward, TENANT, "client", 3, PLAIN)
    entry = steward.store.get_entry(steward.keystore_id, "client")
    assert 5 == done.version
    assert steward_.read(SECOND, OTHER_CA, OTHER_ROOT) == entry.version.chain
    assert audit.verify_chain(steward, None).clean


def test_rollbacks_to_two_versions_of_one_chain_are_two_plans(steward: Steward) -> None:
    """What was shown and agreed to names the version that is written down."""
    versions.roll_back(steward, TENANT, "client", 2, PLAIN)
    versions.roll_back(steward, TENANT, "client", 3, PLAIN)
    plans = [versions.plan_rollback(steward, TENANT, "client", n, PLAIN) for n in (2, 4)]
    assert plans[0].certificates == plans[1].certificates
    assert plans[0].digest != plans[1].digest


def test_rollback_of_a_version_that_never_was_is_refused(steward: Steward) -> None:
    """Numbers that are not in the list name nothing."""
    for number in (0, 4, -1, 2**63):
        with pytest.raises(VersionNotFound):
            versions.plan_rollback(steward, TENANT, "client", number, PLAIN)


def test_rollback_of_a_certificate_entry_is_refused(steward: Steward) -> None:
    """Only key pairs have what rolls back."""
    steward_.add_anchor(steward, "root", ROOT)
    with pytest.raises(NotAKeyPair):
        versions.roll_back(steward, TENANT, "root", 1, PLAIN)


def test_rollback_is_refused_if_the_entry_changed_meanwhile(
    steward: Steward, settings: Settings
) -> None:
    """The plan's digest of a dry run holds for rollbacks, too."""
    digest = versions.plan_rollback(steward, TENANT, "client", 2, PLAIN).digest
    steward_.upload(steward, "client", _leaf(), CA, ROOT)
    before = steward_.rows(settings)
    accept = signing_responses.expect(None, digest)
    with pytest.raises(EntryChanged):
        versions.roll_back(steward, TENANT, "client", 2, PLAIN, accept=accept)
    assert before == steward_.rows(settings)


def test_rollback_keeps_a_pending_key_pending(steward: Steward) -> None:
    """Only the response for it, or giving it up, ends that."""
    key_pairs.renew_key_pair(steward, TENANT, "client")
    versions.roll_back(steward, TENANT, "client", 2, PLAIN)
    pending = steward.store.get_entry(steward.keystore_id, "client").pending
    assert pending
    assert 4 == pending.number


def test_rollback_to_a_version_that_was_never_current_is_refused(
    steward: Steward, settings: Settings
) -> None:
    """The placeholder of a pending or given-up key never replaces a working certificate."""
    key_pairs.renew_key_pair(steward, TENANT, "client")
    key_pairs.renew_key_pair(steward, TENANT, "client", replace=True)
    before = steward_.rows(settings)
    for number in (4, 5):
        with pytest.raises(VersionNeverCurrent):
            versions.roll_back(steward, TENANT, "client", number, PLAIN)
    assert before == steward_.rows(settings)
