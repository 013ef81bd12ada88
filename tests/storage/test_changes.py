"""Several processes change the same thing at once: each has a store of its own here."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from keysteward.accounts import attempts, users
from keysteward.entries import Caller, EntryType, Owner, Reason
from keysteward.keystore import keystores, lifecycle
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    EntryChanged,
    KeystoreBusy,
    LastAdministrator,
    NameTaken,
    Problem,
)
from keysteward.rights import Role
from keysteward.storage import answers
from keysteward.storage.account_records import AccountKind, NewAccount
from keysteward.storage.records import Backup, Base, NewEntry, NewVersion, Repeatable
from keysteward.values import Alias, Fingerprint
from tests import pki_maker
from tests import steward as steward_
from tests.steward import TENANT, Clock
from tests.storage.conftest import FILE, NOW, Bench, Pki

ROUNDS = 4
_WAIT = 60
_USER = AccountKind.USER
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
_CERTIFICATE = NewEntry(Alias("a"), EntryType.CERTIFICATE, Owner.TENANT, Usage.TLS_CLIENT)


@pytest.fixture
def benches(bench: Bench) -> Iterator[list[Bench]]:
    """Return one installation as four processes have it open."""
    with ExitStack() as stack:
        others = [Bench(bench.settings, bench.pki) for _ in range(3)]
        for other in others:
            stack.callback(other.store.close)
        yield [bench, *others]


@pytest.fixture
def stewards(bench: Bench) -> Iterator[list[Steward]]:
    """Return the same for operations."""
    with ExitStack() as stack:
        yield [stack.enter_context(steward_.opened(bench.settings, Clock(NOW))) for _ in range(4)]


def _at_once(*works: Callable[[], object]) -> list[object]:
    """Do all of it at once; return results, and the classes of problems, in the same order."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        start.wait(_WAIT)
        try:
            return work()
        except Problem as problem:
            return type(problem)

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(run, work) for work in works]
        return [one.result(_WAIT) for one in running]


def _until_somebody_waits(bench: Bench) -> None:
    """Return when another transaction waits for a lock; where all do so one by one, at once."""
    deadline = time.monotonic() + _WAIT
    while not bench.store._database.serial:
        if bench.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        ):
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


class _UndoneError(Exception):
    """Ends a transaction."""


def _undo_unless(done: bool) -> None:  # noqa: FBT001
    if not done:
        raise _UndoneError


def _upload(bench: Bench, number: int, *bases: Base) -> list[int]:
    """Replace chains in one transaction, beside others that do the same; return the versions."""
    with bench.store.writing(bench.keystore_id, "tester", NOW, shared=True) as writing:
        return [
            writing.replace_chain(
                base, NewVersion(Reason.SIGNING_RESPONSE, bench.pki.chains[number], 1, FILE)
            )
            for base in bases
        ]


# ---- entries


def test_alias_is_given_once_when_several_create_it(benches: list[Bench]) -> None:
    """One has it, the others are told, and of their keys nothing is left."""
    for round_ in range(ROUNDS):
        works = [
            partial(one.add, f"alias {round_}", public_key=Fingerprint(f"{round_:02x}{n:02x}" * 16))
            for n, one in enumerate(benches)
        ]
        outcomes = _at_once(*works)
        assert 3 == outcomes.count(AliasExists)
        (made,) = (one for one in outcomes if isinstance(one, int))
        assert made == benches[0].entry(f"alias {round_}").id
    for table in ("entries", "versions", "private_keys"):
        found = benches[0].execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        assert [(ROUNDS,)] == found


def _rename(bench: Bench, base: Base, alias: str) -> int:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        return writing.rename(base, Alias(alias))


def test_alias_is_given_once_when_two_entries_are_renamed_to_it(benches: list[Bench]) -> None:
    """The entry that comes second keeps its alias and its version."""
    for round_ in range(ROUNDS):
        names = [f"{letter} {round_}" for letter in "ab"]
        for name in names:
            benches[0].add(name)
        bases = [benches[0].base(name) for name in names]
        works = [
            partial(_rename, one, base, f"new {round_}")
            for one, base in zip(benches[:2], bases, strict=True)
        ]
        outcomes = _at_once(*works)
        assert [2, AliasExists] == sorted(outcomes, key=str)
        second = outcomes.index(AliasExists)
        assert bases[second] == benches[0].base(names[second])
        assert bases[1 - second].entry_id == benches[0].entry(f"new {round_}").id


def test_one_upload_is_stored_when_several_were_planned_against_one_version(
    benches: list[Bench],
) -> None:
    """Although none of them has the keystore to itself."""
    benches[0].add()
    for round_ in range(ROUNDS):
        base = benches[0].base()
        works = [partial(_upload, one, n, base) for n, one in enumerate(benches * 2)]
        outcomes = _at_once(*works)
        assert (1, 7) == (outcomes.count([round_ + 2]), outcomes.count(EntryChanged))
    versions = benches[0].store.list_versions(benches[0].entry())
    assert [1, 2, 3, 4, 5] == [version.number for version in versions]
    assert benches[0].store.verify_audit().clean


