"""Folders that are on disk when they are said to be made."""

import os
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


def sync(folder: Path) -> None:
    """Bring a folder's list of files to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
