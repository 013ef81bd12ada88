"""A process that works on a keystore until it is done or killed, and says what was confirmed.

    python -m tests.endurance.worker upload DATA FILE... [--expecting] [--persisting]
    python -m tests.endurance.worker change DATA FILE... --key KEY --rounds N --seed N
    python -m tests.endurance.worker activate DATA [ALIAS]

``--database URL`` goes with each of them.
It says ``{"ready": true}``, waits for a line, then says one JSON line per finished step, flushed:
the file with the version that it became, or the slug of the problem that refused it. ``activate``
does the daily job, or activates one new key of the provider, and says which alias it activated.
"""

import argparse
import json
import logging
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from keysteward import app
from keysteward.keystore import activations, key_pairs, lifecycle, signing_responses
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.problems import Problem
from tests import steward as stewards
from tests.endurance.prepared import ALIAS
from tests.steward import PLAIN, TENANT

OTHER_ALIAS = f"{ALIAS} elsewhere"
"""Where ``change`` renames the entry to, and back from."""

_UNDONE = ("entry-changed", "database-unavailable")
"""Problems that say that nothing was changed."""


def main() -> None:
    """Run one worker as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("upload", "change", "activate"))
    parser.add_argument("data", type=Path)
    parser.add_argument("files", nargs="*", type=Path, help="for activate: the alias")
    parser.add_argument("--expecting", action="store_true", help="name the version that was read")
    parser.add_argument("--persisting", action="store_true", help="try again what was refused")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--key", type=Path, help="PEM of the key that the responses are for")
    parser.add_argument("--database", help="URL of one that is not in the data folder")
    given = parser.parse_args()
    # It also logs what it raises.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    with app.opened(stewards.settings_for(given.data, given.database)) as steward:
        _say({"ready": True})
        sys.stdin.readline()
        if given.work == "change":
            chance = random.Random(given.seed)
            steps = _changes(steward, given.files, given.key.read_bytes(), chance, given.rounds)
        elif given.work == "activate":
            steps = _activations(steward, [str(file) for file in given.files])
        else:
            steps = _uploads(
                steward, given.files, expecting=given.expecting, persisting=given.persisting
            )
        for step in steps:
            _say(step)


def _uploads(
    steward: Steward, files: list[Path], *, expecting: bool, persisting: bool
) -> Iterator[dict[str, object]]:
    for file in files:
        while True:
            step = _upload(steward, ALIAS, file, expecting=expecting)
            yield step
            if not (persisting and step.get("problem") in _UNDONE):
                break


def _upload(steward: Steward, alias: str, file: Path, *, expecting: bool) -> dict[str, object]:
    version = None
    if expecting:
        version = steward.store.get_entry(steward.keystore_id, alias).version.number
    try:
        uploaded = signing_responses.upload_signing_response(
            steward,
            TENANT,
            alias,
            file.read_bytes(),
            PLAIN,
            accept=signing_responses.expect(version, None),
        )
    except Problem as problem:
        return {"file": file.name, "problem": problem.slug}
    return {"file": file.name, "version": uploaded.version, "expected": version}


def _activations(steward: Steward, aliases: list[str]) -> Iterator[dict[str, object]]:
    for alias in aliases:
        try:
            done = activations.activate(steward, TENANT, alias)
        except Problem as problem:
            yield {"problem": problem.slug}
        else:
            yield {"activated": alias, "history": done.history_alias}
    if not aliases:
        for due in activations.activate_due(steward, TENANT, steward.clock()):
            if due.activated is not None:
                yield {"activated": due.alias, "history": due.activated.history_alias}
            if due.problem is not None:
                yield {"problem": due.problem.slug}


def _changes(
    steward: Steward, files: list[Path], key: bytes, chance: random.Random, rounds: int
) -> Iterator[dict[str, object]]:
    """Upload, rename, delete, bring back, purge and make the same entry, in any order."""
    for _ in range(rounds):
        alias, other = chance.sample((ALIAS, OTHER_ALIAS), 2)
        work = chance.choice(("upload", "upload", "rename", "delete", "undelete", "purge", "add"))
        try:
            if work == "upload":
                step = _upload(steward, alias, chance.choice(files), expecting=False)
                yield {"work": work, **step}
                continue
            if work == "rename":
                lifecycle.rename_entry(steward, TENANT, alias, other)
            elif work == "delete":
                lifecycle.delete_entry(steward, TENANT, alias)
            elif work == "undelete":
                lifecycle.undelete_entry(steward, TENANT, alias)
            elif work == "purge":
                lifecycle.purge_entry(steward, TENANT, alias, alias)
            else:
                key_pairs.add_key_pair(steward, TENANT, alias, KeyUpload(key))
            yield {"work": work}
        except Problem as problem:
            yield {"work": work, "problem": problem.slug}


def _say(step: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(step) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
