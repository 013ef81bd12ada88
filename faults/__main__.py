"""``python -m faults``: the primary of a Patroni cluster is killed under two nodes of Keysteward.

Takes about five minutes. Ends with 1 if a promise was broken or the cluster did not come back.
"""

import argparse
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from faults import processes, programs
from faults.asking import NotInTime

_KILLS = 5
_LIMIT_SECONDS = 900
_OUT = Path("out/faults")


def main() -> None:
    """Run the experiment and print its table."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=_KILLS, help=f"of the primary ({_KILLS})")
    arguments = parser.parse_args()
    console = Console(width=120)
    absent = programs.missing()
    if absent:
        console.print(f"Nothing was killed; not installed: {', '.join(absent)}.", soft_wrap=True)
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with _limited(_LIMIT_SECONDS):
            sys.exit(_run(arguments.kills, console))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(kills: int, console: Console) -> int:
    from faults import experiment, report  # noqa: PLC0415 - they need psycopg

    with processes.opened() as running:
        try:
            done = experiment.start(running, console)
            late = done.run(kills)
            broken = late + done.judge()
        except (NotInTime, RuntimeError) as error:
            console.print(f"Broken: {error}", style="red", soft_wrap=True)
            broken = [str(error)]
        else:
            report.show(done, broken, console)
        if broken:
            _keep_logs(running.folder)
            console.print(f"The logs are in {_OUT}.")
    return int(bool(broken))


def _keep_logs(folder: Path) -> None:
    shutil.rmtree(_OUT, ignore_errors=True)
    _OUT.mkdir(parents=True)
    for log in folder.glob("*.log"):
        shutil.copyfile(log, _OUT / log.name)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raise NotInTime in what runs inside after that many seconds."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise NotInTime(f"the whole run: not within {seconds} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
