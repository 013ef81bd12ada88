import os
import stat
from pathlib import Path

import pytest

from keysteward.problems import SealingKeyExposed, SealingKeyMissing
from keysteward.sealing import keyring


def test_key_and_folder_are_private_when_created(tmp_path: Path) -> None:
    """A new sealing key can be read by its user alone, whatever the umask is."""
    folder = tmp_path / "data" / "sealing"
    before = os.umask(0)
    try:
        key_id = keyring.create_key(folder)
    finally:
        os.umask(before)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert [0o600] == [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()]
    assert 32 == len(keyring.load_key(folder, key_id).reveal())


def test_key_and_folder_are_synced_before_creation_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be sealed with a key that a power cut takes away."""
    synced: list[str] = []
    fsync = os.fsync

    def recording(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recording)
    folder = tmp_path / "sealing"
    key_id = keyring.create_key(folder)
    assert [str(folder / f"{key_id}.key"), str(folder), str(tmp_path)] == synced[-3:]


def test_keys_differ_when_several_are_created(tmp_path: Path) -> None:
    """Every key has its own id and content; none replaces another."""
    ids = {keyring.create_key(tmp_path) for _ in range(20)}
    assert 20 == len(ids)
    assert 20 == len({keyring.load_key(tmp_path, key_id).reveal() for key_id in ids})


def test_loading_names_the_key_that_is_missing(tmp_path: Path) -> None:
    """Whoever reads the message knows which key to bring back."""
    with pytest.raises(SealingKeyMissing) as caught:
        keyring.load_key(tmp_path, "0123456789abcdef")
    assert "'0123456789abcdef'" in caught.value.detail


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_loading_refuses_a_key_that_is_open_to_others(tmp_path: Path, mode: int) -> None:
    """A key file that others may read, replace or run is refused by name."""
    key_id = keyring.create_key(tmp_path)
    (tmp_path / f"{key_id}.key").chmod(mode)
    with pytest.raises(SealingKeyExposed) as caught:
        keyring.load_key(tmp_path, key_id)
    assert key_id in caught.value.detail


@pytest.mark.parametrize("length", [0, 1, 31, 33, 4096])
def test_loading_refuses_a_key_of_another_length(tmp_path: Path, length: int) -> None:
    """A cut or foreign file is no key."""
    key_id = keyring.create_key(tmp_path)
    (tmp_path / f"{key_id}.key").write_bytes(bytes(length))
    with pytest.raises(SealingKeyMissing):
        keyring.load_key(tmp_path, key_id)


@pytest.mark.parametrize("key_id", ["", "../../secret", "0123456789ABCDEF", "0" * 17, "0\x00" * 8])
def test_loading_never_leaves_the_folder(tmp_path: Path, key_id: str) -> None:
    """An id comes out of the database and is no path."""
    with pytest.raises(SealingKeyMissing):
        keyring.load_key(tmp_path, key_id)
