"""Folders that are on disk when they are said to be made."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def make(folder: Path) -> None:
    """Make a folder of mode 0700, and those above it, unless they exist.

    The folder above each new one is synced: a power cut cannot take a new folder away together
    with files in it that were synced themselves.
    """
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in reversed(new):
        sync(one.parent)


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Make a folder as ``make`` does; what is new of it goes again if the block fails.

    A folder that is not empty by then stays.
    """
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    make(folder)
    try:
        yield
    except BaseException:
        for one in new:
            with suppress(OSError):
                one.rmdir()
        raise


def sync(path: Path) -> None:
    """Bring a folder's list of files, or a file's content, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
