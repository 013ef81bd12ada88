import os
import stat
from pathlib import Path

import pytest

from keysteward.problems import DataFolderUnusable, SealingKeyExposed, SealingKeyMissing
from keysteward.sealing import keyring
from keysteward.values import Secret


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


KEY_ID, KEY = "0123456789abcdef", Secret(bytes(range(32)))


def test_key_of_another_keyring_comes_in_as_a_new_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private whatever the umask is, and synced before it has its name."""
    order: list[str] = []
    fsync, link = os.fsync, os.link

    def syncing(descriptor: int) -> None:
        order.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def linking(source: Path, new: Path) -> None:
        order.append(f"link {new.name}")
        link(source, new)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "link", linking)
    folder = tmp_path / "new" / "sealing"
    before = os.umask(0)
    try:
        with keyring.adding(folder) as add:
            add(KEY_ID, KEY)
    finally:
        os.umask(before)
    assert [0o600] == [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()]
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert KEY.reveal() == keyring.load_key(folder, KEY_ID).reveal()
    name = f"{KEY_ID}.key"
    assert [f"{KEY_ID}.new", f"link {name}", "sealing", "new"] == order[-4:]


def _failing(folder: Path, *keys: tuple[str, Secret]) -> None:
    with keyring.adding(folder) as add:
        for key_id, key in keys:
            add(key_id, key)
        raise InterruptedError


def test_keys_go_again_when_the_block_fails(tmp_path: Path) -> None:
    """Those that came in, and the folder if it is new; what was there before stays."""
    with pytest.raises(InterruptedError):
        _failing(tmp_path / "new" / "sealing", (KEY_ID, KEY))
    assert [] == list(tmp_path.iterdir())
    there = keyring.create_key(tmp_path)
    same = keyring.load_key(tmp_path, there)
    with pytest.raises(InterruptedError):
        _failing(tmp_path, (there, same), (KEY_ID, KEY))
    assert [f"{there}.key"] == [file.name for file in tmp_path.iterdir()]


def test_another_key_of_the_same_id_is_not_replaced(tmp_path: Path) -> None:
    """Two keys of one id cannot both be right; the one that is there stays."""
    there = keyring.create_key(tmp_path)
    before = keyring.load_key(tmp_path, there).reveal()
    with keyring.adding(tmp_path) as add, pytest.raises(DataFolderUnusable, match=there):
        add(there, KEY)
    assert before == keyring.load_key(tmp_path, there).reveal()
    assert [f"{there}.key"] == [file.name for file in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("key_id", "key"), [("../../secret", KEY), (KEY_ID, Secret(bytes(31))), ("", KEY)]
)
def test_what_is_no_key_does_not_come_in(tmp_path: Path, key_id: str, key: Secret) -> None:
    """Neither an id that is a path, nor a key of another length."""
    with keyring.adding(tmp_path) as add, pytest.raises(SealingKeyMissing):
        add(key_id, key)
    assert [] == list(tmp_path.iterdir())
