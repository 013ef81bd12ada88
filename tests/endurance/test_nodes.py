"""Eight processes on two nodes of one PostgreSQL; some are killed, some lose their sessions."""

import random
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest

from keysteward import app
from tests.endurance import prepared, processes, soundness
from tests.endurance.prepared import ALIAS, Prepared
from tests.endurance.processes import Step
from tests.postgresql import Server

SEED = 20_261_124
WRITERS, EACH = 8, 10
KILLED = 3
"""How many of the writers are killed, each after it has confirmed as many uploads, or fewer:"""
MOST_CONFIRMED = 6
PAUSE_SECONDS = 0.1
"""Between two sessions that the server ends."""


@pytest.fixture
def worn(tmp_path: Path, database: str | None) -> Prepared:
    """A keystore on two nodes with responses for eight writers."""
    return prepared.prepare(tmp_path, WRITERS * EACH, database)


@pytest.mark.postgresql_alone
def test_eight_writers_on_two_nodes_lose_nothing_while_processes_and_sessions_are_ended(
    worn: Prepared, postgresql_server: Server
) -> None:
    """All write one entry: each version is one upload's, and what was confirmed is there once.

    An upload that was under way when its process was killed is there wholly or not at all, one that
    lost its session is told truly what became of it.
    """
    chance = random.Random(SEED)
    parts = [worn.files[number::WRITERS] for number in range(WRITERS)]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                processes.running(processes.worker_command("upload", node, *files, "--persisting"))
            )
            for node, files in zip(cycle(worn.nodes), parts, strict=False)
        ]
        for worker in workers:
            processes.say_start(worker, wait=True)
        ended, said = _disturbed(worn, workers, postgresql_server, chance)
    assert ended > 0
    soundness.assert_nobody_left(worn.settings)
    stored = _stored(worn)
    possible = Counter[str]()
    for number, (files, steps) in enumerate(zip(parts, said, strict=True)):
        names = [Path(file).name for file in files]
        possible.update(_assert_true(names, steps, stored, killed=number < KILLED))
    assert not set(stored.values()) - set(possible)
    soundness.assert_sound(worn.settings)
    assert [(number,) for number in range(1, len(stored) + 2)] == soundness.query(
        worn.settings,
        "SELECT version FROM audit WHERE outcome = 'done' AND action IN"
        " ('add-key-pair', 'signing-response') ORDER BY version",
    )


def _disturbed(
    worn: Prepared,
    workers: list[subprocess.Popen[bytes]],
    server: Server,
    chance: random.Random,
) -> tuple[int, list[list[Step]]]:
    """Kill some workers and end sessions of the others until all have ended.

    Returns how many sessions that were, and what each worker said.
    """
    moments = [chance.randint(0, MOST_CONFIRMED) for _ in range(KILLED)]
    ended = 0
    with ThreadPoolExecutor(len(workers)) as pool:
        killed = [
            pool.submit(_until_killed, worker, confirmed)
            for worker, confirmed in zip(workers, moments, strict=False)
        ]
        others = [pool.submit(processes.finished, worker) for worker in workers[KILLED:]]
        while not all(listening.done() for listening in (*killed, *others)):
            ended += soundness.end_session(server, worn.settings)
            time.sleep(PAUSE_SECONDS)
        return ended, [listening.result() for listening in (*killed, *others)]


def _until_killed(worker: subprocess.Popen[bytes], confirmed: int) -> list[Step]:
    """Kill a worker when it has said some steps; return all that it said."""
    assert worker.stdout is not None
    said = b"".join(worker.stdout.readline() for _ in range(confirmed + 1))
    worker.kill()
    return processes.steps(said + worker.stdout.read())


def _stored(worn: Prepared) -> dict[int, str]:
    """Return whose response each version after the first one is; assert that each is whole."""
    of = {worn.fingerprints(name): name for name in worn.chains}
    with app.opened(worn.settings) as steward:
        entry = steward.store.get_entry(steward.keystore_id, ALIAS)
        versions = steward.store.list_versions(entry)
    assert list(range(1, len(versions) + 1)) == [version.number for version in versions]
    found = {v.number: of[tuple(c.fingerprint for c in v.chain)] for v in versions[1:]}
    assert len(found) == len(set(found.values())), "a response is there twice"
    return found


def _assert_true(
    names: list[str], steps: list[Step], stored: dict[int, str], *, killed: bool
) -> list[str]:
    """Assert that what a worker said is so; return the responses that may be there of it."""
    problems = {step["problem"] for step in steps if "problem" in step}
    assert problems <= {"entry-changed", "database-unavailable", "outcome-unknown"}
    confirmed = {step["version"]: step["file"] for step in steps if "version" in step}
    assert confirmed.items() <= stored.items()
    unknown = {step["file"] for step in steps if step.get("problem") == "outcome-unknown"}
    told = {*confirmed.values(), *unknown}
    assert names[: len(told)] == sorted(told)
    if not killed:
        assert len(names) == len(told)
    return names[: len(told) + 1]
