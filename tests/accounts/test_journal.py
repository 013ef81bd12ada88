"""The installation's own rows of the audit log, and that asking for them is told."""

from datetime import timedelta

from keysteward.accounts import journal
from keysteward.keystore.steward import Steward
from keysteward.storage.records import AuditFilter
from tests import steward as steward_
from tests.accounts import people
from tests.steward import START, TENANT, Clock

_HOUR = timedelta(hours=1)


def test_rows_are_those_of_no_keystore(steward: Steward) -> None:
    """The keystores' own rows are not among them, nor they among the keystores'."""
    people.add_client(steward)
    rows = list(journal.read(steward, TENANT, AuditFilter()))
    assert ["client-added", "secret-added"] == [row.action for row in rows]
    assert {None} == {row.keystore_id for row in rows}
    assert ["keystore-created"] == [action for action, _, _ in steward_.audited(steward)]


def test_filters_hold_as_for_keystores(steward: Steward, clock: Clock) -> None:
    """Action, time and the last so many."""
    for name in ("a", "b"):
        people.add_client(steward, name)
        clock.advance(days=1)

    def found(wanted: AuditFilter, last: int | None = None) -> list[object]:
        rows = journal.read(steward, TENANT, wanted, last=last)
        return [row.detail["account"] for row in rows]

    assert ["a", "b"] == found(AuditFilter(action="client-added"))
    assert ["b"] == found(AuditFilter(action="client-added"), 1)
    assert ["b", "b"] == found(AuditFilter(since=START + _HOUR, until=START + 25 * _HOUR))
    assert ["a", "a"] == found(AuditFilter(until=START, actor="tester"))


def test_question_is_a_row_itself(steward: Steward) -> None:
    """With what was asked, but not among its own answer; a long filter is cut."""
    assert [] == list(journal.read(steward, TENANT, AuditFilter(actor="x" * 300), last=7))
    (row,) = journal.read(steward, TENANT, AuditFilter())
    assert ("tester", "read-audit-log") == (row.actor, row.action)
    assert {"actor": "x" * 250 + "…", "last": 7} == row.detail
