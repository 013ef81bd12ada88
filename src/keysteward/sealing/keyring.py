"""The keyring: a folder with one file per sealing key, kept apart from the database."""

import os
import secrets
import stat
from pathlib import Path

from keysteward.problems import SealingKeyExposed, SealingKeyMissing
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
    descriptor = os.open(_file(folder, key_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    for parent in (folder, folder.parent):
        folders.sync(parent)
    return key_id


def load_key(folder: Path, key_id: str) -> Secret:
    """Return a sealing key.

    Raises SealingKeyMissing if the folder has no readable key of this id, SealingKeyExposed if
    other users of the system may read or replace the file.
    """
    if len(key_id) != 2 * _ID_BYTES or not _ID_DIGITS.issuperset(key_id):
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


def _file(folder: Path, key_id: str) -> Path:
    return folder / f"{key_id}.key"
