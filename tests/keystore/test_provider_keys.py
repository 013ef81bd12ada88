"""Keys of the provider that wait in New, and those that were replaced."""

from datetime import datetime, timedelta

import pytest

from keysteward.entries import Caller, Owner, Reason, View
from keysteward.keystore import activations, provider_keys, supplies
from keysteward.keystore.key_pairs import KeyUpload
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    AliasExists,
    AliasInvalid,
    AliasNotFound,
    AliasReserved,
    NotAKeyPair,
    NotTheProvider,
)
from keysteward.settings import Settings
from tests import providers
from tests import steward as steward_
from tests.providers import ALIAS, ROOT
from tests.steward import PROVIDER, START, TENANT, Clock

ENDS = START + timedelta(days=30)
ACTIVE = providers.leaf("active", not_after=ENDS)
NEXT = providers.leaf("next", not_after=ENDS + timedelta(days=365))
DAY = timedelta(days=1)


def test_new_key_is_announced_with_its_day(steward: Steward, clock: Clock) -> None:
    """Arrival, what it replaces, and the last 24 hours of that."""
    assert () == provider_keys.list_new(steward)
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    clock.advance(days=3)
    providers.supply(steward, NEXT)
    clock.advance(days=1)
    (waiting,) = provider_keys.list_new(steward)
    assert (ALIAS, START + 3 * DAY, False) == (
        *(waiting.entry.alias, waiting.arrived_at, waiting.held),
    )
    assert (ENDS, ENDS - DAY) == (waiting.replaces_until, waiting.activates_at)


def test_new_key_without_an_active_one_waits_for_a_person(steward: Steward) -> None:
    """Nothing tells when it would be needed."""
    providers.supply(steward, NEXT)
    (waiting,) = provider_keys.list_new(steward)
    assert (None, None) == (waiting.replaces_until, waiting.activates_at)


@pytest.mark.parametrize(
    ("not_before", "not_after", "day"),
    [
        pytest.param(START, ENDS + DAY, ENDS - DAY, id="valid already"),
        pytest.param(ENDS, ENDS + DAY, ENDS, id="not valid before"),
        pytest.param(START, ENDS, None, id="ends with the active one"),
        pytest.param(START, ENDS - DAY, None, id="ends before the active one"),
    ],
)
def test_day_is_one_that_helps(
    not_before: datetime, not_after: datetime, day: datetime | None
) -> None:
    """A key is not activated before it is valid, and never instead of one that lives longer."""
    assert day == provider_keys.automatic_day(not_before, not_after, ENDS)


@pytest.mark.parametrize("caller", [TENANT, PROVIDER])
def test_held_key_has_no_day_until_it_is_released(steward: Steward, caller: Caller) -> None:
    """Both can tell it to wait; what the entry holds stays as it is."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    supplied = providers.supply(steward, NEXT)
    provider_keys.hold(steward, caller, ALIAS)
    (waiting,) = provider_keys.list_new(steward)
    assert (True, None) == (waiting.held, waiting.activates_at)
    provider_keys.hold(steward, caller, ALIAS, held=False)
    (waiting,) = provider_keys.list_new(steward)
    assert (False, ENDS - DAY) == (waiting.held, waiting.activates_at)
    assert supplied.version == steward.store.get_entry(steward.keystore_id, ALIAS, View.NEW).version
    assert ["hold", "release"] == [row[0] for row in steward_.audited(steward)[-2:]]


def test_hold_of_what_does_not_wait_is_refused(steward: Steward) -> None:
    """An active key cannot be held."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    with pytest.raises(AliasNotFound) as refused:
        provider_keys.hold(steward, TENANT, ALIAS)
    assert "the provider's new keys" in refused.value.detail
    assert ("hold", "refused", ALIAS) == steward_.audited(steward)[-1]


