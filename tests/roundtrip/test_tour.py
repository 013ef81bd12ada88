"""docs/tour.md, docs/imports.md: every command is run as it stands, and says what it shows."""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import commands, peers
from tests.architecture.documents import DOCS

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)

_CHANGING = (
    (r"\d{4}-\d\d-\d\d( \d\d:\d\d)?|[A-Z][a-z]{2} \d{1,2}, \d{4}", "DATE"),
    (r"\(([\d,]+) days left\)", "(N days left)"),
    (r"local:\S+", "WHO"),
    (r"(Serial number) .*", r"\1"),
    (r"([0-9A-F]{2}:){31}[0-9A-F]{2}|[0-9a-f]{64}|[0-9a-f]{12,16}(…[0-9a-f]{4})?", "PRINT"),
    (r"[ \t]+(?=\n)", ""),
    (r" {2,}", "  "),
)
"""Days, users, fingerprints and serial numbers, and with them the width of the columns."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command line of the page, and what it shows below."""

    line: str
    shown: str


def _steps(page: str) -> list[Step]:
    text = "".join(_BLOCK.findall((DOCS / page).read_text()))
    found = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [Step(*step.split("\n", 1)) for step in found]


def _lasting(text: str) -> str:
    for pattern, word in _CHANGING:
        text = re.sub(pattern, word, text)
    return text.strip()


def _keysteward(line: str, shown: str) -> tuple[str, str]:
    """Run a command of ours, inside this process; a file may follow as its standard input.

    Gives what it prints, and what the page shows of that. Hints go to standard error; the page has
    them where a terminal shows them.
    """
    words = shlex.split(line)[1:]
    stdin = Path(words[-1]).read_bytes() if "<" in words else b""
    if "<" in words:
        words = words[: words.index("<")]
    done = commands.inside(Path("data"), *words, stdin=stdin)
    assert 0 == done.status, line
    hints, rows = done.stderr.splitlines(), shown.splitlines()
    assert hints == [row for row in rows if row in hints], line
    return done.stdout, "\n".join(row for row in rows if row not in hints)


def _shell(line: str) -> str:
    """Run somebody else's command; where it asks for a password, Enter is pressed."""
    done = subprocess.run(
        ("sh", "-c", line),
        input=b"\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
        timeout=120,
    )
    told = done.stdout.decode()
    assert 0 == done.returncode, f"{line}\n{told}"
    return told


@pytest.mark.parametrize("page", ["tour.md", "imports.md"])
def test_tour_is_walked_as_it_is_told(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From keystores that Java made to one that Java reads, with nothing but the page's commands.

    What keytool says while it makes keys differs from version to version, and is not shown.
    """
    peers.require("keytool")
    peers.require("openssl")
    monkeypatch.chdir(tmp_path)
    for step in _steps(page):
        ours = step.line.startswith("keysteward ")
        if ours:
            told, shown = _keysteward(step.line, step.shown)
        else:
            told, shown = _shell(step.line), step.shown
        if ours or shown:
            assert _lasting(shown) == _lasting(told), step.line


def test_tour_visits_what_a_keystore_needs() -> None:
    """The page leads through import, backup, restore, the provider's keys and export."""
    lines = " ".join(step.line for step in _steps("tour.md"))
    for words in (
        *("import old.jks", "import four.p12", "backup create", "delete", "backup compare"),
        *("backup restore", "provider activate", "provider restore", "export-keystore"),
        "keytool -list",
    ):
        assert words in lines
