import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT


def _fuzz(folder: Path, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, in processes that run ``code`` before anything else."""
    (folder / "sitecustomize.py").write_text(code)
    paths = (folder, ROOT, ROOT / "src")
    return subprocess.run(
        [sys.executable, "-m", "fuzz", *arguments],
        cwd=folder,
        env={"PYTHONPATH": ":".join(map(str, paths)), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_sound_target_ends_well(tmp_path: Path) -> None:
    """Nothing is found, the inputs are counted, and what is interesting is kept."""
    pytest.importorskip("atheris", reason="atheris has no build for this Python")
    done = _fuzz(tmp_path, "--seconds", "1", "der")
    assert (0, "") == (done.returncode, done.stderr)
    row = next(line for line in done.stdout.splitlines() if "│ der" in line)
    executions, _, _, new, findings = (int(cell.replace(",", "")) for cell in row.split("│")[2:-1])
    assert executions > 100
    assert new > 0
    assert 0 == findings
    assert any((tmp_path / "out/fuzz/corpus/der").iterdir())


_BUG = """
from keysteward.pki import pem_blocks
def find(data):
    raise KeyError("planted")
pem_blocks.find = find
"""


def test_bug_is_found_and_kept(tmp_path: Path) -> None:
    """A finding makes the exit status 1, and its bytes show the traceback again."""
    pytest.importorskip("atheris", reason="atheris has no build for this Python")
    done = _fuzz(tmp_path, "--seconds", "1", "pem", code=_BUG)
    assert 1 == done.returncode
    (kept,) = (tmp_path / "out/fuzz").glob("pem-*.bin")
    assert f"--input {kept.relative_to(tmp_path)}" in done.stdout
    again = _fuzz(tmp_path, "pem", "--input", str(kept), code=_BUG)
    assert 1 == again.returncode
    assert "KeyError: 'planted'" in again.stderr


_ABSENT = """
from importlib import util
real = util.find_spec
util.find_spec = lambda name, *rest: None if name == "atheris" else real(name, *rest)
"""


def test_missing_atheris_is_said(tmp_path: Path) -> None:
    """Where there is no build of atheris nothing fails."""
    done = _fuzz(tmp_path, "--seconds", "1", "pem", code=_ABSENT)
    assert (0, "") == (done.returncode, done.stderr)
    assert "atheris is not installed" in done.stdout


def test_unknown_target_is_refused(tmp_path: Path) -> None:
    """A word that is no target is named."""
    done = _fuzz(tmp_path, "no-such")
    assert 2 == done.returncode
    assert "no-such" in done.stderr
