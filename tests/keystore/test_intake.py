"""Taking many entries in: what becomes of each in the three modes, and all or nothing."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.entries import Caller, Entry, EntryType, Owner, Reason
from keysteward.keystore import audit, certificates, intake, key_pairs, lifecycle
from keysteward.keystore.intake import Arrival, Intake, Mode, PendingKey, Status
from keysteward.keystore.steward import Steward
from keysteward.pki.usages import Usage
from keysteward.problems import (
    AliasExists,
    AliasInvalid,
    AliasReserved,
    EntryChanged,
    EntryOwnedByProvider,
    EntryOwnedByTenant,
    KeyPairInTheWay,
    PrivateKeyUnreadable,
    Problem,
)
from keysteward.settings import Settings
from keysteward.storage.records import Base, NewEntry, NewVersion
from keysteward.values import Alias, Secret
from tests import pki_maker
from tests import steward as steward_
from tests.pki_maker import Issued, issue
from tests.steward import PROVIDER, TENANT, Clock

ROOT = issue("Root", ca=True)
CA = issue("Issuing", issuer=ROOT, ca=True)
FIRST = issue("first", issuer=CA)
RENEWED = issue("first", FIRST.key, CA)
SECOND = issue("second", issuer=CA)
THIRD = issue("third")

every_mode = pytest.mark.parametrize("mode", Mode)


def _pair(alias: str, *chain: Issued, **more: object) -> Arrival:
    """Return a key pair as a file brings it, with its key in clear."""
    pkcs8 = Secret(pki_maker.key_bytes(chain[0].key, Encoding.DER))
    read = steward_.read(*chain)
    return Arrival(alias, read, EntryType.KEY_PAIR, pkcs8=pkcs8, **more)  # type: ignore[arg-type]  # the members of Arrival


def _certificate(alias: str, issued: Issued, *, trusted: bool = True) -> Arrival:
    return Arrival(alias, steward_.read(issued), EntryType.CERTIFICATE, trusted=trusted)


def _write(steward: Steward, plan: Intake, caller: Caller = TENANT) -> None:
    with steward.writing(caller) as writing:
        intake.carry_out(
            steward, writing, plan, Reason.IMPORTED, {"from": "a test"}, owner=caller.owner
        )


def _bring(
    steward: Steward, arrivals: Sequence[Arrival], mode: Mode, caller: Caller = TENANT
) -> dict[str, str]:
    """Plan and write; return the status of each alias."""
    plan = intake.plan(steward, caller, arrivals, mode)
    _write(steward, plan, caller)
    return _statuses(plan)


def _statuses(plan: Intake) -> dict[str, str]:
    return {decision.alias: decision.status.value for decision in plan.decisions}


def _entry(steward: Steward, alias: str) -> Entry:
    return steward.store.get_entry(steward.keystore_id, alias)


def _present(steward: Steward) -> list[str]:
    return list(steward.store.list_aliases(steward.keystore_id, "", 100))


def _refusal(plan: Intake) -> type[Problem]:
    (decision,) = plan.decisions
    assert decision.status is Status.NOT_IMPORTED
    return type(decision.problem)  # type: ignore[return-value]  # None would be found by the caller


# ---- the three modes


@every_mode
def test_new_entries_come_in_whole(steward: Steward, mode: Mode) -> None:
    """Chain, usage, trust and a private key that opens; the reason stands in the version."""
    arrivals = [_pair("pair", FIRST, CA, ROOT, usage=Usage.SIGNATURE), _certificate("root", ROOT)]
    assert {"pair": "new", "root": "new"} == _bring(steward, arrivals, mode)
    pair, root = _entry(steward, "pair"), _entry(steward, "root")
    assert steward_.read(FIRST, CA, ROOT) == pair.version.chain
    opened = key_pairs.unseal_private_key(steward, pair.version).reveal()
    assert pki_maker.key_bytes(FIRST.key, Encoding.DER) == opened
    assert (Usage.SIGNATURE, Reason.IMPORTED, Owner.TENANT) == (
        *(pair.usage, pair.version.reason, pair.owner),
    )
    assert (True, None) == (root.trusted, root.version.private_key_id)


def test_add_leaves_what_is_there(steward: Steward) -> None:
    """The entry keeps its chain, and the plan says why the other did not come in."""
    before = steward_.add(steward, "pair", FIRST, CA, ROOT)
    plan = intake.plan(
        steward, TENANT, [_pair("pair", RENEWED, CA, ROOT), _pair("more", SECOND)], Mode.ADD
    )
    assert isinstance(plan.decisions[0].problem, AliasExists)
    _write(steward, plan)
    assert {"pair": "not-imported", "more": "new"} == _statuses(plan)
    assert before == _entry(steward, "pair")


def test_overwritten_entry_gets_a_version_and_keeps_the_earlier_ones(steward: Steward) -> None:
    """It stays the same entry with its usage; another key is another key."""
    before = steward_.add(steward, "pair", FIRST, CA, ROOT, usage=Usage.SIGNATURE)
    assert {"pair": "changed"} == _bring(steward, [_pair("pair", SECOND, CA)], Mode.OVERWRITE)
    after = _entry(steward, "pair")
    assert (before.id, 2, Usage.SIGNATURE) == (after.id, after.version.number, after.usage)
    assert steward_.read(SECOND, CA) == after.version.chain
    assert before.version == steward.store.list_versions(after)[0]
    opened = key_pairs.unseal_private_key(steward, after.version).reveal()
    assert pki_maker.key_bytes(SECOND.key, Encoding.DER) == opened


def test_replacing_removes_the_callers_others_alone(steward: Steward) -> None:
    """What vanishes stands in the plan and can be brought back; the provider's stay."""
    gone = steward_.add(steward, "gone", FIRST)
    steward_.add(steward, "stays", SECOND)
    theirs = steward_.add(steward, "sap_theirs", THIRD, caller=PROVIDER)
    plan = intake.plan(steward, TENANT, [_pair("stays", SECOND)], Mode.REPLACE)
    assert {"stays": "unchanged", "gone": "removed"} == _statuses(plan)
    _write(steward, plan)
    assert ["sap_theirs", "stays"] == _present(steward)
    assert theirs == _entry(steward, "sap_theirs")
    back = lifecycle.undelete_entry(steward, TENANT, "gone")
    assert gone.version == back.version


