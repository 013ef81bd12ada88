"""A large import beside others, and killed: all or nothing, and nobody waits but for its commit."""

import json
import random
import select
import subprocess
import time
from pathlib import Path

import pytest

from keysteward import app
from keysteward.settings import Settings
from tests import beside, keystore_files
from tests.commands import COMMAND
from tests.endurance import prepared, processes, soundness
from tests.endurance.import_worker import PASSWORD
from tests.endurance.prepared import ALIAS, Prepared
from tests.endurance.processes import Step
from tests.fresh import Fresh
from tests.keystore_files import KeyEntry
from tests.postgresql import Server

SEED = 20_260_602
READINGS = 200
WHILE_OPENING, WHILE_WRITING = {"sqlite": 2, "postgresql": 1}, {"sqlite": 6, "postgresql": 3}
"""How many imports are killed before and after they are planned."""


@pytest.fixture(scope="module")
def many(many_entries: list[KeyEntry], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JKS of 1,800 keys with their chains."""
    file = tmp_path_factory.mktemp("many") / "many.jks"
    file.write_bytes(keystore_files.write_jks(many_entries, PASSWORD))
    return file


@pytest.fixture
def worn(tmp_path: Path, database: str | None) -> Prepared:
    """A keystore with a root and a key pair, and one response for that."""
    return prepared.prepare(tmp_path, 1, database)


def _import(settings: Settings, file: Path, *options: str) -> list[str]:
    module = (COMMAND[0], "-m", "tests.endurance.import_worker")
    return [*module, str(settings.data), str(file), *options, *processes.database_option(settings)]


def _say(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"\n")
    worker.stdin.flush()


def _next(worker: subprocess.Popen[bytes]) -> Step:
    assert worker.stdout is not None
    said: Step = json.loads(worker.stdout.readline() or b"{}")
    return said


def _aliases(settings: Settings) -> list[str]:
    with app.opened(settings) as steward:
        return list(steward.store.list_aliases(steward.keystore_id, "", 10_000))


@pytest.mark.slow
def test_killed_import_leaves_nothing_or_everything(
    worn: Prepared, fresh: Fresh, engine: str, many: Path, many_entries: list[KeyEntry]
) -> None:
    """At any moment, most of them while it writes; afterwards the same import still works."""
    chance = random.Random(SEED)
    before = _aliases(worn.settings)
    everything = sorted([*before, *(entry.alias for entry in many_entries)])
    opening, writing = _durations(worn.settings, many)
    moments = [
        *((False, chance.uniform(0, opening)) for _ in range(WHILE_OPENING[engine])),
        # At once, however busy the machine was when its durations were taken.
        (True, 0.0),
        *((True, chance.uniform(0, 1.2 * writing)) for _ in range(WHILE_WRITING[engine])),
    ]
    halves = 0
    for number, (planned, seconds) in enumerate(moments):
        with fresh.copy(worn.settings, worn.folder.with_name(f"killed-{number}")) as killed:
            _kill(killed, many, seconds, planned=planned)
            left = _aliases_when_it_ended(killed)
            assert left in (before, everything), f"seed {SEED}"
            soundness.assert_sound(killed)
            if not planned or left == everything or halves:
                continue
            halves += 1
            with processes.running(_import(killed, many)) as worker:
                processes.say_start(worker, wait=True)
                done = processes.finished(worker)[-1]
            assert {"imported": len(many_entries)} == done
            assert everything == _aliases(killed)
            soundness.assert_sound(killed)
    assert halves


def _aliases_when_it_ended(settings: Settings) -> list[str]:
    if beside.on_postgresql(settings):
        soundness.assert_nobody_left(settings)
    return _aliases(settings)


@pytest.mark.postgresql_alone
def test_import_whose_sessions_are_ended_leaves_nothing(
    worn: Prepared, many: Path, postgresql_server: Server
) -> None:
    """All is written and not committed when the server ends it; what it says then is true."""
    before = _aliases(worn.settings)
    with processes.running(_import(worn.nodes[-1], many, "--hold", "write")) as worker:
        processes.say_start(worker, wait=True)
        assert [{"held": "plan"}, {"held": "write"}] == [_next(worker), _next(worker)]
        assert soundness.end_session(postgresql_server, worn.settings)
        _say(worker)
        _, complaints = worker.communicate(timeout=60)
    assert 1 == worker.returncode
    assert b"DatabaseUnavailable" in complaints
    soundness.assert_nobody_left(worn.settings)
    assert before == _aliases(worn.settings)
    soundness.assert_sound(worn.settings)


def _durations(settings: Settings, file: Path) -> tuple[float, float]:
    """Return the seconds that an import takes until it is planned, and then until it is written.

    It is killed before its commit, so that it leaves nothing.
    """
    with processes.running(_import(settings, file, "--hold", "write")) as worker:
        processes.say_start(worker, wait=True)
        started = time.monotonic()
        assert {"held": "plan"} == _next(worker)
        planned = time.monotonic()
        assert {"held": "write"} == _next(worker)
        return planned - started, time.monotonic() - planned


def _kill(settings: Settings, file: Path, seconds: float, *, planned: bool) -> None:
    with processes.running(_import(settings, file)) as worker:
        processes.say_start(worker, wait=True)
        if planned:
            assert {"held": "plan"} == _next(worker)
        time.sleep(seconds)
        worker.kill()
        worker.wait()


def test_readers_never_wait_for_an_import(worn: Prepared, many: Path) -> None:
    """While 1,800 entries are written and not committed, another process reads what was there."""
    before = _aliases(worn.settings)
    with processes.running(_import(worn.settings, many, "--hold", "write")) as worker:
        processes.say_start(worker, wait=True)
        assert {"held": "plan"} == _next(worker)
        assert {"held": "write"} == _next(worker)
        with app.opened(worn.settings) as steward:
            for _ in range(READINGS):
                assert (
                    3 == len(steward.store.get_entry(steward.keystore_id, ALIAS).version.chain) + 2
                )
                assert before == list(steward.store.list_aliases(steward.keystore_id, "", 10_000))
        assert worker.poll() is None
        _say(worker)
        assert [{"imported": 1800}] == processes.finished(worker)
    assert len(before) + 1800 == len(_aliases(worn.settings))


def test_writer_waits_for_the_one_commit_of_an_import_alone(worn: Prepared, many: Path) -> None:
    """Before it, while the import opens and proves keys, it goes on; at it, it comes next."""
    with (
        processes.running(_import(worn.settings, many, "--hold", "write")) as importing,
        processes.running(
            processes.worker_command("upload", worn.nodes[-1], *worn.files)
        ) as uploading,
    ):
        processes.say_start(importing, wait=True)
        assert {"held": "plan"} == _next(importing)
        assert {"held": "write"} == _next(importing)
        processes.say_start(uploading, wait=True)
        assert uploading.stdout is not None
        assert [] == select.select([uploading.stdout], [], [], 0.3)[0]
        _say(importing)
        (uploaded,) = processes.finished(uploading)
        assert 2 == uploaded["version"]
        processes.finished(importing)
    soundness.assert_sound(worn.settings)
    order = soundness.query(
        worn.settings,
        "SELECT action FROM audit WHERE alias IS NULL AND action = 'imported' OR alias = 'worn' "
        "ORDER BY sequence",
    )
    assert [("add-key-pair",), ("imported",), ("signing-response",)] == order


def test_writer_goes_on_while_an_import_is_planned(worn: Prepared, many: Path) -> None:
    """Opening the file, proving its keys and waiting for a person's yes hold no lock."""
    with processes.running(_import(worn.settings, many, "--hold", "plan")) as importing:
        processes.say_start(importing, wait=True)
        assert {"held": "plan"} == _next(importing)
        (uploaded,) = processes.run_together(
            [processes.worker_command("upload", worn.nodes[-1], *worn.files)]
        )[0]
        assert 2 == uploaded["version"]
        assert importing.poll() is None
        _say(importing)
        assert [{"held": "write"}, {"imported": 1800}] == processes.finished(importing)
