"""A small keystore for the targets that need one: real SQLite, in a folder of its own."""

import atexit
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

from keysteward.keystore.steward import Steward
from keysteward.storage import lifecycle
from tests import steward as steward_
from tests.fresh import FreshOnSqlite
from tests.storage import library
from tests.storage.conftest import NOW, Pki
from tests.storage.library import Library


@cache
def filled() -> Library:
    """Return a keystore with entries in every view and a backup; removed when the process ends."""
    stack = ExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    lifecycle.create(steward_.settings_for(folder / "template"), "tester", NOW)
    fresh = FreshOnSqlite(folder / "template")
    found = stack.enter_context(library.made(fresh, folder, Pki()))
    atexit.register(stack.close)
    return found


@cache
def steward() -> Steward:
    """Return what operations on it are given: the clock stands still, no rate is limited."""
    bench = filled().bench
    return Steward(
        store=bench.store,
        sealer=bench.store.sealer,
        settings=replace(bench.settings, odata_keystore_rate=None, odata_account_rate=None),
        clock=lambda: NOW,
        keystore_id=bench.keystore_id,
    )
