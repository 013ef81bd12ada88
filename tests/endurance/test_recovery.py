import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from keysteward import app
from keysteward.problems import KeystoreNotInitialised
from keysteward.settings import Settings
from keysteward.storage import tables
from tests import commands, installations
from tests import steward as stewards
from tests.endurance import processes, soundness, traces
from tests.pki_maker import issue

SEED = 20_260_601
KILLS = 10
LAST_CALLS = 14
"""From before the sealing key is written to after the database is linked."""

PASSPHRASE = b"six random words of a test only\n"

_CALLS = "fsync,fdatasync,link,unlink,unlinkat,rmdir"


@pytest.fixture(scope="module")
def furnished(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return an installation with something of everything."""
    folder = tmp_path_factory.mktemp("furnished")
    settings = stewards.copy_template(keystore_template, folder / "data")
    with stewards.opened(settings, stewards.Clock()) as steward:
        installations.furnish(steward)
        for number in range(20):
            stewards.add(steward, f"key {number}", issue(f"key {number}"))
    return settings


@pytest.fixture(scope="module")
def exported(furnished: Settings) -> Path:
    """Return its recovery file."""
    file = furnished.data.parent / "all.recovery"
    command = ("recovery", "export", str(file), "--password-stdin")
    assert 0 == commands.run(furnished.data, *command, stdin=PASSPHRASE).status
    return file


def _command(file: Path) -> list[str]:
    return [*commands.COMMAND, "recovery", "restore", str(file), "--password-stdin"]


def _is_there(settings: Settings, furnished: Settings) -> bool:
    """Tell whether an installation is there; if it is, all of it must be."""
    try:
        with app.opened(settings):
            pass
    except KeystoreNotInitialised:
        assert not (settings.data / "keysteward.db").exists()
        return False
    without = ("audit", *tables.PASSING)
    assert stewards.rows(furnished, without=without) == stewards.rows(settings, without=without)
    soundness.assert_sound(settings)
    return True


def _restore(settings: Settings, file: Path) -> None:
    run = commands.inside(settings.data, *_command(file)[len(commands.COMMAND) :], stdin=PASSPHRASE)
    assert 0 == run.status, run


@pytest.mark.slow
def test_restore_killed_at_any_moment_leaves_nothing_or_everything(
    furnished: Settings, exported: Path, tmp_path: Path
) -> None:
    """Whenever the process dies there is no installation or the whole one, and a second run works.

    The moments are spread over the time that a whole restore takes, its last part above all.
    """
    chance = random.Random(SEED)
    whole = stewards.settings_for(tmp_path / "whole")
    start = time.monotonic()
    with processes.running(_command(exported), whole) as process:
        process.communicate(PASSPHRASE, timeout=60)
    seconds = time.monotonic() - start
    assert _is_there(whole, furnished)
    for number in range(KILLS):
        settings = stewards.settings_for(tmp_path / f"{number}")
        with processes.running(_command(exported), settings) as process:
            assert process.stdin is not None
            process.stdin.write(PASSPHRASE)
            process.stdin.close()
            time.sleep(seconds * chance.triangular(0, 1.05, 0.9))
            process.kill()
        if not _is_there(settings, furnished):
            _restore(settings, exported)
            assert _is_there(settings, furnished)
        assert {"keysteward.db", "sealing"} >= {
            p.name for p in settings.data.iterdir() if not p.name.startswith("keysteward.db-")
        } - {".restoring"}
        shutil.rmtree(settings.data)


@pytest.mark.slow
def test_restore_killed_at_its_last_calls_leaves_nothing_or_everything(
    furnished: Settings, exported: Path, tmp_path: Path
) -> None:
    """Killed before any call by which key and database get their place, it can be run again.

    Before the database's link there is nothing, afterwards all.
    """
    traces.require_strace()
    whole = stewards.settings_for(tmp_path / "whole")
    log = tmp_path / "trace"
    assert 0 == _traced(whole, exported, "-e", f"trace={_CALLS}", "-o", str(log))
    made = [line.partition("(")[0] for line in log.read_text().splitlines() if "(" in line]
    outcomes = []
    for at in range(len(made) - LAST_CALLS, len(made)):
        settings = stewards.settings_for(tmp_path / f"{at}")
        call, number = made[at], made[: at + 1].count(made[at])
        inject = ("-e", f"inject={call}:signal=KILL:when={number}", "-o", "/dev/null")
        assert -9 == _traced(settings, exported, "-e", f"trace={call}", *inject)
        there = _is_there(settings, furnished)
        outcomes.append(there)
        if not there:
            _restore(settings, exported)
            assert _is_there(settings, furnished)
    assert sorted(outcomes) == outcomes
    assert {False, True} == set(outcomes)


def _traced(settings: Settings, file: Path, *options: str) -> int:
    done = subprocess.run(
        ["strace", *options, *_command(file)],
        input=PASSPHRASE,
        capture_output=True,
        check=False,
        env=commands.environment(settings.data),
        timeout=120,
    )
    assert done.returncode in (0, -9), done.stderr.decode("utf-8", "replace")
    return done.returncode
