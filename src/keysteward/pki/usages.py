"""What a key pair is for: the usages that its certificate asks for, and those it must allow."""

from dataclasses import dataclass
from enum import StrEnum

from keysteward.problems import KeyTypeUnsupported

ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
"""anyExtendedKeyUsage (RFC 5280 section 4.2.1.12): a certificate with it is for every purpose."""

_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
_CODE_SIGNING = "1.3.6.1.5.5.7.3.3"
_EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
_SSH_CLIENT = "1.3.6.1.5.5.7.3.21"  # RFC 6187 section 2.2.2
_SSH_SERVER = "1.3.6.1.5.5.7.3.22"
_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
_MICROSOFT_DOCUMENT_SIGNING = "1.3.6.1.4.1.311.10.3.12"
_MICROSOFT_DOCUMENT_ENCRYPTION = "1.3.6.1.4.1.311.80.1"


class Usage(StrEnum):
    """What a key pair is for; decides which key usages its certificate should allow."""

    TLS_CLIENT = "tls-client"
    TLS_SERVER = "tls-server"
    SIGNATURE = "signature"
    DECRYPTION = "decryption"
    SSH = "ssh"


@dataclass(frozen=True, slots=True)
class Profile:
    """The usages of one kind of key pair.

    Key-usage bits have the names of ``Extensions.key_usage`` ("digital_signature"), extended key
    usages are dotted object identifiers.

    ``bits`` are written for every key type, ``bits_of_type`` for that type ("RSA", "EC") besides;
    ``extended`` is asked for. Of ``allowing`` a certificate must have at least one if it has
    extended key usages at all (anyExtendedKeyUsage allows everything), of ``needed_bits`` at least
    one if it has a key usage.
    """

    bits: frozenset[str]
    bits_of_type: dict[str, frozenset[str]]
    extended: tuple[str, ...]
    allowing: frozenset[str]
    needed_bits: frozenset[str]


_SIGNS = frozenset({"digital_signature"})

PROFILES: dict[Usage, Profile] = {
    Usage.TLS_CLIENT: Profile(
        bits=_SIGNS,
        bits_of_type={},
        extended=(_CLIENT_AUTH,),
        allowing=frozenset({_CLIENT_AUTH}),
        needed_bits=_SIGNS,
    ),
    Usage.TLS_SERVER: Profile(
        bits=_SIGNS,
        # For the RSA key exchange, which clients older than TLS 1.3 may still choose.
        bits_of_type={"RSA": frozenset({"key_encipherment"})},
        extended=(_SERVER_AUTH,),
        allowing=frozenset({_SERVER_AUTH}),
        needed_bits=_SIGNS,
    ),
    Usage.SIGNATURE: Profile(
        bits=_SIGNS | {"content_commitment"},
        bits_of_type={},
        extended=(),
        allowing=frozenset(
            {_EMAIL_PROTECTION, _CODE_SIGNING, _DOCUMENT_SIGNING, _MICROSOFT_DOCUMENT_SIGNING}
        ),
        needed_bits=_SIGNS | {"content_commitment"},
    ),
    Usage.DECRYPTION: Profile(
        bits=frozenset(),
        bits_of_type={
            "RSA": frozenset({"key_encipherment"}),
            "EC": frozenset({"key_agreement"}),
        },
        extended=(),
        allowing=frozenset({_EMAIL_PROTECTION, _MICROSOFT_DOCUMENT_ENCRYPTION}),
        needed_bits=frozenset({"key_encipherment", "data_encipherment", "key_agreement"}),
    ),
    Usage.SSH: Profile(
        bits=_SIGNS,
        bits_of_type={},
        extended=(),
        allowing=frozenset({_SSH_CLIENT, _SSH_SERVER}),
        needed_bits=_SIGNS,
    ),
}


def key_usage(usage: Usage, key_type: str) -> frozenset[str]:
    """Return the key-usage bits to write for a key of this type ("RSA", "EC", "Ed25519", …).

    Raises KeyTypeUnsupported if a key of this type cannot serve the usage at all.
    """
    profile = PROFILES[usage]
    bits = profile.bits | profile.bits_of_type.get(key_type, frozenset())
    if not bits:
        able = " or ".join(profile.bits_of_type)
        raise KeyTypeUnsupported(
            f"A key of type {key_type} cannot serve the usage {usage}.", f"Take {able} for it."
        )
    return bits


def allows_extended(usage: Usage, extended: frozenset[str] | None) -> bool:
    """Return whether a certificate with these extended key usages (None: none) serves the usage."""
    if extended is None or ANY_EXTENDED_KEY_USAGE in extended:
        return True
    return not PROFILES[usage].allowing.isdisjoint(extended)


def allows_only_as_any(usage: Usage, extended: frozenset[str] | None) -> bool:
    """Return whether TLS is allowed by anyExtendedKeyUsage alone, and not by its own purpose.

    RFC 5280 section 4.2.1.12 lets applications refuse that; OpenSSL does.
    """
    tls = usage in (Usage.TLS_CLIENT, Usage.TLS_SERVER)
    return tls and extended is not None and PROFILES[usage].allowing.isdisjoint(extended)


def allows_bits(usage: Usage, bits: frozenset[str] | None) -> bool:
    """Return whether a certificate with this key usage (None: none) serves the usage."""
    return bits is None or not PROFILES[usage].needed_bits.isdisjoint(bits)
