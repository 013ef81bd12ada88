"""A consistent copy of the database in one file, checked before it is called one."""

import os
from pathlib import Path

from keysteward.problems import FileExists, FileUnreadable
from keysteward.storage.database import Database


def write(database: Database, target: Path) -> None:
    """Copy the database while others use it; the copy is one moment's state, synced and checked.

    The sealing keys are not in it: the keyring has a backup of its own. A copy that could not be
    finished or does not pass its checks is removed. Raises FileExists, FileUnreadable,
    DatabaseUnusable, ProgramMissing, ProgramFailed.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise FileExists(target.name) from error
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise FileUnreadable(target.name, reason) from error
    try:
        with database.reading() as link:
            database.engine.backup(link.connection, target)
    except BaseException as error:
        target.unlink()
        if isinstance(error, database.engine.errors):
            raise database.problem(error) from error
        raise
