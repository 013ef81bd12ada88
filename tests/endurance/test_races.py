import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keysteward import app
from keysteward.entries import Version, View
from keysteward.keystore import provider_keys
from keysteward.settings import Settings
from tests import commands, providers
from tests import steward as stewards
from tests.endurance import prepared, processes, soundness
from tests.endurance.prepared import ALIAS, Prepared
from tests.endurance.processes import Step

WRITERS = 8
ROUNDS = 100
SEED = 5


@pytest.fixture
def raced(tmp_path: Path, database: str | None) -> Prepared:
    """A keystore with one response for each of eight writers."""
    return prepared.prepare(tmp_path, WRITERS, database)


def _versions(raced: Prepared) -> tuple[Version, ...]:
    with app.opened(raced.settings) as steward:
        entry = steward.store.get_entry(steward.keystore_id, ALIAS)
        return steward.store.list_versions(entry)


def _assert_all_there(raced: Prepared, confirmed: dict[str, int]) -> None:
    """Assert that the versions are the first one and the confirmed uploads, each with its chain."""
    assert len(confirmed) == len(set(confirmed.values()))
    expected = {number: raced.fingerprints(name) for name, number in confirmed.items()}
    found = _versions(raced)
    assert list(range(1, len(expected) + 2)) == [v.number for v in found]
    assert expected == {v.number: tuple(c.fingerprint for c in v.chain) for v in found[1:]}
    soundness.assert_sound(raced.settings)


def _together(raced: Prepared, *options: str) -> list[list[Step]]:
    """Let one worker for each response upload it, all at once."""
    return processes.run_together(
        [
            processes.worker_command("upload", node, file, *options)
            for node, file in _shared_out(raced)
        ]
    )


def _shared_out(raced: Prepared) -> Iterator[tuple[Settings, str]]:
    """Return each file with the node that it is for: half of them each, where there are two."""
    return zip(itertools.cycle(raced.nodes), raced.files, strict=False)


def _confirmed(said: list[list[Step]]) -> dict[str, int]:
    return {step["file"]: step["version"] for steps in said for step in steps if "version" in step}


def _refused(said: list[list[Step]]) -> list[str]:
    return [step["problem"] for steps in said for step in steps if "problem" in step]


def test_one_of_eight_commands_wins_against_the_version_that_all_read(raced: Prepared) -> None:
    """Eight commands expect version 1: one upload is stored, seven are refused, nothing is lost."""
    with ExitStack() as stack:
        arguments = ("--expect-version", "1", "--json")
        running = [
            stack.enter_context(
                processes.running(
                    [*commands.COMMAND, "response", "upload", ALIAS, file, *arguments], node
                )
            )
            for node, file in _shared_out(raced)
        ]
        ended = [_ended(process) for process in running]
    by_status = sorted(status for status, _ in ended)
    assert [0] + [6] * (WRITERS - 1) == by_status
    problems = [said["problem"]["slug"] for status, said in ended if status == 6]
    assert ["entry-changed"] * (WRITERS - 1) == problems
    won = next(i for i, (status, _) in enumerate(ended) if status == 0)
    assert 2 == ended[won][1]["version"]
    _assert_all_there(raced, {Path(raced.files[won]).name: 2})
    verified = commands.run(
        raced.settings.data,
        *("audit", "verify", "--json"),
        stdin=b"",
        **processes.database_variable(raced.settings),
    )
    assert 0 == verified.status, verified.stderr
    # Made, root and key pair added, one upload, seven refusals.
    assert 3 + WRITERS == verified.json["rows"]


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any]]:
    said, _ = process.communicate(timeout=60)
    return process.returncode, json.loads(said)


def test_eight_processes_persist_until_each_upload_is_a_version(raced: Prepared) -> None:
    """Writers that read, expect what they read, and try again when refused, all get through."""
    said = _together(raced, "--expecting", "--persisting")
    confirmed = _confirmed(said)
    assert set(raced.chains) == set(confirmed)
    assert set(_refused(said)) <= {"entry-changed"}
    assert all(
        step["version"] == step["expected"] + 1 for s in said for step in s if "version" in step
    )
    _assert_all_there(raced, confirmed)


def test_eight_processes_without_expectation_lose_nothing(raced: Prepared) -> None:
    """Each upload that was confirmed is a version; the others were refused, with the reason."""
    said = _together(raced)
    confirmed, refused = _confirmed(said), _refused(said)
    assert WRITERS == len(confirmed) + len(refused)
    assert set(refused) <= {"entry-changed"}
    assert confirmed
    _assert_all_there(raced, confirmed)
    with app.opened(raced.settings) as steward:
        rows = tuple(steward.store.audit_log.read(steward.keystore_id, last=100))
    assert len(refused) == len([row for row in rows if row.outcome == "refused"])


