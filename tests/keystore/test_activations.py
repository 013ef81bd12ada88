"""Activating new keys of the provider: by a person, and by the daily job."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from keysteward.entries import Caller, EntryType, Owner, Reason, View
from keysteward.keystore import (
    activations,
    audit,
    key_pairs,
    lifecycle,
    provider_keys,
    supplies,
)
from keysteward.keystore.activations import ActivationPlan
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.problems import AliasNotFound, EntryChanged, NotAKeyPair
from keysteward.settings import Settings
from tests import pki_maker, providers
from tests import steward as steward_
from tests.pki_maker import issue
from tests.providers import ALIAS, CA, ROOT
from tests.steward import PROVIDER, START, TENANT, Clock

DAY = timedelta(days=1)
ENDS = START + 30 * DAY
ACTIVE = providers.leaf("active", not_after=ENDS)
NEXT = providers.leaf("next", not_after=ENDS + 365 * DAY)
LATER = providers.leaf("later", not_after=ENDS + 730 * DAY)


@pytest.fixture
def waiting(steward: Steward) -> Steward:
    """A keystore with the active key ACTIVE, and NEXT waiting."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    providers.supply(steward, NEXT)
    return steward


def _view(steward: Steward, view: View) -> list[str]:
    found = steward.store.list_entries(steward.keystore_id, limit=100, view=view)
    return [entry.alias for entry in found]


def _slugs(plan: ActivationPlan) -> set[str]:
    return {notice.slug for notice in plan.notices}


@pytest.mark.parametrize("caller", [TENANT, PROVIDER])
def test_activation_moves_three_things_at_once(
    waiting: Steward, clock: Clock, caller: Caller
) -> None:
    """The new pair is current as a version of the same entry, the old in the history, New empty."""
    store, keystore = waiting.store, waiting.keystore_id
    before = store.get_entry(keystore, ALIAS)
    new = store.get_entry(keystore, ALIAS, View.NEW)
    clock.advance(days=2)
    activated = activations.activate(waiting, caller, ALIAS)
    after = store.get_entry(keystore, ALIAS)
    assert (before.id, 2, Reason.ACTIVATED) == (
        *(after.id, after.version.number, after.version.reason),
    )
    assert (2, f"[1]_{ALIAS}") == (activated.version, activated.history_alias)
    assert (new.version.chain, new.version.private_key_id) == (
        *(after.version.chain, after.version.private_key_id),
    )
    kept = store.get_entry(keystore, f"[1]_{ALIAS}", View.HISTORY)
    assert (before.version.chain, before.version.private_key_id) == (
        *(kept.version.chain, kept.version.private_key_id),
    )
    assert ([ALIAS], [], [f"[1]_{ALIAS}"]) == (
        *(_view(waiting, View.CURRENT), _view(waiting, View.NEW), _view(waiting, View.HISTORY)),
    )
    assert ("activated", "done", ALIAS) == steward_.audited(waiting)[-1]
    assert audit.verify_chain(waiting, None).clean


def test_activated_and_replaced_keys_both_open(waiting: Steward) -> None:
    """The sealed keys are those that were supplied."""
    activations.activate(waiting, TENANT, ALIAS)
    for alias, view, issued in (
        (ALIAS, View.CURRENT, NEXT),
        (f"[1]_{ALIAS}", View.HISTORY, ACTIVE),
    ):
        entry = waiting.store.get_entry(waiting.keystore_id, alias, view)
        clear = key_pairs.unseal_private_key(waiting, entry.version).reveal()
        assert pki_maker.key_bytes(issued.key, Encoding.DER) == clear


