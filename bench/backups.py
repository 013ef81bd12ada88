"""Backups of imported keystores, and the restore of what changed since; there is no budget.

Making one writes a row per entry and copies no content. The restore compares every entry of the
backup with what is there, and makes a new version of each that differs.
"""

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import importing, keystores, measure, update
from bench.keystores import Files
from bench.measure import Samples
from keysteward import app
from keysteward.keystore import backups
from keysteward.keystore.intake import Mode, Status
from keysteward.keystore.steward import Steward

_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Backups:
    """What was measured, by the number of entries."""

    create: Mapping[int, Samples]
    restore: Mapping[int, Samples]
    """Of those that have renewed chains, in the mode that replaces everything."""


def measure_all(folder: Path, files: Files) -> Backups:
    """Fill two keystores in a folder from the files and measure them."""
    create, restore = {}, {}
    for name, given in (("few", (files.jks,)), ("many", (files.jks, *files.certificates))):
        settings = importing.settings(folder / name)
        app.create(settings)
        with app.opened(settings) as steward:
            size = sum(importing.take(steward, file, Mode.ADD, Status.NEW) for file in given)
            create[size] = Samples((tuple(_create(steward) for _ in range(_REPEATS)),))
            restored = (_restore(steward, files.renewed) for _ in range(_REPEATS))
            restore[size] = Samples((tuple(restored),))
    return Backups(create, restore)


def _create(steward: Steward) -> float:
    gc.collect()
    return measure.timed(lambda: backups.create_backup(steward, update.CALLER))


def _restore(steward: Steward, renewed: Path) -> float:
    """Renew entries and return the seconds of bringing the newest backup's back."""
    importing.take(steward, renewed, Mode.OVERWRITE, Status.CHANGED)
    plans = []

    def restore() -> None:
        plans.append(backups.restore(steward, update.CALLER, None, None, Mode.REPLACE))

    gc.collect()
    seconds = measure.timed(restore)
    if plans[0].count(Status.CHANGED) != keystores.RENEWED:
        raise RuntimeError("not everything was restored")
    return seconds
