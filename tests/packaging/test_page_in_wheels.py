"""Wheels carry the built page; without Node.js they are built without it and say so."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT

BUILD_SECONDS = 120
STATIC = "keysteward/ui/static"

_PACKAGES = ROOT / "frontend" / "node_modules"
_NOT_COPIED = shutil.ignore_patterns("node_modules", "static", "__pycache__")
_SOURCES = ("src", "frontend", "scripts", "requirements")
_FILES = ("pyproject.toml", "hatch_build.py", ".gitignore", "Makefile", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what an sdist of these sources unpacks to; nothing in it is built."""
    folder = tmp_path_factory.mktemp("sources")
    for name in _SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=_NOT_COPIED)
    for name in _FILES:
        shutil.copy(ROOT / name, folder)
    _run(folder, os.environ["PATH"], "-m", "hatchling", "build", "-t", "sdist")
    (packed,) = (folder / "dist").glob("*.tar.gz")
    (folder / "unpacked").mkdir()
    subprocess.run(("tar", "-xf", packed, "-C", folder / "unpacked"), check=True)
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked


@pytest.fixture(scope="module")
def wheel(sources: Path) -> zipfile.ZipFile:
    """Return a wheel that was built where Node.js and the page's packages are."""
    for tool, package in (("node", "nodejs"), ("npm", "npm")):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} (Debian package {package})")
    if not (_PACKAGES / ".made-from").exists():
        pytest.skip("needs the packages of frontend (make page)")
    (sources / "frontend" / "node_modules").symlink_to(_PACKAGES)
    return _wheel(sources, os.environ["PATH"])[0]


def test_a_wheel_without_node_has_no_page_and_says_so(sources: Path, tmp_path: Path) -> None:
    """The build goes on without Node.js; one line says that the page is missing and what to do."""
    built, said = _wheel(sources, str(tmp_path))
    assert [] == [name for name in built.namelist() if name.startswith(f"{STATIC}/")]
    assert "keysteward/ui/templates/page.html" in built.namelist()
    (line,) = {line for line in said.splitlines() if "The web page is not built" in line}
    assert line.endswith("make page")
    assert "node is not on the PATH" in line


def test_a_wheel_of_an_sdist_has_the_page(wheel: zipfile.ZipFile) -> None:
    """A wheel has what the manifest names, and all that the page is made of besides."""
    manifest = json.loads(wheel.read(f"{STATIC}/manifest.json"))
    assert {"main.js", "page.css"} == manifest.keys()
    assert {f"{STATIC}/{name}" for name in manifest.values()} <= set(wheel.namelist())
    assert [] == [name for name in wheel.namelist() if Path(name).name.startswith(".")]


def test_a_wheel_has_the_licences_of_what_the_page_is_made_of(wheel: zipfile.ZipFile) -> None:
    """Every package that is bundled is named, with the text of its licence."""
    told = wheel.read(f"{STATIC}/THIRD-PARTY.txt").decode()
    assert "@ui5/webcomponents 2.26.0 (Apache-2.0)" in told
    assert "Apache License" in told
    assert "Copyright (c) 2015-present Jason Miller" in told  # preact, which UI5 carries


def test_a_wheel_has_templates_and_languages(wheel: zipfile.ZipFile) -> None:
    """A wheel has every template and every catalogue of texts that the sources have."""
    room = ROOT / "src" / "keysteward" / "ui"
    files = [*room.rglob("*.html"), *room.rglob("*.po")]
    assert files
    named = {f"keysteward/ui/{path.relative_to(room).as_posix()}" for path in files}
    assert named <= set(wheel.namelist())


def test_a_second_build_finds_the_page_as_it_is(wheel: zipfile.ZipFile, sources: Path) -> None:
    """Nothing is built again while nothing changed: no file of the page is written anew."""
    assert wheel.namelist()
    static = sources / "src" / STATIC
    before = {path.name: path.stat().st_mtime_ns for path in static.iterdir()}
    assert "" == _run(sources, os.environ["PATH"], "hatch_build.py")
    assert before == {path.name: path.stat().st_mtime_ns for path in static.iterdir()}


def _wheel(folder: Path, path: str) -> tuple[zipfile.ZipFile, str]:
    """Build a wheel as pip does; return it and what pip shows with ``--verbose``."""
    shutil.rmtree(folder / "dist", ignore_errors=True)
    options = ("--verbose", "--no-deps", "--no-build-isolation", "--no-index", "-w", "dist")
    said = _run(folder, path, "-m", "pip", "wheel", *options, ".")
    (built,) = (folder / "dist").glob("*.whl")
    return zipfile.ZipFile(built), said


def _run(folder: Path, path: str, *arguments: str) -> str:
    """Run Python and return all that it wrote."""
    done = subprocess.run(
        (sys.executable, *arguments),
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=BUILD_SECONDS,
    )
    return done.stdout