def test_activation_without_an_active_key_makes_the_entry(steward: Steward) -> None:
    """The plan says so, and there is no history then."""
    providers.supply(steward, NEXT)
    assert activations.plan_activation(steward, ALIAS).current is None
    activated = activations.activate(steward, TENANT, ALIAS)
    entry = steward.store.get_entry(steward.keystore_id, ALIAS)
    assert (1, None) == (activated.version, activated.history_alias)
    assert (Owner.PROVIDER, EntryType.KEY_PAIR, 1) == (
        *(entry.owner, entry.type, entry.version.number),
    )
    assert providers.chain_of(NEXT) == entry.version.chain
    assert () == provider_keys.list_new(steward)
    assert () == provider_keys.list_history(steward)


def test_purge_destroys_a_key_that_came_by_activation(waiting: Steward, settings: Settings) -> None:
    """What the key left behind in New keeps no sealed key alive; the history keeps its own."""
    activations.activate(waiting, TENANT, ALIAS)
    entry = waiting.store.get_entry(waiting.keystore_id, ALIAS)
    assert entry.version.private_key_id is not None
    sealed = waiting.store.get_private_key(entry.version.private_key_id)[0].ciphertext
    assert 1 == lifecycle.purge_entry(waiting, PROVIDER, ALIAS, ALIAS)
    assert sealed not in steward_.sealed_keys(settings)
    old = waiting.store.get_entry(waiting.keystore_id, f"[1]_{ALIAS}", View.HISTORY)
    clear = key_pairs.unseal_private_key(waiting, old.version).reveal()
    assert pki_maker.key_bytes(ACTIVE.key, Encoding.DER) == clear


def test_second_activation_finds_nothing(waiting: Steward, settings: Settings) -> None:
    """Repeating it changes nothing; the text names the list that was looked into."""
    activations.activate(waiting, TENANT, ALIAS)
    before = steward_.rows(settings)
    with pytest.raises(AliasNotFound) as refused:
        activations.activate(waiting, TENANT, ALIAS)
    assert "new" == refused.value.view
    assert before == steward_.rows(settings)
    assert ("activated", "refused", ALIAS) == steward_.audited(waiting)[-1]


def _supplied_again(steward: Steward) -> None:
    providers.supply(steward, LATER)


def _updated(steward: Steward) -> None:
    providers.supply(steward, LATER, view=View.CURRENT)


def _deleted(steward: Steward) -> None:
    lifecycle.delete_entry(steward, PROVIDER, ALIAS)


@pytest.mark.parametrize("change", [_supplied_again, _updated, _deleted])
def test_activation_of_what_changed_meanwhile_is_refused(
    waiting: Steward, settings: Settings, change: object
) -> None:
    """Between plan and commit another writer was faster: nothing but its change is there."""
    states = []

    def accept(_: ActivationPlan) -> None:
        assert callable(change)
        change(waiting)
        states.append(steward_.rows(settings))

    with pytest.raises(EntryChanged):
        activations.activate(waiting, TENANT, ALIAS, accept=accept)
    assert states == [steward_.rows(settings)]


def test_activation_that_would_make_an_entry_is_refused_if_it_was_made(
    steward: Steward, settings: Settings
) -> None:
    """The provider supplied to Current meanwhile: that key is not overwritten unseen."""
    providers.supply(steward, NEXT)
    states = []

    def accept(_: ActivationPlan) -> None:
        providers.supply(steward, ACTIVE, view=View.CURRENT)
        states.append(steward_.rows(settings))

    with pytest.raises(EntryChanged):
        activations.activate(steward, TENANT, ALIAS, accept=accept)
    assert states == [steward_.rows(settings)]


def test_plan_compares_with_the_current_key(waiting: Steward, settings: Settings) -> None:
    """What changes for receivers is said before anything is stored."""
    other_root = issue("Other Root", ca=True)
    other = issue("other", issuer=other_root, eku=("serverAuth",), not_after=ENDS + DAY)
    given = providers.delivery(other, other_root)
    supplies.supply(waiting, PROVIDER, ALIAS, given)
    before = steward_.rows(settings, without=())
    plan = activations.plan_activation(waiting, ALIAS)
    assert {
        *("client-auth-lost", "extended-key-usage", "issuer-changed", "key-changed"),
        "root-changed",
    } <= _slugs(plan)
    assert "warn" == plan.outcome
    assert before == steward_.rows(settings, without=())


