"""Several formats in one file, and what lies behind the last object."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.formats import responses
from keysteward.problems import SigningResponseUnreadable
from tests import pki_maker
from tests.formats.responses.conftest import Pki


def test_der_and_pem_are_read_in_one_file(pki: Pki) -> None:
    """Either may come first."""
    for first, second in ((pki.leaf.der, pki.ca.pem), (pki.leaf.pem, pki.ca.der)):
        found = responses.read(first + second)

        assert (pki.leaf.der, pki.ca.der) == found.certificates
        assert {"DER", "PEM"} == set(found.containers)
        assert 0 == found.trailing_bytes


def test_every_format_is_read_in_one_file(pki: Pki, pkcs7: bytes, streamed: bytes) -> None:
    """Duplicates are dropped, the rest is kept in the order found."""
    found = responses.read(pki.root.der + streamed + b"\n" + pkcs7 + pki.crl + pki.pem)

    assert pki.root.der == found.certificates[0]
    assert sorted(pki.certificates) == sorted(found.certificates)
    assert ("DER", "PKCS#7 SignedData", "PEM") == found.containers
    assert ("a certificate revocation list (CRL)",) == found.skipped


@pytest.mark.parametrize(
    ("behind", "count"),
    [
        (b"", 0),
        (b"\r\n \t\n", 0),
        (b"\0", 1),
        (b"x", 1),
        (b"\n-- \nYour CA\n", 11),
        (b"\0" * 100, 100),
        (b"\x30\x03\x02\x01\x05", 5),
        (b"0 certificates follow", 21),
        (b"\xff\xfe\x30\x82", 4),
    ],
)
def test_bytes_behind_der_are_counted(pki: Pki, behind: bytes, count: int) -> None:
    """Behind DER only white space is no noise."""
    found = responses.read(pki.leaf.der + pki.ca.der + behind)

    assert ((pki.leaf.der, pki.ca.der), count) == (found.certificates, found.trailing_bytes)


def test_binary_bytes_behind_pem_are_counted(pki: Pki) -> None:
    """Text around PEM blocks is no noise, zeros and the like are."""
    assert 5 == responses.read(pki.pem + b"\0\1\2\3\4").trailing_bytes


@pytest.mark.parametrize("length", [8, 100, -1])
def test_cut_off_certificate_behind_others_is_unreadable(pki: Pki, length: int) -> None:
    """A cut-off certificate is no noise: the file is not whole."""
    for whole in (pki.leaf.der, pki.leaf.pem):
        with pytest.raises(SigningResponseUnreadable):
            responses.read(whole + pki.ca.der[:length])


def test_private_key_in_der_beside_certificates_is_flagged_and_kept_nowhere(pki: Pki) -> None:
    """The key is stepped over, and its bytes are in no value."""
    key = pki_maker.key_bytes(pki.leaf.key, Encoding.DER)

    found = responses.read(pki.leaf.der + key + pki.ca.der)

    assert (pki.leaf.der, pki.ca.der) == found.certificates
    assert (True, (), 0) == (found.private_key_found, found.skipped, found.trailing_bytes)
    assert all(key not in der for der in found.certificates)
