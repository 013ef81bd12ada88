"""Why this side does not accept a server's certificate, in plain words, and what to do about it."""

import ssl

from keysteward.outbound.refusals import Refusal, listed
from keysteward.outbound.transcripts import Transcript
from keysteward.pki.certificates import Certificate

_UNKNOWN_ROOT = (
    "Get the root from the server's administrators, compare its fingerprint with them, and add it "
    "as a certificate."
)

# X509_verify_cert codes (openssl/x509_vfy.h).
_ISSUER_UNKNOWN = (20, 21)
_NAME_MISMATCH = (62, 64)

_REASONS = {
    9: ("The server's certificate is not yet valid.", "Check the clocks of both sides."),
    10: (
        "The server's certificate, or one of its issuers, has expired.",
        "The server's administrators have to renew it.",
    ),
    18: (
        "The server's certificate is self-signed and not trusted here.",
        (
            "If it is the right one, compare its fingerprint with the server's administrators and "
            "add it as a certificate."
        ),
    ),
    19: ("The server's chain ends in a root that is not trusted here.", _UNKNOWN_ROOT),
    20: ("No trusted certificate verifies the server's chain.", _UNKNOWN_ROOT),
    21: ("No trusted certificate verifies the server's certificate.", _UNKNOWN_ROOT),
    23: (
        "The server's certificate was revoked.",
        "The server's administrators have to replace it.",
    ),
    62: ("The server's certificate is for another host name.", ""),
    64: ("The server's certificate is not for this IP address.", ""),
}


def of_verification(
    error: ssl.SSLCertVerificationError, transcript: Transcript, name: str
) -> Refusal:
    """Return why the server's certificate was not accepted for the name that was asked for."""
    reason, remedy = _REASONS.get(
        error.verify_code,
        (
            f"The server's certificate does not verify: {error.verify_message}.",
            "Show this to the server's administrators.",
        ),
    )
    chain = transcript.peer_chain
    if error.verify_code in _NAME_MISMATCH:
        has = listed(chain[0].extensions.san) if chain else ""
        reason += f" Asked for: {name}. It has: {has or 'no alternative name'}."
        remedy = "Use a name that the certificate has, or let the server's administrators add it."
    top = _top(chain)
    if error.verify_code in _ISSUER_UNKNOWN and top is not None and not top.self_issued:
        missing = repr(top.issuer)
        reason = (
            f"No trusted certificate verifies the server's chain: it ends at {top.subject!r}, and "
            f"the server sends no certificate of its issuer {missing}."
        )
        # Nothing that the server sent tells an intermediate from a root, which it may leave out.
        remedy = (
            f"If {missing} is an intermediate, the server's administrators must add it to what the "
            "server sends; if it is the root, it is missing here alone. Either way the connection "
            "becomes possible if you add it as a certificate; compare its fingerprint with them "
            "first."
        )
    evidence = f"The server showed: {'; '.join(shown(chain)) or 'nothing'}."
    return Refusal(reason, remedy, evidence=evidence)


def is_of_name(error: ssl.SSLCertVerificationError) -> bool:
    """Tell whether the certificate is for another name, and not bad in itself."""
    return error.verify_code in _NAME_MISMATCH


def _top(chain: tuple[Certificate, ...]) -> Certificate | None:
    """Return the last certificate up from the server's own that the sent ones lead to."""
    if not chain:
        return None
    top, *rest = chain
    while not top.self_issued:
        issuer = next((c for c in rest if c.subject_name == top.issuer_name), None)
        if issuer is None:
            break
        rest.remove(issuer)
        top = issuer
    return top


def shown(chain: tuple[Certificate, ...]) -> tuple[str, ...]:
    """Return one text per certificate: subject, issuer, end of life, fingerprint."""
    return tuple(
        f"{c.subject} (issued by {c.issuer}, valid from {c.not_before:%Y-%m-%d} until "
        f"{c.not_after:%Y-%m-%d}, SHA-256 {c.fingerprint})"
        for c in chain
    )
