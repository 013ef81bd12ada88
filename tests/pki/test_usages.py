import pytest

from keysteward.pki import usages
from keysteward.pki.usages import Usage
from keysteward.problems import KeyTypeUnsupported


@pytest.mark.parametrize("usage", list(Usage))
def test_profiles_allow_what_they_ask_for(usage: Usage) -> None:
    """A certificate that grants just what was asked never counts as unfit for the usage."""
    profile = usages.PROFILES[usage]
    assert usages.allows_extended(usage, frozenset(profile.extended) or None)
    assert usages.allows_bits(usage, usages.key_usage(usage, "RSA"))


@pytest.mark.parametrize("usage", list(Usage))
def test_any_extended_key_usage_serves_every_usage(usage: Usage) -> None:
    """RFC 5280 section 4.2.1.12: anyExtendedKeyUsage puts no limit on the purpose."""
    assert usages.allows_extended(usage, frozenset({"2.5.29.37.0"}))


def test_server_certificate_does_not_serve_a_client() -> None:
    """A certificate for servers alone is no certificate for a TLS client."""
    assert not usages.allows_extended(Usage.TLS_CLIENT, frozenset({"1.3.6.1.5.5.7.3.1"}))


def test_certificate_for_encryption_alone_serves_no_client() -> None:
    """A key usage without digitalSignature does not let a TLS client sign its handshake."""
    assert not usages.allows_bits(Usage.TLS_CLIENT, frozenset({"key_encipherment"}))


def test_key_that_cannot_decrypt_is_refused_for_decryption() -> None:
    """A signature key is not declared for decryption; the problem names the types that can."""
    with pytest.raises(KeyTypeUnsupported, match="Take RSA or EC"):
        usages.key_usage(Usage.DECRYPTION, "Ed25519")
