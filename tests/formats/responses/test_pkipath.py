import pytest

from keysteward.formats import responses
from keysteward.problems import SigningResponseUnreadable
from tests.formats.responses.conftest import Pki


def _path(*certificates: bytes) -> bytes:
    together = b"".join(certificates)
    return b"\x30\x82" + len(together).to_bytes(2, "big") + together


def test_path_is_read_in_either_order(pki: Pki) -> None:
    """The standard says top first, some tools write end-entity first: the order is the file's."""
    downwards = tuple(reversed(pki.certificates))

    assert pki.certificates == responses.read(_path(*pki.certificates)).certificates
    assert downwards == responses.read(_path(*downwards)).certificates


def test_path_of_one_certificate_is_read(pki: Pki) -> None:
    """A path of one is told apart from the certificate itself."""
    found = responses.read(_path(pki.leaf.der))

    assert ((pki.leaf.der,), ("PkiPath",)) == (found.certificates, found.containers)


def test_path_in_indefinite_length_is_read(pki: Pki) -> None:
    """The shell may be BER, the certificates in it stay verbatim."""
    path = b"\x30\x80" + b"".join(pki.certificates) + b"\0\0"

    assert pki.certificates == responses.read(path).certificates


@pytest.mark.parametrize("length", [10, 100, 500, -1])
def test_cut_off_path_is_unreadable(pki: Pki, length: int) -> None:
    """The certificates before the cut are not taken for the whole path."""
    with pytest.raises(SigningResponseUnreadable):
        responses.read(_path(*pki.certificates)[:length])


def test_path_with_a_broken_certificate_is_unreadable(pki: Pki) -> None:
    """A certificate that reaches beyond the path is damage."""
    with pytest.raises(SigningResponseUnreadable):
        responses.read(_path(pki.leaf.der, pki.ca.der[:-1]))
