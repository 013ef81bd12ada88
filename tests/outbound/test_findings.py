from datetime import UTC, datetime, timedelta

import pytest

from keysteward.outbound import findings
from keysteward.outbound.findings import ServerCertificate
from keysteward.pki.certificates import Certificate, read_certificate
from tests import pki_maker
from tests.pki_maker import Issued

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = pki_maker.issue("Receiver Root", ca=True)
LEAF = pki_maker.issue("receiver", None, ROOT, eku=("serverAuth",), san=("DNS:receiver.example",))


def _read(*issued: Issued) -> tuple[Certificate, ...]:
    return tuple(read_certificate(one.der) for one in issued)


def _slugs(found: tuple[ServerCertificate, ...]) -> list[list[str]]:
    return [[finding.slug for finding in one.findings] for one in found]


def test_sound_chain_has_no_findings() -> None:
    """A trusted chain for the right host has nothing to be said of it."""
    found = findings.of_chain(_read(LEAF, ROOT), _read(ROOT), "receiver.example", NOW)
    assert [[], []] == _slugs(found)
    assert [False, True] == [one.trusted for one in found]


def test_untrusted_chain_says_so_at_its_first_certificate() -> None:
    """Where no certificate of the keystore verifies the chain, the server's own one has that."""
    found = findings.of_chain(_read(LEAF, ROOT), (), "receiver.example", NOW)
    assert [["not-trusted"], []] == _slugs(found)


def test_missing_issuer_is_named() -> None:
    """A server that leaves an issuer out may be set up wrongly."""
    (found,) = findings.of_chain(_read(LEAF), (), "receiver.example", NOW)
    assert ["not-trusted", "issuer-not-sent"] == [finding.slug for finding in found.findings]
    assert "CN=Receiver Root" in found.findings[1].detail


def test_root_that_is_not_sent_is_no_finding_where_it_is_trusted() -> None:
    """A server may leave its root out."""
    assert [[]] == _slugs(findings.of_chain(_read(LEAF), _read(ROOT), "receiver.example", NOW))


def test_other_host_names_those_that_are_there() -> None:
    """Who mistyped the host sees what the certificate is for."""
    (found, _) = findings.of_chain(_read(LEAF, ROOT), _read(ROOT), "other.example", NOW)
    assert ["other-host"] == [finding.slug for finding in found.findings]
    assert "DNS:receiver.example" in found.findings[0].detail


@pytest.mark.parametrize(
    ("now", "slug"),
    [
        (LEAF.certificate.not_valid_after_utc + timedelta(seconds=1), "expired"),
        (LEAF.certificate.not_valid_before_utc - timedelta(seconds=1), "not-yet-valid"),
        (LEAF.certificate.not_valid_after_utc - timedelta(days=29), "ends-soon"),
    ],
)
def test_validity_is_compared_with_the_present(now: datetime, slug: str) -> None:
    """Ended, not begun and ending soon are told apart, with the day."""
    found = findings.of_chain(_read(LEAF, ROOT), _read(ROOT), "receiver.example", now)
    assert slug in _slugs(found)[0]


def test_issuer_of_the_same_name_with_another_key_is_no_issuer() -> None:
    """Names prove nothing; the signature does."""
    other = pki_maker.issue("Receiver Root", ca=True)
    found = findings.of_chain(_read(LEAF, other), _read(other), "receiver.example", NOW)
    assert ["not-trusted", "wrong-signature"] == _slugs(found)[0]


def test_issuer_that_is_no_ca_is_told() -> None:
    """A certificate that may not issue others and stands as an issuer has that finding."""
    found = findings.of_chain(_read(ROOT, LEAF), _read(ROOT), "receiver.example", NOW)
    assert "not-a-ca" in _slugs(found)[1]


def test_long_chain_is_looked_at_up_to_a_limit() -> None:
    """Each certificate is tried as the issuer of each, so a server cannot send any number."""
    many = tuple(pki_maker.issue("Receiver Root", ca=True) for _ in range(20))
    assert 12 == len(findings.of_chain(_read(LEAF, *many), (), "receiver.example", NOW))


@pytest.mark.parametrize(
    ("san", "host", "covered"),
    [
        ("DNS:receiver.example", "receiver.example", True),
        ("DNS:receiver.example", "RECEIVER.example.", True),
        ("DNS:receiver.example", "www.receiver.example", False),
        ("DNS:*.receiver.example", "www.receiver.example", True),
        ("DNS:*.receiver.example", "a.www.receiver.example", False),
        ("DNS:*.receiver.example", "receiver.example", False),
        ("DNS:*.example", "receiver.example", False),
        ("DNS:w*.receiver.example", "www.receiver.example", False),
        ("IP:192.0.2.7", "192.0.2.7", True),
        ("IP:192.0.2.7", "192.0.2.8", False),
        ("IP:2001:db8::7", "2001:db8:0::7", True),
        ("DNS:192.0.2.7", "192.0.2.7", False),
    ],
)
def test_host_is_covered_by_its_alternative_names(san: str, host: str, *, covered: bool) -> None:
    """Whole names, one star for one label, and addresses as addresses."""
    certificate = pki_maker.issue("receiver", None, ROOT, san=(san,))
    assert covered is findings.covers(read_certificate(certificate.der), host)


def test_common_name_covers_no_host() -> None:
    """Names stand in the alternative names alone (RFC 9525 section 2)."""
    bare = pki_maker.issue("receiver.example", None, ROOT)
    assert not findings.covers(read_certificate(bare.der), "receiver.example")
