import pytest

from keysteward.client import entries, part
from keysteward.client.connection import Answer
from keysteward.formats import file_names


@pytest.mark.parametrize("name", ["shop.cer", "Größe 100%.cer", '商店 "a".zip', "a;b.pem"])
def test_file_has_the_name_that_the_server_gave(name: str) -> None:
    """Also a name that no header can hold as it is (RFC 8187)."""
    headers = {"content-disposition": file_names.content_disposition(name)}
    assert name == entries.file_of(Answer(200, headers, b"")).name


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd"),
        ("attachment; filename*=UTF-8''a%5Cb", "a_b"),
        ('attachment; filename=".."', "download"),
        ('attachment; filename="a\x1bb"', "a_b"),
        ("attachment", "download"),
        ("", "download"),
    ],
)
def test_file_lands_in_no_other_folder(disposition: str, name: str) -> None:
    """Whatever a server says, the name is that of one file."""
    answer = Answer(200, {"content-disposition": disposition}, b"")
    assert name == entries.file_of(answer).name


def test_file_has_its_notices() -> None:
    """What is worth saying of a download comes with it; what cannot be read is left out."""
    told = '[{"slug": "a-b", "severity": "warning", "detail": "See."}]'
    (notice,) = entries.file_of(Answer(200, {"keysteward-notices": told}, b"")).notices
    assert ("a-b", "See.") == (notice.slug, notice.detail)
    assert () == entries.file_of(Answer(200, {"keysteward-notices": "nonsense"}, b"")).notices


@pytest.mark.parametrize(
    ("alias", "written"),
    [
        ("shop", "shop"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("a?b#c", "a%3Fb%23c"),
        ("50%2F", "50%252F"),
        ("商", "%E5%95%86"),
    ],
)
def test_alias_is_one_segment_of_an_address(alias: str, written: str) -> None:
    """No alias leads to another address than its own."""
    assert written == part.segment(alias)
