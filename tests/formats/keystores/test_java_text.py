import pytest

from keysteward.formats.keystores import java_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"plain", "plain"),
        (b"a\xc0\x80b", "a\0b"),
        (b"\0", "\0"),
        ("Schlüssel-日本".encode(), "Schlüssel-日本"),
        (bytes.fromhex("eda0bdedb880"), "😀"),
    ],
)
def test_modified_utf8_is_read(raw: bytes, text: str) -> None:
    """The bytes are those that java.io.DataOutput documents."""
    assert text == java_text.read(raw)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("", b""),
        ("plain", b"plain"),
        ("a\0b", b"a\xc0\x80b"),
        ("ü日", "ü日".encode()),
        ("😀", bytes.fromhex("eda0bdedb880")),
    ],
)
def test_modified_utf8_is_written(text: str, raw: bytes) -> None:
    """NUL takes two bytes, and characters above U+FFFF two times three."""
    assert raw == java_text.write(text)


def test_half_a_pair_is_shown_as_such() -> None:
    """Java can name an entry by half a character, Python cannot print it."""
    assert "a\ufffdb" == java_text.read(b"a\xed\xa0\xbdb")


@pytest.mark.parametrize("raw", [b"\xff", b"a\xc3", b"\xc1\x81", b"\xed\xa0"])
def test_bytes_that_are_no_text_are_refused(raw: bytes) -> None:
    """Lead bytes without their rest, and forms that are longer than they need be."""
    with pytest.raises(UnicodeError):
        java_text.read(raw)
