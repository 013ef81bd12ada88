import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from keysteward.ui import static_files

SCRIPT = b"export const names = [];\n" * 100
FONT = bytes(range(256))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return the files of a build, asked for as they are said to be."""
    folder = tmp_path_factory.mktemp("static")
    names = {"main.js": "main-1.js", "page.css": "page-1.css"}
    (folder / "manifest.json").write_text(json.dumps(names))
    (folder / "main-1.js").write_bytes(SCRIPT)
    (folder / "page-1.css").write_bytes(b"a{}")
    (folder / "font-1.woff2").write_bytes(FONT)
    found = static_files.load(folder)
    assert found is not None
    app = Starlette(routes=[Route("/{name}", found.answer)])
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "gzip"),
        ("br;q=1.0, GZIP; q=0.8", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0.000, br", None),
        ("", None),
    ],
)
def test_file_is_compressed_for_who_takes_that(
    accepted: str, coding: str | None, client: TestClient
) -> None:
    """Both ways it is the same file, and what keeps copies is told what it depends on."""
    with client.stream("GET", "/main-1.js", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    assert coding == answer.headers.get("content-encoding")
    assert SCRIPT == (gzip.decompress(raw) if coding else raw)
    assert (str(len(raw)), "Accept-Encoding") == (
        *(answer.headers["content-length"], answer.headers["vary"]),
    )
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(("name", "data"), [("font-1.woff2", FONT), ("page-1.css", b"a{}")])
def test_file_that_compression_makes_no_smaller_goes_as_it_is(
    name: str, data: bytes, client: TestClient
) -> None:
    """Fonts are compressed in themselves, and tiny files would grow."""
    answer = client.get(f"/{name}", headers={"Accept-Encoding": "gzip"})
    assert (data, False) == (answer.content, "content-encoding" in answer.headers)


def test_page_that_was_not_built_has_no_files(tmp_path: Path) -> None:
    """Without a manifest there is nothing to serve."""
    assert static_files.load(tmp_path) is None
