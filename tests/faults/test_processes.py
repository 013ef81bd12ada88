import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from faults import asking, processes
from tests.architecture.documents import ROOT


def _environment() -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"]}


def _two_working_in(folder: Path) -> list[int]:
    found = [one for one in processes.working_in(folder) if "sleep" in processes.command_line(one)]
    return found if len(found) > 1 else []


def test_end_leaves_nothing_of_what_was_started() -> None:
    """What left its parent is found by the folder that it works in, and the folder goes as well."""
    with processes.opened(adopting=False) as running:
        script = "setsid --fork sleep 1000; sleep 1000"
        running.start("some", "sh", "-c", script, environment=_environment())
        started = asking.wait_for("both", 20, lambda: _two_working_in(running.folder))
    assert [] == [one for one in started if "sleep" in processes.command_line(one)]
    assert not running.folder.exists()


def test_missing_programs_are_named_and_nothing_is_broken() -> None:
    """Without the packages the command says in one line which, and ends well."""
    done = subprocess.run(
        [sys.executable, "-m", "faults"],
        env={"PATH": "", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == len(done.stdout.splitlines())
    assert done.stdout.startswith("Nothing was killed; not installed: Debian package")
