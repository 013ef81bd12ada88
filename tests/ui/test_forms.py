import asyncio
import tempfile

import pytest

from keysteward.problems import MediaTypeUnsupported, RequestInvalid
from keysteward.ui import forms
from keysteward.ui.forms import Form


def _read(content: bytes, type_: str = "multipart/form-data; boundary=x", more: str = "") -> Form:
    head = f'--x\r\nContent-Disposition: form-data; name="a"{more}\r\n\r\n'.encode()
    return asyncio.run(forms.read(head + content + b"\r\n--x--\r\n", type_))


@pytest.mark.parametrize(
    "type_", ["multipart/form-data; boundary=x", 'Multipart/Form-Data;boundary="x" ']
)
def test_form_is_read_as_utf_8(type_: str) -> None:
    """Whatever is no UTF-8 is text all the same, and can be written."""
    assert "ü" == _read("ü".encode(), type_).text("a")
    assert "í\xa0\x80" == _read(b"\xed\xa0\x80", type_).raw("a")


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "punycode", "idna", '"a\0b"'])
def test_form_with_a_charset_is_refused(charset: str) -> None:
    """A stranger does not choose the codec: some take very long, or make no text."""
    with pytest.raises(RequestInvalid):
        _read(rb"\ud800", f"multipart/form-data; boundary=x; charset={charset}")


@pytest.mark.parametrize(
    ("type_", "problem"),
    [
        ("", MediaTypeUnsupported),
        ("application/x-www-form-urlencoded", MediaTypeUnsupported),
        ("multipart/form-data", RequestInvalid),
        ("multipart/form-data; boundary=", RequestInvalid),
        (f"multipart/form-data; boundary={'x' * 71}", RequestInvalid),
        ('multipart/form-data; boundary="x', RequestInvalid),
        ("multipart/form-datax; boundary=x", RequestInvalid),
    ],
)
def test_body_that_is_no_form_is_refused(type_: str, problem: type[Exception]) -> None:
    """There is nothing but multipart/form-data with its boundary."""
    with pytest.raises(problem):
        _read(b"", type_)


def test_file_is_never_written_to_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five megabytes may be a key, too: no temporary file is made."""
    made = []
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: made.append(1))
    content = b"k" * 5_000_000
    read = _read(content, more='; filename="key.pem"').file("a")
    assert (content, []) == (read.data, made)


def test_form_of_too_many_parts_is_refused() -> None:
    """Thousands of fields and more than four files are no form of the page."""
    for more, number in ("", 2_001), ('; filename="f"', 5):
        part = f'--x\r\nContent-Disposition: form-data; name="a"{more}\r\n\r\nv\r\n'.encode()
        with pytest.raises(RequestInvalid):
            asyncio.run(forms.read(part * number + b"--x--\r\n", "multipart/form-data; boundary=x"))
