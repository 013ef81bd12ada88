"""Examples in the documentation: commands after a dollar sign, and what they say below."""

import re
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)

_CHANGING = (
    (r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "DATE"),
    (r"\(([\d,]+) days left\)", "(N days left)"),
    (r"local:\S+", "WHO"),
    (r"[0-9A-Fa-f]{12,16}…([0-9A-Fa-f]{4})?", "PRINT"),
    (r" {2,}", "  "),
)
"""Days, user and fingerprints, and with them the width of the columns."""


def steps(page: Path) -> list[tuple[str, str]]:
    """Return each command line of a page without the command's name, and what it shows."""
    text = "".join(_BLOCK.findall(page.read_text()))
    found = re.split(r"^\$ keysteward ", text, flags=re.MULTILINE)[1:]
    return [(step.partition("\n")[0], step.partition("\n")[2]) for step in found]


def lasting(text: str) -> str:
    """Return what of a text is the same on every day and for everybody."""
    for pattern, word in _CHANGING:
        text = re.sub(pattern, word, text)
    return text
