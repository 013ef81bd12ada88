import os
import random
from dataclasses import replace

import pytest

from keysteward.entries import Reason
from keysteward.pki.usages import Usage
from keysteward.problems import AliasExists, EntryChanged, SealedKeyDamaged
from keysteward.storage.records import Backup, Base, NewVersion
from keysteward.values import Alias, Fingerprint, Secret
from tests.storage.conftest import NOW, Bench


def _create(bench: Bench, name: str) -> Backup:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        return writing.create_backup(name)


def _delete_backup(bench: Bench, backup: Backup) -> tuple[int, ...]:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        return writing.delete_backup(backup)


def _purge(bench: Bench, alias: str = "a") -> tuple[int, ...]:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        return writing.purge(bench.base(alias))


def _replace_key(bench: Bench, content: bytes, alias: str = "a") -> int:
    """Give an entry another key under a new version and return the key's id."""
    entry = bench.entry(alias)
    public_key = Fingerprint(os.urandom(32).hex())
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        key_id = writing.add_private_key(
            public_key, lambda context: bench.store.sealer.seal(Secret(content), context)
        )
        writing.replace_chain(
            Base.of(entry), NewVersion(Reason.UPLOADED, bench.pki.placeholder, key_id)
        )
    return key_id


def _opens(bench: Bench, key_id: int) -> bool:
    try:
        bench.store.sealer.unseal(*bench.store.get_private_key(key_id))
    except SealedKeyDamaged:
        return False
    return True


def _key_of(bench: Bench, alias: str = "a") -> int:
    key_id = bench.entry(alias).version.private_key_id
    assert key_id is not None
    return key_id


def test_purge_keeps_just_the_versions_that_backups_hold(bench: Bench) -> None:
    """The others go at once, with their keys and with all requests."""
    bench.add()
    first = _key_of(bench)
    backup = _create(bench, "one")
    bench.request()
    second = _replace_key(bench, b"the second key" * 20)
    entry = bench.entry()
    assert (second,) == _purge(bench)
    assert [1] == [version.number for version in bench.store.list_versions(entry)]
    assert (True, False) == (_opens(bench, first), _opens(bench, second))
    assert () == bench.store.list_requests(entry.id)
    assert (first,) == _delete_backup(bench, backup)


def test_purged_entry_is_in_no_list(bench: Bench) -> None:
    """Neither living nor deleted, nor found as an owner of its key; its alias is free."""
    entry_id = bench.add()
    public_key = bench.entry().version.certificate.public_key_sha256
    _create(bench, "one")
    _purge(bench)
    store, keystore_id = bench.store, bench.keystore_id
    assert store.find_entry(keystore_id, "a") is None
    assert store.find_deleted(keystore_id, "a") is None
    for deleted in (False, True):
        assert () == store.list_entries(keystore_id, limit=9, deleted=deleted)
    assert () == store.list_states(keystore_id)
    assert () == store.find_owner_of_public_key(keystore_id, public_key)
    assert entry_id != bench.add()


def test_purged_entry_cannot_be_undeleted(bench: Bench) -> None:
    """Who purged it would be surprised."""
    entry_id = bench.add()
    _create(bench, "one")
    _purge(bench)
    with (
        pytest.raises(EntryChanged),
        bench.store.writing(bench.keystore_id, "tester", NOW) as writing,
    ):
        writing.undelete(entry_id)


def test_purge_waits_for_the_last_of_several_backups(bench: Bench) -> None:
    """Whichever goes first, all versions that any of them held stay until the last has gone."""
    bench.add()
    first = _create(bench, "first")
    second_key = _replace_key(bench, b"the second key" * 20)
    second = _create(bench, "second")
    entry = bench.entry()
    assert () == _purge(bench)
    assert () == _delete_backup(bench, first)
    (state,) = bench.store.list_backup_states(second)
    assert (second_key, True) == (state.content.private_key_id, _opens(bench, second_key))
    assert 2 == len(_delete_backup(bench, second))
    assert bench.store.find_by_id(entry.id) is None
    assert [] == bench.execute("SELECT * FROM versions")


def test_backup_spares_a_key_that_a_living_entry_uses(bench: Bench) -> None:
    """Its last purged user is not its last user."""
    bench.add("a")
    bench.add("b")
    backup = _create(bench, "one")
    key_id = _key_of(bench)
    _purge(bench, "a")
    assert () == _delete_backup(bench, backup)
    assert _opens(bench, key_id)
    assert (key_id,) == _purge(bench, "b")


def test_purge_of_one_entry_leaves_the_backup_of_others_alone(bench: Bench) -> None:
    """An entry that no backup holds goes whole."""
    bench.add("a")
    backup = _create(bench, "one")
    entry_id = bench.add("b", chain=bench.pki.other)
    assert 1 == len(_purge(bench, "b"))
    assert bench.store.find_by_id(entry_id) is None
    assert 1 == len(bench.store.list_backup_states(backup))


