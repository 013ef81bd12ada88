"""Why a server refused, or there was no TLS at all, in plain words, and what to do about it."""

import ssl
from dataclasses import dataclass

from keysteward.outbound.transcripts import Transcript
from keysteward.pki import tls_support
from keysteward.values import Alias


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason and remedy, each one or more sentences; ``alert`` if the server sent one.

    ``evidence`` is what the server showed, for whoever has to compare it; often nothing.
    """

    reason: str
    remedy: str
    alert: str | None = None
    evidence: str = ""


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
    120: (
        "no_application_protocol",
        "The server does not speak HTTP/1.1 at this address.",
        "Check the port.",
    ),
}

_HANDSHAKE_FAILURE, _UNKNOWN_CA = 40, 48

_NAMES = {
    40: "handshake_failure",
    47: "illegal_parameter",
    48: "unknown_ca",
    116: "certificate_required",
}
"""Alerts whose meaning depends on what happened before."""

_OF_AN_INCOMPLETE_CHAIN = (42, 46, 48)
"""Alerts with which TLS libraries refuse a chain that they cannot build; Java sends 46."""


def of_alert(number: int, transcript: Transcript, alias: Alias | None) -> Refusal:
    """Return what a fatal alert of the server means after what was seen of the handshake.

    ``alias`` is the one whose key pair was to be presented; so in the other functions here.
    """
    if number in _ALERTS:
        name, reason, remedy = _ALERTS[number]
    else:
        name = _NAMES.get(number, f"number {number}")
        reason, remedy = _in_context(number, transcript, alias)
    reason = f"{reason.removesuffix('.')} (TLS alert {name})."
    flaw = _flaw(transcript, alias) if number in _OF_AN_INCOMPLETE_CHAIN else None
    if flaw is not None:
        reason, remedy = f"{reason} {flaw.reason}", flaw.remedy
    return Refusal(reason + _accepted(transcript), remedy, name)


def _in_context(number: int, transcript: Transcript, alias: Alias | None) -> tuple[str, str]:
    if number == _UNKNOWN_CA and transcript.own_chain:
        leaf, top = transcript.own_chain[0], transcript.own_chain[-1]
        if leaf.self_signed:
            # What it lacks, and the remedy, are its flaw.
            return "The server does not trust the client certificate.", ""
        return (
            f"The server does not trust the issuer of the client certificate, {leaf.issuer}.",
            (
                f"Send its administrators the root {top.issuer} and ask them to trust it for "
                "client certificates."
            ),
        )
    if transcript.requested and not transcript.own_chain:
        return "The server demands a client certificate and none was sent.", _none_sent(alias)
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


# ---- what of our side the server may have refused


def _none_sent(alias: Alias | None) -> str:
    if alias is None:
        return "Connect with the alias of a key pair."
    return (
        f"The key of {alias!r} fits no signature scheme that the server allows: it needs a key of "
        "another type."
    )


def _flaw(transcript: Transcript, alias: Alias | None) -> Refusal | None:
    """Return what is to be seen from here that no server would take, if there is something."""
    if not transcript.own_chain:
        return None
    leaf, top = transcript.own_chain[0], transcript.own_chain[-1]
    if leaf.self_signed:
        return Refusal(
            f"The client certificate is still self-signed: {leaf.subject}.",
            "Send the entry's signing request to a CA, and upload the CA's response first.",
        )
    if top.self_signed or top.issuer in transcript.accepted_issuers:
        return None
    chain = "The chain sent" if alias is None else f"The chain of {alias!r}"
    return Refusal(
        f"{chain} ends at {top.subject!r} and lacks its issuer {top.issuer!r}.",
        f"Upload the CA's response with its whole chain. If {top.issuer!r} is the root, ask the "
        "server's administrators to trust it for client certificates.",
    )


def _accepted(transcript: Transcript) -> str:
    if not transcript.requested or not transcript.accepted_issuers:
        return ""
    return f" The server names the issuers that it accepts: {listed(transcript.accepted_issuers)}."


def of_answer(status_line: str, transcript: Transcript, alias: Alias | None) -> Refusal:
    """Return what an HTTP answer means that is about the client certificate."""
    if not transcript.own_chain:
        return Refusal(
            "The server demands a client certificate and got none; it answered "
            f"{status_line!r}." + _accepted(transcript),
            _none_sent(alias),
        )
    leaf, top = transcript.own_chain[0], transcript.own_chain[-1]
    reason = (
        f"The server does not accept the client certificate issued by {leaf.issuer}; it answered "
        f"{status_line!r} and names an SSL certificate error."
    )
    remedy = (
        f"Check that the certificate is valid, and that the server trusts the root {top.issuer} "
        "for client certificates and allows a chain of this length."
    )
    flaw = _flaw(transcript, alias)
    if flaw is not None:
        reason, remedy = f"{reason} {flaw.reason}", flaw.remedy
    return Refusal(reason + _accepted(transcript), remedy)


def of_closing(transcript: Transcript, how: str, alias: Alias | None) -> Refusal:
    """Return what an end without an alert may mean; ``how`` is "closed" or "reset"."""
    if transcript.requested and transcript.own_chain:
        reason = (
            f"The server {how} the connection without a word after it had got the client "
            "certificate."
        )
        remedy = "Let its administrators look into their log, and check that they trust its issuer."
        flaw = _flaw(transcript, alias)
        if flaw is not None:
            reason, remedy = f"{reason} {flaw.reason}", flaw.remedy
        return Refusal(
            reason + _accepted(transcript), f"It may have refused the certificate. {remedy}"
        )
    if transcript.requested:
        return Refusal(
            f"The server {how} the connection. It asked for a client certificate and none was sent."
            + _accepted(transcript),
            _none_sent(alias),
        )
    return Refusal(
        f"The server {how} the connection before the handshake was done, and gave no reason.",
        "Check host name and port; a firewall or proxy between the two does this as well.",
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


def printable(data: bytes, limit: int) -> str:
    """Return at most ``limit`` characters of a text from outside, all of them printable."""
    text = data[: 4 * limit].decode("utf-8", "replace").strip()[:limit]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def listed(texts: tuple[str, ...], limit: int = 10) -> str:
    """Return the first texts, and how many more there are."""
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more
