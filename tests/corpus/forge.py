"""Certificates that no well-behaved library writes: changed inside, then signed again."""

import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.pki_maker import Issued

_VERSION_3 = bytes.fromhex("a003020102")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_ECDSA_SHA1 = bytes.fromhex("300906072a8648ce3d0401")


_PRINTABLE = ("Foo & Bar", "*.example.com", "a_b@c.example")
"""Texts that ``as_printable`` finds in names. PrintableString has neither "&", "*", "_" nor "@"."""


@dataclass(frozen=True, slots=True)
class Unloadable(Issued):
    """A certificate that the library refuses; ``certificate`` is the one that it was made from."""

    forged: bytes

    @property
    def der(self) -> bytes:
        """The certificate's DER."""
        return self.forged

    @property
    def pem(self) -> bytes:
        """One CERTIFICATE block, LF line ends."""
        return ssl.DER_cert_to_PEM_cert(self.forged).encode()


def printable(issued: Issued, signer: Issued) -> Unloadable:
    """Write names as many CAs do: as PrintableString, whatever is in them."""
    return Unloadable(issued.certificate, issued.key, _resigned(issued, signer, as_printable))


def as_printable(content: bytes) -> bytes:
    """Change the UTF8Strings of certain texts to PrintableString."""
    for text in _PRINTABLE:
        tail = bytes([len(text)]) + text.encode()
        content = content.replace(b"\x0c" + tail, b"\x13" + tail)
    return content


def resigned(issued: Issued, signer: Issued, change: Callable[[bytes], bytes]) -> Issued:
    """Change the content of a certificate's TBSCertificate and sign it with a P-256 key again."""
    der = _resigned(issued, signer, change)
    with warnings.catch_warnings():
        # That the serial number is not positive, which is meant.
        warnings.simplefilter("ignore")
        return Issued(x509.load_der_x509_certificate(der), issued.key)


def _resigned(issued: Issued, signer: Issued, change: Callable[[bytes], bytes]) -> bytes:
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    certificate = issued.certificate
    content = _content(certificate.tbs_certificate_bytes)
    changed = change(content)
    assert changed != content
    tbs = _der(0x30, changed)
    signature = signer.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    # The outer algorithm stands between the two others, which are found by their lengths.
    outer = _content(certificate.public_bytes(Encoding.DER))
    bits = _der(0x03, b"\x00" + certificate.signature)
    algorithm = outer[len(certificate.tbs_certificate_bytes) : -len(bits)]
    return _der(0x30, tbs + algorithm + _der(0x03, b"\x00" + signature))


def signed_with_sha1(issued: Issued, signer: Issued) -> Issued:
    """Sign with a P-256 key and SHA-1, with which the library only verifies certificates."""
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    tbs = _der(
        0x30, _content(issued.certificate.tbs_certificate_bytes).replace(_ECDSA_SHA256, _ECDSA_SHA1)
    )
    weak = hashes.SHA1()  # noqa: S303  # made to be warned of
    signature = signer.key.sign(tbs, ec.ECDSA(weak))
    der = _der(0x30, tbs + _ECDSA_SHA1 + _der(0x03, b"\x00" + signature))
    return Issued(x509.load_der_x509_certificate(der), issued.key)


def as_version_1(content: bytes) -> bytes:
    """Leave out the version, which makes it 1; the certificate must have no extensions."""
    assert content.startswith(_VERSION_3)
    return content.removeprefix(_VERSION_3)


def with_serial(value: bytes) -> Callable[[bytes], bytes]:
    """Return a change that puts another serial number, the content of a DER INTEGER."""

    def change(content: bytes) -> bytes:
        start = len(_VERSION_3)
        assert content[start] == 0x02
        behind = start + 2 + content[start + 1]
        return content[:start] + _der(0x02, value) + content[behind:]

    return change


def with_bad_signature(issued: Issued) -> Issued:
    """Change the last byte, which belongs to the signature."""
    der = issued.der
    broken = der[:-1] + bytes([der[-1] ^ 1])
    return Issued(x509.load_der_x509_certificate(broken), issued.key)


def _content(der: bytes) -> bytes:
    return der[2:] if der[1] < 0x80 else der[2 + (der[1] & 0x7F) :]


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
