"""What certificates come in: responses, requests, references, PEM, DER, and what a peer sends."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from fuzz.contract import Target, require
from keysteward.formats import der, responses
from keysteward.outbound import answers, transcripts
from keysteward.pki import certificates, chains, pem_blocks, references, requests, rules
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import CertificateUnreadable
from tests import pki_maker
from tests.corpus import files, forge
from tests.pki_maker import Issued

_NOW = datetime(2030, 1, 1, tzinfo=UTC)

_CERTIFICATE, _CERTIFICATE_REQUEST = 11, 13
_HANDSHAKE = 22


def _responses(data: bytes) -> object:
    """Read a response as an upload does: what lies in it, the certificates, the chain of them."""
    response = responses.read(data)
    found = []
    for content in response.certificates:
        try:
            found.append(certificates.read_certificate(content))
        except CertificateUnreadable:
            continue
    if found:
        _judge(found)
    return response


def _certificate(data: bytes) -> object:
    certificate = certificates.read_certificate(data)
    require(fact=certificate.der == data, words="another certificate than the one given")
    str((certificate, certificate.fingerprint_sha1, certificate.subject, certificate.issuer))
    _judge([certificate, *_issuers()])
    return certificate


def _judge(found: list[Certificate]) -> None:
    for usage in Usage:
        list(rules.of_the_certificate(found[0], usage, _NOW))
    verifier = chains.Verifier()
    keys = frozenset(one.spki for one in found)
    chains.choose_certificate(found, keys, _NOW, verifier)
    built = chains.build_chain(found[0], found, _NOW, verifier)
    list(rules.of_the_signatures(built.certificates))


def _pem(data: bytes) -> object:
    blocks = pem_blocks.find(data)
    require(fact=len(blocks) * 22 <= len(data), words="more blocks than boundary lines")
    for block in blocks:
        if block.der is not None:
            written = pem_blocks.write("CERTIFICATE", block.der)
            (again,) = pem_blocks.find(written)
            require(fact=again.der == block.der, words="a block is read otherwise than written")
    return blocks


def _walk(data: bytes) -> object:
    """Walk everything, and compare the offsets of neighbours."""
    der.promised_length(data)
    waiting = [der.element(data, 0)]
    count = 0
    while waiting and count < 10_000:
        parent = waiting.pop()
        count += 1
        inside = parent.start < parent.content <= parent.stop <= parent.end <= len(data)
        require(fact=inside, words="an element outside the bytes")
        if not parent.tag & 0x20:
            continue
        position = parent.content
        for child in der.children(data, parent):
            require(fact=child.start == position, words="a gap between elements")
            position = child.end
            waiting.append(child)
        require(fact=position == parent.stop, words="children end before their parent")
    return count


def _transcript(data: bytes) -> object:
    """Show a TLS message to what observes handshakes; its first byte chooses the version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transcript = transcripts.observe(context)
    see = context._msg_callback  # type: ignore[attr-defined]  # not in the type stubs
    see(None, "read", 0x0303 + data[0] % 2 if data else 0x0303, _HANDSHAKE, 0, data[1:])
    return transcript


def _answer(data: bytes) -> object:
    answers.is_complete(data)
    answer = answers.read_answer(data)
    shown = (answer.status_line or "", *answer.header, *answer.body, answer.text)
    require(fact=all(line.isprintable() for line in shown), words="a control character is shown")
    return answer


# ---- seeds


@cache
def _chain() -> tuple[Issued, ...]:
    return pki_maker.make_chain("p256")


@cache
def _issuers() -> tuple[Certificate, ...]:
    return tuple(certificates.read_certificate(one.der) for one in _chain()[1:])


