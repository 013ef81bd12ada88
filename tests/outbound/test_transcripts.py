import ssl
import struct

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from keysteward.outbound import transcripts
from keysteward.outbound.transcripts import Transcript
from tests import pki_maker
from tests.keystore_files import tlv
from tests.pki_maker import Issued

CERTIFICATE, CERTIFICATE_REQUEST = 11, 13


def _seen(*messages: bytes, version: int) -> Transcript:
    """Return the transcript after handshake messages from the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transcript = transcripts.observe(context)
    see = context._msg_callback  # type: ignore[attr-defined]  # not in the type stubs
    for message in messages:
        see(None, "read", version, 22, message[0] if message else 0, message)
    return transcript


def _vector(content: bytes, size: int) -> bytes:
    return len(content).to_bytes(size) + content


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _vector(body, 3)


def _request(names: list[x509.Name], *, tls_1_3: bool) -> bytes:
    ders = b"".join(_vector(name.public_bytes(), 2) for name in names)
    if not tls_1_3:
        return _message(CERTIFICATE_REQUEST, b"\x01\x40" + b"\x00\x02\x04\x03" + _vector(ders, 2))
    extensions = struct.pack(">H", 13) + _vector(b"\x00\x02\x04\x03", 2)
    extensions += struct.pack(">H", 47) + _vector(_vector(ders, 2), 2)
    return _message(CERTIFICATE_REQUEST, b"\x00" + _vector(extensions, 2))


NAMES = [
    "CN=Root",
    "CN=Bücher\\, Root,OU=PKI,O=Example AG,C=DE",
    "CN=" + "x" * 64 + ",O=" + "y" * 64 + ",OU=" + "z" * 64,
]


@pytest.mark.parametrize("tls_1_3", [False, True], ids=["TLS1.2", "TLS1.3"])
def test_accepted_issuers_are_read(*, tls_1_3: bool) -> None:
    """Names of any length come out as the X.509 library itself writes them."""
    names = [x509.Name.from_rfc4514_string(text) for text in NAMES]
    version = 0x0304 if tls_1_3 else 0x0303
    transcript = _seen(_request(names, tls_1_3=tls_1_3), version=version)
    assert transcript.requested
    assert tuple(name.rfc4514_string() for name in names) == transcript.accepted_issuers


def test_accepted_issuers_are_bounded_and_printable() -> None:
    """Thousands of names, unreadable ones and control characters do no harm."""
    odd = pki_maker.name("odd\x1b[2J")
    transcript = _seen(_request([odd] * 1_000, tls_1_3=True), version=0x0304)
    assert 200 == len(transcript.accepted_issuers)
    assert all(text.isprintable() for text in transcript.accepted_issuers)
    unreadable = b"\x00" + _vector(b"\x00\x2f" + _vector(_vector(_vector(b"\x31", 2), 2), 2), 2)
    transcript = _seen(_message(CERTIFICATE_REQUEST, unreadable), version=0x0304)
    assert ("unreadable name 31",) == transcript.accepted_issuers


def test_accepted_issuer_that_is_a_bit_string_is_called_unreadable() -> None:
    """A name whose common name is no text ends no handshake."""
    attribute = tlv(0x30, tlv(6, bytes.fromhex("550403")), tlv(3, b"\0a"))
    name = tlv(0x30, tlv(0x31, attribute))
    ders = _vector(_vector(name, 2), 2)
    request = _message(CERTIFICATE_REQUEST, b"\x01\x40" + b"\x00\x02\x04\x03" + ders)
    transcript = _seen(request, version=0x0303)
    assert (f"unreadable name {name.hex()}",) == transcript.accepted_issuers


def test_accepted_issuer_that_is_not_printable_is_shown() -> None:
    """As a server with a CA of such a name sends it: a PrintableString that may not be one."""
    attribute = tlv(0x30, tlv(6, bytes.fromhex("55040a")), tlv(0x13, b"Foo & Bar"))
    ders = _vector(_vector(tlv(0x30, tlv(0x31, attribute)), 2), 2)
    request = _message(CERTIFICATE_REQUEST, b"\x01\x40" + b"\x00\x02\x04\x03" + ders)
    transcript = _seen(request, version=0x0303)
    assert ("O=Foo & Bar",) == transcript.accepted_issuers


def test_accepted_issuer_of_an_odd_country_is_shown() -> None:
    """A country of nine letters comes out as it is, without a warning on the terminal."""
    attribute = tlv(0x30, tlv(6, bytes.fromhex("550406")), tlv(12, b"Neverland"))
    ders = _vector(_vector(tlv(0x30, tlv(0x31, attribute)), 2), 2)
    request = _message(CERTIFICATE_REQUEST, b"\x01\x40" + b"\x00\x02\x04\x03" + ders)
    transcript = _seen(request, version=0x0303)
    assert ("C=Neverland",) == transcript.accepted_issuers


@pytest.fixture(scope="module")
def chain() -> tuple[Issued, ...]:
    """A server's chain."""
    return pki_maker.make_chain()


@pytest.mark.parametrize("tls_1_3", [False, True], ids=["TLS1.2", "TLS1.3"])
def test_unreadable_certificates_are_left_out(chain: tuple[Issued, ...], *, tls_1_3: bool) -> None:
    """What can be read of a server's chain is shown, in its order."""
    entries = [chain[0].der, b"\x30\x00", chain[1].der]
    after = b"\x00\x00" if tls_1_3 else b""
    body = _vector(b"".join(_vector(der, 3) + after for der in entries), 3)
    message = _message(CERTIFICATE, b"\x00" + body if tls_1_3 else body)
    transcript = _seen(message, version=0x0304 if tls_1_3 else 0x0303)
    assert [chain[0].der, chain[1].der] == [c.der for c in transcript.peer_chain]


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from([CERTIFICATE, CERTIFICATE_REQUEST, 0, 255]),
    body=st.binary(max_size=200),
    version=st.sampled_from([0x0303, 0x0304, 0]),
)
def test_any_message_ends_in_a_value(kind: int, body: bytes, version: int) -> None:
    """The observer runs before OpenSSL judges the message, so it takes any bytes whatever."""
    transcript = _seen(_message(kind, body), bytes([kind]) + body, body, version=version)
    assert () == transcript.own_chain
    assert len(transcript.peer_chain) <= 32
    assert all(text.isprintable() for text in transcript.accepted_issuers)


@pytest.mark.parametrize(
    ("version", "alert", "expected"),
    [
        (0x0304, b"\x02\x30", 48),
        (0x0304, b"\x01\x30", 48),
        (0x0304, b"\x01\x00", None),
        (0x0304, b"\x01\x5a", None),
        (0x0303, b"\x02\x28", 40),
        (0x0303, b"\x01\x70", None),
        (0x0303, b"\x02", None),
    ],
)
def test_fatal_alerts_alone_are_kept(version: int, alert: bytes, expected: int | None) -> None:
    """TLS 1.2 tells warnings by their level, TLS 1.3 by their kind (RFC 8446 section 6)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transcript = transcripts.observe(context)
    see = context._msg_callback  # type: ignore[attr-defined]  # not in the type stubs
    see(None, "write", version, 21, 0, b"\x02\x33")
    assert transcript.alert is None
    see(None, "read", version, 21, 0, alert)
    assert expected == transcript.alert
