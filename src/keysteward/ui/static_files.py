"""The files of the page that the build made: kept in memory, named by their content.

They are made from ``frontend/`` when the package is installed or built (``hatch_build.py``).
"""

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
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """What the browser loads besides pages."""

    files: Mapping[str, bytes]
    script: str
    """The address of the module that starts everything."""
    style: str

    async def answer(self, request: Request) -> Response:
        """Answer with a file. Raises ResourceUnknown."""
        name = str(request.path_params["name"])
        data = self.files.get(name)
        if data is None:
            raise ResourceUnknown(request.url.path[:200])
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(data, headers=_FOR_EVER, media_type=media_type)


def load(folder: Path = FOLDER) -> StaticFiles | None:
    """Return the files; None if the page was not built."""
    manifest = folder / _MANIFEST
    if not manifest.is_file():
        return None
    names = json.loads(manifest.read_text(encoding="utf-8"))
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    return StaticFiles(files, f"/static/{names['main.js']}", f"/static/{names['page.css']}")
