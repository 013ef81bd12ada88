"""Jobs of several processes on one database, while some of them are killed or stopped."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keysteward import app
from keysteward.entries import View
from keysteward.keystore import backups
from keysteward.settings import Settings
from tests import commands, pki_maker, providers, servers
from tests.providers import ALIAS
from tests.steward import TENANT

LEASE_SECONDS = "1.5"
SECONDS = 60
"""How long a test waits for what it is sure to see."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that does jobs."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def events(self) -> list[str]:
        """What it logged, the first first."""
        return [json.loads(line)["event"] for line in self.log.read_text().split("\n")[:-1]]

    def logs(self, event: str) -> None:
        """Wait until it has logged an event."""
        _until(lambda: event in self.events)


def _until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def _working(settings: Settings, log: Path, *more: str) -> Iterator[Worker]:
    command = [commands.COMMAND[0], "-m", "tests.service.job_worker", str(settings.data)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            (*command, settings.database or "-", LEASE_SECONDS, *more),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=Path(__file__).parents[2],
            env=commands.environment(None),
        )
    with process:
        try:
            yield Worker(process, log)
        finally:
            process.kill()


def _make_due(settings: Settings) -> None:
    """Supply a key that is active and ends within the day, and one that waits for it."""
    now = datetime.now(UTC).replace(microsecond=0)
    with app.opened(settings) as steward:
        ends = now + timedelta(hours=5)
        providers.supply(steward, _leaf("active", now, ends), view=View.CURRENT)
        providers.supply(steward, _leaf("next", now, ends + timedelta(days=300)))


def _leaf(unit: str, now: datetime, ends: datetime) -> pki_maker.Issued:
    return providers.leaf(unit, not_before=now - timedelta(days=30), not_after=ends)


def _rows(settings: Settings, action: str) -> list[str]:
    with app.opened(settings) as steward:
        found = steward.store.audit_log.read(steward.keystore_id)
        return [row.actor for row in found if row.action == action]


def test_due_key_is_activated_once_by_one_of_two(settings: Settings, tmp_path: Path) -> None:
    """The audit log says that a job did it, once."""
    with (
        _working(settings, tmp_path / "one") as one,
        _working(settings, tmp_path / "two") as two,
    ):
        _make_due(settings)
        _until(lambda: "key activated" in one.events + two.events)
        assert ["job:activation"] == _rows(settings, "activated")
        for worker in (one, two):
            worker.process.send_signal(signal.SIGTERM)
            assert 0 == worker.process.wait(SECONDS)
    with app.opened(settings) as steward:
        assert 2 == steward.store.get_entry(steward.keystore_id, ALIAS).version.number
    assert 1 == (one.events + two.events).count("key activated")


def test_job_of_a_killed_process_is_taken_over(settings: Settings, tmp_path: Path) -> None:
    """Another process does it when the lease has ended."""
    with _working(settings, tmp_path / "one") as one:
        one.logs("lease taken")
        with _working(settings, tmp_path / "two") as two:
            one.process.kill()
            _make_due(settings)
            two.logs("key activated")
    assert ["job:activation"] == _rows(settings, "activated")


def test_process_that_was_stopped_writes_nothing_afterwards(
    settings: Settings, tmp_path: Path
) -> None:
    """It goes on where it was, and its transaction is refused: another one has the lease."""
    with _working(settings, tmp_path / "one", "--asking") as one:
        one.logs("planned")
        with _working(settings, tmp_path / "two", "--asking") as two:
            one.process.send_signal(signal.SIGSTOP)
            two.logs("planned")
            assert one.process.stdin is not None
            one.process.stdin.write(b"\n")
            one.process.stdin.flush()
            one.process.send_signal(signal.SIGCONT)
            one.logs("job stopped: another process has its lease")
            assert [] == _rows(settings, "activated")
            assert two.process.stdin is not None
            two.process.stdin.write(b"\n")
            two.process.stdin.flush()
            two.logs("written")
    assert "written" not in one.events
    assert ["job:test"] == _rows(settings, "activated")


def test_lowered_setting_removes_backups(settings: Settings) -> None:
    """The oldest ones go without another backup being made."""
    with app.opened(settings) as steward:
        for name in ("first", "second", "third"):
            backups.create_backup(steward, TENANT, name)
        keeping = replace(steward, settings=replace(steward.settings, backups_kept=1))
        assert ["first", "second"] == list(backups.each_surplus(keeping, TENANT))
        assert ["third"] == [b.name for b in steward.store.list_backups(steward.keystore_id)]


def test_server_does_jobs_and_tells_of_its_leases(settings: Settings, tmp_path: Path) -> None:
    """A server on its own has both leases, and gives them back when it ends."""
    _make_due(settings)
    with servers.served(settings, tmp_path / "out") as server:
        _until(lambda: any(line["event"] == "key activated" for line in server.log))
        assert 0 == server.stop()
    taken = [line["lease"] for line in server.log if line["event"] == "lease taken"]
    assert ["activation", "retention"] == sorted(taken)
    with app.opened(settings) as steward:
        leases = steward.store.sharing.leases()
        assert leases.seek("activation") is not None
