import re
from dataclasses import fields
from pathlib import Path

import pytest

from keysteward import settings
from keysteward.entries import Action
from keysteward.formats import keystores, responses
from keysteward.keystore.downloads import DownloadKind, KeystoreForm
from keysteward.keystore.intake import Mode
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


def test_index_links_every_page_beside_it() -> None:
    """No page of the documentation can be found by its file name alone."""
    beside = {page.name for page in DOCS.glob("*.md")} - {"index.md"}
    assert beside <= {link.partition("#")[0] for link in documents.links(DOCS / "index.md")}


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


def test_settings_document_the_defaults_that_hold() -> None:
    """The default of every limit stands in the documentation as it is in the code."""
    text = (DOCS / "settings.md").read_text()
    for field in fields(Settings):
        if field.name.endswith(("_bytes", "_rounds")) and isinstance(field.default, int):
            unit = field.name.rpartition("_")[2]
            variable = f"`KEYSTEWARD_{field.name.upper()}`"
            assert f"| {variable} | {field.default:,} {unit} |" in text
    assert f"{settings.RESPONSE_LIMIT_BYTES:,} bytes" in (DOCS / "signing-responses.md").read_text()


@pytest.mark.parametrize(
    "limit",
    [
        settings.CERTIFICATE_LIMIT_BYTES,
        settings.KEY_PAIR_LIMIT_BYTES,
        settings.KEY_FILE_LIMIT_BYTES,
        settings.KEYSTORE_FILE_LIMIT_BYTES,
    ],
)
def test_uploads_document_the_limits_that_hold(limit: int) -> None:
    """The limits of uploads are the same in the code, on their page and on the problem's page."""
    assert f"| {limit:,} |" in (DOCS / "uploads.md").read_text()
    assert f"| {limit:,} " in (DOCS / "problems" / "upload-too-large.md").read_text()


def test_uploads_document_every_keystore_format() -> None:
    """Every format of keystore files has its row in docs/uploads.md, in the order of trial."""
    readers = [str(vars(reader)["__name__"]).rpartition(".")[2] for reader in keystores.READERS]
    rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "uploads.md").read_text(), re.MULTILINE)
    modes = [mode.value for mode in Mode]
    assert [*readers, *modes] == rows


def test_audit_page_documents_every_action() -> None:
    """Every word that the audit log has for a deed has its row in docs/audit.md, in order."""
    table = (DOCS / "audit.md").read_text().partition("\n| action | what |\n")[2]
    rows = re.findall(r"^\| `([a-z-]+)` \|", table.partition("\n\n")[0], re.MULTILINE)
    assert [*Action] == rows


def test_downloads_document_every_form() -> None:
    """Every form of a download has its row in docs/downloads.md, those of an entry first."""
    text = (DOCS / "downloads.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(?:ALIAS|PublicContent)", text, re.MULTILINE)
    assert [*map(str, DownloadKind), *map(str, KeystoreForm)] == rows


def test_signing_responses_document_every_reader() -> None:
    """Every format that is read has its row in docs/signing-responses.md, in the order of trial."""
    readers = [str(vars(reader)["__name__"]).rpartition(".")[2] for reader in responses.READERS]
    text = (DOCS / "signing-responses.md").read_text()
    assert readers == re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
