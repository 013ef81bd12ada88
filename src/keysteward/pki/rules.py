"""The rules that a chain is judged by, each a function that yields what it found.

A finding is a notice, or a problem that can be overridden. ``judge`` turns the overridden problems
into warnings and raises the first other one: later rules rest on earlier ones.

1. ``of_the_certificate``: ended, not valid yet, CA, self-signed, serial number, usages.
2. ``of_the_issuers``: may they sign, for how many below them, are they valid (RFC 5280, 6.1).
3. ``of_the_signatures``: SHA-1 and MD5 below the root, unknown and malformed extensions.
4. ``against_request``: subject and alternative names that the latest signing request asked for.
5. ``against_replaced``: what a CA-issued certificate could do and its successor cannot.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from keysteward.notices import NoticeKind
from keysteward.pki import chains, usages
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import (
    CertificateExpired,
    IssuerNotCa,
    PathLengthExceeded,
    Problem,
)
from keysteward.values import Notice, Severity

Finding = Notice | Problem

_WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1"})

_STRENGTH = {
    # Of a signature's hash, or the comparable strength of an algorithm without one, in bits.
    "md2": 0,
    "md4": 0,
    "md5": 1,
    "sha1": 63,
    "sha224": 112,
    "sha256": 128,
    "sha3-256": 128,
    "Ed25519": 128,
    "ML-DSA-44": 128,
    "sha384": 192,
    "sha3-384": 192,
    "ML-DSA-65": 192,
    "sha512": 256,
    "sha3-512": 256,
    "Ed448": 256,
    "ML-DSA-87": 256,
}

_PURPOSE = {
    Usage.TLS_CLIENT: "clientAuth",
    Usage.TLS_SERVER: "serverAuth",
    Usage.SIGNATURE: "emailProtection, codeSigning or documentSigning",
    Usage.DECRYPTION: "emailProtection",
    Usage.SSH: "secureShellClient or secureShellServer",
}

_KEY_USAGE = {
    Usage.TLS_CLIENT: "digitalSignature",
    Usage.TLS_SERVER: "digitalSignature",
    Usage.SIGNATURE: "digitalSignature and contentCommitment",
    Usage.DECRYPTION: "keyEncipherment, dataEncipherment and keyAgreement",
    Usage.SSH: "digitalSignature",
}


def judge(
    findings: Iterable[Finding], overrides: frozenset[str]
) -> tuple[tuple[Notice, ...], tuple[str, ...]]:
    """Return the notices, and the slugs of the problems that were overridden.

    Raises the first problem that no override names.
    """
    notices: dict[Notice, None] = {}
    overridden: dict[str, None] = {}
    for finding in findings:
        if isinstance(finding, Notice):
            notices[finding] = None
        elif finding.overridable and finding.slug in overrides:
            notices[Notice(finding.slug, Severity.WARNING, finding.detail)] = None
            overridden[finding.slug] = None
        else:
            raise finding
    return tuple(notices), tuple(overridden)


def of_the_certificate(certificate: Certificate, usage: Usage, now: datetime) -> Iterator[Finding]:
    """Yield what is wrong with the end-entity certificate taken alone."""
    extensions = certificate.extensions
    if certificate.not_after < now:
        yield CertificateExpired(certificate.subject, certificate.not_after)
    if certificate.not_before > now:
        yield NoticeKind.NOT_YET_VALID.about(
            f"Valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC; receivers refuse it "
            "until then."
        )
    if certificate.self_signed:
        yield NoticeKind.SELF_SIGNED.about(
            "The certificate is self-signed: no CA stands behind it, so each receiver has to trust "
            "it by itself."
        )
    if extensions.is_ca or "key_cert_sign" in (extensions.key_usage or ()):
        yield NoticeKind.CERTIFICATE_IS_CA.about(
            "The certificate is a CA certificate; some receivers refuse one as end entity."
        )
    if certificate.serial_number <= 0:
        yield NoticeKind.SERIAL_NUMBER.about(
            f"The serial number {certificate.serial_number} is not positive (RFC 5280 section "
            "4.1.2.2)."
        )
    yield from _of_usage(certificate, usage)


def _of_usage(certificate: Certificate, usage: Usage) -> Iterator[Finding]:
    allowed = certificate.extensions.extended_key_usage
    if not usages.allows_extended(usage, allowed):
        yield NoticeKind.EXTENDED_KEY_USAGE.about(
            f"The extended key usage lacks {_PURPOSE[usage]}, which {usage} needs; receivers "
            "will refuse the certificate. Ask the CA for another certificate profile."
        )
    elif usages.allows_only_as_any(usage, allowed):
        yield NoticeKind.ANY_EXTENDED_KEY_USAGE.about(
            f"The extended key usage has anyExtendedKeyUsage and not {_PURPOSE[usage]}; receivers "
            "that run on OpenSSL refuse that. Ask the CA to name the purpose."
        )
    bits = certificate.extensions.key_usage
    if not usages.allows_bits(usage, bits):
        yield NoticeKind.NO_DIGITAL_SIGNATURE.about(
            f"The key usage lacks {_KEY_USAGE[usage]}, which {usage} needs."
        )


def of_the_issuers(
    chain: tuple[Certificate, ...], usage: Usage, now: datetime
) -> Iterator[Finding]:
    """Yield what is wrong with the certificates above the end entity (RFC 5280 section 6.1.4)."""
    for position, issuer in enumerate(chain[1:], start=1):
        reason = chains.may_sign(issuer)
        if reason is not None:
            yield IssuerNotCa(issuer.subject, reason)
        allowed = issuer.extensions.path_length
        # Self-issued certificates do not count (section 6.1.4 step (l)).
        below = sum(not c.self_issued for c in chain[1:position])
        if allowed is not None and below > allowed:
            yield PathLengthExceeded(issuer.subject, allowed, below)
        if issuer.not_after < now:
            yield NoticeKind.ISSUER_EXPIRED.about(
                f"The issuer {issuer.subject!r} ended on {issuer.not_after:%Y-%m-%d}; receivers "
                "that look at it refuse the chain."
            )
        if issuer.not_before > now:
            yield NoticeKind.NOT_YET_VALID.about(
                f"The issuer {issuer.subject!r} is valid only from {issuer.not_before:%Y-%m-%d}."
            )
        if not issuer.self_signed and not usages.allows_extended(
            usage, issuer.extensions.extended_key_usage
        ):
            yield NoticeKind.EXTENDED_KEY_USAGE.about(
                f"The issuer {issuer.subject!r} may not certify for {_PURPOSE[usage]}: its own "
                "extended key usage lacks it."
            )


def of_the_signatures(chain: tuple[Certificate, ...]) -> Iterator[Finding]:
    """Yield weak signatures below the root, unknown critical extensions, malformed others."""
    for certificate in chain:
        # The signature of a root proves nothing that its fingerprint does not.
        is_root = certificate is chain[-1] and len(chain) > 1 and certificate.self_signed
        if certificate.signature_hash in _WEAK_HASHES and not is_root:
            yield NoticeKind.WEAK_SIGNATURE.about(
                f"The certificate of {certificate.subject!r} is signed with "
                f"{certificate.signature_algorithm}; most receivers refuse it today."
            )
        for oid in certificate.extensions.unknown_critical:
            yield NoticeKind.UNKNOWN_CRITICAL_EXTENSION.about(
                f"The certificate of {certificate.subject!r} has the critical extension {oid}; a "
                "receiver that does not know it must refuse the certificate (RFC 5280 section 4.2)."
            )
        for oid in certificate.extensions.unreadable:
            yield NoticeKind.EXTENSION_UNREADABLE.about(
                f"The certificate of {certificate.subject!r} has the malformed extension {oid}. It "
                "is not critical, so most receivers ignore it; strict ones refuse the certificate."
            )


def against_request(
    certificate: Certificate, subject: str, subject_name: bytes, san: tuple[str, ...]
) -> Iterator[Finding]:
    """Yield where the certificate differs from what was asked for."""
    if certificate.subject_name != subject_name:
        yield NoticeKind.SUBJECT_DIFFERS.about(
            f"Asked for was {subject!r}, certified is {certificate.subject!r}; receivers that map "
            "the client by its subject will not know it."
        )
    missing = sorted(set(san) - set(certificate.extensions.san))
    if missing:
        yield NoticeKind.SAN_MISSING.about(f"Asked for and not certified: {', '.join(missing)}.")


def against_replaced(
    chain: tuple[Certificate, ...], replaced: tuple[Certificate, ...]
) -> Iterator[Finding]:
    """Yield what is lost, or only different, against a CA-issued chain that is replaced."""
    new, old = chain[0], replaced[0]
    if new == old:
        if len(chain) < len(replaced):
            yield NoticeKind.CHAIN_SHORTER.about(
                f"The chain of the same certificate gets shorter: {len(replaced)} certificates "
                f"before, {len(chain)} now."
            )
        return
    if usages.allows_extended(
        Usage.TLS_CLIENT, old.extensions.extended_key_usage
    ) and not usages.allows_extended(Usage.TLS_CLIENT, new.extensions.extended_key_usage):
        yield NoticeKind.CLIENT_AUTH_LOST.about(
            "The certificate that it replaces could be used as TLS client, this one cannot."
        )
    lost = sorted(set(old.extensions.san) - set(new.extensions.san))
    if lost:
        yield NoticeKind.SAN_LOST.about(f"Certified before and no longer: {', '.join(lost)}.")
    if _strength(new) < _strength(old):
        yield NoticeKind.WEAKER_SIGNATURE.about(
            f"Signed with {new.signature_algorithm}, before with {old.signature_algorithm}."
        )
    yield from _other_issuer(chain, replaced)
    if new.not_after - new.not_before < old.not_after - old.not_before:
        days, before = (new.not_after - new.not_before).days, (old.not_after - old.not_before).days
        yield NoticeKind.SHORTER_LIFE.about(f"Valid for {days} days, before for {before}.")


def _other_issuer(
    chain: tuple[Certificate, ...], replaced: tuple[Certificate, ...]
) -> Iterator[Finding]:
    old_root = replaced[-1]
    if old_root.self_signed and _leads_elsewhere(chain, replaced):
        root = chain[-1].subject if chain[-1].self_signed else chain[-1].issuer
        yield NoticeKind.ROOT_CHANGED.about(
            f"The root was {old_root.subject!r}, the chain now leads to {root!r}: receivers that "
            "trust the old root alone will refuse the connection. Tell them first."
        )
    if chain[0].issuer_name != replaced[0].issuer_name:
        yield NoticeKind.ISSUER_CHANGED.about(
            f"Issued by {chain[0].issuer!r}, before by {replaced[0].issuer!r}."
        )


def _leads_elsewhere(chain: tuple[Certificate, ...], replaced: tuple[Certificate, ...]) -> bool:
    top = chain[-1]
    if top.self_signed:
        return top.spki != replaced[-1].spki
    # Without its root a chain still names what is above it; a lone end entity tells too little.
    return len(chain) > 1 and all(top.issuer_name != old.subject_name for old in replaced)


def _strength(certificate: Certificate) -> int:
    return _STRENGTH.get(certificate.signature_hash or certificate.signature_algorithm, 0)
