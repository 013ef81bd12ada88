"""docs/backups.md: what it shows is what the commands say."""

import re

import pytest

from keysteward.settings import Settings
from tests import commands
from tests.architecture.documents import DOCS
from tests.command.authority import ROOT

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CHANGING = (
    (r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "DATE"),
    (r"\(([\d,]+) days left\)", "(N days left)"),
    (r"local:\S+", "WHO"),
    (r"[0-9a-f]{16}…", "PRINT"),
    (r" {2,}", "  "),
)
"""Day, user and fingerprint, and with them the width of the columns."""


def _steps() -> list[tuple[str, str]]:
    """Return each command line of the page, and what it shows below it."""
    text = "".join(_BLOCK.findall((DOCS / "backups.md").read_text()))
    found = re.split(r"^\$ keysteward ", text, flags=re.MULTILINE)[1:]
    return [(step.partition("\n")[0], step.partition("\n")[2]) for step in found]


def _lasting(text: str) -> str:
    for pattern, word in _CHANGING:
        text = re.sub(pattern, word, text)
    return text


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """Make the keystore that the page begins with."""
    words: tuple[str, ...] = ("certificate", "add", "root", "-", "--fingerprint-verified")
    assert 0 == commands.inside(settings.data, *words, stdin=ROOT.pem).status
    for alias in ("shop-a", "shop-b"):
        words = ("keypair", "generate", alias, "--cn", f"{alias}.example.test", "--type", "ec")
        assert 0 == commands.inside(settings.data, *words).status
    return settings


def test_backup_guide_shows_what_the_commands_say(shop: Settings) -> None:
    """Every example of the page, run in its order."""
    steps = _steps()
    assert 12 <= len(steps)
    for words, shown in steps:
        run = commands.inside(shop.data, *words.split())
        assert (0, "") == (run.status, run.stderr), words
        assert _lasting(shown) == _lasting(run.stdout), words
