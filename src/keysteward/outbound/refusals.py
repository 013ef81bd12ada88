"""Why a TLS connection did not come about, in plain words, and what to do about it."""

import ssl
from dataclasses import dataclass

from keysteward.outbound.transcripts import Transcript
from keysteward.pki import tls_support
from keysteward.pki.certificates import Certificate


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason and remedy, each one or more sentences; ``alert`` if the server sent one."""

    reason: str
    remedy: str
    alert: str | None = None


_NO_CERTIFICATE = (
    "The server demands a client certificate and none was sent.",
    (
        "Connect with the alias of a key pair; if one was given, its key fits no signature scheme "
        "that the server allows, and another key type is needed."
    ),
)

# Alerts whose meaning does not depend on what happened before (RFC 8446 section 6.2).
_ALERTS = {
    42: (
        "bad_certificate",
        "The server found the client certificate damaged or not acceptable.",
        (
            "Let its administrators look up the reason in their log; often the chain sent is not "
            "complete, or the issuer is not set up there."
        ),
    ),
    43: (
        "unsupported_certificate",
        "The server does not take a certificate of this kind.",
        (
            "Check that the extended key usage allows TLS clients and that the server knows the "
            "key type and signature algorithm."
        ),
    ),
    44: (
        "certificate_revoked",
        "The server says that the client certificate was revoked by its issuer.",
        "Ask the CA why, and renew the key pair with a new key.",
    ),
    45: (
        "certificate_expired",
        (
            "The server says that the client certificate or one of its issuers is expired or not "
            "yet valid."
        ),
        (
            "Renew it: write a signing request and upload the response. If it is valid, the "
            "server's clock is wrong."
        ),
    ),
    46: (
        "certificate_unknown",
        "The server does not accept the client certificate and gives no reason.",
        "Let its administrators look up the reason in their log and register this certificate.",
    ),
    49: (
        "access_denied",
        "The server knows the client certificate and denies it access.",
        "Ask its administrators to grant access to this certificate's subject.",
    ),
    51: (
        "decrypt_error",
        "The server could not verify a signature of the handshake.",
        (
            "Check that the server's TLS knows the key type of the client certificate; a device "
            "between the two that opens the connection has the same effect."
        ),
    ),
    70: (
        "protocol_version",
        "The server speaks no TLS version that this side allows (TLS 1.2 and newer).",
        "Let its administrators switch on TLS 1.2 or 1.3.",
    ),
    71: (
        "insufficient_security",
        "The server wants stronger ciphers than this side offers.",
        "Compare the cipher lists of both sides.",
    ),
    80: (
        "internal_error",
        "The server failed for a reason of its own.",
        "Let its administrators look into their log.",
    ),
    112: (
        "unrecognized_name",
        "The server does not serve this host name.",
        "Check the name, or give the one that it serves.",
    ),
    116: ("certificate_required", *_NO_CERTIFICATE),
    120: (
        "no_application_protocol",
        "The server does not speak HTTP/1.1 at this address.",
        "Check the port.",
    ),
}

_HANDSHAKE_FAILURE, _UNKNOWN_CA, _ILLEGAL_PARAMETER = 40, 48, 47

_NAMES = {40: "handshake_failure", 47: "illegal_parameter", 48: "unknown_ca"}
"""Alerts whose meaning depends on what happened before."""


def of_alert(number: int, transcript: Transcript) -> Refusal:
    """Return what a fatal alert of the server means after what was seen of the handshake."""
    if number in _ALERTS:
        name, reason, remedy = _ALERTS[number]
    else:
        name = _NAMES.get(number, f"number {number}")
        reason, remedy = _in_context(number, transcript)
    if transcript.accepted_issuers and transcript.requested:
        remedy += f" It names the issuers that it accepts: {_listed(transcript.accepted_issuers)}."
    return Refusal(f"{reason.removesuffix('.')} (TLS alert {name}).", remedy, name)


def _in_context(number: int, transcript: Transcript) -> tuple[str, str]:
    if number == _UNKNOWN_CA and transcript.own_chain:
        leaf, top = transcript.own_chain[0], transcript.own_chain[-1]
        if leaf.self_signed:
            return (
                (
                    "The server does not trust the client certificate, which is still self-signed: "
                    f"{leaf.subject}."
                ),
                "Send the entry's signing request to a CA, and upload the CA's response first.",
            )
        return (
            f"The server does not trust the issuer of the client certificate, {leaf.issuer}.",
            (
                f"Send its administrators the root {top.issuer} and ask them to trust it for "
                "client certificates; if they do already, the chain of the entry lacks an "
                "intermediate."
            ),
        )
    if transcript.requested and not transcript.own_chain:
        return _NO_CERTIFICATE
    if transcript.own_chain:
        return (
            "The server refused after it had got the client certificate.",
            (
                "Let its administrators look up the reason in their log: most often the issuer is "
                "not trusted there, or the key type not allowed."
            ),
        )
    if number == _HANDSHAKE_FAILURE and not transcript.peer_chain:
        return (
            "The server shares no TLS version, cipher or key exchange with this side.",
            (
                "Let its administrators allow a current cipher (ECDHE with AES-GCM) for TLS 1.2 "
                "or 1.3. Check the host name, too: some servers answer so for names that they do "
                "not serve."
            ),
        )
    return "The server ended the handshake.", "Let its administrators look into their log."


# ---- the server's certificate does not verify

_UNKNOWN_ISSUER = (
    "Get the root from the server's administrators, compare its fingerprint with them, and add it "
    "as a trusted certificate entry."
)

# X509_verify_cert codes (openssl/x509_vfy.h).
_VERIFICATION = {
    9: ("The server's certificate is not yet valid.", "Check the clocks of both sides."),
    10: (
        "The server's certificate, or one of its issuers, has expired.",
        "The server's administrators have to renew it.",
    ),
    18: (
        "The server's certificate is self-signed and not trusted here.",
        (
            "If it is the right one, add it as a trusted certificate entry after comparing its "
            "fingerprint with the server's administrators."
        ),
    ),
    19: ("The server's chain ends in a root that is not trusted here.", _UNKNOWN_ISSUER),
    20: ("No trusted certificate verifies the server's chain.", _UNKNOWN_ISSUER),
    21: ("No trusted certificate verifies the server's certificate.", _UNKNOWN_ISSUER),
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
    reason, remedy = _VERIFICATION.get(
        error.verify_code,
        (
            f"The server's certificate does not verify: {error.verify_message}.",
            "Show this to the server's administrators.",
        ),
    )
    chain = transcript.peer_chain
    if error.verify_code in (62, 64):
        has = _listed(chain[0].extensions.san) if chain else ""
        reason += f" Asked for: {name}. It has: {has or 'no alternative name'}."
        remedy = "Use a name that the certificate has, or let the server's administrators add it."
    return Refusal(f"{reason} The server showed: {'; '.join(shown(chain)) or 'nothing'}.", remedy)


def shown(chain: tuple[Certificate, ...]) -> tuple[str, ...]:
    """Return one text per certificate: subject, issuer, end of life, fingerprint."""
    return tuple(
        f"{c.subject} (issued by {c.issuer}, valid from {c.not_before:%Y-%m-%d} until "
        f"{c.not_after:%Y-%m-%d}, SHA-256 {c.fingerprint})"
        for c in chain
    )


# ---- everything else

_OWN = {
    "UNSUPPORTED_PROTOCOL": _ALERTS[70][1:],
    "WRONG_SSL_VERSION": _ALERTS[70][1:],
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": (
        "The server lacks secure renegotiation (RFC 5746), which this system's TLS insists on.",
        "Let its administrators update the server's TLS library.",
    ),
    "DH_KEY_TOO_SMALL": (
        "The server's Diffie-Hellman parameters are too small for this system's TLS.",
        "Let its administrators switch on ECDHE or larger parameters.",
    ),
}


def of_own_tls(error: ssl.SSLError) -> Refusal:
    """Return why this side's TLS ended the connection."""
    reason = tls_support.words(error)
    said = f"This side's TLS ({tls_support.LIBRARY}) ended the handshake: {reason}."
    remedy = "Show this to the server's administrators."
    return Refusal(*_OWN.get(reason, (said, remedy)))


