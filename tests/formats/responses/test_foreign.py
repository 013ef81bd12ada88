"""Every kind of file that is no signing response is refused by its name, with a remedy."""

import base64
import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from keysteward.formats import responses
from keysteward.formats.responses.foreign import Foreign
from keysteward.problems import NotASigningResponse, Problem
from tests import pki_maker
from tests.formats.responses.conftest import Pki, Run


def _zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("leaf.pem", content)
    return packed.getvalue()


def _key(kind: str, form: PrivateFormat, password: bytes | None = None) -> bytes:
    return pki_maker.key_bytes(pki_maker.make_key(kind), Encoding.DER, form, password)


def _pem(label: str, body: bytes) -> bytes:
    lines = base64.encodebytes(body).decode()
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n".encode()


def _public(pki: Pki, form: PublicFormat) -> bytes:
    return pki.leaf.key.public_key().public_bytes(Encoding.DER, form)


def _rsa_public(encoding: Encoding) -> bytes:
    return pki_maker.make_key("rsa2048").public_key().public_bytes(encoding, PublicFormat.PKCS1)


def _pkcs12(pki: Pki) -> bytes:
    encryption = BestAvailableEncryption(b"test only")
    return serialize_key_and_certificates(
        b"leaf",
        pki.leaf.key,  # type: ignore[arg-type]  # a P-256 key is one that PKCS#12 takes
        pki.leaf.certificate,
        [pki.ca.certificate],
        encryption,
    )


def _ocsp() -> bytes:
    status = ocsp.OCSPResponseStatus.TRY_LATER
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


