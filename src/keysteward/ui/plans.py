"""Plans, chains and certificates as pages show them: plain values for ``plan_parts.html``.

A page asks for ``show`` with a plan, or for ``show_chain``, ``compare`` and ``show_notices`` where
an operation has no plan.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from keysteward.entries import ChainLink, Plan, Source
from keysteward.pki import usages
from keysteward.pki.certificates import Certificate
from keysteward.ui.wording import notice_texts
from keysteward.values import Notice, Severity

SOON = timedelta(days=30)
"""What ends within this time is shown as a warning."""

_KEY_USAGES = MappingProxyType(
    {
        # RFC 5280 section 4.2.1.3, in its order.
        "digital_signature": "digitalSignature",
        "content_commitment": "nonRepudiation",
        "key_encipherment": "keyEncipherment",
        "data_encipherment": "dataEncipherment",
        "key_agreement": "keyAgreement",
        "key_cert_sign": "keyCertSign",
        "crl_sign": "cRLSign",
    }
)
_EXTENDED_KEY_USAGES = MappingProxyType(
    {
        # RFC 5280 section 4.2.1.12; RFC 6187 section 2.2.2; RFC 9336.
        usages.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
        "1.3.6.1.5.5.7.3.1": "serverAuth",
        "1.3.6.1.5.5.7.3.2": "clientAuth",
        "1.3.6.1.5.5.7.3.3": "codeSigning",
        "1.3.6.1.5.5.7.3.4": "emailProtection",
        "1.3.6.1.5.5.7.3.8": "timeStamping",
        "1.3.6.1.5.5.7.3.9": "OCSPSigning",
        "1.3.6.1.5.5.7.3.21": "secureShellClient",
        "1.3.6.1.5.5.7.3.22": "secureShellServer",
        "1.3.6.1.5.5.7.3.36": "documentSigning",
    }
)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """One certificate of a chain."""

    certificate: Certificate
    role: str
    """``end-entity``, ``intermediate``, or ``root`` if it is self-signed."""
    source: str
    """``response`` or ``keystore``; empty where it says nothing."""
    state: str
    """``ended``, ``soon`` (within thirty days), ``not-yet``, or ``valid``."""
    days: int
    """Whole days until it ends; negative since."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One value of a row."""

    value: str | datetime
    own: bool
    """Whether the other side has no such value."""


@dataclass(frozen=True, slots=True)
class Row:
    """What two certificates say about one thing; a side may say nothing, or several things."""

    name: str
    """Such as ``not_after``; the templates have the words."""
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]

    @property
    def differs(self) -> bool:
        """Whether the two say other things."""
        return any(piece.own for piece in (*self.old, *self.new))


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice in plain words, with what it means and what to do."""

    slug: str
    warning: bool
    heading: str
    advice: str
    detail: str
    """The sentence about this very case, as the operation wrote it."""


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """What would be done to an entry."""

    alias: str
    base_version: int
    digest: str
    changes: bool
    """False: the entry has this very chain already, nothing would be stored."""
    containers: tuple[str, ...]
    """What the file was known as: "PKCS#7 SignedData", "PEM"; empty if there was no file."""
    chain: tuple[ShownLink, ...]
    """Topmost first, as a tree grows."""
    rows: tuple[Row, ...]
    notices: tuple[ShownNotice, ...]
    """Warnings first."""

    @property
    def certificate(self) -> Certificate:
        """The one for the entry's key."""
        return self.chain[-1].certificate

    @property
    def warnings(self) -> int:
        """How many notices are warnings."""
        return sum(notice.warning for notice in self.notices)


def show(plan: Plan, replaced: tuple[Certificate, ...], now: datetime, language: str) -> ShownPlan:
    """Return a plan to show; ``replaced`` is the entry's current chain, end-entity first."""
    return ShownPlan(
        alias=plan.alias,
        base_version=plan.base_version,
        digest=plan.digest,
        changes=plan.reason is not None,
        containers=plan.containers,
        chain=show_chain(plan.chain, now),
        rows=compare(replaced, plan.certificates),
        notices=show_notices(plan.notices, language),
    )


