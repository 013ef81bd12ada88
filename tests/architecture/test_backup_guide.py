"""docs/backups.md: what it shows is what the commands say."""

import pytest

from keysteward.settings import Settings
from tests import commands
from tests.architecture import consoles
from tests.architecture.documents import DOCS
from tests.command.authority import ROOT


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
    steps = consoles.steps(DOCS / "backups.md")
    assert 12 <= len(steps)
    for words, shown in steps:
        run = commands.inside(shop.data, *words.split())
        assert (0, "") == (run.status, run.stderr), words
        assert consoles.lasting(shown) == consoles.lasting(run.stdout), words
