import re
from dataclasses import fields
from pathlib import Path

import pytest

from keysteward import settings
from keysteward.formats import responses
from keysteward.settings import Settings
from tests.architecture import documents
from tests.architecture.documents import DOCS, ROOT


@pytest.mark.parametrize(
    "page", documents.pages(), ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_page_links_lead_somewhere(page: Path) -> None:
    """Every link inside the documentation names a file that exists, and a heading in it."""
    for link in documents.links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in documents.headings(target), link


@pytest.mark.parametrize("folder", ["problems", "notices", "adr"])
def test_index_names_every_page(folder: str) -> None:
    """Every page of a problem, a notice and a decision can be reached from the index."""
    linked = {link for link in documents.links(DOCS / "index.md") if link.startswith(folder)}
    assert {f"{folder}/{page.name}" for page in (DOCS / folder).iterdir()} == linked


def _variables() -> set[str]:
    text = Path(settings.__file__).read_text()
    return set(re.findall(r'"""(KEYSTEWARD_[A-Z_]+):', text))


def test_settings_document_every_variable() -> None:
    """docs/settings.md has a row for each setting, and for none that does not exist."""
    rows = re.findall(
        r"^\| `(KEYSTEWARD_[A-Z_]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE
    )
    assert len(fields(Settings)) == len(_variables())
    assert sorted(_variables()) == sorted(rows)


def test_settings_document_the_limit_that_holds() -> None:
    """The default limit of a signing response stands in the documentation as it is in the code."""
    assert f"{settings.RESPONSE_LIMIT_BYTES:,} bytes" in (DOCS / "settings.md").read_text()
    assert f"{settings.RESPONSE_LIMIT_BYTES:,} bytes" in (DOCS / "signing-responses.md").read_text()


def test_signing_responses_document_every_reader() -> None:
    """Every format that is read has its row in docs/signing-responses.md, in the order of trial."""
    readers = [str(vars(reader)["__name__"]).rpartition(".")[2] for reader in responses.READERS]
    text = (DOCS / "signing-responses.md").read_text()
    assert readers == re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
