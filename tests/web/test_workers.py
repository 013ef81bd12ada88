import os
import subprocess
import sys
from pathlib import Path

_SUBREAPER = """
import ctypes, os, signal, sys, time

ctypes.CDLL(None).prctl(36, 1)  # what the first process of a container is by itself
from keysteward.web import workers

worker = workers.divide(1, lambda: None, print)
if isinstance(worker, int):
    sys.exit(worker)
worker.report()
child = os.fork()
if not child:
    if not os.fork():
        time.sleep(0.2)
    os._exit(0)
os.waitpid(child, 0)
time.sleep(1)
os.kill(os.getppid(), signal.SIGTERM)
signal.pause()
"""


def test_end_of_a_process_that_is_no_worker_is_survived(tmp_path: Path) -> None:
    """The first process of a container is given the children that others left behind."""
    file = tmp_path / "divided.py"
    file.write_text(_SUBREAPER)
    done = subprocess.run(
        [sys.executable, str(file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == len(done.stdout.split())
