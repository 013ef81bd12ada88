"""A second opinion on a chain that our own rules found nothing wrong with."""

from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from keysteward.pki.certificates import Certificate

_NO_OPINION = ("Forbidden signature algorithm", "Forbidden public key algorithm", "RSA key ")
"""How cryptography 50 says that an algorithm or a key size is not on its list at all."""

_END_ENTITY = ExtensionPolicy.permit_all()
_CA = ExtensionPolicy.permit_all().require_present(
    x509.BasicConstraints, Criticality.AGNOSTIC, None
)


def objection(chain: tuple[Certificate, ...], now: datetime) -> str | None:
    """Return why cryptography's ClientVerifier refuses the chain, or None.

    The extension policies permit all, because our own rules look at them; what remains are name
    constraints and whatever else RFC 5280 section 6 asks for. The chain's top serves as anchor.
    Also None where the verifier has no opinion: an algorithm that is not on its list, a lone
    certificate, and a version 1 root, in whose place the certificate below it is the anchor.
    """
    if chain[-1].version == 1:
        chain = chain[:-1]
    if len(chain) < 2:
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
        # The text can end in a dump of the library's own structures, which helps nobody.
        return None if reason.startswith(_NO_OPINION) else reason.split(" (encountered", 1)[0]
    return None
