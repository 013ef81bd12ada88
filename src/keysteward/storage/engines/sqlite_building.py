"""A database file that appears whole or not at all: built aside, then given its name."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pysqlite3.dbapi2 as driver

from keysteward.problems import KeystoreBusy, KeystoreExists
from keysteward.sealing import folders

STAGING = ".restoring"
"""Folder beside the database's file; one that a killed process left is emptied by the next."""


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Lend the path of a file that becomes ``path`` when the block ends well.

    Raises KeystoreExists if there is a file, also if another process made one meanwhile, and
    KeystoreBusy if another process builds in this folder.
    """
    with folders.making(path.parent), _alone_in(path.parent):
        staging = path.parent / STAGING
        _remove(staging)
        if path.exists():
            raise KeystoreExists
        staging.mkdir(mode=0o700)
        try:
            yield staging / path.name
            _publish(staging / path.name, path)
        finally:
            _remove(staging)


def _publish(built: Path, path: Path) -> None:
    with closing(driver.connect(str(built), isolation_level=None)) as connection:
        # What is still in the log moves into the file, which alone is given the name.
        connection.execute("PRAGMA journal_mode=DELETE")
    folders.sync(built)
    try:
        # A link, since a rename would replace what another process made meanwhile.
        os.link(built, path)
    except FileExistsError as error:
        raise KeystoreExists from error
    folders.sync(path.parent)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder, which the system gives back when the process dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise KeystoreBusy from error
    try:
        yield
    finally:
        os.close(descriptor)


def _remove(staging: Path) -> None:
    if staging.exists():
        shutil.rmtree(staging)
