"""Files that a command reads and writes; ``-`` is standard input or output."""

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

from keysteward.formats import responses
from keysteward.problems import FileExists, FileUnreadable
from keysteward.values import Secret

_MOST_BYTES = 1_048_576
"""For files other than signing responses: keys, certificates, requests."""


def read_response(name: str, limit_bytes: int) -> bytes:
    """Return a signing response's bytes, counted while reading.

    Raises SigningResponseTooLarge, FileUnreadable.
    """
    if name == "-":
        return responses.read_bounded(sys.stdin.buffer, limit_bytes)
    with _opened(name) as file:
        return responses.read_bounded(file, limit_bytes)


def read_file(name: str) -> bytes:
    """Return a file's bytes. Raises FileUnreadable, also for one of more than a megabyte."""
    if name == "-":
        content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    else:
        with _opened(name) as file:
            content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise FileUnreadable(name, f"it has more than {_MOST_BYTES:,} bytes")
    return content


def read_upload(name: str, limit_bytes: int) -> bytes:
    """Return a file's bytes, one more than the limit at most: the operation refuses it then.

    Raises FileUnreadable.
    """
    if name == "-":
        return sys.stdin.buffer.read(limit_bytes + 1)
    with _opened(name) as file:
        return file.read(limit_bytes + 1)


@contextmanager
def new_file(name: str) -> Iterator[Callable[[bytes], None]]:
    """Open a file that must not exist yet, and lend what writes to it.

    The file is gone again if the block does not end well.

    Raises FileExists rather than overwrite one, FileUnreadable.
    """
    require_file_name(name)
    try:
        file = Path(name).open("xb")  # noqa: SIM115  # only opening is what these problems tell
    except FileExistsError as error:
        raise FileExists(name) from error
    except OSError as error:
        raise FileUnreadable(name, _reason(error)) from error
    try:
        with file:

            def write(content: bytes) -> None:
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError as error:
                    raise FileUnreadable(name, _reason(error)) from error

            yield write
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_file_name(name: str) -> None:
    """Refuse the name of a folder that is not there, which is easily made the name of a file."""
    if name.endswith(os.sep) and not Path(name).is_dir():
        raise FileUnreadable(name, f"there is no folder {name.rstrip(os.sep)!r}")


def read_password(*, from_stdin: bool, prompt: str) -> Secret | None:
    """Ask a person for a password, or return the first line of standard input.

    None for an empty one, and where there is no person and standard input is not to be read.
    """
    if sys.stdin.isatty():
        try:
            typed = getpass.getpass(prompt)
        except (KeyboardInterrupt, EOFError) as stopped:
            raise typer.Abort from stopped
        return Secret(typed.encode()) if typed else None
    if from_stdin:
        line = sys.stdin.buffer.readline().rstrip(b"\r\n")
        return Secret(line) if line else None
    return None


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise FileUnreadable(name, _reason(error)) from error


def _reason(error: OSError) -> str:
    return (error.strerror or os.strerror(error.errno or 0)).lower()
