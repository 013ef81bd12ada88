"""docs/provider-keys.md: what it shows is what the commands say."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keysteward.settings import Settings
from tests import commands, providers
from tests.architecture import consoles
from tests.architecture.documents import DOCS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the files that the page names."""
    now = datetime.now(UTC)
    for name, days in (("active", 20), ("next", 400)):
        issued = providers.leaf(name, not_after=now + timedelta(days=days))
        (tmp_path / f"{name}.pem").write_bytes(providers.delivery(issued).data)
    (tmp_path / "root.pem").write_bytes(providers.ROOT.pem)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_provider_guide_shows_what_the_commands_say(settings: Settings) -> None:
    """Every example of the page, run in its order."""
    steps = consoles.steps(DOCS / "provider-keys.md")
    assert 10 <= len(steps)
    for words, shown in steps:
        run = commands.inside(settings.data, *shlex.split(words))
        assert (0, "") == (run.status, run.stderr), words
        assert consoles.lasting(shown) == consoles.lasting(run.stdout), words
