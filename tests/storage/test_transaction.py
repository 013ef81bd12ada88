import os
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from keysteward.entries import Owner, Reason
from keysteward.pki.certificates import Certificate
from keysteward.problems import AliasExists, AliasNotFound, EntryChanged, SealedKeyDamaged
from keysteward.sealing.sealer import SealedKey
from keysteward.storage.records import Base, NewVersion
from keysteward.values import Alias, Fingerprint
from tests import pki_maker
from tests.storage.conftest import FILE, NOW, Bench


def _pending(bench: Bench, chain: tuple[Certificate, ...], alias: str = "a") -> int:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        key_id = writing.add_private_key(
            chain[0].public_key_sha256, lambda _: SealedKey(bench.store.sealer.data_key_id, b"x")
        )
        return writing.set_pending(bench.base(alias), NewVersion(Reason.RENEWAL, chain, key_id))


def test_entry_is_whole_when_it_was_created(bench: Bench) -> None:
    """What was written comes back: times to the microsecond, chain, key, who and when."""
    entry_id = bench.add("Grüße / a b")
    entry = bench.entry("Grüße / a b")
    assert (entry_id, 1, bench.keystore_id) == (entry.id, entry.version.number, entry.keystore_id)
    assert bench.pki.placeholder == entry.version.chain
    assert (NOW, "tester") == (entry.created_at, entry.created_by)
    assert (Owner.TENANT, False, None, None) == (
        entry.owner,
        entry.trusted,
        entry.pending,
        entry.waiting_since,
    )


def test_creation_refuses_an_alias_that_is_taken(bench: Bench) -> None:
    """Two living entries never share an alias, and the refused one leaves nothing behind."""
    bench.add("a")
    before = bench.execute("SELECT count(*) FROM private_keys")
    with pytest.raises(AliasExists):
        bench.add("a", public_key=Fingerprint("00" * 32))
    assert before == bench.execute("SELECT count(*) FROM private_keys")


def test_replaced_chain_is_current_and_the_old_one_kept(bench: Bench) -> None:
    """An accepted response makes a version; nothing of the earlier one is lost."""
    bench.add()
    assert 2 == bench.upload(0)
    entry = bench.entry()
    assert bench.pki.chains[0] == entry.version.chain
    assert (Reason.SIGNING_RESPONSE, FILE) == (entry.version.reason, entry.version.file_sha256)
    assert bench.pki.placeholder == bench.store.get_version(Base.of(entry), 1).chain


def test_certificates_are_stored_once_when_chains_share_them(bench: Bench) -> None:
    """Eight chains under one CA hold its two certificates once."""
    bench.add()
    for number in range(8):
        bench.upload(number)
    assert [(8 + 2 + 1,)] == bench.execute("SELECT count(*) FROM certificates")
    assert [9] == [bench.entry().version.number]


def test_private_key_is_stored_once_when_it_is_added_again(bench: Bench) -> None:
    """One keystore and public key have one sealed key, and it is not sealed again."""
    bench.add("a")
    bench.add("b")
    assert [(1,)] == bench.execute("SELECT count(*) FROM private_keys")
    assert bench.entry("a").version.private_key_id == bench.entry("b").version.private_key_id


def test_replacing_refuses_a_version_that_was_overtaken(bench: Bench) -> None:
    """Whoever planned against an older version changes nothing."""
    bench.add()
    old = bench.base()
    bench.upload(0)
    before = bench.written()
    with pytest.raises(EntryChanged):
        bench.upload(1, base=old)
    assert before == bench.written()


@pytest.mark.parametrize("change", ["pending", "rename", "delete", "keystore"])
def test_replacing_refuses_an_entry_that_was_changed_otherwise(bench: Bench, change: str) -> None:
    """A pending key, a rename, a deletion, another keystore's id: all are another state."""
    bench.add()
    old, keystore_id = bench.base(), bench.keystore_id
    version = NewVersion(Reason.SIGNING_RESPONSE, bench.pki.chains[0], 1)
    if change == "pending":
        _pending(bench, bench.pki.other)
    elif change == "keystore":
        bench.execute("INSERT INTO keystores (id, name, created_at) VALUES (7, 'test', 0)")
        keystore_id = 7
    else:
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            writing.delete(old) if change == "delete" else writing.rename(old, Alias("b"))
    with (
        pytest.raises(EntryChanged),
        bench.store.writing(keystore_id, "tester", NOW) as writing,
    ):
        writing.replace_chain(old, version)


def test_nothing_is_written_when_the_block_raises(bench: Bench) -> None:
    """Any exception in the block takes everything back, the audit row too."""
    bench.add()
    before = bench.written()
    version = NewVersion(Reason.SIGNING_RESPONSE, bench.pki.chains[0], 1)

    def write_and_stop() -> None:
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            writing.replace_chain(bench.base(), version)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    assert before == bench.written()
    assert 2 == bench.upload(1)


