"""A process that does the jobs of a server and answers no requests; its log is on standard error.

    python -m tests.service.job_worker DATA DATABASE LEASE_SECONDS [--asking]

DATABASE may be ``-``, for the data folder's own. With ``--asking`` its one job waits for a line on
standard input between what it reads and what it writes. SIGTERM ends it.
"""

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

from keysteward import app
from keysteward.entries import Action, Caller
from keysteward.keystore.steward import Steward
from keysteward.web import logs
from keysteward.web.jobs import ACTIVATION, JOBS, Job, Jobs, Step
from tests import steward as stewards


def main() -> None:
    """Work until SIGTERM."""
    data, database, seconds, *asking = sys.argv[1:]
    logs.configure("info")
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    jobs = tuple(replace(job, seconds=0.2) for job in JOBS)
    if asking:
        jobs = (Job(ACTIVATION, 0.2, _asking),)
    with app.opened(stewards.settings_for(Path(data), None if database == "-" else database)) as s:
        work = Jobs(s, stopping, lease_seconds=float(seconds), jobs=jobs)
        work.start()
        stopping.wait()
        work.end()


def _asking(steward: Steward) -> Iterator[Step]:
    yield Step("planned")
    if not sys.stdin.readline():
        return
    with steward.writing(Caller("job:test")) as writing:
        writing.audit(Action.ACTIVATED, "asked", None, None)
    yield Step("written")


if __name__ == "__main__":
    main()
