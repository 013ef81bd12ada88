"""The keyring: a folder with one file per sealing key, kept apart from the database."""

import hmac
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keysteward.problems import DataFolderUnusable, SealingKeyExposed, SealingKeyMissing
from keysteward.sealing import folders
from keysteward.values import Secret

KEY_BYTES = 32
"""Length of a sealing key: AES-256."""

_ID_BYTES = 8
_ID_DIGITS = frozenset("0123456789abcdef")


def create_key(folder: Path) -> str:
    """Make a sealing key and return its id, 16 lower-case hexadecimal digits.

    The folder is made with mode 0700 if it does not exist, the file has mode 0600. File and folder
    are synced to disk before this returns, so nothing can be sealed with a key that a power cut
    takes away.
    """
    folders.make(folder)
    key_id = secrets.token_hex(_ID_BYTES)
    _write(_file(folder, key_id), secrets.token_bytes(KEY_BYTES))
    for parent in (folder, folder.parent):
        folders.sync(parent)
    return key_id


@contextmanager
def adding(folder: Path) -> Iterator[Callable[[str, Secret], None]]:
    """Lend what brings existing sealing keys into a keyring, on disk as ``create_key`` has them.

    A key that is there already stays as it is. If the block fails, those that came in go again, and
    so does the folder if it is new. What is lent raises DataFolderUnusable if another key has the
    id, SealingKeyMissing or SealingKeyExposed if the one that is there cannot be used.
    """
    added: list[Path] = []

    def add(key_id: str, key: Secret) -> None:
        if not is_key_id(key_id) or len(key.reveal()) != KEY_BYTES:
            raise SealingKeyMissing(key_id)
        if _bring_in(folder, key_id, key):
            added.append(_file(folder, key_id))

    with folders.making(folder):
        try:
            yield add
        except BaseException:
            for file in added:
                file.unlink()
            raise


def is_key_id(text: str) -> bool:
    """Tell whether a text has the form of a sealing key's id."""
    return len(text) == 2 * _ID_BYTES and _ID_DIGITS.issuperset(text)


def load_key(folder: Path, key_id: str) -> Secret:
    """Return a sealing key.

    Raises SealingKeyMissing if the folder has no readable key of this id, SealingKeyExposed if
    other users of the system may read or replace the file.
    """
    if not is_key_id(key_id):
        raise SealingKeyMissing(key_id)
    try:
        with _file(folder, key_id).open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SealingKeyExposed(key_id)
            content = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise SealingKeyMissing(key_id) from error
    if len(content) != KEY_BYTES:
        raise SealingKeyMissing(key_id)
    return Secret(content)


def _bring_in(folder: Path, key_id: str, key: Secret) -> bool:
    """Return whether the key is new here. Its file appears whole: a kill leaves no half of it."""
    file, new = _file(folder, key_id), folder / f"{key_id}.new"
    new.unlink(missing_ok=True)
    try:
        _write(new, key.reveal())
        os.link(new, file)
    except FileExistsError:
        if hmac.compare_digest(load_key(folder, key_id).reveal(), key.reveal()):
            return False
        raise DataFolderUnusable(str(file), "another sealing key has this name") from None
    finally:
        new.unlink(missing_ok=True)
    for parent in (folder, folder.parent):
        folders.sync(parent)
    return True


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _file(folder: Path, key_id: str) -> Path:
    return folder / f"{key_id}.key"