def of_other_protocol(first: bytes) -> Refusal:
    """Return what to say of a server that answers with something else than TLS."""
    line = printable(first.split(b"\n")[0], limit=80)
    kind = "plain HTTP" if first.startswith(b"HTTP/") else "something else"
    return Refusal(
        f"The server does not speak TLS at this port but {kind}: {line!r}.",
        "Take the port that serves HTTPS.",
    )


def of_closing(transcript: Transcript, how: str) -> Refusal:
    """Return what an end without an alert may mean; ``how`` is "closed" or "reset"."""
    if transcript.requested and transcript.own_chain:
        return Refusal(
            f"The server {how} the connection without a word after it had got the client "
            "certificate.",
            "It may have refused the certificate: let its administrators look into their log, and "
            "check that they trust its issuer.",
        )
    if transcript.requested:
        return Refusal(f"The server {how} the connection. {_NO_CERTIFICATE[0]}", _NO_CERTIFICATE[1])
    return Refusal(
        f"The server {how} the connection before the handshake was done, and gave no reason.",
        "Check host name and port; a firewall or proxy between the two does this as well.",
    )


def printable(data: bytes, limit: int) -> str:
    """Return at most ``limit`` characters of a text from outside, all of them printable."""
    text = data[: 4 * limit].decode("utf-8", "replace").strip()[:limit]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _listed(texts: tuple[str, ...], limit: int = 10) -> str:
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more
