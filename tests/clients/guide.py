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


def variables(place: Place, **more: str) -> Mapping[str, str]:
    """Return an environment with what the page says that it has to hold, and more."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    own = {"HOST": place.url, "CLIENT_ID": place.client_id, "CLIENT_SECRET": place.client_secret}
    return {**kept, **own, **more}


def run(place: Place, folder: Path, *command: str, **more: str) -> str:
    """Run an example in a folder and return what it printed; it must not fail."""
    status, said = tried(place, folder, *command, **more)
    assert 0 == status, said
    return said


def tried(place: Place, folder: Path, *command: str, **more: str) -> tuple[int, str]:
    """Run an example that may fail; return its exit status and all that it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables(place, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=_RUN_SECONDS,
        text=True,
    )
    return done.returncode, done.stdout


def of_bash(example: str) -> tuple[str, ...]:
    """Return the command that runs an example of the shell; any step that fails ends it."""
    return ("bash", "-euo", "pipefail", "-c", example)


def trust_variables() -> Mapping[str, str]:
    """Return the variable that the page names for the root of each client."""
    rows = re.findall(r"^\| ([^|]+) \| `([A-Z_]+)`", PAGE.read_text(), re.MULTILINE)
    return {client: name for client, name in rows if not name.startswith("SAP_")}
