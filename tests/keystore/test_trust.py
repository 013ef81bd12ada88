"""Whose chains need no confirmation, and what a confirmation leaves behind."""

from dataclasses import replace

import pytest

from keysteward.keystore import certificates, lifecycle, signing_responses
from keysteward.keystore.steward import Steward
from keysteward.keystore.trust import Consent
from keysteward.problems import RootNotTrusted
from keysteward.settings import Settings
from keysteward.values import Fingerprint
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PLAIN, TENANT, VERIFIED

Chain = tuple[Issued, Issued, Issued]


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Return end entity, issuing CA and root, which no keystore knows."""
    end, ca, root = pki_maker.make_chain()
    return end, ca, root


@pytest.fixture(autouse=True)
def entry(steward: Steward, chain: Chain) -> None:
    """Make the entry "client" with the key of the chain's end entity and a placeholder."""
    steward_.add(steward, "client", issue("client", chain[0].key))


def test_unknown_root_is_named_with_its_fingerprints(steward: Steward, chain: Chain) -> None:
    """The refusal says what to compare: subject, SHA-256 and SHA-1 of the topmost certificate."""
    with pytest.raises(RootNotTrusted) as caught:
        steward_.upload(steward, "client", *chain, consent=PLAIN)
    (root,) = steward_.read(chain[2])
    found = caught.value
    assert (root.subject, root.fingerprint) == (found.subject, found.fingerprint)
    assert root.fingerprint_sha1 in found.detail
    assert found.overridable is False


def test_unknown_intermediate_is_asked_for_where_the_root_is_left_out(
    steward: Steward, chain: Chain
) -> None:
    """A chain without its root is no way around the confirmation."""
    with pytest.raises(RootNotTrusted) as caught:
        steward_.upload(steward, "client", *chain[:2], consent=PLAIN)
    assert steward_.read(chain[1])[0].fingerprint == caught.value.fingerprint


def test_fingerprint_of_the_topmost_certificate_confirms(steward: Steward, chain: Chain) -> None:
    """Naming the right fingerprint is enough."""
    top = steward_.read(chain[2])[0].fingerprint
    done = steward_.upload(steward, "client", *chain, consent=Consent(trust_root=top))
    assert (2, top) == (done.version, done.plan.confirms_root)


def test_another_fingerprint_confirms_nothing(
    steward: Steward, settings: Settings, chain: Chain
) -> None:
    """Neither a foreign fingerprint nor that of a certificate further down is a confirmation."""
    before = steward_.rows(settings)
    for wrong in (Fingerprint("0" * 64), steward_.read(chain[1])[0].fingerprint):
        with pytest.raises(RootNotTrusted):
            steward_.upload(steward, "client", *chain, consent=Consent(trust_root=wrong))
    assert before == steward_.rows(settings)


def test_confirmation_is_remembered_and_audited(steward: Steward, chain: Chain) -> None:
    """The next chain with this top needs none; who confirmed stands in the audit log."""
    top = steward_.read(chain[2])[0].fingerprint
    steward_.upload(steward, "client", *chain, consent=VERIFIED)
    other = issue("other", issuer=chain[1], eku=("clientAuth",))
    steward_.add(steward, "other", issue("other", other.key))
    done = steward_.upload(steward, "other", other, *chain[1:], consent=PLAIN)
    assert done.plan.confirms_root is None
    rows = tuple(steward.store.audit_log.read(steward.keystore_id, last=10))
    confirmed = {r.alias: r.detail["confirmed_root"] for r in rows if "confirmed_root" in r.detail}
    assert {"client": top, "other": None} == confirmed


def test_confirmation_makes_no_entry(steward: Steward, chain: Chain) -> None:
    """A confirmed root is no certificate entry, and so no anchor for connections."""
    steward_.upload(steward, "client", *chain, consent=VERIFIED)
    assert () == steward.store.all_trusted(steward.keystore_id)
    assert ("client",) == steward.store.list_aliases(steward.keystore_id, "", 10)


def test_trusted_entry_needs_no_confirmation(steward: Steward, chain: Chain) -> None:
    """The chain's root is an entry marked trusted."""
    steward_.add_anchor(steward, "root", chain[2])
    assert 2 == steward_.upload(steward, "client", *chain, consent=PLAIN).version


def test_trusted_entry_vouches_for_what_it_signed(steward: Steward, chain: Chain) -> None:
    """A chain that leaves the root out is completed with it and trusted."""
    steward_.add_anchor(steward, "root", chain[2])
    plan = steward_.upload(steward, "client", *chain[:2], consent=PLAIN).plan
    assert steward_.read(*chain) == plan.certificates