def test_provider_replaces_the_providers_entries_alone(steward: Steward) -> None:
    """The tenant's are as safe from the provider."""
    steward_.add(steward, "mine", FIRST)
    steward_.add(steward, "sap_old", SECOND, caller=PROVIDER)
    found = _bring(steward, [_pair("sap_new", THIRD)], Mode.REPLACE, PROVIDER)
    assert {"sap_new": "new", "sap_old": "removed"} == found
    assert ["mine", "sap_new"] == _present(steward)
    assert Owner.PROVIDER is _entry(steward, "sap_new").owner


def test_replacing_spares_the_entry_whose_successor_cannot_come_in(steward: Steward) -> None:
    """A damaged key in the file does not cost the good one that is there."""
    before = steward_.add(steward, "pair", FIRST)
    problem = PrivateKeyUnreadable("It is damaged.")
    damaged = Arrival("pair", (), EntryType.KEY_PAIR, problem=problem)
    plan = intake.plan(steward, TENANT, [damaged], Mode.REPLACE)
    assert (Status.NOT_IMPORTED, problem) == (
        *(plan.decisions[0].status, plan.decisions[0].problem),
    )
    _write(steward, plan)
    assert before == _entry(steward, "pair")


def test_modes_do_what_they_say_with_any_entries(steward: Steward) -> None:
    """Random keystores and random arrivals, beside a model; and again nothing would change."""
    chance = random.Random(7)
    pairs = [(FIRST, CA, ROOT), (RENEWED, CA, ROOT), (SECOND, CA), (THIRD,)]
    singles = [ROOT, CA]
    theirs = steward_.add(steward, "sap_theirs", THIRD, caller=PROVIDER)

    def arrivals() -> dict[str, Arrival]:
        aliases = chance.sample("abcdef", chance.randrange(5))
        return {
            alias: _pair(alias, *chance.choice(pairs))
            if chance.random() < 0.6
            else _certificate(alias, chance.choice(singles), trusted=chance.random() < 0.5)
            for alias in aliases
        }

    for _ in range(60):
        mode = chance.choice(list(Mode))
        here, coming = arrivals(), arrivals()
        _bring(steward, list(here.values()), Mode.REPLACE)
        assert _contents(here) == _contents_of(steward)
        _bring(steward, list(coming.values()), mode)
        expected = {
            Mode.ADD: coming | here,
            Mode.OVERWRITE: here | {a: c for a, c in coming.items() if not _hides(c, here)},
            Mode.REPLACE: coming,
        }[mode]
        assert _contents(expected) == _contents_of(steward)
        again = intake.plan(steward, TENANT, list(coming.values()), mode)
        assert not again.changes_anything
    assert theirs == _entry(steward, "sap_theirs")
    assert audit.verify_chain(steward, None).clean


