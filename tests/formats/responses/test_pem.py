import base64
import json
import re
from collections.abc import Callable

import pytest

from keysteward.formats import responses
from keysteward.problems import SigningResponseUnreadable
from tests.formats.responses.conftest import Pki, Run

_LABELS = (
    "CERTIFICATE",
    "X509 CERTIFICATE",
    "X.509 CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "PKCS7",
    "PKCS #7 SIGNED DATA",
    "CMS",
    "CERTIFICATE CHAIN",
    "CERTIFICATE REQUEST",
    "WHATEVER",
    "",
)


def _block(label: str, der: bytes) -> bytes:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()


@pytest.mark.parametrize("label", _LABELS)
def test_content_decides_whatever_the_label_says(pki: Pki, pkcs7: bytes, label: str) -> None:
    """A certificate and a PKCS#7 message are read under every label."""
    assert (pki.leaf.der,) == responses.read(_block(label, pki.leaf.der)).certificates
    assert pki.certificates == responses.read(_block(label, pkcs7)).certificates


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        pytest.param(rb"\n", b"\r\n", id="CRLF"),
        pytest.param(rb"\n", b"\r", id="CR"),
        pytest.param(rb"\n", b"", id="one line for all"),
        pytest.param(rb"\n", b" ", id="blanks for line ends"),
        pytest.param(rb"\n", b"\n\n", id="blank lines"),
        pytest.param(rb"(?m)^", b"    ", id="indented"),
        pytest.param(rb"(?m)$", b"  \t", id="blanks at line ends"),
        pytest.param(rb"END CERTIFICATE", b"END SOMETHING ELSE", id="other END label"),
        pytest.param(rb"-----BEGIN", b"\xef\xbb\xbf-----BEGIN", id="byte order marks"),
        pytest.param(rb"-----BEGIN", b"subject=/CN=0\n\n-----BEGIN", id="text before"),
        pytest.param(rb"(?s)$", b"\nR\xe9gards, 0\x1a", id="Latin-1 text behind"),
        pytest.param(rb"\Z", b"-----END CERTIFICATE-----\n", id="a lone END line"),
        pytest.param(
            rb"CERTIFICATE-----\nM", b"CERTIFICATE-----\nX: y\n  z\n\nM", id="RFC 1421 headers"
        ),
    ],
)
def test_block_is_read_however_it_is_written(pki: Pki, pattern: bytes, replacement: bytes) -> None:
    """Line ends, blanks, headers and what stands around a block make no difference."""
    found = responses.read(re.sub(pattern, replacement, pki.pem))

    assert pki.certificates == found.certificates
    assert (("PEM",), 0) == (found.containers, found.trailing_bytes)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("before", ["", "Ihr Zertifikat für Bücher:\n"])
def test_block_is_read_in_every_unicode_encoding(pki: Pki, encoding: str, before: str) -> None:
    """UTF-16 is known with and without its mark."""
    if before and encoding not in ("utf-16", "utf-8-sig"):
        before = before.encode("ascii", "ignore").decode()
    mark = "\ufeff" if encoding == "utf-16-be" and before else ""
    data = (mark + before + pki.pem.decode()).encode(encoding)

    assert pki.certificates == responses.read(data).certificates


def test_text_dump_of_openssl_is_skipped(pki: Pki, run: Run) -> None:
    """What "openssl x509 -text" prints before a block is text like any other."""
    dump = run("openssl", "x509", "-text", "-in", pki.folder / "leaf.pem")
    assert dump.startswith(b"Certificate:")

    assert (pki.leaf.der,) == responses.read(dump).certificates


def test_blocks_in_json_strings_are_read(pki: Pki) -> None:
    """An API's answer may have PEM in strings, with line ends and slashes escaped."""
    answer = json.dumps({"certificate": pki.leaf.pem.decode(), "issuer": pki.ca.pem.decode()})

    found = responses.read(answer.replace("/", "\\/").encode())

    assert (pki.leaf.der, pki.ca.der) == found.certificates


def test_prose_that_names_the_lines_is_no_block(pki: Pki) -> None:
    """An instruction may quote the lines of a block."""
    prose = b'Copy all from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----".\n'

    assert (pki.leaf.der,) == responses.read(prose + pki.leaf.pem).certificates


