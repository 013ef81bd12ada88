from dataclasses import replace

import pytest
from cryptography import x509

from keysteward.entries import Entry
from keysteward.keystore import roots
from keysteward.keystore.steward import Steward
from keysteward.problems import RootMissing
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue

Chain = tuple[Issued, ...]


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Return end entity, two issuing CAs and root."""
    return pki_maker.make_chain(intermediates=2)


def _entry(steward: Steward, *chain: Issued) -> Entry:
    return steward_.add(steward, "client", *chain)


def test_root_of_the_chain_is_its_last_certificate(steward: Steward, chain: Chain) -> None:
    """A chain that ends with its root needs nothing of the keystore, and no notice."""
    found = roots.get_root(steward, _entry(steward, *chain))
    assert (steward_.read(chain[-1])[0], ()) == (found.certificate, found.notices)


def test_root_of_a_self_signed_certificate_is_itself(steward: Steward) -> None:
    """A placeholder is its own root."""
    own = issue("client")
    found = roots.get_root(steward, _entry(steward, own))
    assert (steward_.read(own)[0], ()) == (found.certificate, found.notices)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("trusted", [True, False])
def test_root_is_found_in_the_keystore(
    steward: Steward, chain: Chain, length: int, *, trusted: bool
) -> None:
    """Certificate entries lead up to the root, as many as it takes, trusted or not."""
    entry = _entry(steward, *chain[:length])
    for number, issued in enumerate(chain[length:]):
        steward_.add_anchor(steward, f"ca-{number}", issued, trusted=trusted)
    found = roots.get_root(steward, entry)
    (root,) = steward_.read(chain[-1])
    assert root == found.certificate
    (notice,) = found.notices
    assert "root-from-keystore" == notice.slug
    assert root.fingerprint in notice.detail
    for certificate in steward_.read(*chain[length:]):
        assert repr(certificate.subject) in notice.detail


def test_root_is_known_to_be_there_or_not(steward: Steward, chain: Chain) -> None:
    """Whoever only wants to know it gets no refusal."""
    entry = _entry(steward, *chain[:2])
    assert not roots.has_root(steward, entry)
    for number, issued in enumerate(chain[2:]):
        steward_.add_anchor(steward, f"ca-{number}", issued)
    assert roots.has_root(steward, entry)


def test_root_is_missing_where_the_keystore_has_none(steward: Steward, chain: Chain) -> None:
    """The refusal names the topmost certificate and the missing issuer."""
    with pytest.raises(RootMissing) as caught:
        roots.get_root(steward, _entry(steward, *chain[:2]))
    assert ("client", "CN=Test CA 2", "CN=Test CA 1") == _said(caught.value)


def _said(problem: RootMissing) -> tuple[str, str, str]:
    return problem.alias, problem.top, problem.issuer


def test_intermediate_is_not_given_out_as_the_root(steward: Steward, chain: Chain) -> None:
    """Where the keystore leads up a step and no further, that step is named, and not given out."""
    entry = _entry(steward, *chain[:2])
    steward_.add_anchor(steward, "ca", chain[2])
    with pytest.raises(RootMissing) as caught:
        roots.get_root(steward, entry)
    assert ("client", "CN=Test CA 1", "CN=Test Root") == _said(caught.value)


@pytest.mark.parametrize("key_ids", [True, False])
def test_namesake_of_the_root_is_not_the_root(
    steward: Steward, chain: Chain, *, key_ids: bool
) -> None:
    """A name alone proves nothing: the signature decides."""
    entry = _entry(steward, *chain[:3])
    steward_.add_anchor(steward, "namesake", issue("Test Root", ca=True, key_ids=key_ids))
    with pytest.raises(RootMissing):
        roots.get_root(steward, entry)
    steward_.add_anchor(steward, "root", chain[-1])
    assert steward_.read(chain[-1])[0] == roots.get_root(steward, entry).certificate


def test_root_is_found_past_a_way_that_leads_nowhere(steward: Steward) -> None:
    """Of two certificates of the same CA the one whose root is at hand is followed."""
    root, elsewhere = issue("Root", ca=True), issue("Elsewhere", ca=True)
    ca = issue("CA", issuer=root, ca=True)
    crossed = issue(
        "CA", ca.key, elsewhere, ca=True, not_before=pki_maker.NOT_BEFORE.replace(year=2025)
    )
    entry = _entry(steward, issue("client", issuer=ca))
    for alias, issued in (("a", crossed), ("b", ca), ("c", root)):
        steward_.add_anchor(steward, alias, issued)
    assert steward_.read(root)[0] == roots.get_root(steward, entry).certificate


def test_root_that_vouches_wrongly_is_missing(steward: Steward, chain: Chain) -> None:
    """A certificate with the right name and key identifier that did not sign is no root."""
    forged = issue(
        "Test Root",
        ca=True,
        key_ids=False,
        extra_extensions=[_subject_key_id(chain[-1])],
    )
    entry = _entry(steward, *chain[:3])
    steward_.add_anchor(steward, "forged", forged)
    with pytest.raises(RootMissing) as caught:
        roots.get_root(steward, entry)
    assert ("client", "CN=Test CA 1", "CN=Test Root") == _said(caught.value)


def _subject_key_id(issued: Issued) -> tuple[x509.ExtensionType, bool]:
    kind = x509.SubjectKeyIdentifier
    return issued.certificate.extensions.get_extension_for_class(kind).value, False


def test_root_among_too_many_namesakes_is_missing(steward: Steward) -> None:
    """The work for one root is bounded, however many certificates share a name."""
    ca, stranger = issue("CA", ca=True), pki_maker.make_key()
    entry = _entry(steward, issue("client", issuer=ca, key_ids=False))
    for number in range(70):
        namesake = issue("CA", ca.key, ca=True, key_ids=False, signing_key=stranger)
        steward_.add_anchor(steward, f"ca-{number}", namesake)
    with pytest.raises(RootMissing):
        roots.get_root(steward, entry)


def test_root_of_another_keystore_is_not_looked_for(steward: Steward, chain: Chain) -> None:
    """Certificates are looked for in the entry's own keystore."""
    entry = _entry(steward, *chain[:3])
    steward_.add_anchor(steward, "root", chain[-1])
    with pytest.raises(RootMissing):
        roots.get_root(steward, replace(entry, keystore_id=steward.keystore_id + 1))
