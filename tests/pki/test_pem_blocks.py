import pytest

from keysteward.pki import pem_blocks
from tests import peers

BODY = b"-----BEGIN X-----\nAAEC\n-----END X-----\n"


@pytest.mark.parametrize(
    "data",
    [
        BODY,
        b"Bag Attributes\n    friendlyName: x\n" + BODY + b"more text",
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b"\n", b"\r\n"),
        BODY.replace(b"\n", b"\r"),
        BODY.decode().encode("utf-16"),
        b"\xfe\xff" + BODY.decode().encode("utf-16-be"),
        b"-----BEGIN Y-----\nAAEC\n" + BODY,
        b"-----END Y-----\n" + BODY,
        BODY + b"-----BEGIN Y-----\nAAEC\n",
    ],
)
def test_block_is_found_amid_anything(data: bytes) -> None:
    """Text around, other line ends, byte order marks and cut-off neighbours do not hide a block."""
    expected = [("X", b"\0\1\2")]
    assert expected == [(block.label, block.der) for block in pem_blocks.find(data)]


def test_blocks_without_end_cost_little_time() -> None:
    """A file of nothing but beginnings is scanned once, whatever its size."""
    assert not pem_blocks.find(b"-----BEGIN X-----\n" * 200_000)


@pytest.mark.parametrize("size", [1, 47, 48, 49, 3000])
def test_written_block_reads_in_openssl(size: int) -> None:
    """Line lengths and padding are such that another reader gets the same bytes."""
    der = b"\x04\x82" + size.to_bytes(2) + bytes(size)
    pem = pem_blocks.write("X", der)
    said = peers.run(
        "openssl", "asn1parse", "-inform", "PEM", "-noout", "-out", "/dev/stdout", data=pem
    )
    assert der == said


def test_body_that_is_no_base64_has_no_der() -> None:
    """Damaged base64 is not repaired by dropping what does not fit."""
    (block,) = pem_blocks.find(b"-----BEGIN X-----\nAA!C\n-----END X-----")
    assert block.der is None
