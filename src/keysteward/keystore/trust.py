"""Whether a chain ends where this keystore already trusts."""

from collections.abc import Iterable

from keysteward.keystore.steward import Steward
from keysteward.pki import certificates
from keysteward.pki.certificates import Certificate


def is_trusted(
    steward: Steward, chain: tuple[Certificate, ...], current: tuple[Certificate, ...]
) -> bool:
    """Return whether the chain's topmost certificate is an anchor, or was signed by one.

    Anchors are the certificate entries marked trusted, the configured bundle, the root of the
    entry's current CA-issued chain, and what was confirmed for this keystore before.
    """
    top = chain[-1]
    root = current[-1:] if len(current) > 1 and current[-1].self_signed else ()
    if _vouches(root, top) or _vouches(steward.bundle, top):
        return True
    if steward.store.is_confirmed(steward.keystore_id, top.fingerprint):
        return True
    return _vouches(
        steward.store.find_trusted(steward.keystore_id, top.fingerprint, top.issuer_name), top
    )


def _vouches(anchors: Iterable[Certificate], top: Certificate) -> bool:
    return any(
        anchor == top
        or (
            anchor.subject_name == top.issuer_name
            and certificates.failure_of_signature(top, anchor) is None
        )
        for anchor in anchors
    )