def test_entry_waits_from_the_first_open_request_until_its_response(bench: Bench) -> None:
    """Waiting starts with a request, is not renewed by a second one, and ends with the response."""
    bench.add()
    bench.request(at=NOW)
    bench.request(at=NOW + timedelta(days=1))
    assert bench.entry().waiting_since == NOW
    bench.upload(0)
    assert bench.entry().waiting_since is None
    assert all(r.answered_at == NOW for r in bench.store.list_requests(bench.entry().id))


def test_entry_keeps_waiting_for_its_pending_key_when_the_current_one_is_answered(
    bench: Bench,
) -> None:
    """A response for the live key does not answer the request for the new one."""
    bench.add()
    _pending(bench, bench.pki.other)
    later = NOW + timedelta(hours=1)
    with bench.store.writing(bench.keystore_id, "tester", later) as writing:
        key = bench.pki.other[0].public_key_sha256
        writing.record_request(bench.base(), b"for the new key", key)
    bench.upload(0)
    entry = bench.entry()
    assert later == entry.waiting_since
    assert entry.pending is not None
    assert 2 == entry.pending.number


def test_pending_key_becomes_current_when_its_response_comes(bench: Bench) -> None:
    """The accepted response for the pending key replaces the live key and leaves none pending."""
    bench.add()
    _pending(bench, bench.pki.other)
    pending = bench.entry().pending
    assert pending is not None
    version = NewVersion(Reason.SIGNING_RESPONSE, bench.pki.other, pending.private_key_id)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        assert 3 == writing.replace_chain(bench.base(), version)
    entry = bench.entry()
    assert (3, None) == (entry.version.number, entry.pending)
    assert pending.private_key_id == entry.version.private_key_id


def test_waiting_ends_when_the_pending_key_is_given_up(bench: Bench) -> None:
    """A request for a key that nobody waits for any more keeps no entry waiting."""
    bench.add()
    _pending(bench, bench.pki.other)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        key = bench.pki.other[0].public_key_sha256
        writing.record_request(bench.base(), b"for the new key", key)
    _pending(bench, bench.pki.read(pki_maker.issue("another")))
    entry = bench.entry()
    assert entry.pending is not None
    assert (None, 3) == (entry.waiting_since, entry.pending.number)


def test_rename_makes_a_version_with_the_same_chain(bench: Bench) -> None:
    """The content stays; the old alias is free and is noted."""
    bench.add()
    bench.upload(0)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        assert 3 == writing.rename(bench.base(), Alias("b"))
    entry = bench.entry("b")
    assert (Reason.RENAMED, "a") == (entry.version.reason, entry.version.note)
    assert bench.pki.chains[0] == entry.version.chain
    with pytest.raises(AliasNotFound):
        bench.entry("a")


def test_rename_refuses_an_alias_that_is_taken(bench: Bench) -> None:
    """Renaming never hides another entry."""
    bench.add("a")
    bench.add("b")
    with (
        pytest.raises(AliasExists),
        bench.store.writing(bench.keystore_id, "tester", NOW) as writing,
    ):
        writing.rename(bench.base("a"), Alias("b"))


def test_deleted_entry_comes_back_whole(bench: Bench) -> None:
    """Deleting hides; the alias is free meanwhile, and undeleting restores every member."""
    bench.add()
    entry = bench.entry()
    _delete(bench)
    assert bench.store.find_entry(bench.keystore_id, "a") is None
    deleted = bench.store.find_deleted(bench.keystore_id, "a")
    assert deleted == replace(entry, deleted_at=NOW)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.undelete(entry.id)
    assert entry == bench.entry()


def test_undelete_refuses_an_alias_that_is_taken(bench: Bench) -> None:
    """A new entry under the alias is not pushed aside."""
    first = bench.add()
    _delete(bench)
    second = bench.add()
    with (
        pytest.raises(AliasExists),
        bench.store.writing(bench.keystore_id, "tester", NOW) as writing,
    ):
        writing.undelete(first)
    assert second == bench.entry().id


def test_latest_deleted_entry_is_found_when_there_are_several(bench: Bench) -> None:
    """Undeleting without an id means the one that was deleted last."""
    bench.add()
    _delete(bench)
    second = bench.add()
    _delete(bench)
    found = bench.store.find_deleted(bench.keystore_id, "a")
    assert found is not None
    assert second == found.id


def test_entry_ids_are_never_used_again(bench: Bench) -> None:
    """Not even the highest id comes back after a purge."""
    first = bench.add()
    _purge(bench, first)
    assert first + 1 == bench.add()


def test_purge_spares_an_entry_that_was_changed_meanwhile(bench: Bench) -> None:
    """Whoever confirmed the end of one version does not destroy a newer one."""
    bench.add()
    read = bench.base()
    bench.upload(0)
    with (
        pytest.raises(EntryChanged),
        bench.store.writing(bench.keystore_id, "tester", NOW) as writing,
    ):
        writing.purge(read)
    assert 2 == bench.entry().version.number


