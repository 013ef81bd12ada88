import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT, SOURCE

MOST_LINES = 400
_MANY_SMALL_CLASSES = {SOURCE / "problems.py"}
"""One place for all problems is worth more than the limit: it is a table, written as classes."""

_FOREIGN = {
    "a folder of one machine": r"(^|[\s\"'=(:])/(home|root|work|opt|Users|builds)/[a-zA-Z]",
    "a package registry's host": r"(pypi|pythonhosted|npmjs|yarnpkg)\.(org|com)",
}

_LIST = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
"""Works in a checkout that belongs to another user, too."""

modules = sorted(SOURCE.rglob("*.py"))
every_module = pytest.mark.parametrize(
    "module", modules, ids=lambda path: path.relative_to(SOURCE).as_posix()
)


def _committed() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(_LIST, cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def _undocumented(tree: ast.Module) -> list[str]:
    """Return the public names without a docstring; a private class has no public methods."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]
    for node in tuple(found):
        if isinstance(node, ast.ClassDef):
            found += [n for n in node.body if isinstance(n, kinds) and not n.name.startswith("_")]
    return [node.name for node in found if ast.get_docstring(node) is None]


@every_module
def test_module_and_public_names_have_docstrings(module: Path) -> None:
    """Every module and every public class, function and method says what it is for.

    A problem's detail is explained once, where Problem declares it.
    """
    tree = ast.parse(module.read_text())
    bare = [name for name in _undocumented(tree) if name != "detail"]
    assert ast.get_docstring(tree), "the module itself"
    assert [] == bare


@every_module
def test_module_can_be_read_in_one_go(module: Path) -> None:
    """No module has more than 400 lines."""
    lines = len(module.read_text().splitlines())
    assert lines <= MOST_LINES or module in _MANY_SMALL_CLASSES


def test_tests_mirror_the_sources() -> None:
    """A file of tests in a room's folder is named after a module of that room."""
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    strangers = [
        test.relative_to(ROOT).as_posix()
        for test in (ROOT / "tests").rglob("test_*.py")
        if test.relative_to(ROOT / "tests").parts[0] in rooms
        and not _mirrored(test.relative_to(ROOT / "tests"))
    ]
    assert [] == strangers


def _mirrored(test: Path) -> bool:
    name = test.stem.removeprefix("test_")
    folder = SOURCE / test.parent
    # tests/formats/test_responses.py stands for the registry formats/responses/__init__.py.
    return (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()


def test_committed_files_name_no_machine_and_no_registry() -> None:
    """What is committed works elsewhere: no folders of one machine, no hosts of registries."""
    found = []
    for path in _committed():
        if path == Path(__file__) or not path.exists():
            continue
        text = path.read_text(errors="replace")
        found += [
            f"{path.relative_to(ROOT)}: {what}"
            for what, pattern in _FOREIGN.items()
            if re.search(pattern, text, re.MULTILINE)
        ]
    assert [] == found


def test_committed_files_have_no_lock_file_with_addresses() -> None:
    """Lock files that record where packages were fetched stay out; requirements carry hashes."""
    locks = {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"}
    committed = _committed()
    assert set() == {path.name for path in committed} & locks
    of_npm = [path for path in committed if path.name == "package-lock.json"]
    assert [] == [path for path in of_npm if '"resolved"' in path.read_text()]


@pytest.mark.parametrize("name", ["runtime", "build", "dev"])
def test_requirements_pin_and_hash_every_package(name: str) -> None:
    """Every requirement has one exact version and at least one SHA-256."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