@pytest.fixture
def replaced(steward: Steward) -> Steward:
    """A keystore where NEXT was activated instead of ACTIVE."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    providers.supply(steward, NEXT)
    activations.activate(steward, TENANT, ALIAS)
    return steward


@pytest.mark.parametrize("caller", [TENANT, PROVIDER])
@pytest.mark.parametrize(("destination", "alias"), [(None, ALIAS), ("sap_again", "sap_again")])
def test_restored_key_waits_in_new_and_stays_in_the_history(
    replaced: Steward, caller: Caller, destination: str | None, alias: str
) -> None:
    """Under its original alias, or the one that is named; the key is the one that was replaced."""
    history = replaced.store.get_entry(replaced.keystore_id, f"[1]_{ALIAS}", View.HISTORY)
    restored = provider_keys.restore(replaced, caller, f"[1]_{ALIAS}", destination)
    assert (alias, View.NEW, Owner.PROVIDER) == (restored.alias, restored.view, restored.owner)
    assert (Reason.RESTORED, f"[1]_{ALIAS}") == (restored.version.reason, restored.version.note)
    assert providers.chain_of(ACTIVE) == restored.version.chain
    assert history.version.private_key_id == restored.version.private_key_id
    assert history == replaced.store.get_entry(replaced.keystore_id, f"[1]_{ALIAS}", View.HISTORY)
    assert [alias] == [key.entry.alias for key in provider_keys.list_new(replaced)]
    assert ("restored", "done", alias) == steward_.audited(replaced)[-1]


def test_restored_key_can_be_activated_again(replaced: Steward, clock: Clock) -> None:
    """There and back: both replaced keys are in the history then, under the next number."""
    clock.advance(days=1)
    provider_keys.restore(replaced, TENANT, f"[1]_{ALIAS}")
    activated = activations.activate(replaced, TENANT, ALIAS)
    assert f"[2]_{ALIAS}" == activated.history_alias
    entry = replaced.store.get_entry(replaced.keystore_id, ALIAS)
    assert providers.chain_of(ACTIVE) == entry.version.chain
    kept = [
        replaced.store.get_entry(replaced.keystore_id, key.entry.alias, View.HISTORY)
        for key in provider_keys.list_history(replaced)
    ]
    assert [providers.chain_of(ACTIVE), providers.chain_of(NEXT)] == [e.version.chain for e in kept]


@pytest.mark.parametrize(
    ("source", "destination", "problem"),
    [
        (ALIAS, None, AliasInvalid),
        (f"1_{ALIAS}", None, AliasInvalid),
        (f"[0]_{ALIAS}", None, AliasInvalid),
        (f"[1] {ALIAS}", None, AliasInvalid),
        (f"[1]_{ALIAS}", "client", AliasReserved),
        (f"[1]_{ALIAS}", "", AliasInvalid),
        (f"[1]_{ALIAS}", "sap_waits", AliasExists),
        (f"[1]_{ALIAS}", "sap_root", NotAKeyPair),
        (f"[2]_{ALIAS}", None, AliasNotFound),
        ("[1]_sap_other", None, AliasNotFound),
    ],
)
def test_refused_restore_changes_nothing(
    replaced: Steward,
    settings: Settings,
    source: str,
    destination: str | None,
    problem: type[Exception],
) -> None:
    """And is in the audit log under what was asked for."""
    providers.supply(replaced, NEXT, alias="sap_waits")
    supplies.supply(replaced, PROVIDER, "sap_root", KeyUpload(ROOT.pem), view=View.CURRENT)
    before = steward_.rows(settings)
    with pytest.raises(problem):
        provider_keys.restore(replaced, TENANT, source, destination)
    assert before == steward_.rows(settings)
    assert ("restored", "refused", source) == steward_.audited(replaced)[-1]


def test_restore_beside_a_waiting_key_says_so(replaced: Steward) -> None:
    """The waiting key is not overwritten, and the text names what to do."""
    providers.supply(replaced, NEXT)
    with pytest.raises(AliasExists) as refused:
        provider_keys.restore(replaced, TENANT, f"[1]_{ALIAS}")
    assert "waits among the provider's new keys" in refused.value.detail


def test_history_tells_when_and_by_whom_a_key_was_active(steward: Steward, clock: Clock) -> None:
    """From when its key became current; a new certificate for it in between does not count."""
    first = Caller("first", Owner.PROVIDER)
    delivered = providers.delivery(ACTIVE)
    supplies.supply(steward, first, ALIAS, delivered, view=View.CURRENT)
    clock.advance(days=1)
    again = steward_.read(ACTIVE)  # the same key with a shorter chain
    alone = KeyUpload(ACTIVE.key_pem(), certificates=again)
    supplies.supply(steward, PROVIDER, ALIAS, alone, view=View.CURRENT)
    clock.advance(days=1)
    providers.supply(steward, NEXT)
    activations.activate(steward, Caller("second"), ALIAS)
    (known,) = provider_keys.list_history(steward)
    told = known.activation
    assert (f"[1]_{ALIAS}", ALIAS, 1) == (known.entry.alias, told.original_alias, told.sequence)
    assert (START, "first") == (told.active_from, told.activated_by)
    assert (START + 2 * DAY, "second") == (told.active_until, told.deactivated_by)


# ---- taken away


def test_withdrawn_key_is_gone_with_its_private_key(steward: Steward, settings: Settings) -> None:
    """Nothing of it waits any more, and what is active stays as it is."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    providers.supply(steward, NEXT)
    current = steward.store.get_entry(steward.keystore_id, ALIAS)
    assert 1 == provider_keys.withdraw(steward, PROVIDER, ALIAS)
    assert () == provider_keys.list_new(steward)
    assert current == steward.store.get_entry(steward.keystore_id, ALIAS)
    assert [False, True] == sorted(not any(sealed) for sealed in steward_.sealed_keys(settings))
    assert ("withdraw", "done", ALIAS) == steward_.audited(steward)[-1]
    providers.supply(steward, NEXT)
    assert 1 == len(provider_keys.list_new(steward))


def test_withdrawn_key_of_the_history_stays_there(steward: Steward, settings: Settings) -> None:
    """A restore by mistake is taken back without destroying what was restored."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    providers.supply(steward, NEXT)
    activations.activate(steward, PROVIDER, ALIAS)
    provider_keys.restore(steward, TENANT, f"[1]_{ALIAS}", "sap_wrong")
    assert 0 == provider_keys.withdraw(steward, PROVIDER, "sap_wrong")
    assert [True, True] == [any(sealed) for sealed in steward_.sealed_keys(settings)]
    assert 1 == len(provider_keys.list_history(steward))
    provider_keys.restore(steward, TENANT, f"[1]_{ALIAS}")


def test_key_is_withdrawn_by_the_provider_alone(steward: Steward, settings: Settings) -> None:
    """The tenant is refused and nothing is changed, and so is what does not wait."""
    providers.supply(steward, ACTIVE, view=View.CURRENT)
    before = steward_.rows(settings)
    with pytest.raises(AliasNotFound):
        provider_keys.withdraw(steward, PROVIDER, ALIAS)
    providers.supply(steward, NEXT)
    waiting = steward_.rows(settings)
    with pytest.raises(NotTheProvider):
        provider_keys.withdraw(steward, TENANT, ALIAS)
    assert waiting == steward_.rows(settings) != before
    assert ("withdraw", "refused", ALIAS) == steward_.audited(steward)[-1]
