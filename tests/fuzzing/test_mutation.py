from collections import Counter

import pytest
from asn1crypto import parser

from fuzz import mutation
from tests import pki_maker


@pytest.fixture(scope="module")
def certificate() -> bytes:
    """A certificate, in which elements lie in strings as well."""
    return pki_maker.make_chain()[0].der


def _plain(data: bytes, _most_bytes: int) -> bytes:
    return data[::-1]


def _parses(data: bytes) -> bool:
    try:
        parser.parse(data, strict=True)
    except ValueError:
        return False
    return True


def test_changes_keep_the_lengths_right(certificate: bytes) -> None:
    """Most changes leave one element of DER, as another parser sees it, and all of them differ."""
    found = [mutation.change(certificate, 4096, seed, _plain) for seed in range(300)]
    structural = [data for data in found if data != certificate[::-1]]
    assert 150 < len(structural) < 250
    assert 0.9 < Counter(map(_parses, structural))[True] / len(structural)
    assert 100 < len(set(structural))


def test_change_can_be_repeated(certificate: bytes) -> None:
    """The seed alone decides."""
    once, again = (
        [mutation.change(certificate, 4096, seed, _plain) for seed in range(40)] for _ in range(2)
    )
    assert once == again


def test_no_change_is_longer_than_allowed(certificate: bytes) -> None:
    """What would be too long is changed in the plain way instead."""
    for seed in range(300):
        changed = mutation.change(certificate, len(certificate), seed, _plain)
        assert len(changed) <= len(certificate)


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x05\x01", b"\x30\x80\x00\x00"])
def test_what_is_no_der_is_changed_plainly(data: bytes) -> None:
    """Where no element is found there is no structure to keep."""
    for seed in range(10):
        assert data[::-1] == mutation.change(data, 100, seed, _plain)


def test_deep_nesting_is_changed_without_recursion() -> None:
    """Thousands of elements in one another are walked to a bounded depth."""
    data = b"\x30\x82\xff\xff" * 5000
    nested = b"\x05\x00"
    for _ in range(300):
        nested = b"\x30\x82" + len(nested).to_bytes(2) + nested
    for seed in range(50):
        mutation.change(data, 40_000, seed, _plain)
        mutation.change(nested, 40_000, seed, _plain)
