import random
import time
from pathlib import Path

import pytest

from keysteward import app
from keysteward.keystore.steward import Steward
from tests import verification
from tests.endurance import prepared, processes, soundness, traces
from tests.endurance.prepared import ALIAS, Prepared
from tests.endurance.processes import Step

SEED = 20_260_601
UPLOADS = {"sqlite": 150, "postgresql": 80}
MOST_CONFIRMED = 20
"""A worker is killed after it has confirmed as many uploads, or fewer: 10 on average."""


def _current(worn: Prepared) -> tuple[int, tuple[str, ...]]:
    with app.opened(worn.settings) as steward:
        version = steward.store.get_entry(steward.keystore_id, ALIAS).version
    return version.number, tuple(c.fingerprint for c in version.chain)


def _killed(worn: Prepared, files: tuple[str, ...], chance: random.Random) -> list[Step]:
    """Let a worker upload files, kill it at some moment, and return what it had confirmed."""
    command = processes.worker_command("upload", worn.nodes[-1], *files)
    with processes.running(command) as worker:
        assert worker.stdout is not None
        processes.say_start(worker, wait=False)
        said = b""
        confirmed = chance.randint(0, MOST_CONFIRMED)
        for _ in range(confirmed + 1):
            said += worker.stdout.readline()
        # An upload takes some milliseconds: any of its moments may be the last one.
        time.sleep(chance.uniform(0, 0.012))
        worker.kill()
        said += worker.stdout.read()
    return processes.steps(said)


@pytest.mark.slow
def test_confirmed_uploads_survive_kills(tmp_path: Path, engine: str, database: str | None) -> None:
    """After each SIGKILL the entry has the old or the new version, whole, and all confirmed ones.

    One process after the other, each of them killed after about ten uploads. OpenSSL verifies what
    is left.
    """
    uploads = UPLOADS[engine]
    worn = prepared.prepare(tmp_path, uploads, database)
    chance = random.Random(SEED)
    versions: dict[str, int] = {}
    workers = 0
    at, chain = _current(worn)
    while len(versions) < uploads:
        missing = tuple(f for f in worn.files if Path(f).name not in versions)
        confirmed = _killed(worn, missing, chance)
        workers += 1
        expected = {(at, chain)}
        for step in confirmed:
            versions[step["file"]] = step["version"]
            at, chain = step["version"], worn.fingerprints(step["file"])
            expected = {(at, chain)}
        # The upload that was under way, if there was one left.
        following = missing[len(confirmed) : len(confirmed) + 1]
        expected |= {(at + 1, worn.fingerprints(Path(file).name)) for file in following}
        # Whoever opens the database next recovers its log: this process, or the next worker.
        if chance.random() < 0.5 or len(versions) == uploads:
            at, chain = _current(worn)
            assert (at, chain) in expected, f"seed {SEED}, worker {workers}"
    assert uploads / 15 <= workers <= uploads / 6
    soundness.assert_sound(worn.settings)
    with app.opened(worn.settings) as steward:
        _assert_all_there(steward, worn, versions)
        entry = steward.store.get_entry(steward.keystore_id, ALIAS)
    verification.verify_chain(tmp_path, entry.version.chain)


def _assert_all_there(steward: Steward, worn: Prepared, confirmed: dict[str, int]) -> None:
    entry = steward.store.get_entry(steward.keystore_id, ALIAS)
    found = steward.store.list_versions(entry)
    stored = {v.number: tuple(c.fingerprint for c in v.chain) for v in found}
    assert list(range(1, len(confirmed) + 2)) == sorted(stored)
    assert {number: worn.fingerprints(name) for name, number in confirmed.items()} == {
        number: chain for number, chain in stored.items() if number > 1
    }
    audited = soundness.query(
        worn.settings,
        "SELECT entry_id, version FROM audit WHERE outcome = 'done' AND action IN "
        "('add-key-pair', 'signing-response') ORDER BY sequence",
    )
    assert [(entry.id, number) for number in sorted(stored)] == audited


@pytest.mark.slow
@pytest.mark.parametrize(("call", "step"), [("fsync", 1), ("pwrite64", 5)])
def test_upload_killed_at_any_call_leaves_old_or_new(call: str, step: int, tmp_path: Path) -> None:
    """Killed before a sync or a write of its own, an upload has happened wholly or not at all.

    Before the first of these calls nothing has happened; after the last one all has.
    """
    traces.require_strace()
    worn = prepared.prepare(tmp_path, 100 // step)
    data, outcomes = worn.settings.data, []
    for number, file in enumerate(worn.files):
        before = _current(worn)
        after = (before[0] + 1, worn.fingerprints(Path(file).name))
        command = processes.worker_command("upload", worn.settings, file)
        killed = traces.kill_at(command, data, call, 1 + number * step)
        found = _current(worn)
        assert found in (before, after)
        soundness.assert_sound(worn.settings)
        outcomes.append(found == after)
        if not killed:
            break
    assert not killed
    assert len(outcomes) > 3
    assert sorted(outcomes) == outcomes
    assert [False, True] == sorted(set(outcomes))


def test_worker_killed_while_it_opens_leaves_the_keystore_usable(
    tmp_path: Path, database: str | None
) -> None:
    """A process that dies between start and first write changes nothing."""
    worn = prepared.prepare(tmp_path, 1, database)
    before = _current(worn)
    command = processes.worker_command("upload", worn.nodes[-1])
    for number in range(4):
        with processes.running(command) as worker:
            assert worker.stdout is not None
            if number % 2:
                worker.stdout.readline()
            else:
                time.sleep(0.15 * (number + 1))
            worker.kill()
            assert -9 == worker.wait()
    assert before == _current(worn)
    soundness.assert_sound(worn.settings)