def _hides(arrival: Arrival, here: dict[str, Arrival]) -> bool:
    there = here.get(arrival.alias)
    certificate, pair = EntryType.CERTIFICATE, EntryType.KEY_PAIR
    return there is not None and (arrival.type, there.type) == (certificate, pair)


def _contents(arrivals: dict[str, Arrival]) -> dict[str, object]:
    return {
        a.alias: (a.type, a.trusted, tuple(c.fingerprint for c in a.chain), a.public_key_sha256)
        for a in arrivals.values()
    }


def _contents_of(steward: Steward) -> dict[str, object]:
    return {
        s.alias: (s.type, s.trusted, s.content.chain, s.content.public_key_sha256)
        for s in steward.store.list_states(steward.keystore_id)
        if s.owner is Owner.TENANT
    }


# ---- what counts as unchanged


@every_mode
def test_entry_that_is_there_as_it_comes_is_not_written_again(
    steward: Steward, settings: Settings, mode: Mode
) -> None:
    """No version, no key sealed anew: nothing at all."""
    arrivals = [_pair("pair", FIRST, CA, ROOT), _certificate("root", ROOT)]
    _bring(steward, arrivals, Mode.ADD)
    before = steward_.rows(settings)
    plan = intake.plan(steward, TENANT, arrivals, mode)
    assert not plan.changes_anything
    _write(steward, plan)
    assert before == steward_.rows(settings)


@pytest.mark.parametrize(
    "arrival",
    [
        pytest.param(_pair("pair", FIRST, CA), id="shorter chain"),
        pytest.param(_pair("pair", RENEWED, CA, ROOT), id="renewed"),
        pytest.param(_pair("pair", SECOND, CA, ROOT), id="other key"),
        pytest.param(_pair("pair", FIRST, CA, ROOT, usage=Usage.SIGNATURE), id="usage"),
        pytest.param(_certificate("root", ROOT, trusted=False), id="trust"),
        pytest.param(_certificate("root", CA), id="other certificate"),
    ],
)
def test_any_other_content_is_a_change(steward: Steward, arrival: Arrival) -> None:
    """And it is what the entry holds afterwards."""
    steward_.add(steward, "pair", FIRST, CA, ROOT)
    steward_.add_anchor(steward, "root", ROOT)
    assert {arrival.alias: "changed"} == _bring(steward, [arrival], Mode.OVERWRITE)
    entry = _entry(steward, arrival.alias)
    assert (2, arrival.chain, arrival.trusted) == (
        *(entry.version.number, entry.version.chain, entry.trusted),
    )
    assert entry.usage is (arrival.usage or Usage.TLS_CLIENT)