def test_trusted_server_vouches_for_no_ca(steward: Steward) -> None:
    """A partner's server certificate may be trusted; what its key signs is not."""
    server = issue("server", issuer=issue("Partner Root", ca=True))
    rogue = issue("Rogue", issuer=server, ca=True)
    steward_.add_anchor(steward, "partner", server)

    with pytest.raises(RootNotTrusted) as caught:
        certificates.add_certificate(steward, TENANT, "rogue", rogue.der)
    assert "CN=Rogue" == caught.value.subject


def test_trusted_intermediate_ends_a_chain(steward: Steward, chain: Chain) -> None:
    """An intermediate marked trusted is an anchor where the root is left out."""
    steward_.add_anchor(steward, "ca", chain[1])
    assert 2 == steward_.upload(steward, "client", *chain[:2], consent=PLAIN).version


def test_namesake_of_a_trusted_entry_is_not_trusted(steward: Steward, chain: Chain) -> None:
    """The name is not enough: the anchor's key must have signed."""
    steward_.add_anchor(steward, "root", issue("Test Root", ca=True))
    with pytest.raises(RootNotTrusted):
        steward_.upload(steward, "client", *chain[:2], consent=PLAIN)


def test_entry_that_is_not_trusted_completes_only(steward: Steward, chain: Chain) -> None:
    """It takes part in the chain, but the confirmation is still asked for."""
    steward_.add_anchor(steward, "root", chain[2], trusted=False)
    with pytest.raises(RootNotTrusted):
        steward_.upload(steward, "client", *chain[:2], consent=PLAIN)
    plan = steward_.upload(steward, "client", *chain[:2], consent=VERIFIED).plan
    assert steward_.read(*chain) == plan.certificates


def test_deleted_entry_neither_completes_nor_vouches(steward: Steward, chain: Chain) -> None:
    """What was deleted plays no part."""
    steward_.add_anchor(steward, "root", chain[2])
    lifecycle.delete_entry(steward, TENANT, "root")
    with pytest.raises(RootNotTrusted):
        steward_.upload(steward, "client", *chain, consent=PLAIN)


def test_bundle_needs_no_confirmation(steward: Steward, chain: Chain) -> None:
    """A root of the configured trust bundle is an anchor."""
    bundled = replace(steward, bundle=steward_.read(chain[2]))
    assert 2 == steward_.upload(bundled, "client", *chain, consent=PLAIN).version


def test_root_of_the_current_chain_needs_no_confirmation(steward: Steward, chain: Chain) -> None:
    """A renewal by the same CA goes through without a question, with or without the root."""
    end = issue("second", issuer=chain[1], eku=("clientAuth",))
    steward_.add(steward, "second", end, *chain[1:])
    new = issue("second", end.key, chain[1], eku=("clientAuth",), not_before=steward_.START)
    assert 2 == steward_.upload(steward, "second", new, *chain[1:], consent=PLAIN).version
    newer = issue("second", end.key, chain[2], eku=("clientAuth",), not_before=steward_.START)
    assert 3 == steward_.upload(steward, "second", newer, consent=PLAIN).version


def test_self_signed_current_certificate_is_no_anchor(steward: Steward, chain: Chain) -> None:
    """A placeholder vouches for nothing."""
    new = issue("client", chain[0].key, eku=("clientAuth",), not_before=steward_.START)
    with pytest.raises(RootNotTrusted):
        steward_.upload(steward, "client", new, consent=PLAIN)


def test_dry_run_asks_as_the_upload_does(
    steward: Steward, settings: Settings, chain: Chain
) -> None:
    """A plan without confirmation is refused, one with it remembers nothing."""
    before = steward_.rows(settings)
    data = b"".join(one.pem for one in chain)
    with pytest.raises(RootNotTrusted):
        signing_responses.plan_signing_response(steward, TENANT, "client", data, PLAIN)
    plan = signing_responses.plan_signing_response(steward, TENANT, "client", data, VERIFIED)
    assert plan.confirms_root
    assert before == steward_.rows(settings)


def test_other_keystore_does_not_share_a_confirmation(steward: Steward, chain: Chain) -> None:
    """What was confirmed for one tenant keystore says nothing to another."""
    steward_.upload(steward, "client", *chain, consent=VERIFIED)
    top = steward_.read(chain[2])[0].fingerprint
    assert steward.store.audit_log.find_confirmation(steward.keystore_id, top)
    assert not steward.store.audit_log.find_confirmation(steward.keystore_id + 1, top)
