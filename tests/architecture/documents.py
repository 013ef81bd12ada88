"""Where the documentation lies, and how its pages are read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "keysteward"

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Return every page that people read, the README included."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def links(page: Path) -> list[str]:
    """Return the targets of the page's links that lie in this repository."""
    text = _FENCE.sub("", page.read_text())
    return [target for target in _LINK.findall(text) if "://" not in target]


def headings(page: Path) -> set[str]:
    """Return the anchors of the page's headings, as Markdown viewers make them."""
    lines = _FENCE.sub("", page.read_text()).splitlines()
    titles = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
