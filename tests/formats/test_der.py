import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.formats import der
from tests import peers


def test_element_reaches_to_its_end_with_a_long_length() -> None:
    """A long-form length is counted from behind its own bytes."""
    data = b"\x30\x82\x01\x00" + bytes(256)

    assert (0x30, 0, 4, 260, 260) == der.element(data, 0)


def test_element_excludes_end_of_contents_with_an_indefinite_length() -> None:
    """The end-of-contents octets belong to the element, not to its content."""
    data = b"\x30\x80\x24\x80\x04\x01\x00\x00\x00\x00\x00" + b"rest"

    assert (0x30, 0, 2, 9, 11) == der.element(data, 0)


def test_element_is_cut_off_when_its_length_passes_the_data() -> None:
    """A length beyond the end of the data is told apart from nonsense."""
    with pytest.raises(der.Damaged) as raised:
        der.element(b"\x30\x05abcd", 0)

    assert raised.value.cut_off


def test_child_is_malformed_when_it_passes_its_parent() -> None:
    """A child may not reach beyond its parent, even if the data goes on."""
    data = b"\x30\x03\x04\x05a" + b"bcdefgh"

    with pytest.raises(der.Damaged) as raised:
        list(der.children(data, der.element(data, 0)))

    assert not raised.value.cut_off


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x3f\x81\x01\x00", id="multi-byte tag"),
        pytest.param(b"\x30\x85\x00\x00\x00\x00\x00", id="five bytes of length"),
        pytest.param(b"\x30\xff\x00", id="reserved length"),
        pytest.param(b"\x04\x80\x00\x00", id="indefinite length of a primitive"),
        pytest.param(b"\x30\x80\x00\x01\x00\x00\x00", id="end of contents with a length"),
        pytest.param(b"\x30\x80" * (der.MOST_OPEN + 1) + bytes(100), id="too deep"),
    ],
)
def test_element_refuses_what_no_format_here_has(data: bytes) -> None:
    """Headers that only an attack would have are malformed, not cut off."""
    with pytest.raises(der.Damaged) as raised:
        der.element(data, 0)

    assert not raised.value.cut_off


def test_indefinite_lengths_may_nest_up_to_the_bound() -> None:
    """The bound on open elements is inclusive."""
    data = b"\x30\x80" * der.MOST_OPEN + bytes(2 * der.MOST_OPEN)

    assert len(data) == der.element(data, 0).end


def test_elements_stepped_over_are_bounded() -> None:
    """The bound is inclusive: with the end itself that many headers are read for one end."""
    most = b"\x30\x80" + b"\x05\x00" * (der.MOST_STEPS - 1) + bytes(2)
    more = b"\x30\x80" + b"\x05\x00" * der.MOST_STEPS + bytes(2)

    assert len(most) == der.element(most, 0).end
    with pytest.raises(der.Damaged):
        der.element(more, 0)


@given(st.binary(max_size=200))
def test_children_lie_within_their_parent_for_any_bytes(data: bytes) -> None:
    """Whatever the bytes: offsets rise, stay within the parent, and only Damaged is raised."""
    try:
        parent = der.element(data, 0)
        position = parent.content
        for child in der.children(data, parent):
            assert position == child.start < child.content <= child.stop <= child.end
            position = child.end
        assert position == parent.stop <= parent.end <= len(data)
    except der.Damaged:
        pass


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000])
def test_written_element_is_read_by_openssl(length: int) -> None:
    """The header says the length in the fewest bytes, as DER asks for; openssl agrees."""
    data = der.write(der.OCTET_STRING, bytes(length // 2), bytes(length - length // 2))
    header = len(data) - length
    assert (der.OCTET_STRING, 0, header, len(data), len(data)) == der.element(data, 0)
    printed = peers.run("openssl", "asn1parse", "-inform", "DER", data=data)
    assert f"0:d=0  hl={header} l={length:4} prim: OCTET STRING" in printed.decode()
    assert 2 + sum(length >= longer for longer in (0x80, 0x100, 0x1_0000)) == header
