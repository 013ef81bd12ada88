"""What a TLS handshake said: the messages that Python's ssl module does not report otherwise.

Whether a server asked for a client certificate, which issuers it named, whether one was sent, and
the alert with which it refused are in handshake messages that ``ssl`` shows to one observer only,
``SSLContext._msg_callback`` (Python 3.8 to 3.14, not documented). It sees them decrypted and before
OpenSSL judges them, so a chain that fails verification is there too.
"""

import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from keysteward.pki import certificates, names, readable_copies
from keysteward.pki.certificates import Certificate
from keysteward.problems import CertificateUnreadable

# Record content types and handshake message types: RFC 8446 sections 5.1 and 4.
_ALERT, _HANDSHAKE = 21, 22
_CERTIFICATE, _CERTIFICATE_REQUEST = 11, 13
_CERTIFICATE_AUTHORITIES = 47  # extension, RFC 8446 section 4.2.4
_FATAL = 2
_CLOSE_NOTIFY, _USER_CANCELED = 0, 90
_TLS_1_3 = 0x0304

# SSL_OP_NO_RX_CERTIFICATE_COMPRESSION (OpenSSL 3.2): compressed chains (RFC 8879) would pass here
# unread. Older versions do not know them and ignore the bit.
_NO_COMPRESSED_CERTIFICATES = 1 << 33

_CERTIFICATES_LIMIT = 32
_ISSUERS_LIMIT = 200


@dataclass(slots=True)
class Transcript:
    """What has been seen so far; filled while the handshake runs."""

    peer_chain: tuple[Certificate, ...] = ()
    """The server's certificates, in its order; unreadable ones are left out."""
    own_chain: tuple[Certificate, ...] = ()
    """The certificates that we sent; empty if none was."""
    requested: bool = False
    """Whether the server asked for a client certificate."""
    accepted_issuers: tuple[str, ...] = ()
    """Issuers that the server named while asking; many servers name none."""
    alert: int | None = None
    """The server's last fatal alert, by number (RFC 8446 section 6)."""


def observe(context: ssl.SSLContext) -> Transcript:
    """Return the transcript of the next connection of the context, which nobody else may use."""
    transcript = Transcript()

    def see(
        _connection: object,
        direction: str,
        version: int,
        content_type: int,
        _message_type: int,
        data: bytes,
    ) -> None:
        received = direction == "read"
        if content_type == _ALERT and received and len(data) >= 2:
            # TLS 1.3 ignores the level: all alerts but these two are fatal (RFC 8446 section 6).
            fatal = version >= _TLS_1_3 and data[1] not in (_CLOSE_NOTIFY, _USER_CANCELED)
            if fatal or data[0] == _FATAL:
                transcript.alert = data[1]
        elif content_type == _HANDSHAKE and len(data) >= 4:
            _see_message(transcript, data, received=received, tls_1_3=version >= _TLS_1_3)

    context.options |= _NO_COMPRESSED_CERTIFICATES
    context._msg_callback = see  # type: ignore[attr-defined]  # noqa: SLF001  # see the module's text
    return transcript


def _see_message(transcript: Transcript, data: bytes, *, received: bool, tls_1_3: bool) -> None:
    kind, body = data[0], data[4:]
    if kind == _CERTIFICATE:
        found = tuple(_read(list(_certificates(body, tls_1_3=tls_1_3))))
        if received:
            transcript.peer_chain = found
        else:
            transcript.own_chain = found
    elif kind == _CERTIFICATE_REQUEST and received:
        transcript.requested = True
        transcript.accepted_issuers = tuple(_issuers(body, tls_1_3=tls_1_3))


def _read(ders: list[bytes]) -> Iterator[Certificate]:
    for der in ders[:_CERTIFICATES_LIMIT]:
        try:
            yield certificates.read_certificate(der)
        except CertificateUnreadable:
            continue


def _certificates(body: bytes, *, tls_1_3: bool) -> Iterator[bytes]:
    """Yield the DER of a Certificate message (RFC 8446 section 4.4.2, RFC 5246 section 7.4.2)."""
    if tls_1_3:
        _, body = _vector(body, 1)  # certificate_request_context
    entries, _ = _vector(body, 3)
    while entries:
        der, entries = _vector(entries, 3)
        if tls_1_3:
            _, entries = _vector(entries, 2)  # extensions of the entry
        yield der


def _issuers(body: bytes, *, tls_1_3: bool) -> Iterator[str]:
    """Yield the names of a CertificateRequest (RFC 8446 section 4.3.2, RFC 5246 section 7.4.4)."""
    if tls_1_3:
        _, body = _vector(body, 1)  # certificate_request_context
        names_ = _extension(_vector(body, 2)[0], _CERTIFICATE_AUTHORITIES)
    else:
        _, body = _vector(body, 1)  # certificate_types
        _, names_ = _vector(body, 2)  # supported_signature_algorithms
    rest, _ = _vector(names_, 2)
    for _number in range(_ISSUERS_LIMIT):
        if not rest:
            return
        der, rest = _vector(rest, 2)
        yield _shown(der)


def _extension(extensions: bytes, wanted: int) -> bytes:
    while extensions:
        kind, extensions = int.from_bytes(extensions[:2]), extensions[2:]
        content, extensions = _vector(extensions, 2)
        if kind == wanted:
            return content
    return b""


def _vector(data: bytes, size: int) -> tuple[bytes, bytes]:
    """Split off a vector with a length of ``size`` bytes (RFC 8446 section 3.4).

    Where the length is wrong, what is there is taken: OpenSSL refuses such a message afterwards.
    """
    end = size + int.from_bytes(data[:size])
    return data[size:end], data[end:]


# A certification request around a name (RFC 2986), because the X.509 library reads names only as
# part of something: a version before it, and an Ed25519 key, no attributes and no signature after.
_BEFORE_NAME = bytes.fromhex("020100")
_AFTER_NAME = bytes.fromhex("302a300506032b6570032100" + "00" * 32 + "a000")
_AFTER_REQUEST = bytes.fromhex("300506032b6570030100")


def _shown(der: bytes) -> str:
    inner = _sequence(_BEFORE_NAME + der + _AFTER_NAME)
    try:
        with warnings.catch_warnings():
            # About a country of more or less than two letters, which is its CA's affair.
            warnings.simplefilter("ignore")
            readable = readable_copies.with_other_strings(_sequence(inner + _AFTER_REQUEST))
            request = x509.load_der_x509_csr(readable)
            return names.shown(request.subject)
    except (ValueError, TypeError):
        # TypeError: a bit string as the value of an attribute that has none.
        return f"unreadable name {der[:32].hex()}"


def _sequence(content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((0x30, length)) + content
    # DER takes the shortest form (X.690 section 10.1).
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((0x30, 0x80 | len(size))) + size + content