def test_plan_of_a_good_successor_has_no_warning(waiting: Steward) -> None:
    """The same CA, a longer life: only the key changes."""
    plan = activations.plan_activation(waiting, ALIAS)
    assert ({"key-changed"}, "accept") == (_slugs(plan), plan.outcome)


def test_plan_says_that_the_key_is_active_already(steward: Steward) -> None:
    """The provider supplied the same pair to both lists: an activation would change nothing."""
    for view in (View.CURRENT, View.NEW):
        providers.supply(steward, NEXT, view=view)
    assert {"already-current"} == _slugs(activations.plan_activation(steward, ALIAS))


def test_ended_key_can_be_activated_and_is_warned_of(waiting: Steward, clock: Clock) -> None:
    """A person may want just that; nothing is refused that is said clearly."""
    clock.now = NEXT.certificate.not_valid_after_utc + DAY
    plan = activations.plan_activation(waiting, ALIAS)
    assert "certificate-expired" in _slugs(plan)
    assert 2 == activations.activate(waiting, TENANT, ALIAS).version


def test_certificate_in_the_way_is_not_overwritten(steward: Steward, settings: Settings) -> None:
    """A lone certificate under the alias of a waiting key cannot become a key pair."""
    providers.supply(steward, NEXT)
    supplies.supply(steward, PROVIDER, ALIAS, KeyUpload(ROOT.pem), view=View.CURRENT)
    before = steward_.rows(settings)
    with pytest.raises(NotAKeyPair):
        activations.activate(steward, TENANT, ALIAS)
    assert before == steward_.rows(settings)


def test_pending_key_of_the_provider_survives_an_activation(waiting: Steward) -> None:
    """It never served, so it is neither replaced nor in the history."""
    key_pairs.renew_key_pair(waiting, PROVIDER, ALIAS)
    pending = waiting.store.get_entry(waiting.keystore_id, ALIAS).pending
    activations.activate(waiting, TENANT, ALIAS)
    entry = waiting.store.get_entry(waiting.keystore_id, ALIAS)
    assert pending is not None
    assert pending == entry.pending
    (known,) = provider_keys.list_history(waiting)
    assert START == known.activation.active_from


def test_history_counts_for_each_alias(waiting: Steward) -> None:
    """From 1 on, without gaps, whatever happens to other aliases."""
    providers.supply(waiting, LATER, alias="sap_other", view=View.CURRENT)
    for issued in (LATER, ACTIVE, NEXT):
        activations.activate(waiting, TENANT, ALIAS)
        providers.supply(waiting, issued)
    providers.supply(waiting, ACTIVE, alias="sap_other")
    activations.activate(waiting, TENANT, "sap_other")
    names = [key.entry.alias for key in provider_keys.list_history(waiting)]
    assert [*(f"[{n}]_{ALIAS}" for n in (1, 2, 3)), "[1]_sap_other"] == names


@pytest.mark.parametrize(
    ("before_the_end", "done"),
    [
        pytest.param(DAY + timedelta(microseconds=1), False, id="more than a day before"),
        pytest.param(DAY, True, id="a day before"),
        pytest.param(timedelta(0), True, id="at the end"),
        pytest.param(-40 * DAY, True, id="long after"),
    ],
)
def test_daily_job_activates_in_the_last_day(
    waiting: Steward, clock: Clock, *, before_the_end: timedelta, done: bool
) -> None:
    """Not earlier, and also where the day was missed."""
    clock.now = ENDS - before_the_end
    found = activations.activate_due(waiting, TENANT, clock.now)
    assert [ALIAS] * done == [due.alias for due in found]
    entry = waiting.store.get_entry(waiting.keystore_id, ALIAS)
    assert providers.chain_of(NEXT if done else ACTIVE) == entry.version.chain
    assert () == activations.activate_due(waiting, TENANT, clock.now)