def show_chain(
    chain: Iterable[ChainLink] | Iterable[Certificate], now: datetime
) -> tuple[ShownLink, ...]:
    """Return a chain to show, topmost first; it is given end-entity first.

    Where certificates came from is told of links whose sources differ, or that a file brought.
    """
    links = [c if isinstance(c, ChainLink) else ChainLink(c, Source.KEYSTORE) for c in chain]
    told = any(link.source is Source.RESPONSE for link in links)
    shown = [
        _show_link(link, number, now, source=link.source.value if told else "")
        for number, link in enumerate(links)
    ]
    return tuple(reversed(shown))


def state_of(certificate: Certificate, now: datetime) -> str:
    """Return ``ended``, ``soon``, ``not-yet`` or ``valid``."""
    if certificate.not_after < now:
        return "ended"
    if now < certificate.not_before:
        return "not-yet"
    return "soon" if certificate.not_after - now < SOON else "valid"


def key_usages(certificate: Certificate) -> tuple[str, ...]:
    """Return the key usages by their names in RFC 5280, in its order."""
    bits = certificate.extensions.key_usage or frozenset()
    return tuple(name for bit, name in _KEY_USAGES.items() if bit in bits)


def extended_key_usages(certificate: Certificate) -> tuple[str, ...]:
    """Return the extended key usages by name, or as object identifiers if they have none here."""
    oids = certificate.extensions.extended_key_usage or frozenset()
    return tuple(sorted(_EXTENDED_KEY_USAGES.get(oid, oid) for oid in oids))


def compare(old: tuple[Certificate, ...], new: tuple[Certificate, ...]) -> tuple[Row, ...]:
    """Return two chains side by side; each is given end-entity first and may be empty."""
    before, after = _said(old), _said(new)
    return tuple(compare_values(name, before.get(name, ()), after.get(name, ())) for name in _NAMES)


def show_notices(notices: Iterable[Notice], language: str) -> tuple[ShownNotice, ...]:
    """Return notices in the words of a language ("en", "de"), warnings first."""
    ordered = sorted(notices, key=lambda notice: notice.severity is not Severity.WARNING)
    return tuple(
        ShownNotice(
            slug=notice.slug,
            warning=notice.severity is Severity.WARNING,
            heading=notice_texts.heading(notice.slug, language),
            advice=notice_texts.advice(notice.slug, language),
            detail=notice.detail,
        )
        for notice in ordered
    )


def serial_number(certificate: Certificate) -> str:
    """Return the serial number as pairs of hexadecimal digits, as certificates are compared."""
    digits = f"{abs(certificate.serial_number):X}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    pairs = ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))
    return f"-{pairs}" if certificate.serial_number < 0 else pairs


_NAMES = (
    "subject",
    "issuer",
    "serial_number",
    "not_before",
    "not_after",
    "key",
    "public_key",
    "signature_algorithm",
    "san",
    "key_usage",
    "extended_key_usage",
    "root",
    "fingerprint",
)
_Value = tuple[str | datetime, ...]


def _said(chain: tuple[Certificate, ...]) -> dict[str, _Value]:
    if not chain:
        return {}
    certificate, top = chain[0], chain[-1]
    return {
        "subject": (certificate.subject,),
        "issuer": (certificate.issuer,),
        "serial_number": (serial_number(certificate),),
        "not_before": (certificate.not_before,),
        "not_after": (certificate.not_after,),
        "key": (str(certificate.key),),
        "public_key": (certificate.public_key_sha256,),
        "signature_algorithm": (certificate.signature_algorithm,),
        "san": certificate.extensions.san,
        "key_usage": key_usages(certificate),
        "extended_key_usage": extended_key_usages(certificate),
        "root": (top.subject,) if len(chain) > 1 and top.self_signed else (),
        "fingerprint": (certificate.fingerprint,),
    }


def compare_values(name: str, old: _Value, new: _Value) -> Row:
    """Return what two sides say about one thing; the templates know the name."""
    return Row(
        name,
        tuple(Piece(value, value not in new) for value in old),
        tuple(Piece(value, value not in old) for value in new),
    )


def _show_link(link: ChainLink, number: int, now: datetime, *, source: str) -> ShownLink:
    certificate = link.certificate
    role = "root" if certificate.self_signed else "intermediate"
    return ShownLink(
        certificate=certificate,
        role="end-entity" if number == 0 else role,
        source=source,
        state=state_of(certificate, now),
        days=(certificate.not_after - now).days,
    )
