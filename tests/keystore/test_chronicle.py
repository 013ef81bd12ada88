"""Which certificate was active under an alias: what the story of ``operations`` does not meet."""

import pytest

from keysteward.entries import Reason, View
from keysteward.keystore import certificates, chronicle, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.problems import AliasNotFound
from tests import pki_maker, providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT, VERIFIED, Clock

FIRST, SECOND = issue("First", ca=True), issue("Second", ca=True)
LATE = pki_maker.NOT_BEFORE.replace(year=2042)


def _active(steward: Steward, alias: str = "a") -> chronicle.Active | None:
    return chronicle.active_at(steward, alias, steward.clock()).active


def test_clock_that_was_put_back_hides_nothing(steward: Steward, clock: Clock) -> None:
    """The rows count in their own order; a later one takes those before it with it."""
    steward_.add_anchor(steward, "a", FIRST)
    clock.advance(hours=-1)
    steward_.add_anchor(steward, "b", FIRST)
    certificates.update_certificate(steward, TENANT, "a", SECOND.der, consent=VERIFIED)
    for hours in (0, 1, 1):
        clock.advance(hours=hours)
        active = _active(steward)
        assert active is not None
        assert steward_.read(SECOND)[0].fingerprint == active.fingerprints[0]
        assert active.row.sequence == active.life.periods[0].since.sequence + 2


def test_purged_entry_is_told_from_the_log_alone(steward: Steward, clock: Clock) -> None:
    """With its certificate, which stays; file and confirmation as the row has them."""
    added = steward_.add_anchor(steward, "a", FIRST)
    then = clock.now
    clock.advance(days=1)
    lifecycle.purge_entry(steward, TENANT, "a", "a")
    assert _active(steward) is None
    active = chronicle.active_at(steward, "a", then).active
    assert active is not None
    certificate: Certificate = added.version.certificate
    assert (certificate,) == active.certificates
    assert (added.version.file_sha256, certificate.fingerprint) == (
        active.file_sha256,
        active.assents[0].fingerprint,
    )
    assert (True, None) == (active.life.purged, active.life.now)


def test_key_of_the_provider_that_waits_is_not_active(steward: Steward) -> None:
    """It has the alias in another view; alone it is no entry that the alias ever stood for."""
    providers.supply(steward, providers.leaf("next", not_after=LATE), view=View.NEW)
    with pytest.raises(AliasNotFound):
        _active(steward, providers.ALIAS)
    providers.supply(steward, providers.leaf("now", not_after=LATE), view=View.CURRENT)
    active = _active(steward, providers.ALIAS)
    assert active is not None
    assert (Reason.SUPPLIED, "CN=platform.example,OU=now") == (
        active.reason,
        active.certificates[0].subject,
    )


def test_alias_of_another_keystore_is_not_known(steward: Steward) -> None:
    """Every keystore has its own."""
    steward_.add_anchor(steward, "a", FIRST)
    other = steward.store.create_keystore("other", "tester", steward.clock())
    assert () == steward.store.audit_log.list_entries_of_alias(other, "a")


def test_name_got_by_a_rename_alone_is_known(steward: Steward, clock: Clock) -> None:
    """No row names it yet but in its detail; what was before stays what it was."""
    steward_.add_anchor(steward, "old", FIRST)
    before = clock.now
    clock.advance(days=1)
    lifecycle.rename_entry(steward, TENANT, "old", "a")
    active = _active(steward)
    assert active is not None
    assert (before, clock.now) == (active.row.at, active.alias_since.at)
    assert chronicle.active_at(steward, "a", before).active is None
