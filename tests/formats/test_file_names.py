import email.message
import email.utils
import re
import string
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keysteward.formats import file_names

_SUFFIXES = st.sampled_from(
    [".cer", ".p7b", "_rootCA.cer", "_chain.pem", ".csr", ".pub", ".zip", ""]
)
_HOSTILE = st.text(
    st.one_of(
        st.sampled_from(list("/\\:*?\"<>|.- ~%'\x00\n\r\t\x7f\u202e\u200b\ufeff\ud800\U0001f511")),
        st.characters(),
    ),
    max_size=300,
)
_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)\s*(\..*)?", re.IGNORECASE)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("shop-client", "shop-client.cer"),
        ("Shop Client 2026", "Shop Client 2026.cer"),
        ("Straße/Köln", "Straße_Köln.cer"),
        ("../../etc/passwd", "_._.._etc_passwd.cer"),
        ("..", "_.cer"),
        ("", "entry.cer"),
        (".bashrc", "_bashrc.cer"),
        ("-rf", "_rf.cer"),
        ("CON", "_CON.cer"),
        ("aux.2026", "_aux.2026.cer"),
        ("console", "console.cer"),
        ('a"b\r\nc', "a_b__c.cer"),
        ("a\u202egnp", "a_gnp.cer"),
        ("ends with dots...", "ends with dots.cer"),
        ("A\u0308", "Ä.cer"),
    ],
)
def test_file_name_of_an_alias_is_readable(alias: str, name: str) -> None:
    """What can stay stays; what cannot becomes an underscore."""
    assert name == file_names.safe_file_name(alias, ".cer")


@given(_HOSTILE, _SUFFIXES)
@example("x" * 250, ".cer")
@example("鍵" * 250, "_rootCA.cer")
@example("\ud800" * 250, ".cer")
@example("COM1 .x", ".cer")
def test_file_name_is_safe_for_any_alias(alias: str, suffix: str) -> None:
    """No name leaves its folder, hides, looks like an option, or is refused by a system."""
    name = file_names.safe_file_name(alias, suffix)
    assert name.endswith(suffix)
    assert len(name) > len(suffix)
    assert 240 >= len(name.encode())
    assert not set(name) & set('/\\:*?"<>|')
    assert not name.startswith((".", "-", "~", " "))
    assert not name.endswith((".", " "))
    assert not _WINDOWS.fullmatch(name)
    assert all(unicodedata.category(c)[0] != "C" for c in name)


@given(_HOSTILE)
def test_file_of_that_name_can_be_made(alias: str) -> None:
    """The file system takes the name, in the folder that was meant."""
    with TemporaryDirectory() as folder:
        file = Path(folder, file_names.safe_file_name(alias, ".cer"))
        file.write_bytes(b"x")
        assert [file.name] == [found.name for found in Path(folder).iterdir()]


@given(_HOSTILE)
def test_header_offers_the_name_itself(name: str) -> None:
    """A client that knows RFC 8187 gets back every character that UTF-8 can carry."""
    header = file_names.content_disposition(name)
    found = re.fullmatch(
        r"attachment; filename=\"([^\"\\%]*)\"; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]*)",
        header,
    )
    assert found is not None
    assert set(header) <= set(string.printable) - set("\r\n\t\v\f")
    assert name.encode(errors="replace").decode() == unquote(found[2], errors="strict")
    assert len(name) == len(found[1])


@pytest.mark.parametrize("name", ["shop-client.cer", "Straße Köln.p7b", "鍵.pub", "a;b=c.cer"])
def test_header_is_read_by_another_parser(name: str) -> None:
    """Python's own parser of such parameters finds the name."""
    message = email.message.Message()
    message["Content-Disposition"] = file_names.content_disposition(name)
    values = message.get_params([], header="content-disposition")
    assert ("attachment", "") == values[0]
    found = [email.utils.collapse_rfc2231_value(value) for key, value in values[1:]]
    assert name == found[-1]


def test_header_has_a_plain_name_for_old_clients() -> None:
    """A client that knows no RFC 8187 gets ASCII without quotes and percent signs."""
    header = file_names.content_disposition('Ä "100%".cer')
    assert header.startswith('attachment; filename="_ _100__.cer"; ')
