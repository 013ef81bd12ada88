"""The pages about the command say what the command itself says."""

import re
from pathlib import Path

import pytest

from tests import command_reference
from tests.architecture import documents
from tests.architecture.documents import DOCS, ROOT

_COMMAND = re.compile(
    r"(?:^|^\$ |`)(?:[A-Z_]+=\S+ )?keysteward (?:--as provider )?([a-z](?:[a-z-]| )+)", re.MULTILINE
)
_PAGES = [page for page in documents.pages() if page.parent.name != "adr"]
"""Decisions tell of their time, and name other things than commands."""


def test_command_reference_is_that_of_the_command() -> None:
    """docs/commands.md lists every command, argument and option with its help text."""
    assert command_reference.page() == (DOCS / "commands.md").read_text()


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_names_commands_that_exist(page: Path) -> None:
    """Every command line and every command within a sentence begins with a real command's words."""
    reference = (DOCS / "commands.md").read_text()
    known = set(re.findall(r"^## keysteward ([a-z -]+?)(?= [A-Z[]|$)", reference, re.MULTILINE))
    used = [words.strip() for words in _COMMAND.findall(page.read_text())]
    assert [] == [words for words in used if not any(words.startswith(k) for k in known)]


def test_readme_names_commands() -> None:
    """What is looked for above is found: the README alone has more than twenty commands."""
    assert 20 < len(_COMMAND.findall((ROOT / "README.md").read_text()))
