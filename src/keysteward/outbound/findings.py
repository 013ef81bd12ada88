"""What is to be said of each certificate that a server showed, whoever verified it."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from keysteward.pki import certificates, chains
from keysteward.pki.certificates import Certificate

_SOON = timedelta(days=30)

_WEAK = ("md5", "sha1")

_MOST = 12
"""Certificates that are looked at: each is tried as the issuer of each; real chains have four."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a certificate: a word that never changes, and a sentence."""

    slug: str
    """expired, not-yet-valid, ends-soon, other-host, not-trusted, issuer-not-sent, not-a-ca,
    wrong-signature, weak-signature."""
    detail: str


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate that the server showed, with all that is to be said of it."""

    certificate: Certificate
    findings: tuple[Finding, ...]
    trusted: bool
    """Whether the keystore trusts this very certificate."""


def of_chain(
    sent: tuple[Certificate, ...], anchors: tuple[Certificate, ...], host: str, now: datetime
) -> tuple[ServerCertificate, ...]:
    """Return the first twelve certificates in the server's order, each with its findings.

    Args:
        sent: as the server sent them, its own first.
        anchors: what the keystore trusts.
        host: name or IP address that the server was asked for.
        now: against which the validity is compared.
    """
    known = {anchor.fingerprint for anchor in anchors}
    sent = sent[:_MOST]
    return tuple(
        ServerCertificate(
            one,
            (*_of_validity(one, now), *_of_place(sent, number, anchors, host)),
            one.fingerprint in known,
        )
        for number, one in enumerate(sent)
    )


def covers(certificate: Certificate, host: str) -> bool:
    """Tell whether a certificate is for a host (RFC 9525 section 6.3, RFC 5280 section 4.2.1.6).

    Names stand in the alternative names alone; a star stands for one whole label, the first.
    """
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        asked = host.lower().rstrip(".")
        _, _, parent = asked.partition(".")
        names = {t[4:].lower().rstrip(".") for t in _alternatives(certificate, "DNS:")}
        return asked in names or ("." in parent and f"*.{parent}" in names)
    return any(_ip(text[3:]) == ip for text in _alternatives(certificate, "IP:"))


def leads_to_anchor(sent: tuple[Certificate, ...], anchors: tuple[Certificate, ...]) -> bool:
    """Tell whether signatures lead from the server's certificate to one that is trusted here."""
    if not sent:
        return False
    sent = sent[:_MOST]
    known = {anchor.fingerprint for anchor in anchors}
    current, rest = sent[0], list(sent[1:])
    while current.fingerprint not in known:
        if any(_signed(current, anchor) for anchor in anchors):
            return True
        issuer = next((one for one in rest if _signed(current, one)), None)
        if issuer is None:
            return False
        rest.remove(issuer)
        current = issuer
    return True


def _of_validity(one: Certificate, now: datetime) -> tuple[Finding, ...]:
    if one.not_after < now:
        return (Finding("expired", f"It ended on {one.not_after:%Y-%m-%d}."),)
    if one.not_before > now:
        return (Finding("not-yet-valid", f"It begins on {one.not_before:%Y-%m-%d}."),)
    if one.not_after < now + _SOON:
        return (Finding("ends-soon", f"It ends on {one.not_after:%Y-%m-%d}."),)
    return ()


def _of_place(
    sent: tuple[Certificate, ...], number: int, anchors: tuple[Certificate, ...], host: str
) -> tuple[Finding, ...]:
    """Return what follows from where a certificate stands in what the server sent."""
    one = sent[number]
    found: list[Finding] = []
    if number == 0 and not covers(one, host):
        names = ", ".join(one.extensions.san[:10]) or "no name of a host"
        found.append(Finding("other-host", f"It is not for {host!r}; it has {names}."))
    if number == 0 and not leads_to_anchor(sent, anchors):
        words = "No certificate that is trusted in this keystore verifies it."
        found.append(Finding("not-trusted", words))
    if number > 0 and chains.may_sign(one) is not None:
        found.append(Finding("not-a-ca", "It may not issue certificates."))
    if not one.self_issued:
        if one.signature_hash in _WEAK:
            found.append(Finding("weak-signature", f"It is signed with {one.signature_hash}."))
        found += _of_issuer(one, sent, anchors)
    return tuple(found)


def _of_issuer(
    one: Certificate, sent: tuple[Certificate, ...], anchors: tuple[Certificate, ...]
) -> tuple[Finding, ...]:
    named = [c for c in (*sent, *anchors) if c.subject_name == one.issuer_name]
    if not named:
        words = f"Its issuer {one.issuer!r} is neither sent nor trusted here; if it is the root, "
        return (Finding("issuer-not-sent", f"{words}a server may leave it out."),)
    if not any(_signed(one, issuer) for issuer in named):
        words = "No certificate with its issuer's name has signed it."
        return (Finding("wrong-signature", words),)
    return ()


def _signed(one: Certificate, issuer: Certificate) -> bool:
    if issuer.subject_name != one.issuer_name:
        return False
    return certificates.failure_of_signature(one, issuer) is None


def _alternatives(certificate: Certificate, kind: str) -> tuple[str, ...]:
    return tuple(text for text in certificate.extensions.san if text.startswith(kind))


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
