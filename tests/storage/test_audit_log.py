import tracemalloc
from datetime import timedelta

import pytest

from keysteward.entries import Action
from keysteward.problems import AliasNotFound
from keysteward.storage import audit
from keysteward.storage.audit import DONE, REFUSED, AuditEvent
from keysteward.storage.engines.contract import Scope
from keysteward.storage.records import AuditFilter, AuditRow
from tests.storage.conftest import NOW, Bench

_SECOND = timedelta(seconds=1)
_ACTIONS = (Action.GENERATE, Action.RENAME, Action.DELETE)


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Return a log of 1,300 rows whose times run backwards now and then."""
    database, sealer = bench.store._database, bench.store.sealer
    with database.writing(Scope(bench.keystore_id)) as link:
        for number in range(1300):
            at = NOW + (number - 7 * (number % 100 == 50)) * _SECOND
            event = AuditEvent(
                action=_ACTIONS[number % 3],
                outcome=REFUSED if number % 13 == 5 else DONE,
                alias="abc"[number % 3],
                entry_id=number % 5,
                version=number,
                detail={},
            )
            audit.append(link, sealer, bench.keystore_id, ("ann", "bob")[number % 2], at, event)
    return bench


def _passes(row: AuditRow, wanted: AuditFilter) -> bool:
    return (
        wanted.alias in (None, row.alias)
        and wanted.actor in (None, row.actor)
        and wanted.action in (None, row.action)
        and wanted.outcome in (None, row.outcome)
        and (wanted.since is None or wanted.since <= row.at)
        and (wanted.until is None or row.at <= wanted.until)
    )


_FILTERS = (
    AuditFilter(),
    AuditFilter(alias="a"),
    AuditFilter(alias="none"),
    AuditFilter(actor="bob"),
    AuditFilter(action="rename", outcome="refused"),
    AuditFilter(since=NOW + 343 * _SECOND),
    AuditFilter(until=NOW + 343 * _SECOND),
    AuditFilter(alias="b", actor="ann", since=NOW + 345 * _SECOND, until=NOW + 1043 * _SECOND),
    AuditFilter(since=NOW + 9000 * _SECOND),
    AuditFilter(until=NOW - timedelta(days=9000)),
    AuditFilter("c", "ann", "delete", "done", NOW, NOW + 1200 * _SECOND),
)


def test_filters_let_through_what_they_say(filled: Bench) -> None:
    """Any of them together, in order of the sequence, whatever the clocks did."""
    everything = list(filled.store.audit_log.read(filled.keystore_id, AuditFilter()))
    assert list(range(1, 1302)) == [row.sequence for row in everything]
    for wanted in _FILTERS:
        expected = [row for row in everything if _passes(row, wanted)]
        assert expected == list(filled.store.audit_log.read(filled.keystore_id, wanted))
        for last in (1, 50, len(expected) or 1, len(expected) + 1, 2**31):
            found = filled.store.audit_log.read(filled.keystore_id, wanted, last=last)
            assert expected[-last:] == list(found)


def test_rows_of_another_keystore_are_not_among_them(filled: Bench) -> None:
    """Not by alias, not by time, not by entry."""
    other = filled.store.create_keystore("other", "ann", NOW)
    for wanted in (AuditFilter(alias="a"), AuditFilter(until=NOW), AuditFilter(since=NOW)):
        found = [row.action for row in filled.store.audit_log.read(other, wanted)]
        assert [] == [action for action in found if action != "keystore-created"]
    assert [] == list(filled.store.audit_log.read_of_entry(other, 3))
    assert () == filled.store.audit_log.list_entries_of_alias(other, "a")


def test_rows_of_an_entry_are_found_whatever_it_was_called(filled: Bench) -> None:
    """In order, over more than a page."""
    everything = filled.store.audit_log.read(filled.keystore_id, AuditFilter())
    expected = [row for row in everything if row.entry_id == 3]
    assert {"a", "b", "c"} == {row.alias for row in expected}
    assert expected == list(filled.store.audit_log.read_of_entry(filled.keystore_id, 3))
    assert {0, 1, 2, 3, 4} == set(
        filled.store.audit_log.list_entries_of_alias(filled.keystore_id, "a")
    )


def test_rows_that_come_while_they_are_read_are_left_out(filled: Bench) -> None:
    """So a walk along the log ends, however fast it grows."""
    walk = filled.store.audit_log.read(filled.keystore_id, AuditFilter())
    count = 0
    for row in walk:
        count += 1
        if row.sequence % 100 == 0:
            filled.store.record_refusal(
                *(filled.keystore_id, "ann", NOW),
                action=Action.RENAME,
                alias=None,
                problem=AliasNotFound("a", "default"),
            )
    assert 1301 == count


def test_long_log_is_read_in_little_memory(bench: Bench) -> None:
    """A page at a time, not all of it."""
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        for number in range(10_000):
            writing.audit(Action.RENAME, "a", number, None, {"padding": "x" * 1000})
    tracemalloc.start()
    try:
        count = sum(1 for _ in bench.store.audit_log.read(bench.keystore_id, AuditFilter()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 10_001 == count
    assert peak < 4_000_000


def test_rows_before_a_row_are_those_that_came_earlier(filled: Bench) -> None:
    """Pages backwards: the last ones before a row, however many there are, and none before all."""
    log, keystore_id = filled.store.audit_log, filled.keystore_id
    wanted = AuditFilter(actor="ann")
    rows = tuple(log.read(keystore_id, wanted))
    middle = rows[300].sequence
    assert rows[290:300] == tuple(log.read(keystore_id, wanted, last=10, before=middle))
    assert rows[:300] == tuple(log.read(keystore_id, wanted, last=1000, before=middle))
    assert () == tuple(log.read(keystore_id, wanted, last=10, before=rows[0].sequence))


@pytest.mark.parametrize("number", [2**31, 2**63 - 1])
def test_no_row_is_after_a_number_that_no_row_has(filled: Bench, number: int) -> None:
    """Whoever reads page by page may name any number."""
    log = filled.store.audit_log
    assert () == tuple(log.read(filled.keystore_id, after=number))
    assert tuple(log.read(filled.keystore_id)) == tuple(log.read(filled.keystore_id, before=number))
