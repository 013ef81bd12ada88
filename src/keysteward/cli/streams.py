"""Files that are too large for memory: read and written as streams; ``-`` is standard input."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from keysteward.cli import files, output
from keysteward.problems import FileExists, FileUnreadable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


@contextmanager
def new_private(name: str) -> Iterator[BinaryIO]:
    """Lend a file of mode 0600 that must not exist yet, or standard output if it is no terminal.

    The file is on disk when the block has ended well, and gone if it has not.

    Raises FileExists, FileUnreadable.
    """
    if name == "-":
        if sys.stdout.isatty():
            raise FileUnreadable("standard output", "the file is no text; give it a name")
        yield cast("BinaryIO", _StandardOutput())
        return
    files.require_file_name(name)
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise FileExists(name) from error
    except OSError as error:
        raise FileUnreadable(name, _reason(error)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FileUnreadable(name, _reason(error)) from error
        raise


@contextmanager
def existing(name: str) -> Iterator[BinaryIO]:
    """Lend a file for reading. Raises FileUnreadable, which reading may raise as well."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb", buffering=0)  # noqa: SIM115  # closed below
    except OSError as error:
        raise FileUnreadable(name, _reason(error)) from error
    with file:
        yield cast("BinaryIO", io.BufferedReader(_Source(file, name)))


class _StandardOutput(io.RawIOBase):
    def write(self, data: "ReadableBuffer", /) -> int:
        output.write_bytes(bytes(data))
        return memoryview(data).nbytes


class _Source(io.RawIOBase):
    """Names the file in what the system says against reading it."""

    def __init__(self, file: io.FileIO, name: str) -> None:
        self._file = file
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        try:
            return self._file.readinto(buffer)
        except OSError as error:
            raise FileUnreadable(self._name, _reason(error)) from error


def _reason(error: OSError) -> str:
    return (error.strerror or os.strerror(error.errno or 0)).lower()
