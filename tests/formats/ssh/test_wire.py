import pytest

from keysteward.formats.ssh import wire
from keysteward.formats.ssh.wire import Cursor, Damaged


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "00000000"),
        (0x9A378F9B2E332A7, "0000000809a378f9b2e332a7"),
        (0x80, "000000020080"),
        (0x7F, "000000017f"),
    ],
)
def test_mpint_is_written_as_the_examples_of_the_rfc(number: int, written: str) -> None:
    """RFC 4251 section 5 has these examples."""
    assert bytes.fromhex(written) == wire.mpint(number)
    assert number == Cursor(bytes.fromhex(written)).mpint()


@pytest.mark.parametrize("written", ["00000002edcc", "00000005ff21524111", "000000", "00000002 01"])
def test_mpint_that_is_negative_or_cut_off_is_damage(written: str) -> None:
    """RFC 4251's negative examples among them; no key has such numbers."""
    with pytest.raises(Damaged):
        Cursor(bytes.fromhex(written)).mpint()


def test_mpint_longer_than_any_key_is_damage() -> None:
    """16,384 bits are the most that is calculated with."""
    assert 2**16_384 - 1 == Cursor(wire.mpint(2**16_384 - 1)).mpint()
    with pytest.raises(Damaged):
        Cursor(wire.mpint(2**16_384 << 8)).mpint()


def test_values_are_read_one_after_another() -> None:
    """And the rest is what is left of them."""
    cursor = Cursor(wire.uint32(7) + wire.string(b"abc") + wire.mpint(255) + b"rest")
    assert (7, b"abc", 255, b"rest", b"") == (
        *(cursor.uint32(), cursor.string(), cursor.mpint()),
        *(cursor.rest(), cursor.rest()),
    )


def test_length_beyond_the_end_is_damage() -> None:
    """Even by one byte, and nothing is taken."""
    cursor = Cursor(wire.uint32(4) + b"abc")
    with pytest.raises(Damaged):
        cursor.string()
