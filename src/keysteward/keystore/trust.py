"""Whether a chain ends where this keystore already trusts, and what the caller says about that."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from keysteward.keystore.steward import Steward
from keysteward.pki import certificates, chains
from keysteward.pki.certificates import Certificate
from keysteward.problems import OVERRIDES, OverrideInvalid, RootNotTrusted
from keysteward.values import Fingerprint


@dataclass(frozen=True, slots=True)
class Consent:
    """What the caller says beforehand: which problems to override, which root was compared."""

    overrides: frozenset[str] = field(default=frozenset())
    trust_root: Fingerprint | None = None
    """SHA-256 of the topmost certificate that the caller confirms."""
    fingerprint_verified: bool = False
    """Confirms whatever topmost certificate the file has, as SAP's API does."""

    def __post_init__(self) -> None:
        for override in sorted(self.overrides - OVERRIDES):
            raise OverrideInvalid(override)


NO_CONSENT = Consent()


def require_trusted(
    steward: Steward,
    chain: tuple[Certificate, ...],
    current: tuple[Certificate, ...],
    consent: Consent,
) -> Fingerprint | None:
    """Return the fingerprint of the topmost certificate if only the caller's word confirms it.

    None if the chain is trusted anyway; ``current`` is the chain that it replaces. Raises
    RootNotTrusted.
    """
    if is_trusted(steward, chain, current):
        return None
    top = chain[-1]
    if consent.fingerprint_verified or consent.trust_root == top.fingerprint:
        return top.fingerprint
    problem = RootNotTrusted(
        top.subject,
        top.fingerprint,
        top.fingerprint_sha1,
        missing_issuer=None if top.self_signed else top.issuer,
        alone=len(chain) == 1,
    )
    problem.der = top.der
    raise problem


def is_trusted(
    steward: Steward, chain: tuple[Certificate, ...], current: tuple[Certificate, ...]
) -> bool:
    """Return whether the chain's topmost certificate is an anchor, or a CA among them signed it.

    Anchors are the certificate entries marked trusted, the configured bundle, the root of the
    entry's current CA-issued chain, and what was confirmed for this keystore before.
    """
    top = chain[-1]
    root = current[-1:] if len(current) > 1 and current[-1].self_signed else ()
    if _vouches(root, top) or _vouches(steward.bundle, top):
        return True
    log = steward.store.audit_log
    if log.find_confirmation(steward.keystore_id, top.fingerprint) is not None:
        return True
    return _vouches(
        steward.store.find_trusted(steward.keystore_id, top.fingerprint, top.issuer_name), top
    )


def _vouches(anchors: Iterable[Certificate], top: Certificate) -> bool:
    """Tell whether an anchor is the topmost certificate, or a CA that signed it.

    A server's certificate may be trusted as well, but then its key vouches for that server alone.
    """
    return any(
        anchor == top
        or (
            anchor.subject_name == top.issuer_name
            and chains.may_sign(anchor) is None
            and certificates.failure_of_signature(top, anchor) is None
        )
        for anchor in anchors
    )
