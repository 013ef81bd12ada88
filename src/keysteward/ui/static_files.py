"""The files of the page that the build made: kept in memory, named by their content.

They are made from ``frontend/`` when the package is installed or built (``hatch_build.py``).

They alone are compressed. Pages are not: they hold CSRF tokens beside what a stranger may have
chosen, such as a filter, and how well both compress together would tell the token (BREACH).
"""

import gzip
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from keysteward.problems import ResourceUnknown

FOLDER = Path(__file__).with_name("static")

_MANIFEST = "manifest.json"
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_LEVEL = 6
"""Half the time of level 9 at every start, for files that are one in a hundred larger."""
_COMPRESSED = frozenset({".js", ".css", ".json", ".svg", ".txt"})
"""Fonts and pictures are compressed already."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file, and the same with gzip if that is smaller."""

    data: bytes
    packed: bytes | None = None


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """What the browser loads besides pages."""

    files: Mapping[str, StaticFile]
    script: str
    """The address of the module that starts everything."""
    style: str

    async def answer(self, request: Request) -> Response:
        """Answer with a file. Raises ResourceUnknown."""
        name = str(request.path_params["name"])
        file = self.files.get(name)
        if file is None:
            raise ResourceUnknown(request.url.path[:200])
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if file.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            headers = {**_HEADERS, "Content-Encoding": "gzip"}
            return Response(file.packed, headers=headers, media_type=media_type)
        return Response(file.data, headers=_HEADERS, media_type=media_type)


def load(folder: Path = FOLDER) -> StaticFiles | None:
    """Return the files; None if the page was not built."""
    manifest = folder / _MANIFEST
    if not manifest.is_file():
        return None
    names = json.loads(manifest.read_text(encoding="utf-8"))
    files = {file.name: _read(file) for file in folder.iterdir() if file.is_file()}
    return StaticFiles(files, f"/static/{names['main.js']}", f"/static/{names['page.css']}")


def _read(file: Path) -> StaticFile:
    data = file.read_bytes()
    if file.suffix not in _COMPRESSED:
        return StaticFile(data)
    packed = gzip.compress(data, _LEVEL, mtime=0)
    return StaticFile(data, packed if len(packed) < len(data) else None)


def _takes_gzip(accepted: str) -> bool:
    """Tell whether a browser takes gzip (RFC 9110 section 12.5.3); a weight of 0 says no."""
    for one in accepted.lower().split(","):
        coding, _, weight = one.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.rstrip("0") not in ("", "0.") if weight else True
    return False
