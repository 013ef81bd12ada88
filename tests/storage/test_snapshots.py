from datetime import timedelta

import pytest

from keysteward.entries import EntryType, Owner, Reason, View
from keysteward.pki.usages import Usage
from keysteward.problems import BackupNotFound, VersionNotFound
from keysteward.sealing.sealer import SealedKey
from keysteward.storage.records import Backup, NewEntry, NewVersion
from keysteward.values import Alias
from tests.storage.conftest import NOW, Bench


def _create(bench: Bench, name: str, keystore_id: int | None = None) -> Backup:
    with bench.store.writing(keystore_id or bench.keystore_id, "tester", NOW) as writing:
        return writing.create_backup(name)


def _delete(bench: Bench, backup: Backup, keystore_id: int | None = None) -> tuple[int, ...]:
    with bench.store.writing(keystore_id or bench.keystore_id, "tester", NOW) as writing:
        return writing.delete_backup(backup)


def _add_provider(bench: Bench, alias: str, view: View) -> None:
    new = NewEntry(Alias(alias), EntryType.CERTIFICATE, Owner.PROVIDER, Usage.TLS_CLIENT, view=view)
    version = NewVersion(Reason.SUPPLIED, bench.pki.other, None)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.create_entry(new, version)


def test_snapshot_holds_the_living_entries_of_the_tenant(bench: Bench) -> None:
    """Neither deleted ones, nor the provider's in any view, nor another keystore's."""
    bench.add("b")
    bench.add_certificate("a", bench.pki.other[0], trusted=True)
    bench.add("gone")
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.delete(bench.base("gone"))
    for view in View:
        _add_provider(bench, "sap_x", view)
    backup = _create(bench, "one")
    assert ("one", 2, NOW, "tester") == (
        *(backup.name, backup.size, backup.created_at, backup.created_by),
    )
    states = bench.store.list_backup_states(backup)
    assert [("a", True), ("b", False)] == [(state.alias, state.trusted) for state in states]


def test_snapshot_is_the_state_of_its_moment(bench: Bench) -> None:
    """What the states said then, they say of the snapshot for ever: pending version included."""
    bench.add("a")
    bench.upload(3)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        key_id = writing.add_private_key(
            bench.pki.other[0].public_key_sha256,
            lambda _: SealedKey(bench.store.sealer.data_key_id, b"x"),
        )
        version = NewVersion(Reason.RENEWAL, bench.pki.other, key_id)
        writing.set_pending(bench.base(), version)
    then = bench.store.list_states(bench.keystore_id)
    backup = _create(bench, "one")
    bench.upload(4)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.describe(bench.entry().id, Usage.SIGNATURE, trusted=True)
        writing.rename(bench.base(), Alias("else"))
    assert then != bench.store.list_states(bench.keystore_id)
    assert then == bench.store.list_backup_states(backup)
    (state,) = then
    assert state.pending_content is not None
    assert bench.pki.other[0].fingerprint == state.pending_content.chain[0]


def test_snapshot_of_an_empty_keystore_is_empty(bench: Bench) -> None:
    """It is one all the same."""
    backup = _create(bench, "one")
    assert 0 == backup.size
    assert () == bench.store.list_backup_states(backup)
    assert (backup,) == bench.store.list_backups(bench.keystore_id)


def test_backups_are_listed_newest_first_and_found_by_name(bench: Bench) -> None:
    """None means the newest; another name is not there."""
    made = []
    for number, name in enumerate(("one", "two", "three")):
        at = NOW + timedelta(seconds=number)
        with bench.store.writing(bench.keystore_id, "tester", at) as writing:
            made.append(writing.create_backup(name))
    assert tuple(reversed(made)) == bench.store.list_backups(bench.keystore_id)
    assert made[2] == bench.store.get_backup(bench.keystore_id, None)
    assert made[1] == bench.store.get_backup(bench.keystore_id, "two")
    with pytest.raises(BackupNotFound):
        bench.store.get_backup(bench.keystore_id, "four")


def test_transaction_finds_the_backup_that_it_makes(bench: Bench) -> None:
    """And none after the transaction failed."""

    def make_and_stop() -> None:
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            assert writing.find_backup("one") is None
            assert writing.create_backup("one") == writing.find_backup("one")
            raise KeyboardInterrupt

    bench.add()
    with pytest.raises(KeyboardInterrupt):
        make_and_stop()
    assert () == bench.store.list_backups(bench.keystore_id)
    assert [] == bench.execute("SELECT * FROM backup_entries")


def test_keystores_do_not_see_each_others_backups(bench: Bench) -> None:
    """The same name may be there in both, and neither deletes the other's."""
    other = bench.store.create_keystore("other", "tester", NOW)
    bench.add()
    mine, theirs = _create(bench, "one"), _create(bench, "one", other)
    assert (1, 0) == (mine.size, theirs.size)
    assert (theirs,) == bench.store.list_backups(other)
    _delete(bench, theirs, other)
    assert (mine,) == bench.store.list_backups(bench.keystore_id)
    assert 1 == len(bench.store.list_backup_states(mine))


def test_backup_id_is_never_used_again(bench: Bench) -> None:
    """A backup of an old one's name is another backup."""
    first = _create(bench, "one")
    _delete(bench, first)
    assert first.id < _create(bench, "one").id


def test_entry_knows_the_backups_that_hold_it(bench: Bench) -> None:
    """Oldest first; those from before and after it, and deleted ones, are not among them."""
    bench.add("other")
    _create(bench, "before")
    entry_id = bench.add("a")
    for name in ("one", "two"):
        _create(bench, name)
    doomed = _create(bench, "doomed")
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.delete(bench.base("a"))
    _create(bench, "after")
    _delete(bench, doomed)
    assert ("one", "two") == bench.store.list_backups_of_entry(entry_id)


def test_deleted_snapshot_leaves_versions_alone(bench: Bench) -> None:
    """Living and deleted entries keep all of theirs."""
    bench.add("a")
    bench.upload(0)
    backup = _create(bench, "one")
    bench.upload(1)
    entry = bench.entry()
    assert () == _delete(bench, backup)
    assert [1, 2, 3] == [v.number for v in bench.store.list_versions(entry)]
    with pytest.raises(VersionNotFound):
        bench.store.get_version(bench.base(), 4)