def _upload_pair(bench: Bench, aliases: str, times: int) -> None:
    for number in range(times):
        _upload(bench, number % 8, *(bench.base(alias) for alias in aliases))


def _back_up(bench: Bench, times: int) -> list[Backup]:
    made = []
    for number in range(times):
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            made.append(writing.create_backup(f"backup {number}"))
    return made


def test_backup_holds_one_state_while_uploads_go_on(benches: list[Bench]) -> None:
    """Entries that are always replaced together are of one age in every backup."""
    for alias in "abcd":
        benches[0].add(alias)
    uploads = [
        partial(_upload_pair, one, pair, 8)
        for one, pair in zip(benches, ("ab", "cd"), strict=False)
    ]
    backups = _at_once(*uploads, partial(_back_up, benches[2], 6))[2]
    assert isinstance(backups, list)
    last = {"ab": 1, "cd": 1}
    for backup in backups:
        states = benches[3].store.list_backup_states(backup)
        numbers = {state.alias: state.version for state in states}
        assert ["a", "b", "c", "d"] == list(numbers)
        for pair, before in last.items():
            first, second = (numbers[Alias(alias)] for alias in pair)
            assert first == second
            assert before <= first <= 9
            last[pair] = first


def _purge(bench: Bench, base: Base) -> tuple[int, ...]:
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        return writing.purge(base)


def test_purge_and_upload_of_one_version_are_not_both_done(benches: list[Bench]) -> None:
    """Either the entry lives on with its new chain and its key, or nothing of it is left."""
    for _ in range(ROUNDS):
        entry_id = benches[0].add()
        base = benches[0].base()
        key_id = benches[0].entry().version.private_key_id
        assert key_id is not None
        upload = NewVersion(Reason.SIGNING_RESPONSE, benches[0].pki.chains[0], key_id, FILE)

        def store(version: NewVersion = upload, base: Base = base) -> int:
            with benches[1].store.writing(
                benches[1].keystore_id, "tester", NOW, shared=True
            ) as writing:
                return writing.replace_chain(base, version)

        purged, uploaded = _at_once(partial(_purge, benches[0], base), store)
        if uploaded == 2:
            assert EntryChanged is purged
            benches[0].store.sealer.unseal(*benches[0].store.get_private_key(key_id))
            _purge(benches[0], benches[0].base())
        else:
            assert ((key_id,), EntryChanged) == (purged, uploaded)
        for table, column in (("entries", "id"), ("versions", "entry_id")):
            text = f"SELECT count(*) FROM {table} WHERE {column} = ?"  # noqa: S608
            assert [(0,)] == benches[0].execute(text, entry_id)


def _ask(bench: Bench, base: Base, public_key: Fingerprint) -> int:
    with bench.store.writing(bench.keystore_id, "tester", NOW, shared=True) as writing:
        return writing.record_request(base, b"request", public_key)


def test_entry_waits_exactly_if_a_request_is_open_when_both_came_at_once(
    benches: list[Bench],
) -> None:
    """An upload answers the requests that were there before it, and no other one."""
    benches[0].add()
    public_key = benches[0].pki.placeholder[0].public_key_sha256
    for _ in range(2 * ROUNDS):
        base = benches[0].base()
        outcomes = _at_once(
            partial(_upload, benches[0], 0, base),
            partial(_ask, benches[1], base, public_key),
            partial(_ask, benches[2], base, public_key),
        )
        assert [base.version + 1] == outcomes[0]
        entry = benches[3].entry()
        asked = benches[3].store.list_requests(entry.id)
        still_open = any(request.answered_at is None for request in asked)
        assert still_open == (entry.waiting_since is not None)


# ---- what keystores share


def _fresh_chain(pki: Pki, name: str) -> tuple[Certificate, ...]:
    ca = pki_maker.issue(f"CA {name}", None, pki.root, ca=True)
    return pki.read(pki_maker.issue(name, pki.key, ca), ca, pki.root)


@pytest.fixture
def two_keystores(benches: list[Bench]) -> list[Bench]:
    """Return two processes, each with a keystore of its own."""
    benches[1].keystore_id = benches[0].store.create_keystore("other", "tester", NOW)
    return benches[:2]


def _require_known_once(bench: Bench, certificates: int) -> None:
    found = bench.execute("SELECT count(*), count(DISTINCT sha256) FROM certificates")
    assert [(certificates, certificates)] == found


