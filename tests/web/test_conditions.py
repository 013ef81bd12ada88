import pytest

from keysteward.entries import Entry
from keysteward.keystore import lifecycle
from keysteward.keystore.steward import Steward
from keysteward.problems import EntryChanged, RequestInvalid
from keysteward.web import conditions
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import TENANT

ALIAS = "root"


@pytest.fixture
def entry(steward: Steward) -> Entry:
    """Make an entry."""
    steward_.add_anchor(steward, ALIAS, issue("Root", ca=True))
    return steward.store.get_entry(steward.keystore_id, ALIAS)


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        ('"3-7"', {'"3-7"'}, {'"3-7"'}),
        ('W/"3-7", "3-8"', {'"3-8"'}, {'"3-7"', '"3-8"'}),
        ('W/"3-7"', set(), {'"3-7"'}),
        (" * ", {"*"}, {"*"}),
        ('"*"', {'"*"'}, {'"*"'}),
    ],
)
def test_if_match_names_what_the_comparison_counts(
    header: str, strong: set[str], weak: set[str]
) -> None:
    """Weak tags are none to who compares strongly; an asterisk in quotation marks is a tag."""
    assert strong == conditions.if_match(header, weak=False)
    assert weak == conditions.if_match(header, weak=True)


@pytest.mark.parametrize("header", ["", "3-7", '"3-7', ",", '"1-1",' * 200])
def test_if_match_that_names_nothing_is_refused(header: str) -> None:
    """As is one that is too long."""
    for weak in (True, False):
        with pytest.raises(RequestInvalid):
            conditions.if_match(header, weak=weak)


def test_state_with_a_pending_key_has_a_tag_of_its_own() -> None:
    """Each number is in it."""
    assert ('"3-7"', '"3-7-8"') == (conditions.etag(3, 7, None), conditions.etag(3, 7, 8))


def test_change_of_another_state_is_refused_at_once(steward: Steward, entry: Entry) -> None:
    """The reason says the tag of the state that there is."""
    with pytest.raises(EntryChanged) as caught:
        conditions.guarded(steward, ALIAS, frozenset({'"0-0"'}))
    assert conditions.etag_of(entry) in caught.value.detail


def test_change_that_is_overtaken_is_refused_in_its_transaction(
    steward: Steward, entry: Entry
) -> None:
    """Another writer between the look and the change is noticed, and nothing is done."""
    guarded = conditions.guarded(steward, ALIAS, frozenset({conditions.etag_of(entry)}))
    lifecycle.rename_entry(steward, TENANT, ALIAS, "other")
    lifecycle.rename_entry(steward, TENANT, "other", ALIAS)
    with pytest.raises(EntryChanged):
        lifecycle.delete_entry(guarded, TENANT, ALIAS)
    assert steward.store.find_entry(steward.keystore_id, ALIAS) is not None


@pytest.mark.parametrize("any_", [True, False])
def test_change_of_the_named_state_is_done(steward: Steward, entry: Entry, *, any_: bool) -> None:
    """The tag of the entry, or an asterisk."""
    tag = conditions.ANY if any_ else conditions.etag_of(entry)
    guarded = conditions.guarded(steward, ALIAS, frozenset({'"0-0"', tag}))
    lifecycle.delete_entry(guarded, TENANT, ALIAS)
    assert steward.store.find_entry(steward.keystore_id, ALIAS) is None


def test_condition_on_no_entry_is_for_the_operation(steward: Steward) -> None:
    """It says better that there is none."""
    conditions.guarded(steward, "nobody", frozenset({'"0-0"'}))