def test_file_does_not_touch_a_pending_key(steward: Steward) -> None:
    """A file knows nothing of one, so it is neither a difference nor lost by a new chain."""
    steward_.add(steward, "pair", FIRST, CA, ROOT)
    pending = key_pairs.renew_key_pair(steward, TENANT, "pair").pending
    same, renewed = (_pair("pair", end, CA, ROOT) for end in (FIRST, RENEWED))
    assert {"pair": "unchanged"} == _bring(steward, [same], Mode.OVERWRITE)
    assert {"pair": "changed"} == _bring(steward, [renewed], Mode.OVERWRITE)
    assert pending == _entry(steward, "pair").pending


def test_snapshot_decides_about_the_pending_key(steward: Steward) -> None:
    """One that holds none ends it, one that holds it brings it back; each time as it was."""
    entry = steward_.add(steward, "pair", FIRST, CA, ROOT)
    without = Arrival(
        "pair",
        entry.version.chain,
        EntryType.KEY_PAIR,
        private_key_id=entry.version.private_key_id,
    )
    pending = key_pairs.renew_key_pair(steward, TENANT, "pair").pending
    assert pending is not None
    assert pending.private_key_id is not None
    waiting = PendingKey(pending.chain, pending.private_key_id)
    with_it = replace(without, pending=waiting)
    assert {"pair": "unchanged"} == _bring(steward, [with_it], Mode.OVERWRITE)
    assert {"pair": "changed"} == _bring(steward, [without], Mode.OVERWRITE)
    assert _entry(steward, "pair").pending is None
    assert {"pair": "changed"} == _bring(steward, [with_it], Mode.OVERWRITE)
    back = _entry(steward, "pair").pending
    assert back is not None
    assert (pending.chain, pending.private_key_id) == (back.chain, back.private_key_id)
    assert {"pair": "unchanged"} == _bring(steward, [with_it], Mode.OVERWRITE)


def test_pending_key_of_a_new_entry_comes_along(steward: Steward) -> None:
    """An entry that is gone comes back with both of its keys."""
    steward_.add(steward, "pair", FIRST, CA, ROOT)
    entry = key_pairs.renew_key_pair(steward, TENANT, "pair")
    assert entry.pending is not None
    assert entry.pending.private_key_id is not None
    arrival = Arrival(
        "copy",
        entry.version.chain,
        EntryType.KEY_PAIR,
        private_key_id=entry.version.private_key_id,
        pending=PendingKey(entry.pending.chain, entry.pending.private_key_id),
    )
    assert {"copy": "new"} == _bring(steward, [arrival], Mode.ADD)
    copy = _entry(steward, "copy")
    assert copy.pending is not None
    assert (entry.version.private_key_id, entry.pending.private_key_id) == (
        *(copy.version.private_key_id, copy.pending.private_key_id),
    )


# ---- key pairs and certificates in each other's place


def test_certificate_does_not_overwrite_a_key_pair(steward: Steward) -> None:
    """Its private key would be out of sight; only replacing everything does that."""
    pair = steward_.add(steward, "x", FIRST)
    plan = intake.plan(steward, TENANT, [_certificate("x", ROOT)], Mode.OVERWRITE)
    assert KeyPairInTheWay is _refusal(plan)
    assert {"x": "changed"} == _bring(steward, [_certificate("x", ROOT)], Mode.REPLACE)
    entry = _entry(steward, "x")
    assert (EntryType.CERTIFICATE, True) == (entry.type, pair.id != entry.id)
    deleted = steward.store.find_deleted(steward.keystore_id, "x")
    assert deleted is not None
    assert pair.version == deleted.version


@pytest.mark.parametrize("mode", [Mode.OVERWRITE, Mode.REPLACE])
def test_key_pair_takes_the_place_of_a_certificate(steward: Steward, mode: Mode) -> None:
    """The certificate is deleted, not destroyed."""
    steward_.add_anchor(steward, "x", ROOT)
    assert {"x": "changed"} == _bring(steward, [_pair("x", FIRST)], mode)
    assert EntryType.KEY_PAIR is _entry(steward, "x").type
    deleted = steward.store.find_deleted(steward.keystore_id, "x")
    assert deleted is not None
    assert EntryType.CERTIFICATE is deleted.type