@pytest.mark.sqlite_alone
def test_purge_leaves_no_sealed_bytes_in_any_file(bench: Bench) -> None:
    """Whatever was added and purged around it, no piece of a purged key stays in the files."""
    sizes = random.Random(5)
    sealed: dict[int, bytes] = {}

    def add(name: int) -> None:
        content = os.urandom(sizes.choice([48, 138, 635, 1218, 2400, 6000]))
        public_key = Fingerprint(os.urandom(32).hex())
        entry_id = bench.add(f"a{name}", pkcs8=content, public_key=public_key)
        key_id = bench.entry(f"a{name}").version.private_key_id
        assert key_id is not None
        sealed[entry_id] = bench.store.get_private_key(key_id)[0].ciphertext

    bench.execute("PRAGMA synchronous=OFF")
    for name in range(150):
        add(name)
    doomed = sizes.sample(sorted(sealed), 120)
    purged = []
    for round_, entry_id in enumerate(doomed):
        _purge(bench, entry_id)
        purged.append(sealed.pop(entry_id))
        if round_ % 2:
            add(1000 + round_)
    _purge(bench, doomed_last := min(sealed))
    purged.append(sealed.pop(doomed_last))
    content = b"".join(bench.files.values())
    pieces = {content[i : i + 12] for i in range(len(content))}
    assert all(key[1:13] in pieces for key in sealed.values())
    assert 0 == sum(
        key[i : i + 12] in pieces for key in purged for i in range(0, len(key) - 12, 12)
    )


def test_purge_overwrites_a_key_where_it_lies(bench: Bench) -> None:
    """The row stays at its size: what never moves leaves no copy in a page's unused space."""
    entry_id = bench.add()
    query = "SELECT id, sealed FROM private_keys"
    ((key_id, sealed),) = bench.execute(query)
    assert isinstance(sealed, bytes)
    _purge(bench, entry_id)
    assert [(key_id, bytes(len(sealed)))] == bench.execute(query)


def test_purge_keeps_a_key_that_another_entry_uses(bench: Bench) -> None:
    """A shared key is destroyed with its last user, not before."""
    first, second = bench.add("a"), bench.add("b")
    key_id = bench.entry("b").version.private_key_id
    assert key_id is not None
    assert () == _purge(bench, first)
    bench.store.sealer.unseal(*bench.store.get_private_key(key_id))
    assert (key_id,) == _purge(bench, second)
    with pytest.raises(SealedKeyDamaged):
        bench.store.sealer.unseal(*bench.store.get_private_key(key_id))


def test_purge_takes_everything_but_certificates_and_audit(bench: Bench) -> None:
    """Versions, chains and requests go with the entry; what is public and shared stays."""
    entry_id = bench.add()
    bench.request()
    bench.upload(0)
    _purge(bench, entry_id)
    for table in ("entries", "versions", "version_certificates", "signing_requests"):
        assert [] == bench.execute(f"SELECT * FROM {table}")  # noqa: S608
    assert [(4,)] == bench.execute("SELECT count(*) FROM certificates")
    assert bench.store.verify_audit().clean


def test_purged_key_can_be_added_again(bench: Bench) -> None:
    """The same key pair may come back later, as a new key of a new entry."""
    _purge(bench, bench.add(pkcs8=b"the same key"))
    bench.add(pkcs8=b"the same key")
    key_id = bench.entry().version.private_key_id
    assert key_id is not None
    opened = bench.store.sealer.unseal(*bench.store.get_private_key(key_id))
    assert b"the same key" == opened.reveal()


def test_confirmation_is_remembered_per_keystore(bench: Bench) -> None:
    """What one tenant confirmed is nothing for another, and the first confirmation stands."""
    root = bench.pki.chains[0][-1].fingerprint
    assert not bench.store.audit_log.find_confirmation(bench.keystore_id, root)
    for actor in ("first", "second"):
        with bench.store.writing(bench.keystore_id, actor, NOW) as writing:
            writing.confirm_root(root)
    assert bench.store.audit_log.find_confirmation(bench.keystore_id, root)
    assert not bench.store.audit_log.find_confirmation(bench.keystore_id + 1, root)
    assert [("first",)] == bench.execute("SELECT confirmed_by FROM trust_confirmations")


def test_sealed_key_does_not_open_when_its_row_was_exchanged(bench: Bench) -> None:
    """A sealed key that somebody with database access copied to another row stays shut."""
    bench.add("a", pkcs8=b"one")
    bench.add("b", chain=bench.pki.other, pkcs8=b"two")
    bench.execute("UPDATE private_keys SET sealed = (SELECT sealed FROM private_keys WHERE id=2)")
    with pytest.raises(SealedKeyDamaged):
        bench.store.sealer.unseal(*bench.store.get_private_key(1))


def _delete(bench: Bench, alias: str = "a") -> None:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.delete(bench.base(alias))


def _purge(bench: Bench, entry_id: int) -> tuple[int, ...]:
    state = "SELECT current_version FROM entries WHERE id = ?"
    version = next((row[0] for row in bench.execute(state, entry_id)), 1)
    assert isinstance(version, int)
    base = Base(Alias("a"), entry_id, version, None)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        return writing.purge(base)
