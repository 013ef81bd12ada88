"""Builds the web page: as part of a wheel or an editable installation, or run by itself.

    python hatch_build.py [--required]

Needs Node.js and npm. Without them, or where npm cannot fetch its packages, everything but the
page still works: the build goes on and says so in one line. ``--required`` makes that a failure.
"""

import argparse
import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 18
FETCH_SECONDS = 600
BUILD_SECONDS = 120
REMEDY = "To build it, with Node.js 18 or newer and npm (Debian: nodejs, npm): make page"

_PACKAGES = ("package.json", "package-lock.json", ".npmrc")
_MADE_FROM = ".made-from"


class NotBuiltError(Exception):
    """The page cannot be built here; the text says why, in one line."""


class PageHook(BuildHookInterface[BuilderConfig]):
    """Builds the page before hatchling collects the files of a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page into the source tree, where both kinds of wheel find it."""
        try:
            said = build(Path(self.root))
        except NotBuiltError as reason:
            self.app.display_warning(not_built(reason))
        else:
            if said:
                self.app.display_info(said)


def build(root: Path) -> str:
    """Build the page unless it is there already, made from the same files.

    Returns:
        What was built, in one line; nothing if nothing was to do.

    Raises:
        NotBuiltError: a tool is missing, too old, or failed. A page that was built from other
            files is gone, too: it would not fit the templates.
    """
    frontend, static = root / "frontend", root / "src" / "keysteward" / "ui" / "static"
    with (frontend / "package.json").open() as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)  # two builds at once would share node_modules
        packages = [frontend / name for name in _PACKAGES]
        sources = [path for path in (frontend / "src").rglob("*") if path.is_file()]
        made_from = _digest(frontend, [frontend / "build.mjs", *packages, *sources])
        if _read(static / _MADE_FROM) == made_from:
            return ""
        try:
            _require_node(frontend)
            _install(frontend, _digest(frontend, packages))
            said = _run(frontend, BUILD_SECONDS, "node", "build.mjs", str(static))
        except NotBuiltError:
            shutil.rmtree(static, ignore_errors=True)
            raise
        (static / _MADE_FROM).write_text(made_from)
        return said


def not_built(reason: NotBuiltError) -> str:
    """Say in one line that there is no page, why, and what to do."""
    return f"The web page is not built: {reason} {REMEDY}"


def _require_node(frontend: Path) -> None:
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise NotBuiltError(f"{tool} is not on the PATH.")
    said = _run(frontend, BUILD_SECONDS, "node", "--version")
    found = re.match(r"v(\d+)\.", said)
    if not found or int(found[1]) < OLDEST_NODE:
        raise NotBuiltError(f"Node.js is {said}, which is too old.")


def _install(frontend: Path, made_from: str) -> None:
    stamp = frontend / "node_modules" / _MADE_FROM
    if _read(stamp) == made_from:
        return
    _run(frontend, FETCH_SECONDS, "npm", "ci", "--prefer-offline", "--fetch-retries=1")
    stamp.write_text(made_from)


def _run(folder: Path, seconds: int, *command: str) -> str:
    """Return what a program wrote to standard output; its errors become one line."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=True
        )
    except subprocess.CalledProcessError as failed:
        lines = re.findall(
            r"^(?:npm (?:error|ERR!)|✘ \[ERROR\]) (.+)$", failed.stderr, re.MULTILINE
        )
        what = " ".join(lines[:2]).rstrip(".") or f"exit status {failed.returncode}"
        raise NotBuiltError(f"{' '.join(command[:2])} failed: {what}.") from failed
    except subprocess.TimeoutExpired as late:
        raise NotBuiltError(f"{' '.join(command[:2])} took over {seconds} s.") from late
    return done.stdout.strip()


def _digest(top: Path, files: Iterable[Path]) -> str:
    """Return a digest of the names and contents of files."""
    whole = hashlib.sha256()
    for path in sorted(files):
        data = path.read_bytes()
        whole.update(f"{path.relative_to(top).as_posix()}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def main() -> int:
    """Build the page of this source tree and return the exit status."""
    arguments = argparse.ArgumentParser(description="Build the web page of this source tree.")
    arguments.add_argument("--required", action="store_true", help="fail if it cannot be built")
    required = arguments.parse_args().required
    try:
        said = build(Path(__file__).resolve().parent)
    except NotBuiltError as reason:
        sys.stderr.write(f"{not_built(reason)}\n")
        return 1 if required else 0
    if said:
        sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