def test_changes_of_one_entry_by_two_processes_leave_no_half(
    tmp_path: Path, database: str | None
) -> None:
    """At any moment all of the entry is there or nothing, and no private key without it.

    The processes upload, rename, delete, restore, purge and make it, in any order.
    """
    raced = prepared.prepare(tmp_path, 20, database, lengths=(3, 2, 4))
    options = (*raced.files, "--key", str(raced.key), "--rounds", str(ROUNDS), "--seed")
    nodes = (raced.nodes[0], raced.nodes[-1])
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                processes.running(
                    processes.worker_command("change", node, *options, str(SEED + number))
                )
            )
            for number, node in enumerate(nodes)
        ]
        for worker in workers:
            processes.say_start(worker, wait=True)
        looked = 0
        while any(worker.poll() is None for worker in workers):
            assert {} == soundness.halves(raced.settings)
            looked += 1
        said = [processes.finished(worker) for worker in workers]
    done = {step["work"] for steps in said for step in steps if "problem" not in step}
    assert {"upload", "rename", "delete", "undelete", "purge", "add"} == done
    assert set(_refused(said)) <= {
        "alias-not-found",
        "alias-exists",
        "entry-changed",
        "nothing-deleted",
    }
    assert looked > 10
    soundness.assert_sound(raced.settings)


def test_reader_sees_whole_versions_while_another_process_writes(
    tmp_path: Path, database: str | None
) -> None:
    """What is read is one version with its whole chain, never older than what was read before."""
    raced = prepared.prepare(tmp_path, 150, database, lengths=(3, 2, 4))
    first = _versions(raced)[0]
    known = {raced.fingerprints(name) for name in raced.chains}
    known.add(tuple(c.fingerprint for c in first.chain))
    command = processes.worker_command("upload", raced.nodes[-1], *raced.files)
    seen = [first.number]
    with app.opened(raced.settings) as steward, processes.running(command) as worker:
        processes.say_start(worker, wait=True)
        while worker.poll() is None:
            entry = steward.store.get_entry(steward.keystore_id, ALIAS)
            assert tuple(c.fingerprint for c in entry.version.chain) in known
            listed = steward.store.list_versions(entry)
            assert all(tuple(c.fingerprint for c in v.chain) in known for v in listed)
            assert list(range(1, len(listed) + 1)) == [v.number for v in listed]
            seen.append(entry.version.number)
        said = processes.finished(worker)
    assert sorted(seen) == seen
    assert len(set(seen)) > 5, "the reader was too slow to see the writer at work"
    _assert_all_there(raced, _confirmed([said]))


KEYS = 5


@pytest.fixture
def due(tmp_path: Path, database: str | None) -> Settings:
    """A keystore where five keys of the provider end today, each with a successor waiting."""
    settings = stewards.settings_for(tmp_path / "data", database)
    app.create(settings)
    now = datetime.now(UTC)
    with app.opened(settings) as steward:
        for number in range(KEYS):
            ends = providers.leaf(f"ends {number}", not_after=now + timedelta(hours=9))
            follows = providers.leaf(f"follows {number}", not_after=now + timedelta(days=99))
            alias = f"sap_{number}"
            providers.supply(steward, ends, alias=alias, view=View.CURRENT)
            providers.supply(steward, follows, alias=alias)
    return settings


def _activate_together(due: Settings, *aliases: str) -> list[list[Step]]:
    nodes = prepared.nodes_of(due)
    commands_ = [processes.worker_command("activate", node, *aliases) for node in nodes]
    return processes.run_together(commands_ * (WRITERS // len(nodes)))


def _assert_activated(due: Settings, aliases: list[str]) -> None:
    """Assert that these keys were activated once, and no other."""
    with app.opened(due) as steward:
        history = [key.entry.alias for key in provider_keys.list_history(steward)]
        waiting = [key.entry.alias for key in provider_keys.list_new(steward)]
        for alias in aliases:
            entry = steward.store.get_entry(steward.keystore_id, alias)
            assert "follows" in entry.version.certificate.subject
            assert 2 == entry.version.number
    assert [f"[1]_{alias}" for alias in aliases] == history
    assert sorted({f"sap_{number}" for number in range(KEYS)} - set(aliases)) == waiting
    soundness.assert_sound(due)


def test_eight_daily_jobs_activate_each_key_once(due: Settings) -> None:
    """Whichever process activates a key says so; the others neither do nor refuse anything."""
    said = [step for steps in _activate_together(due) for step in steps]
    aliases = [f"sap_{number}" for number in range(KEYS)]
    assert [] == [step for step in said if "problem" in step]
    assert aliases == sorted(step["activated"] for step in said)
    _assert_activated(due, aliases)


def test_one_of_eight_people_activates_a_key(due: Settings) -> None:
    """The others are told that it does not wait any more, or that it changed under their hands."""
    said = [step for steps in _activate_together(due, "sap_0") for step in steps]
    assert [{"activated": "sap_0", "history": "[1]_sap_0"}] == (
        [step for step in said if "activated" in step]
    )
    refused = [step["problem"] for step in said if "problem" in step]
    assert WRITERS - 1 == len(refused)
    assert set(refused) <= {"alias-not-found", "entry-changed"}
    _assert_activated(due, ["sap_0"])
