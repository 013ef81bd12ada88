from pathlib import Path

import pytest

from keysteward.formats.keystores import pkcs12, pkcs12_passwords
from keysteward.formats.keystores.contract import Opening
from keysteward.values import Secret
from tests import peers, pki_maker
from tests import pkcs12_files as files
from tests.formats.keystores.conftest import opening

_UMLAUTS = "pässwörd"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with its certificate."""
    issued = pki_maker.issue("client")
    file = tmp_path_factory.mktemp("passwords") / "client.pem"
    file.write_bytes(issued.key_pem() + issued.pem)
    return file


@pytest.mark.parametrize("mode", [(), ("-legacy",)], ids=["modern", "legacy"])
@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("pässwörd-€-\N{GRINNING FACE}".encode(), "pässwörd-€-\N{GRINNING FACE}"),
        (_UMLAUTS.encode("latin-1"), _UMLAUTS),
        (b"", ""),
        (b"", None),
    ],
    ids=["utf-8", "latin-1", "empty", "absent"],
)
def test_password_of_openssl_opens_its_file(
    typed: bytes, given: str | None, mode: tuple[str, ...], pem: Path, tmp_path: Path
) -> None:
    """Whatever bytes the terminal gave to openssl, the text that was typed opens the file."""
    made, password = tmp_path / "made.p12", tmp_path / "password"
    password.write_bytes(typed + b"\n")
    peers.run(
        *("openssl", "pkcs12", "-export", *mode, "-in", str(pem), "-out", str(made)),
        *("-passout", f"file:{password}"),
    )

    assert 1 == len(pkcs12.read(made.read_bytes(), opening(given)).keys)


@pytest.mark.parametrize(
    "spelled",
    ["€1".encode(), "€1".encode("utf-16-be") + b"\0\0"],
    ids=["utf-8", "as NSS did before 3.31"],
)
def test_key_by_pbkdf2_opens_in_either_spelling(spelled: bytes) -> None:
    """NSS took the BMPString for PBKDF2 as well, as its header nss.h says."""
    key = files.shrouded_key(files.by_pbkdf2(b"\x30\x00", spelled))

    found = pkcs12.read(files.pfx([files.data(files.contents(key))]), opening("€1"))

    assert [b"\x30\x00"] == [one.pkcs8.reveal() for one in found.keys]


def test_wide_spelling_of_single_bytes_is_tried() -> None:
    """OpenSSL before 1.1.0 made two characters of an umlaut in UTF-8."""
    wide = [phrase.wide for phrase in pkcs12_passwords.phrases(Secret("ü".encode()))]

    assert b"\0\xfc\0\0" == wide[0]
    assert b"\0\xc3\0\xbc\0\0" in wide


def test_ascii_password_has_one_wide_spelling() -> None:
    """Nothing is derived twice for the ordinary password."""
    wide = {phrase.wide for phrase in pkcs12_passwords.phrases(Secret(b"abc"))}

    assert {b"\0a\0b\0c\0\0"} == wide


def test_password_that_is_no_utf8_is_taken_all_the_same() -> None:
    """Bytes from a file or a pipe need not be text."""
    key = files.shrouded_key(files.by_pbkdf2(b"\x30\x00", b"\xff\xfe"))
    data = files.pfx([files.data(files.contents(key))])

    assert 1 == len(pkcs12.read(data, Opening(Secret(b"\xff\xfe"), None, 1_000)).keys)


def test_phrases_do_not_show_the_password() -> None:
    """Neither spelling gets into a log."""
    assert "hidden" not in repr(pkcs12_passwords.phrases(Secret(b"hidden")))