# ---- whose aliases


@every_mode
@pytest.mark.parametrize(
    ("caller", "alias", "problem"),
    [
        (TENANT, "sap_x", AliasReserved),
        (TENANT, "HCICertificate", AliasReserved),
        (PROVIDER, "plain", AliasReserved),
        (TENANT, "", AliasInvalid),
        (TENANT, "x" * 251, AliasInvalid),
        (TENANT, "a\nb", AliasInvalid),
    ],
)
def test_alias_that_cannot_be_is_left_out(
    steward: Steward, mode: Mode, caller: Caller, alias: str, problem: type[Problem]
) -> None:
    """Each mode keeps tenant and provider apart, and the rest still comes in."""
    good = "good" if caller is TENANT else "sap_good"
    arrivals = [_pair(alias, FIRST), _pair(good, SECOND)]
    plan = intake.plan(steward, caller, arrivals, mode)
    assert problem is type(plan.decisions[0].problem)
    _write(steward, plan, caller)
    assert [good] == _present(steward)


@every_mode
@pytest.mark.parametrize(
    ("owner", "caller", "alias", "problem"),
    [
        (Owner.PROVIDER, TENANT, "plain", EntryOwnedByProvider),
        (Owner.TENANT, PROVIDER, "sap_x", EntryOwnedByTenant),
    ],
)
def test_entry_of_the_other_owner_is_never_touched(
    steward: Steward,
    mode: Mode,
    owner: Owner,
    caller: Caller,
    alias: str,
    problem: type[Problem],
) -> None:
    """Not even under an alias that became reserved, or free, after the entry was made."""
    new = NewEntry(Alias(alias), EntryType.CERTIFICATE, owner, Usage.TLS_CLIENT)
    with steward.writing(caller) as writing:
        writing.create_entry(new, NewVersion(Reason.UPLOADED, steward_.read(ROOT), None))
    before = _entry(steward, alias)
    plan = intake.plan(steward, caller, [_certificate(alias, CA)], mode)
    assert problem is _refusal(plan)
    _write(steward, plan, caller)
    assert before == _entry(steward, alias)


@every_mode
def test_second_entry_of_an_alias_is_left_out(steward: Steward, mode: Mode) -> None:
    """The first one of the file counts."""
    arrivals = [_pair("x", FIRST), _pair("x", SECOND)]
    plan = intake.plan(steward, TENANT, arrivals, mode)
    assert [Status.NEW, Status.NOT_IMPORTED] == [d.status for d in plan.decisions]
    _write(steward, plan)
    assert steward_.read(FIRST) == _entry(steward, "x").version.chain


def test_key_that_comes_twice_is_sealed_once(steward: Steward, settings: Settings) -> None:
    """Under two aliases, and although an entry has it already."""
    steward_.add(steward, "first", FIRST)
    _bring(steward, [_pair("a", RENEWED), _pair("b", SECOND), _pair("c", SECOND)], Mode.ADD)
    assert 2 == len(steward_.sealed_keys(settings))
    assert (
        _entry(steward, "b").version.private_key_id == _entry(steward, "c").version.private_key_id
    )
    assert _entry(steward, "a").version.private_key_id == (
        _entry(steward, "first").version.private_key_id
    )


# ---- all or nothing


