"""A process that imports a keystore, and stops on its way where it is told to.

    python -m tests.endurance.import_worker DATA FILE [--hold plan|write] [--database URL]

It says ``{"ready": true}``, waits for a line, and imports: ``{"held": "plan"}`` when the import is
planned, ``{"held": "write"}`` when all of it is written and not yet committed, and at its end how
many new entries there are. Where it is held it waits for another line.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from keysteward import app
from keysteward.keystore import imports, intake
from keysteward.keystore.imports import ImportPlan, Upload
from keysteward.keystore.intake import Status
from keysteward.values import Secret
from tests import steward as stewards
from tests.steward import TENANT

PASSWORD = "test-only"
"""Of the keystores that are imported."""


def main() -> None:
    """Run one worker as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--hold", choices=("plan", "write"))
    parser.add_argument("--database", help="URL of one that is not in the data folder")
    given = parser.parse_args()
    settings = replace(
        stewards.settings_for(given.data, given.database), keystore_file_limit_bytes=100_000_000
    )
    write = intake.carry_out

    def reach(place: str) -> None:
        _say({"held": place})
        if given.hold == place:
            sys.stdin.readline()

    def planned(_plan: ImportPlan) -> None:
        reach("plan")

    def written(*arguments: Any, **named: Any) -> None:  # noqa: ANN401 - whatever it is given
        write(*arguments, **named)
        reach("write")

    with app.opened(settings) as steward, mock.patch.object(intake, "carry_out", written):
        _say({"ready": True})
        sys.stdin.readline()
        upload = Upload(given.file.read_bytes(), Secret(PASSWORD.encode()))
        plan = imports.import_keystore(steward, TENANT, upload, accept=planned)
        _say({"imported": plan.intake.count(Status.NEW)})


def _say(step: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(step) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