def _leaves() -> Iterator[bytes]:
    yield from (one.der for one in _chain())
    for kind in ("rsa1024", "dsa1024", "p521", "ed25519", "ed448", "mldsa44"):
        yield pki_maker.issue(f"CN={kind},O=Example AG,C=DE", pki_maker.make_key(kind)).der
    yield pki_maker.issue(
        "CN=full,OU=a\\, b,O=Example AG,L=Köln,C=DE",
        pki_maker.make_key("p256"),
        _chain()[1],
        path_length=None,
        eku=("clientAuth", "serverAuth", "anyExtendedKeyUsage"),
        key_usage=("digitalSignature", "keyEncipherment", "nonRepudiation"),
        san=("DNS:a.example", "IP:192.0.2.1", "email:a@b.example", "URI:https://a.example/"),
    ).der
    named = pki_maker.issue("CN=*.example.com,O=Foo & Bar", pki_maker.make_key("p256"))
    yield forge.printable(named, named).der
    cut = x509.UnrecognizedExtension(x509.CertificatePolicies.oid, b"\x30\x03\x02\x01")
    yield pki_maker.issue("cut", named.key, extra_extensions=((cut, False),)).der
    bare = pki_maker.issue("bare", pki_maker.make_key("p256"), ca=None, key_usage=(), key_ids=False)
    yield bare.der


def _files() -> Iterator[bytes]:
    """Yield signing responses in every format, and what is none."""
    yield from (case.data for case in files.files())
    chain = [one.certificate for one in _chain()]
    ders = [one.der for one in _chain()]
    yield pkcs7.serialize_certificates(chain, Encoding.PEM)
    yield der.write(der.SEQUENCE, *reversed(ders))
    yield b"".join(ders)
    yield b"".join(one.pem for one in _chain()) + ders[0]
    yield pem_blocks.write("X", ders[0]).split(b"-----\n")[1]
    yield _chain()[0].pem.decode().encode("utf-16")
    yield from _leaves()


def _requests() -> Iterator[bytes]:
    for kind in ("rsa1024", "p256", "ed25519", "mldsa44"):
        made = pki_maker.make_request(
            f"CN={kind},O=Example AG,C=DE",
            pki_maker.make_key(kind),
            eku=("clientAuth",),
            key_usage=("digitalSignature",),
            san=("DNS:a.example", "IP:192.0.2.1"),
        )
        yield made.public_bytes(Encoding.DER)
        yield made.public_bytes(Encoding.PEM)


def _references() -> Iterator[bytes]:
    yield from _requests()
    yield from _leaves()
    for kind in ("rsa1024", "p256", "ed448"):
        public = pki_maker.make_key(kind).public_key()
        yield public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    yield b"".join(one.pem for one in _chain())
    yield _chain()[0].key_pem()


def _pems() -> Iterator[bytes]:
    yield b"".join(one.pem for one in _chain())
    yield _chain()[0].pem.decode().encode("utf-16")
    yield _chain()[0].pem.replace(b"\n", b"\r\n") + b"text\n" + _chain()[0].key_pem()


def _trees() -> Iterator[bytes]:
    yield from _files()
    yield b"\x30\x80\x24\x80\x04\x01a\x00\x00\x30\x03\x02\x01\x05\x00\x00"


def _messages() -> Iterator[bytes]:
    ders = [one.der for one in _chain()]
    name = _chain()[0].certificate.issuer.public_bytes()
    old = _vector(b"".join(_vector(content, 3) for content in ders), 3)
    new = b"\0" + _vector(b"".join(_vector(content, 3) + b"\0\0" for content in ders), 3)
    issuers = _vector(_vector(name, 2), 2)
    asked = b"\0" + _vector((47).to_bytes(2) + _vector(issuers, 2), 2)
    for first, kind, body in (
        (0, _CERTIFICATE, old),
        (1, _CERTIFICATE, new),
        (0, _CERTIFICATE_REQUEST, b"\x01\x40\x00\x02\x04\x03" + issuers),
        (1, _CERTIFICATE_REQUEST, asked),
    ):
        yield bytes([first, kind]) + _vector(body, 3)


def _vector(content: bytes, size: int) -> bytes:
    return len(content).to_bytes(size) + content


def _answers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    yield b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    yield b"HTTP/1.0 400 Bad\r\n\r\n<html><script>x</script><!-- y --><b>No &amp; no</b></html>"
    yield b"220 mail ESMTP\r\n"


TARGETS = (
    Target("responses", _responses, _files, most_bytes=8192, der=True),
    Target("certificates", _certificate, _leaves, der=True),
    Target("requests", requests.read_request, _requests, der=True),
    Target("references", references.read_reference, _references, der=True),
    Target("pem", _pem, _pems),
    Target("der", _walk, _trees, der=True, refusals=(der.Damaged,)),
    Target("transcripts", _transcript, _messages),
    Target("answers", _answer, _answers),
)