def test_new_certificates_come_to_two_keystores_at_once(two_keystores: list[Bench]) -> None:
    """A new CA and leaf are stored once, and both keystores have them."""
    pki = two_keystores[0].pki
    for round_ in range(ROUNDS):
        chain = _fresh_chain(pki, f"leaf {round_}")
        name = f"entry {round_}"
        _at_once(*(partial(one.add, name, chain) for one in two_keystores))
        assert [chain, chain] == [one.entry(name).version.chain for one in two_keystores]
    _require_known_once(two_keystores[0], 2 * ROUNDS + 1)


@pytest.mark.parametrize("done", [True, False])
def test_new_certificate_is_looked_for_again_when_another_keystore_was_faster(
    two_keystores: list[Bench], *, done: bool
) -> None:
    """Who waits for the other's certificates has them afterwards, whether those were kept."""
    first, second = two_keystores
    chain = _fresh_chain(first.pki, "leaf")
    with ThreadPoolExecutor(1) as pool:
        with (
            suppress(_UndoneError),
            first.store.writing(first.keystore_id, "tester", NOW) as writing,
        ):
            writing.create_entry(_CERTIFICATE, NewVersion(Reason.UPLOADED, chain[:1], None))
            waiting = pool.submit(second.add, "a", chain)
            _until_somebody_waits(first)
            _undo_unless(done)
        waiting.result(_WAIT)
    assert chain == second.entry().version.chain
    assert done == (first.store.find_entry(first.keystore_id, "a") is not None)
    _require_known_once(first, 3)


@pytest.mark.postgresql_alone
def test_one_of_two_that_wait_for_each_other_changes_nothing(two_keystores: list[Bench]) -> None:
    """Writers of two keystores bring the same certificates in another order: one has to repeat."""
    pki = two_keystores[0].pki
    one, other = (pki.read(pki_maker.issue(name, ca=True)) for name in ("one", "other"))
    between = threading.Barrier(2)

    def write(bench: Bench, chains: Sequence[tuple[Certificate, ...]]) -> None:
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            for number, chain in enumerate(chains):
                new = replace(_CERTIFICATE, alias=Alias(f"entry {number}"))
                writing.create_entry(new, NewVersion(Reason.UPLOADED, chain, None))
                if not number:
                    between.wait(_WAIT)

    orders = ((one, other), (other, one))
    works = [
        partial(write, bench, order) for bench, order in zip(two_keystores, orders, strict=True)
    ]
    outcomes = _at_once(*works)
    assert {None, KeystoreBusy} == set(outcomes)
    sizes = [len(bench.store.list_entries(bench.keystore_id, limit=9)) for bench in two_keystores]
    assert [2 if outcome is None else 0 for outcome in outcomes] == sizes
    assert two_keystores[0].store.verify_audit().clean


def _confirm(bench: Bench, actor: str, root: Fingerprint) -> None:
    with bench.store.writing(bench.keystore_id, actor, NOW, shared=True) as writing:
        writing.confirm_root(root)


def test_first_confirmation_stands_when_several_confirm_one_root(benches: list[Bench]) -> None:
    """Nobody is refused, and one of them is named."""
    for round_ in range(ROUNDS):
        root = Fingerprint(f"{round_:064x}")
        works = [partial(_confirm, one, f"actor {n}", root) for n, one in enumerate(benches)]
        assert [None] * 4 == _at_once(*works)
        assert benches[0].store.audit_log.find_confirmation(benches[0].keystore_id, root)
    assert [(ROUNDS,)] == benches[0].execute("SELECT count(*) FROM trust_confirmations")


def _copy(source: Steward, target: Steward, alias: str, new: str) -> None:
    keystores.copy_entries(source, TENANT, {alias: new}, target)


def test_copies_in_both_directions_do_not_block_each_other(
    bench: Bench, stewards: list[Steward]
) -> None:
    """Each comes, or leaves nothing and says that the keystore was busy."""
    keystores.create_keystore(stewards[0], TENANT, "other")
    here, there = stewards[0], keystores.steward_of(stewards[1], "other")
    from_here = keystores.steward_of(stewards[0], "other")
    from_there = keystores.steward_of(stewards[1], "default")
    bench.add("here", _fresh_chain(bench.pki, "here"))
    _copy(here, from_here, "here", "there")
    for round_ in range(ROUNDS):
        names = (f"to {round_}", f"back {round_}")
        outcomes = _at_once(
            partial(_copy, here, from_here, "here", names[0]),
            partial(_copy, there, from_there, "there", names[1]),
        )
        for outcome, target, name in zip(outcomes, (from_here, from_there), names, strict=True):
            assert outcome in (None, KeystoreBusy)
            found = target.store.find_entry(target.keystore_id, name)
            assert (outcome is None) == (found is not None)
    assert here.store.verify_audit().clean


# ---- requests that are repeated


