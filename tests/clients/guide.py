"""The examples of docs/clients.md, to be run as they are printed."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.clients.contract import Place

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"

CLOUD_SDK = "JavaScript: SAP Cloud SDK"

_RUN_SECONDS = 300


def examples(heading: str, language: str) -> list[str]:
    """Return the examples of one language below a heading."""
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found, (heading, language)
    return found


def variables(place: Place) -> Mapping[str, str]:
    """Return an environment with what the page says that it has to hold."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    own = {"HOST": place.url, "CLIENT_ID": place.client_id, "CLIENT_SECRET": place.client_secret}
    return {**kept, **own}


def run(place: Place, folder: Path, *command: str) -> str:
    """Run an example in a folder and return what it printed; it must not fail."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables(place),
        capture_output=True,
        check=False,
        timeout=_RUN_SECONDS,
        text=True,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def run_bash(place: Place, folder: Path, example: str) -> str:
    """Run an example of the shell; any command that fails ends it."""
    return run(place, folder, "bash", "-euo", "pipefail", "-c", example)