def test_private_key_beside_certificates_is_flagged_and_kept_nowhere(pki: Pki) -> None:
    """The file of a careless CA: the key's bytes are in no value."""
    for key in (pki.leaf.key_pem(), pki.leaf.key_pem(password=b"test only")):
        found = responses.read(key + pki.pem)

        assert pki.certificates == found.certificates
        assert found.private_key_found
        assert () == found.skipped
        assert key.splitlines()[1] not in repr(found).encode()


def test_requests_and_crls_beside_certificates_are_skipped_and_said(pki: Pki) -> None:
    """Other objects do not disturb, and are listed once in the order found."""
    others = _block("X509 CRL", pki.crl) + _block("CERTIFICATE REQUEST", pki.request)

    found = responses.read(others + pki.leaf.pem + others + pki.ca.pem)

    assert (pki.leaf.der, pki.ca.der) == found.certificates
    assert (
        "a certificate revocation list (CRL)",
        "a certificate signing request (CSR)",
    ) == found.skipped


@pytest.mark.parametrize("label", ["CERTIFICATE", "PKCS7", "CMS", "CERTIFICATE CHAIN"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda block: block[: block.index(b"-----END")], id="no END"),
        pytest.param(lambda block: block[:300], id="cut off"),
        pytest.param(lambda block: block.replace(b"\nM", b"\n!", 1), id="no base64"),
        pytest.param(lambda block: block.replace(b"MII", b"AII", 1), id="no DER"),
        pytest.param(lambda block: re.sub(rb"(?s)-\n.*\n-", b"-\n-", block), id="nothing"),
        pytest.param(lambda block: re.sub(rb"\n[^\n]+=*\n-", b"\n-", block), id="line lost"),
    ],
)
def test_damaged_block_is_unreadable_under_a_label_of_certificates(
    pki: Pki, label: str, damage: Callable[[bytes], bytes]
) -> None:
    """Where a certificate is promised, damage is never passed over, even beside whole blocks."""
    broken = damage(_block(label, pki.leaf.der))

    with pytest.raises(SigningResponseUnreadable):
        responses.read(pki.ca.pem + broken)


def test_damaged_block_of_another_kind_is_skipped(pki: Pki) -> None:
    """What is skipped anyway need not be whole."""
    crl = pki.folder / "crl.pem"
    found = responses.read(crl.read_bytes().replace(b"M", b"!") + pki.leaf.pem)

    assert (pki.leaf.der,) == found.certificates
    assert ("a certificate revocation list (CRL)",) == found.skipped


def test_bytes_behind_the_certificate_in_a_block_are_counted(pki: Pki) -> None:
    """Within a block there is no text around which other text were no noise."""
    found = responses.read(_block("CERTIFICATE", pki.leaf.der + b"garbage"))

    assert ((pki.leaf.der,), 7) == (found.certificates, found.trailing_bytes)


def test_two_encoded_texts_in_one_block_are_read(pki: Pki) -> None:
    """Each may have its own padding."""
    body = base64.encodebytes(pki.leaf.der) + base64.encodebytes(pki.ca.der)
    block = b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"

    assert (pki.leaf.der, pki.ca.der) == responses.read(block).certificates


def test_trust_settings_of_openssl_are_stepped_over(pki: Pki, run: Run) -> None:
    """The settings behind the certificate are neither noise nor a certificate."""
    leaf = pki.folder / "leaf.pem"
    settings = ("-trustout", "-addtrust", "clientAuth", "-addreject", "serverAuth")
    for form, rest in (("PEM", pki.ca.pem), ("DER", pki.ca.der)):
        trusted = run(
            "openssl", "x509", "-in", leaf, *settings, "-setalias", "me", "-outform", form
        )

        found = responses.read(trusted + rest)

        assert (pki.leaf.der, pki.ca.der) == found.certificates
        assert 0 == found.trailing_bytes


def test_block_with_a_version_1_certificate_is_read(pki: Pki, run: Run) -> None:
    """A version 1 certificate has no version field, and is no request and no CRL."""
    key = pki.folder / "leaf.key"
    request = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=Old Root")
    old = run("openssl", "x509", "-req", "-signkey", key, "-days", "30", given=request)
    der = run("openssl", "x509", "-outform", "DER", given=old)
    if b"Version: 3" in run("openssl", "x509", "-noout", "-text", given=old):
        pytest.skip("this openssl makes no version 1 certificates")

    assert (der,) == responses.read(old).certificates
    assert (der,) == responses.read(der).certificates