def test_purge_with_backups_spares_an_entry_that_was_changed_meanwhile(bench: Bench) -> None:
    """As a purge without any does."""
    bench.add()
    _create(bench, "one")
    read = bench.base()
    bench.upload(0)
    with (
        pytest.raises(EntryChanged),
        bench.store.writing(bench.keystore_id, "tester", NOW) as writing,
    ):
        writing.purge(read)
    assert 2 == bench.entry().version.number


@pytest.mark.sqlite_alone
def test_kept_keys_leave_every_file_with_the_last_backup(bench: Bench) -> None:
    """Random entries, backups and purges; no piece of a purged key that nothing holds stays."""
    chance = random.Random(11)
    sealed: dict[int, bytes] = {}
    bench.execute("PRAGMA synchronous=OFF")
    for name in range(60):
        content = os.urandom(chance.choice([48, 138, 635, 1218, 2400, 6000]))
        bench.add(f"a{name}", pkcs8=content, public_key=Fingerprint(os.urandom(32).hex()))
        key_id = _key_of(bench, f"a{name}")
        sealed[key_id] = bench.store.get_private_key(key_id)[0].ciphertext
    held = _create(bench, "held")
    doomed = [f"a{name}" for name in chance.sample(range(60), 40)]
    keys = {_key_of(bench, alias) for alias in doomed}
    for alias in doomed:
        assert () == _purge(bench, alias)
    assert all(key[1:13] in _content(bench) for key in sealed.values())
    assert keys == set(_delete_backup(bench, held))
    content = _content(bench)
    pieces = {content[i : i + 12] for i in range(len(content))}
    assert all(key[1:13] in pieces for n, key in sealed.items() if n not in keys)
    assert 0 == sum(
        sealed[n][i : i + 12] in pieces for n in keys for i in range(0, len(sealed[n]) - 12, 12)
    )


def _content(bench: Bench) -> bytes:
    return b"".join(bench.files.values())


# ---- coming back


def _revive(bench: Bench, base: Base) -> int:
    """Bring an entry back with its first version's content; return the new version's number."""
    version = bench.store.get_version(base, 1)
    again = NewVersion(Reason.RESTORED, version.chain, version.private_key_id)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.revive(base)
        number = writing.replace_chain(base, again, keep_pending=False)
        writing.describe(base.entry_id, Usage.SIGNATURE, trusted=False)
    return number


@pytest.mark.parametrize("purged", [False, True], ids=["deleted", "purged"])
def test_entry_comes_back_under_another_alias(bench: Bench, *, purged: bool) -> None:
    """Numbers go on after the highest that the entry ever had, purged ones included."""
    entry_id = bench.add()
    _create(bench, "one")
    bench.upload(0)
    bench.upload(1)
    if purged:
        _purge(bench)
    else:
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            writing.delete(bench.base())
    hidden = bench.store.find_by_id(entry_id)
    assert hidden is not None
    assert 4 == _revive(bench, replace(Base.of(hidden), alias=Alias("back")))
    entry = bench.entry("back")
    assert (entry_id, Usage.SIGNATURE, None) == (entry.id, entry.usage, entry.deleted_at)
    numbers = [version.number for version in bench.store.list_versions(entry)]
    assert ([1, 4] if purged else [1, 2, 3, 4]) == numbers
    (listed,) = bench.store.list_entries(bench.keystore_id, limit=9)
    assert entry.version.certificate.fingerprint == listed.fingerprint


def test_revived_entry_is_not_destroyed_with_the_backup(bench: Bench) -> None:
    """Its purge is taken back."""
    entry_id = bench.add()
    backup = _create(bench, "one")
    _purge(bench)
    hidden = bench.store.find_by_id(entry_id)
    assert hidden is not None
    _revive(bench, Base.of(hidden))
    assert () == _delete_backup(bench, backup)
    assert _opens(bench, _key_of(bench))


def test_revival_refuses_a_taken_alias_and_another_state(bench: Bench) -> None:
    """A living entry cannot come back, nor one of another keystore or version."""
    entry_id = bench.add()
    _create(bench, "one")
    living = bench.base()
    with pytest.raises(AliasExists):
        _revive(bench, living)
    with pytest.raises(EntryChanged):
        _revive(bench, replace(living, alias=Alias("back")))
    _purge(bench)
    bench.add("a", chain=bench.pki.other)
    hidden = bench.store.find_by_id(entry_id)
    assert hidden is not None
    base = replace(Base.of(hidden), alias=Alias("back"))
    with pytest.raises(AliasExists):
        _revive(bench, replace(base, alias=Alias("a")))
    other = bench.store.create_keystore("other", "tester", NOW)
    with (
        pytest.raises(EntryChanged),
        bench.store.writing(other, "tester", NOW) as writing,
    ):
        writing.revive(base)
    with (
        pytest.raises(EntryChanged),
        bench.store.writing(bench.keystore_id, "tester", NOW) as writing,
    ):
        writing.revive(replace(base, version=base.version + 1))
    assert 2 == _revive(bench, base)