FILES: tuple[tuple[str, Foreign, Callable[[Pki], bytes]], ...] = (
    ("nothing", Foreign.EMPTY, lambda _: b""),
    ("white space", Foreign.EMPTY, lambda _: b"\xef\xbb\xbf \r\n\t\n"),
    ("request, DER", Foreign.REQUEST, lambda pki: pki.request),
    ("request, PEM", Foreign.REQUEST, lambda pki: _pem("NEW CERTIFICATE REQUEST", pki.request)),
    ("request as certificate", Foreign.REQUEST, lambda pki: _pem("CERTIFICATE", pki.request)),
    ("request, base64", Foreign.REQUEST, lambda pki: base64.b64encode(pki.request)),
    ("CRL, DER", Foreign.REVOCATION_LIST, lambda pki: pki.crl),
    ("CRL, PEM", Foreign.REVOCATION_LIST, lambda pki: _pem("X509 CRL", pki.crl)),
    ("PKCS#8", Foreign.PRIVATE_KEY, lambda _: _key("p256", PrivateFormat.PKCS8)),
    ("PKCS#8, Ed25519", Foreign.PRIVATE_KEY, lambda _: _key("ed25519", PrivateFormat.PKCS8)),
    ("PKCS#1", Foreign.PRIVATE_KEY, lambda _: _key("rsa2048", PrivateFormat.TraditionalOpenSSL)),
    ("SEC1", Foreign.PRIVATE_KEY, lambda _: _key("p384", PrivateFormat.TraditionalOpenSSL)),
    ("DSA", Foreign.PRIVATE_KEY, lambda _: _key("dsa2048", PrivateFormat.TraditionalOpenSSL)),
    (
        "encrypted PKCS#8",
        Foreign.ENCRYPTED_PRIVATE_KEY,
        lambda _: _key("p256", PrivateFormat.PKCS8, b"test only"),
    ),
    (
        "encrypted PKCS#1, PEM",
        Foreign.PRIVATE_KEY,
        lambda pki: pki.leaf.key_pem(PrivateFormat.TraditionalOpenSSL, b"test only"),
    ),
    ("PKCS#8, PEM", Foreign.PRIVATE_KEY, lambda pki: pki.leaf.key_pem()),
    (
        "private key as certificate",
        Foreign.PRIVATE_KEY,
        lambda _: _pem("CERTIFICATE", _key("p256", PrivateFormat.PKCS8)),
    ),
    (
        "private key, cut off",
        Foreign.PRIVATE_KEY,
        lambda _: _key("rsa2048", PrivateFormat.PKCS8)[:700],
    ),
    ("private key, no END", Foreign.PRIVATE_KEY, lambda pki: pki.leaf.key_pem()[:150]),
    (
        "OpenSSH private key",
        Foreign.PRIVATE_KEY,
        lambda pki: pki.leaf.key_pem(PrivateFormat.OpenSSH),
    ),
    ("PuTTY", Foreign.PRIVATE_KEY, lambda _: b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"),
    ("request and key", Foreign.PRIVATE_KEY, lambda pki: pki.request + pki.leaf.key_pem()),
    (
        "public key",
        Foreign.PUBLIC_KEY,
        lambda pki: _public(pki, PublicFormat.SubjectPublicKeyInfo),
    ),
    ("RSA public key", Foreign.PUBLIC_KEY, lambda _: _rsa_public(Encoding.DER)),
    ("RSA public key, PEM", Foreign.PUBLIC_KEY, lambda _: _rsa_public(Encoding.PEM)),
    ("SSH public key", Foreign.SSH_KEY, lambda _: b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me\n"),
    ("PKCS#12", Foreign.PKCS12, _pkcs12),
    ("PKCS#12, cut off", Foreign.PKCS12, lambda pki: _pkcs12(pki)[:300]),
    ("PKCS#12, base64", Foreign.PKCS12, lambda pki: base64.encodebytes(_pkcs12(pki))),
    ("OCSP response", Foreign.OCSP_RESPONSE, lambda _: _ocsp()),
    ("empty path", Foreign.EMPTY_PATH, lambda _: b"0\0"),
    ("EC parameters", Foreign.PARAMETERS, lambda _: _pem("EC PARAMETERS", b"\6\5+\x81\4\0\n")),
    ("other block", Foreign.OTHER_BLOCK, lambda _: _pem("SOMETHING", b"of another kind")),
    ("ZIP", Foreign.ZIP, lambda pki: _zip(pki.pem)),
    ("GZIP", Foreign.GZIP, lambda pki: gzip.compress(pki.pem)),
    ("PDF", Foreign.PDF, lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
    ("SST", Foreign.SERIALIZED_STORE, lambda _: b"\0\0\0\0CERT\3\0\0\0"),
    ("HTML", Foreign.HTML, lambda _: b"<!DOCTYPE html>\n<html><body>Gateway timeout</body></html>"),
    (
        "HTML, late",
        Foreign.HTML,
        lambda _: b"\r\n<!-- proxy -->\n<HTML><BODY>Sign in</BODY></HTML>",
    ),
    ("XHTML", Foreign.HTML, lambda _: b'<?xml version="1.0"?>\n<html xmlns="x"></html>'),
    ("XML", Foreign.XML, lambda _: b'<?xml version="1.0"?><Envelope><Fault/></Envelope>'),
    ("JSON", Foreign.JSON, lambda _: b'{"error": {"code": 401, "message": "unauthorised"}}'),
    ("JSON, deep", Foreign.JSON, lambda _: b"[" * 20_000),
    ("text", Foreign.TEXT, lambda _: b"Your certificate will be ready in two working days.\n"),
    (
        "text with zero",
        Foreign.TEXT,
        lambda _: b"0\x82 certificates were issued for you today\n" * 9,
    ),
    ("digits", Foreign.TEXT, lambda _: b"00000000000000000000000000000000000000000000\n"),
    ("text, UTF-16", Foreign.TEXT, lambda _: "Your certificate is ready.".encode("utf-16")),
    (
        "HTML, base64",
        Foreign.HTML,
        lambda _: base64.b64encode(b"<html><body>Error 500</body></html>"),
    ),
    ("binary", Foreign.BINARY, lambda _: bytes(range(256))),
    ("other DER", Foreign.BINARY, lambda _: b"\x30\x82\x01\x00\x04\x81\xfd" + bytes(253)),
)


@pytest.mark.parametrize(("kind", "make"), [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_file_of_another_kind_is_refused_by_its_name(
    kind: Foreign, make: Callable[[Pki], bytes], pki: Pki
) -> None:
    """The problem says what the file is and what to do instead."""
    with pytest.raises(NotASigningResponse) as raised:
        responses.read(make(pki))

    assert (kind.found, kind.remedy) == (raised.value.found, raised.value.remedy)


@pytest.mark.parametrize(("store", "kind"), [("jks", Foreign.JKS), ("jceks", Foreign.JCEKS)])
def test_java_keystore_is_refused_by_its_name(
    store: str, kind: Foreign, pki: Pki, run: Run
) -> None:
    """The two old kinds of Java keystores, as keytool makes them."""
    file = pki.folder / f"store.{store}"
    word = ("-storetype", store, "-storepass", "test only", "-keystore", file)
    run("keytool", "-importcert", "-noprompt", "-file", pki.folder / "leaf.pem", *word)

    with pytest.raises(NotASigningResponse) as raised:
        responses.read(file.read_bytes())

    assert kind.found == raised.value.found


def test_encrypted_message_is_refused_by_its_name(pki: Pki, run: Run) -> None:
    """EnvelopedData holds certificates for nobody but its recipient."""
    chain = pki.folder / "chain.pem"
    encrypting = ("openssl", "cms", "-encrypt", "-aes256", "-binary", "-outform")
    for form in ("DER", "PEM"):
        message = run(*encrypting, form, pki.folder / "leaf.pem", given=chain.read_bytes())

        with pytest.raises(NotASigningResponse) as raised:
            responses.read(message)

        assert Foreign.ENVELOPED_DATA.found == raised.value.found


def test_every_kind_has_a_sentence_as_remedy() -> None:
    """Found continues "The file is", the remedy is one or more sentences of its own."""
    for kind in Foreign:
        assert kind.remedy[0].isupper()
        assert kind.remedy.endswith(".")
        assert kind is Foreign.EMPTY or kind.found.split()[0] in ("a", "an", "plain")


@given(st.text(alphabet="0123456789abcABC= \n", max_size=300))
def test_text_is_no_certificate_even_if_it_begins_with_zero(text: str) -> None:
    """The character "0" is the tag of a DER SEQUENCE; no text is taken for one."""
    with pytest.raises(Problem) as raised:
        responses.read(b"0" + text.encode())

    assert isinstance(raised.value, NotASigningResponse)
