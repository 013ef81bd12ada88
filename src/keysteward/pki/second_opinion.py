"""A second opinion on a chain that our own rules found nothing wrong with."""

import itertools
from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from keysteward.pki import name_constraints, old_names
from keysteward.pki.certificates import Certificate

_NO_OPINION = ("Forbidden signature algorithm", "Forbidden public key algorithm", "RSA key ")
"""How cryptography 50 says that an algorithm or a key size is not on its list at all."""

_NOT_PROCESSED = "unaccounted-for critical extensions"
"""How it says that it does not process certificate policies and their constraints, which RFC 5280
lets be critical or demands to be. Extensions that nobody knows are the business of our rules."""

_ON_NAMES = ("name constraint", "directoryName constraint")
"""What is in everything that it says about name constraints, which are looked at here."""

_ON_VERSION = "must be an X509v3 certificate"
_VERSION_1 = (
    "The certificate is one of X.509 version 1, which has no extensions and does not say what it "
    "is for; 'openssl x509 -req' makes them without -extfile. Some receivers refuse it. Ask the CA "
    "for one of version 3."
)

_END_ENTITY = ExtensionPolicy.permit_all()
_CA = ExtensionPolicy.permit_all().require_present(
    x509.BasicConstraints, Criticality.AGNOSTIC, None
)


def objection(chain: tuple[Certificate, ...], now: datetime) -> str | None:
    """Return why the chain would be refused by more than our own rules, or None.

    Asked are the name constraints, and cryptography's ClientVerifier. Its extension policies permit
    all, because our own rules look at them; what remains is whatever else RFC 5280 section 6 asks
    for. The chain's top is the anchor. It has no opinion on an algorithm that is not on its list,
    critical certificate policies, a lone certificate, and a chain with a certificate that it cannot
    decode (see ``readable_copies``). What it refuses because it compares or counts otherwise than
    RFC 5280 does, it is asked again without.
    """
    misnamed = name_constraints.violation(chain)
    if misnamed is not None:
        return f"by its name constraints {misnamed}."
    reason = _refusal(chain, now)
    part = chain if reason is None else _read_alike(chain, reason)
    if part != chain:
        reason = _refusal(part, now)
    if reason is not None and chain[0].version == 1 and _ON_VERSION in reason:
        return _VERSION_1
    return None if reason is None else f"cryptography's verifier says: {reason}"


def _read_alike(chain: tuple[Certificate, ...], reason: str) -> tuple[Certificate, ...]:
    """Return the chain up to where cryptography 50 departs from RFC 5280.

    It compares names byte by byte (against section 7.1), counts self-issued intermediates for a
    path length (against section 6.1.4 step (l)), and knows no root of version 1. If its reason is
    a name constraint, it departs at the lowest issuer that has one.
    """
    on_names = any(text in reason for text in _ON_NAMES)
    for position, (child, issuer) in enumerate(itertools.pairwise(chain)):
        named = old_names.issuer_content(child.der)
        other_bytes = named != old_names.subject_content(issuer.der)
        constrained = on_names and name_constraints.constrains(issuer)
        if other_bytes or constrained or issuer.version == 1 or (position and child.self_issued):
            return chain[: position + 1]
    return chain


def _refusal(chain: tuple[Certificate, ...], now: datetime) -> str | None:
    if len(chain) < 2 or any(certificate.loaded_from_copy for certificate in chain):
        # It takes certificates that it loaded itself alone, and a copy's signature does not verify.
        return None
    verifier = (
        PolicyBuilder()
        .store(Store([chain[-1].loaded]))
        .time(now.replace(tzinfo=None))
        .max_chain_depth(len(chain))
        .extension_policies(ee_policy=_END_ENTITY, ca_policy=_CA)
        .build_client_verifier()
    )
    try:
        verifier.verify(chain[0].loaded, [c.loaded for c in chain[1:-1]])
    except VerificationError as error:
        reason = (
            str(error).removeprefix("validation failed: ").removeprefix("candidates exhausted: ")
        )
        if reason.startswith(_NO_OPINION) or _NOT_PROCESSED in reason:
            return None
        # The text can end in a dump of the library's own structures, which helps nobody.
        return reason.split(" (encountered", 1)[0]
    return None