@pytest.mark.parametrize("meanwhile", ["changed", "deleted", "taken", "removed one changed"])
def test_nothing_is_written_when_one_entry_was_changed_meanwhile(
    steward: Steward, settings: Settings, meanwhile: str
) -> None:
    """Not the other entries, not a key, no row of the audit log."""
    steward_.add(steward, "b", FIRST, CA, ROOT)
    steward_.add(steward, "z", SECOND)
    arrivals = [_pair("a", THIRD), _pair("b", RENEWED, CA, ROOT), _pair("c", issue("c"))]
    plan = intake.plan(steward, TENANT, arrivals, Mode.REPLACE)
    if meanwhile == "changed":
        lifecycle.rename_entry(steward, TENANT, "b", "else")
    elif meanwhile == "deleted":
        lifecycle.delete_entry(steward, TENANT, "b")
    elif meanwhile == "taken":
        certificates.add_certificate(steward, TENANT, "c", ROOT.der)
    else:
        lifecycle.rename_entry(steward, TENANT, "z", "else")
    before = steward_.rows(settings, without=())
    with pytest.raises(AliasExists if meanwhile == "taken" else EntryChanged):
        _write(steward, plan)
    assert before == steward_.rows(settings, without=())


def test_audit_tells_of_the_whole_and_of_each_entry(steward: Steward) -> None:
    """The whole first, with how many entries have which fate."""
    steward_.add(steward, "gone", FIRST)
    steward_.add(steward, "pair", SECOND)
    steward_.add(steward, "same", THIRD)
    start = len(steward_.audited(steward))
    arrivals = [_pair("pair", FIRST), _certificate("root", ROOT), _pair("same", THIRD)]
    _bring(steward, arrivals, Mode.REPLACE)
    assert [
        ("imported", "done", None),
        ("delete", "done", "gone"),
        ("imported", "done", "pair"),
        ("imported", "done", "root"),
    ] == steward_.audited(steward)[start:]
    whole = next(iter(steward.store.audit_log.read(steward.keystore_id, last=4))).detail
    assert {
        "from": "a test",
        "mode": "replace",
        "new": 1,
        "changed": 1,
        "unchanged": 1,
        "removed": 1,
        "not-imported": 0,
    } == whole
    assert audit.verify_chain(steward, None).clean


# ---- entries that come back


def _revival(entry: Entry) -> Arrival:
    return Arrival(
        "back",
        entry.version.chain,
        EntryType.KEY_PAIR,
        private_key_id=entry.version.private_key_id,
        revives=replace(Base.of(entry), alias=Alias("back")),
    )


def test_deleted_entry_is_revived_with_its_versions(steward: Steward) -> None:
    """It is the same entry, under the alias that it comes with."""
    entry = steward_.add(steward, "pair", FIRST)
    lifecycle.delete_entry(steward, TENANT, "pair")
    assert {"back": "new"} == _bring(steward, [_revival(entry)], Mode.ADD)
    back = _entry(steward, "back")
    assert (entry.id, 2, entry.version.chain) == (back.id, back.version.number, back.version.chain)
    assert entry.version == steward.store.list_versions(back)[0]
    assert () == steward.store.list_entries(steward.keystore_id, limit=9, deleted=True)


def test_entry_that_came_back_otherwise_is_not_revived(
    steward: Steward, settings: Settings
) -> None:
    """Somebody undeleted it after the plan was made."""
    entry = steward_.add(steward, "pair", FIRST)
    lifecycle.delete_entry(steward, TENANT, "pair")
    plan = intake.plan(steward, TENANT, [_revival(entry)], Mode.ADD)
    lifecycle.undelete_entry(steward, TENANT, "pair")
    before = steward_.rows(settings)
    with pytest.raises(EntryChanged):
        _write(steward, plan)
    assert before == steward_.rows(settings)


def test_revived_entry_waits_for_the_response_that_it_waited_for(
    steward: Steward, clock: Clock
) -> None:
    """Its requests are still known, and still unanswered."""
    entry = steward_.add(steward, "pair", FIRST)
    steward_.ask(steward, "pair")
    asked = _entry(steward, "pair").waiting_since
    lifecycle.delete_entry(steward, TENANT, "pair")
    clock.advance(days=1)
    _bring(steward, [_revival(entry)], Mode.ADD)
    assert asked is not None
    assert asked == _entry(steward, "back").waiting_since
