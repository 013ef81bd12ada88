import pytest

from keysteward.formats import responses
from keysteward.problems import NotASigningResponse, SigningResponseUnreadable
from tests.formats.responses.conftest import Pki, Run


def test_certificates_come_verbatim_from_a_certificates_only_message(
    pki: Pki, pkcs7: bytes
) -> None:
    """What openssl packed is found byte for byte, in its order."""
    found = responses.read(pkcs7)

    assert pki.certificates == found.certificates
    assert ("PKCS#7 SignedData",) == found.containers
    assert (0, (), False) == (found.trailing_bytes, found.skipped, found.private_key_found)


def test_certificates_come_from_a_streamed_message(pki: Pki, streamed: bytes) -> None:
    """Indefinite lengths on every level of the shell, content and a signer make no difference."""
    assert b"\x30\x80" == streamed[:2]

    found = responses.read(streamed)

    assert set(pki.certificates) == set(found.certificates)


@pytest.mark.parametrize("option", ["-keyid", "-noattr"])
def test_certificates_come_from_signed_content(pki: Pki, run: Run, option: str) -> None:
    """However the signer is named, the certificates are those that openssl put in."""
    leaf, key, issuers = (pki.folder / name for name in ("leaf.pem", "leaf.key", "issuers.pem"))
    signing = ("openssl", "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", option)
    message = run(*signing, "-signer", leaf, "-inkey", key, "-certfile", issuers, given=b"content")

    assert set(pki.certificates) == set(responses.read(message).certificates)


def test_s_mime_with_headers_is_read(pki: Pki, run: Run) -> None:
    """The mail headers that openssl writes before the base64 are stepped over."""
    leaf, key, issuers = (pki.folder / name for name in ("leaf.pem", "leaf.key", "issuers.pem"))
    signing = ("openssl", "cms", "-sign", "-nodetach", "-signer", leaf, "-inkey", key)
    message = run(*signing, "-certfile", issuers, given=b"content")
    assert message.startswith(b"MIME-Version:")

    found = responses.read(message)

    assert set(pki.certificates) == set(found.certificates)
    assert ("base64", "PKCS#7 SignedData") == found.containers


def test_revocation_lists_are_skipped_and_said(pki: Pki, run: Run) -> None:
    """A CRL beside the certificates is named, and its bytes are no certificate."""
    chain, crl = pki.folder / "chain.pem", pki.folder / "crl.pem"
    message = run("openssl", "crl2pkcs7", "-in", crl, "-certfile", chain, "-outform", "DER")

    found = responses.read(message)

    assert pki.certificates == found.certificates
    assert ("a certificate revocation list (CRL)",) == found.skipped


def test_message_without_certificates_is_no_response(pki: Pki, run: Run) -> None:
    """A message that only carries a CRL is refused by its name."""
    message = run("openssl", "crl2pkcs7", "-in", pki.folder / "crl.pem", "-outform", "DER")

    with pytest.raises(NotASigningResponse) as raised:
        responses.read(message)

    assert "a PKCS#7 file without certificates" == raised.value.found


def test_other_kinds_of_certificates_are_skipped(pki: Pki) -> None:
    """CertificateChoices [0] to [3] (RFC 5652 section 10.2.2) stand beside X.509 certificates."""
    choices = b"".join(_element(tag, b"\x02\x01\x05") for tag in (0xA0, 0xA1, 0xA2, 0xA3))
    certificates = _element(0xA0, choices + pki.leaf.der + choices)

    found = responses.read(_message(certificates))

    assert (pki.leaf.der,) == found.certificates
    assert ("a certificate that is not X.509",) == found.skipped


def test_netscape_sequence_is_read(pki: Pki, run: Run) -> None:
    """The older sequence that browsers were sent has the same certificates."""
    pem = run("openssl", "nseq", "-toseq", "-in", pki.folder / "chain.pem")

    assert set(pki.certificates) == set(responses.read(pem).certificates)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing in it"),
        pytest.param(b"\x02\x01\x01\x31\x00", id="no content info"),
        pytest.param(b"\x31\x00\x02\x01\x01\x30\x00", id="wrong order"),
        pytest.param(b"\x02\x01\x01\x31\x00\x30\x00\xa0\x03\x04\x01\x00", id="no certificate"),
        pytest.param(b"\x02\x01\x01\x31\x00\x30\x00\xa0\x02\x30\x05", id="certificate too long"),
    ],
)
def test_broken_message_is_unreadable(content: bytes) -> None:
    """A message whose parts are not those of RFC 5652 section 5.1 is damaged, not empty."""
    oid = bytes.fromhex("06092a864886f70d010702")
    message = _element(0x30, oid + _element(0xA0, _element(0x30, content)))

    with pytest.raises(SigningResponseUnreadable):
        responses.read(message)


def test_message_is_unreadable_at_every_cut(pkcs7: bytes, streamed: bytes) -> None:
    """No cut leaves a message that is taken for a shorter one."""
    for message in (pkcs7, streamed):
        for length in range(32, len(message)):
            with pytest.raises(SigningResponseUnreadable):
                responses.read(message[:length])


def _message(certificates: bytes) -> bytes:
    """Return a SignedData with this certificates field, and no signer."""
    oid = bytes.fromhex("06092a864886f70d010702")
    data = _element(0x30, bytes.fromhex("06092a864886f70d010701"))
    content = _element(0x30, b"\x02\x01\x01\x31\x00" + data + certificates + b"\x31\x00")
    return _element(0x30, oid + _element(0xA0, content))


def _element(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content