def _request(key: str, attempt: object) -> Repeatable:
    return Repeatable(1, key, b"digest", f"attempt {attempt}")


def test_one_attempt_is_carried_out_when_several_come_under_one_key(benches: list[Bench]) -> None:
    """The others are told that they have to be undone."""
    for round_ in range(ROUNDS):
        works = [
            partial(one.store.answers.remember, _request(f"{round_}", n), NOW)
            for n, one in enumerate(benches)
        ]
        assert [False, False, False, True] == sorted(_at_once(*works), key=str)


@pytest.mark.parametrize("done", [True, False])
def test_second_attempt_waits_for_what_becomes_of_the_first(
    benches: list[Bench], *, done: bool
) -> None:
    """It is undone if the first was done, and carried out if that was undone."""
    first, second = benches[:2]
    with ThreadPoolExecutor(1) as pool:
        with (
            suppress(_UndoneError),
            first.store.writing(first.keystore_id, "tester", NOW, shared=True) as writing,
        ):
            assert writing.remember(_request("key", 1))
            waiting = pool.submit(second.store.answers.remember, _request("key", 2), NOW)
            _until_somebody_waits(first)
            _undo_unless(done)
        assert waiting.result(_WAIT) is not done


@pytest.mark.postgresql_alone
def test_new_key_does_not_wait_for_old_ones_that_others_forget(bench: Bench) -> None:
    """Two that each forget their own old key first, and then the other's, would wait for ever."""
    remember, later = bench.store.answers.remember, NOW + answers.KEPT + timedelta(days=1)
    for key in "abc":
        assert remember(_request(key, 1), NOW)
    with closing(steward_.connect(bench.settings, writing=True)) as other:
        other.execute("DELETE FROM idempotency_keys WHERE key = ?", ("b",))
        assert remember(_request("a", 2), later)
        assert 0 == bench.store.answers.forget(later, 10)
        assert [("a",), ("b",)] == bench.execute("SELECT key FROM idempotency_keys ORDER BY key")
        other.rollback()
    assert 1 == bench.store.answers.forget(later, 10)


# ---- accounts


def _add_administrator(steward: Steward, name: str) -> None:
    new = NewAccount(
        _USER, name, "no hash", must_change_password=False, roles=_ADMINISTRATOR, keystores=None
    )
    with steward.store.accounts.writing(TENANT.name, NOW) as changes:
        changes.add(new)


def test_one_administrator_stays_when_the_last_two_go_at_once(stewards: list[Steward]) -> None:
    """One is disabled while the other is removed: whoever comes second is refused."""
    for round_ in range(ROUNDS):
        names = [f"ann {round_}", f"bob {round_}"]
        for name in names:
            _add_administrator(stewards[0], name)
        for account in users.list_users(stewards[0]):
            if account.name not in names:
                users.remove_user(stewards[0], TENANT, account.name)
        outcomes = _at_once(
            partial(users.change_user, stewards[0], TENANT, names[0], disabled=True),
            partial(users.remove_user, stewards[1], TENANT, names[1]),
        )
        assert 1 == outcomes.count(LastAdministrator)
        left = [one for one in users.list_users(stewards[0]) if one.administers]
        assert [names[outcomes.index(LastAdministrator)]] == [one.name for one in left]


def test_no_failure_is_lost_when_several_are_counted_at_once(stewards: list[Steward]) -> None:
    """Four processes see a wrong password of one name at the same time."""
    for round_ in range(ROUNDS):
        attempt = attempts.make(_USER, f"user {round_}", "192.0.2.1")
        _at_once(*(partial(attempts.count, one, attempt, None) for one in stewards))
        found = stewards[0].store.accounts.find_failures(attempt.name, attempt.address)
        assert found is not None
        assert 4 == found.count


def test_name_of_a_keystore_is_given_once_when_several_make_it(stewards: list[Steward]) -> None:
    """One makes it, the others are told."""
    for round_ in range(ROUNDS):
        works = [
            partial(keystores.create_keystore, one, TENANT, f"keystore {round_}")
            for one in stewards
        ]
        assert 3 == _at_once(*works).count(NameTaken)
    assert ROUNDS + 1 == len(stewards[0].store.list_keystores())


def test_entry_is_deleted_once_when_several_delete_it(stewards: list[Steward]) -> None:
    """The log says so once."""
    caller = Caller("tester")
    for round_ in range(ROUNDS):
        alias = f"entry {round_}"
        steward_.add_anchor(stewards[0], alias, pki_maker.issue(alias, ca=True))
        outcomes = _at_once(*(partial(lifecycle.delete_entry, s, caller, alias) for s in stewards))
        assert 3 == sum(isinstance(one, type) for one in outcomes)
    told = [row for row in steward_.audited(stewards[0]) if row[:2] == ("delete", "done")]
    assert ROUNDS == len(told)
