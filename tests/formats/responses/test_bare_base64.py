import base64
import textwrap

import pytest

from keysteward.formats import responses
from keysteward.problems import ResponseTooComplex, SigningResponseUnreadable
from tests import pki_maker
from tests.formats.responses.conftest import Pki


def _encoded(
    der: bytes, columns: int = 64, line_end: bytes = b"\n", *, padded: bool = True
) -> bytes:
    letters = base64.b64encode(der).decode()
    lines = textwrap.wrap(letters if padded else letters.rstrip("="), columns)
    return line_end.join(line.encode() for line in lines) + line_end


def _of_remainder(pki: Pki, remainder: int) -> tuple[bytes, ...]:
    """Return the certificates of a path whose length leaves this remainder by three."""
    certificates: tuple[bytes, ...] = (pki.ca.der, pki.root.der)
    while (len(b"".join(certificates)) + 4) % 3 != remainder:
        # The lengths of its serial number and of its ECDSA signature are a matter of chance.
        certificates = (pki.ca.der, pki.root.der, pki_maker.issue("any length").der)
    return certificates


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("columns", [1, 60, 64, 76, 77, 100_000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r", b" "])
def test_base64_is_read_however_it_is_wrapped(
    pki: Pki, pkcs7: bytes, columns: int, line_end: bytes, *, padded: bool
) -> None:
    """Column, line end and padding make no difference."""
    found = responses.read(_encoded(pkcs7, columns, line_end, padded=padded))

    assert pki.certificates == found.certificates
    assert ("base64", "PKCS#7 SignedData") == found.containers


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n\r\n"])
def test_several_texts_in_a_row_are_read(pki: Pki, between: bytes, *, padded: bool) -> None:
    """Each certificate may be encoded by itself, with or without padding to part them."""
    texts = [_encoded(der, padded=padded) for der in pki.certificates]

    found = responses.read(between.join(texts))

    assert pki.certificates == found.certificates
    assert 0 == found.trailing_bytes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_base64_is_read_in_every_unicode_encoding(pki: Pki, encoding: str) -> None:
    """UTF-16 is known with and without its mark."""
    data = _encoded(pki.leaf.der).decode().encode(encoding)

    assert (pki.leaf.der,) == responses.read(data).certificates


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16"])
def test_base64_of_a_pem_file_is_decoded_once_more(pki: Pki, encoding: str) -> None:
    """A PEM file that an API has wrapped again, text before the blocks included."""
    pem = b"subject=/CN=client\n" + pki.pem

    found = responses.read(_encoded(pem.decode().encode(encoding), 76))

    assert pki.certificates == found.certificates
    assert ("base64", "PEM") == found.containers


def test_base64_three_times_over_is_refused(pki: Pki) -> None:
    """The nesting is bounded."""
    thrice = base64.b64encode(base64.b64encode(base64.b64encode(pki.leaf.der)))

    with pytest.raises(ResponseTooComplex):
        responses.read(thrice)


def test_base64_and_pem_in_one_file_are_read_in_order(pki: Pki) -> None:
    """A text without armour may stand before and behind a block."""
    data = _encoded(pki.leaf.der) + pki.ca.pem + _encoded(pki.root.der)

    assert pki.certificates == responses.read(data).certificates


def test_base64_behind_http_headers_is_read(pki: Pki, pkcs7: bytes) -> None:
    """An EST answer (RFC 7030 section 4.2.3) saved with its headers."""
    headers = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime;\r\n smime-type=certs-only\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )

    assert pki.certificates == responses.read(headers + _encoded(pkcs7, 76, b"\r\n")).certificates


def test_bytes_behind_the_object_are_counted(pki: Pki) -> None:
    """What the base64 holds behind its DER object is noise."""
    found = responses.read(_encoded(pki.leaf.der + b"garbage"))

    assert ((pki.leaf.der,), 7) == (found.certificates, found.trailing_bytes)


def test_text_behind_the_base64_is_no_noise(pki: Pki) -> None:
    """A note behind the text is like one behind a PEM block."""
    found = responses.read(_encoded(pki.leaf.der) + b"-- \nYour CA (0 to 24 h)\n")

    assert ((pki.leaf.der,), 0) == (found.certificates, found.trailing_bytes)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_cut_off_base64_is_unreadable(pkcs7: bytes, keep: float) -> None:
    """Half a text is damaged, not empty."""
    encoded = _encoded(pkcs7)

    with pytest.raises(SigningResponseUnreadable):
        responses.read(encoded[: int(len(encoded) * keep)])


@pytest.mark.parametrize("remainder", [0, 1, 2])
def test_objects_are_read_whatever_their_length(pki: Pki, remainder: int) -> None:
    """No padding, one or two letters of it: a second text is found behind each."""
    certificates = _of_remainder(pki, remainder)
    together = b"".join(certificates)
    path = b"\x30\x82" + len(together).to_bytes(2, "big") + together
    assert remainder == len(path) % 3

    for padded in (True, False):
        data = _encoded(path, padded=padded) + _encoded(pki.leaf.der, padded=padded)
        assert {pki.leaf.der, *certificates} == set(responses.read(data).certificates)
