import pytest

from keysteward.formats.keystores import java_objects
from tests.formats.keystores.conftest import JavaDesk

_START = bytes.fromhex("aced0005")
_NULL = b"\x70"
_OPEN = b"\x72\0\1A" + bytes(8) + b"\2\0\0"
"""A class without fields, up to its annotation."""


@pytest.fixture(scope="module")
def serialized(desk: JavaDesk) -> list[bytes]:
    """Objects as Java writes them: strings, arrays, maps, an enum, a proxy, an exception, ..."""
    return [bytes.fromhex(line) for line in desk.do(("serialize",))]


def _utf(text: bytes) -> bytes:
    return len(text).to_bytes(2) + text


def _class(name: bytes, flags: int, parent: bytes = _NULL, fields: bytes = b"\0\0") -> bytes:
    return b"\x72" + _utf(name) + bytes(8) + bytes([flags]) + fields + b"\x78" + parent


def test_end_of_javas_own_objects_is_found(serialized: list[bytes]) -> None:
    """The walk ends exactly where Java stopped writing, whatever follows."""
    ends = [java_objects.end_of_object(b"before" + data + b"\x70\x78", 6) for data in serialized]

    assert [6 + len(data) for data in serialized] == ends


def test_objects_cut_off_anywhere_have_no_end(serialized: list[bytes]) -> None:
    """No shorter stream passes for a whole object."""
    for data in serialized:
        step = max(1, len(data) // 500)
        for length in range(0, len(data), step):
            with pytest.raises(java_objects.Endless):
                java_objects.end_of_object(data[:length], 0)


def test_objects_with_a_changed_byte_end_or_have_no_end(serialized: list[bytes]) -> None:
    """Nothing but an offset or the refusal comes out of any change of one byte."""
    for data in serialized:
        for place in range(4, min(len(data), 600)):
            for value in (0x00, 0x70, 0x71, 0x72, 0x73, 0x75, 0x78, 0x7A, 0x7D, 0xFF):
                changed = data[:place] + bytes([value]) + data[place + 1 :]
                try:
                    end = java_objects.end_of_object(changed, 0)
                except java_objects.Endless:
                    continue
                assert end <= len(changed)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"\x75" + _class(b"[LA;", 2) + b"\x7f\xff\xff\xff" + _NULL * 900, id="array"),
        pytest.param((b"\x75" + _class(b"[LA;", 2) + b"\0\0\0\1") * 900, id="nested arrays"),
        pytest.param(b"\x75" + _class(b"[B", 2) + b"\xff\xff\xff\xff", id="long bytes"),
        pytest.param(b"\x75" + _class(b"[", 2) + b"\0\0\0\0", id="array of nothing"),
        pytest.param(b"\x75" + _NULL + b"\0\0\0\0", id="array of no class"),
        pytest.param(b"\x74\xff\xffshort", id="long text"),
        pytest.param(b"\x7c" + b"\xff" * 8, id="text of 2^64"),
        pytest.param(b"\x71\x00\x7e\x00\x00", id="reference to nothing"),
        pytest.param((b"\x73" + _OPEN) * 900, id="deep"),
        pytest.param(b"\x73" + _class(b"A", 2, b"\x71\x00\x7e\x00\x00"), id="its own parent"),
        pytest.param(b"\x73" + (_OPEN + b"\x78") * 900, id="many parents"),
        pytest.param(b"\x73" + _OPEN + b"\x77\0" * 900, id="blocks"),
        pytest.param(b"\x73" + _class(b"A", 4) + b"\0" * 99, id="externalizable of old"),
        pytest.param(b"\x73" + _class(b"A", 2, fields=b"\0\1?\0\1a"), id="odd field"),
        pytest.param(b"\x73" + _class(b"A", 2, fields=b"\0\1L\0\1a\x73"), id="odd field type"),
        pytest.param(b"\x73\x7d\xff\xff\xff\xff" + b"\0\0" * 99, id="interfaces"),
        pytest.param(b"\x73\x74\0\0", id="text for a class"),
        pytest.param(b"\x79" + _NULL, id="reset"),
        pytest.param(b"\x7b" + _NULL, id="exception"),
        pytest.param(b"\x76" * 900, id="classes of classes"),
    ],
)
def test_hostile_stream_has_no_end(stream: bytes) -> None:
    """Depth, steps, counts and references are all bounded."""
    with pytest.raises(java_objects.Endless):
        java_objects.end_of_object(_START + stream, 0)


def test_parents_up_to_the_bound_are_walked() -> None:
    """A class may have as many classes above it as can wait to be read."""
    parents = _NULL
    for _ in range(20):
        parents = _class(b"A", 2, parents)
    stream = _START + b"\x73" + parents

    assert len(stream) == java_objects.end_of_object(stream + b"more", 0)


def test_anything_but_a_stream_has_no_end() -> None:
    """The magic and the version have to be there."""
    with pytest.raises(java_objects.Endless):
        java_objects.end_of_object(bytes.fromhex("aced000470"), 0)
