"""The pages about the command say what the command itself says."""

import re
from pathlib import Path

from tests import command_reference
from tests.architecture.documents import DOCS, ROOT

_COMMAND = re.compile(r"^keysteward (?!--|COMMAND)((?:[a-z]+ ?)+)", re.MULTILINE)


def test_command_reference_is_that_of_the_command() -> None:
    """docs/commands.md lists every command, argument and option with its help text."""
    assert command_reference.page() == (DOCS / "commands.md").read_text()


def test_readme_names_commands_that_exist() -> None:
    """Every command line of the README begins with the words of a real command."""
    reference = (DOCS / "commands.md").read_text()
    known = set(re.findall(r"^## keysteward ([a-z ]+?)(?= [A-Z]|$)", reference, re.MULTILINE))
    used = _commands_of(ROOT / "README.md")
    assert [] == [words for words in used if not any(words.startswith(k) for k in known)]
    assert used


def _commands_of(page: Path) -> list[str]:
    return [words.strip() for words in _COMMAND.findall(page.read_text())]
