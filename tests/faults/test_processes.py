import os
import subprocess
import sys
import time
from collections.abc import Mapping

from faults import processes
from tests.architecture.documents import ROOT


def _environment() -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"]}


def test_end_leaves_nothing_of_what_was_started() -> None:
    """What left its parent is found by the folder that it works in, and the folder goes as well."""
    with processes.opened(adopting=False) as running:
        script = "sleep 1000 & (setsid sleep 1000 &) ; wait"
        running.start("some", "sh", "-c", script, environment=_environment())
        while len(list(processes.working_in(running.folder))) < 3:
            time.sleep(0.02)
        started = list(processes.working_in(running.folder))
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