def test_daily_job_leaves_what_waits_for_a_person(waiting: Steward, clock: Clock) -> None:
    """Held, without an active key, or shorter-lived than the active one."""
    provider_keys.hold(waiting, TENANT, ALIAS)
    providers.supply(waiting, NEXT, alias="sap_alone")
    providers.supply(waiting, NEXT, alias="sap_longer", view=View.CURRENT)
    providers.supply(waiting, ACTIVE, alias="sap_longer")
    clock.now = NEXT.certificate.not_valid_after_utc
    assert () == activations.activate_due(waiting, TENANT, clock.now)
    assert ["sap_alone", ALIAS, "sap_longer"] == _view(waiting, View.NEW)
    provider_keys.hold(waiting, TENANT, ALIAS, held=False)
    clock.now -= DAY
    found = activations.activate_due(waiting, TENANT, clock.now)
    assert [ALIAS] == [due.alias for due in found]


def test_daily_job_does_not_activate_what_was_held_after_it_looked(
    waiting: Steward, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word is that of the person, up to the transaction itself."""
    clock.now = ENDS
    planned = activations.plan_activation

    def plan_then_hold(steward: Steward, alias: str) -> ActivationPlan:
        plan = planned(steward, alias)
        provider_keys.hold(steward, TENANT, alias)
        return plan

    monkeypatch.setattr(activations, "plan_activation", plan_then_hold)
    assert () == activations.activate_due(waiting, TENANT, clock.now)
    assert [ALIAS] == _view(waiting, View.NEW)
    monkeypatch.undo()
    assert 2 == activations.activate(waiting, TENANT, ALIAS).version


def test_daily_job_looks_again_at_what_it_found_due(
    waiting: Steward, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process activated the key, and the next one was supplied: that one is not due."""
    clock.now = ENDS
    listed = provider_keys.list_new(waiting)
    activations.activate(waiting, TENANT, ALIAS)
    providers.supply(waiting, LATER)
    monkeypatch.setattr(provider_keys, "list_new", lambda steward: listed)
    assert () == activations.activate_due(waiting, TENANT, clock.now)
    assert [ALIAS] == _view(waiting, View.NEW)


def test_daily_job_goes_on_after_a_refusal(waiting: Steward, clock: Clock) -> None:
    """One key that cannot be activated is told and audited, and does not hold up the others."""
    providers.supply(waiting, ACTIVE, alias="sap_a", view=View.CURRENT)
    providers.supply(waiting, NEXT, alias="sap_a")
    lifecycle.delete_entry(waiting, PROVIDER, "sap_a")
    short = issue("short", issuer=CA, not_after=ENDS)
    given = KeyUpload(short.pem)
    supplies.supply(waiting, PROVIDER, "sap_a", given, view=View.CURRENT)
    clock.now = ENDS
    refused, done = activations.activate_due(waiting, TENANT, clock.now)
    assert ("sap_a", None) == (refused.alias, refused.activated)
    assert isinstance(refused.problem, NotAKeyPair)
    assert (ALIAS, None) == (done.alias, done.problem)
    assert ("activated", "refused", "sap_a") in steward_.audited(waiting)


def test_activation_by_the_job_is_told_from_one_by_a_person(waiting: Steward, clock: Clock) -> None:
    """The audit log says which it was, and where the old key is."""
    activations.activate(waiting, TENANT, ALIAS)
    providers.supply(waiting, LATER)
    clock.now = NEXT.certificate.not_valid_after_utc
    activations.activate_due(waiting, TENANT, clock.now)
    rows = tuple(waiting.store.audit_log.read(waiting.keystore_id, last=100))
    details = [row.detail for row in rows if row.action == "activated"]
    assert [(f"[1]_{ALIAS}", False), (f"[2]_{ALIAS}", True)] == [
        (detail["history"], detail["automatic"]) for detail in details
    ]
