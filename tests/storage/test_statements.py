import itertools

import pytest
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from keysteward.entries import Action
from keysteward.storage import (
    account_statements,
    audit_statements,
    changes,
    statements,
    view_statements,
)
from tests.storage.conftest import NOW, Bench

pytestmark = pytest.mark.sqlite_alone

_LISTS: dict[str, Executable] = {
    **{
        f"list_entries-{bits}": statements.list_entries(
            current=True, expiring=bits[0], waiting=bits[1], deleted=bits[2], paged=bits[3]
        )
        for bits in itertools.product((False, True), repeat=4)
    },
    **{
        f"list_entries-other-view-{paged}": statements.list_entries(
            current=False, expiring=False, waiting=False, deleted=False, paged=paged
        )
        for paged in (False, True)
    },
}

_AUDIT: dict[str, Executable] = {
    **{
        f"{build.__name__}-{'alias' if of_alias else 'all'}": build(of_alias=of_alias)
        for build in (audit_statements.list_wanted, audit_statements.find_from_end)
        for of_alias in (False, True)
    },
    "LIST_OF_ENTRY": audit_statements.LIST_OF_ENTRY,
    "LAST": audit_statements.LAST,
}
_AUDIT_INDEXES = {
    **{name: "audit_alias" if name.endswith("-alias") else "audit_keystore" for name in _AUDIT},
    "LIST_OF_ENTRY": "audit_entry",
}

NAMED: dict[str, Executable] = {
    **{
        name: value
        for module in (statements, view_statements, audit_statements, account_statements, changes)
        for name, value in vars(module).items()
        if isinstance(value, Executable) and not name.startswith("_")
    },
    **_LISTS,
    **_AUDIT,
}

READS_ALL = {
    "ANY_KEYSTORE",  # the first row of one
    "LIST_KEYSTORES",  # for a refusal alone: a handful of names
    "LIST_DATA_KEYS",  # a handful: one per rotation
    "LAST_AUDIT",  # the last row, from the end of the table
    "ANY_WAITING_AUDIT",  # the first row of a table that is nearly empty
    "COUNT_SOME_WAITING_AUDIT",  # as many as are asked for
    "COUNT_WAITING_AUDIT",  # what is left when nothing can be linked
    "LIST_WAITING_AUDIT",  # the oldest ones, in the order of the table
    "DELETE_SURPLUS_FAILURES",  # the newest ones, by index: as many as are kept
    "LIST_ALL_SECRETS",  # for the list of all API clients: two each, at most
}

ONLY_IF_VIOLATED = {
    # An INSERT that returns something plans to look for rows that wait for the new one, and steps
    # over that unless the transaction has violated a foreign key already.
    "INSERT_KEYSTORE",
    "INSERT_DATA_KEY",
}


def _parameters(statement: Executable) -> dict[str, object]:
    assert isinstance(statement, ClauseElement)
    return dict(statement.compile().params)


def _plan(bench: Bench, statement: Executable) -> list[str]:
    text = bench.store._database.text(statement)
    with bench.store._database.reading() as link:
        cursor = link.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys(_parameters(statement)))
        return [str(row[3]) for row in cursor.fetchall()]


@pytest.mark.parametrize("name", NAMED)
def test_statement_never_walks_a_table(bench: Bench, name: str) -> None:
    """No statement's cost grows with the keystore: each finds its rows by an index."""
    plan = _plan(bench, NAMED[name])
    scans = [step for step in plan if step.startswith("SCAN") and step != "SCAN CONSTANT ROW"]
    if name in READS_ALL:
        assert 1 == len([step for step in scans if not step.startswith("SCAN anon")])
    elif name in ONLY_IF_VIOLATED:
        text = bench.store._database.text(NAMED[name])
        with bench.store._database.reading() as link:
            cursor = link.connection.cursor()
            cursor.execute(f"EXPLAIN {text}", dict.fromkeys(_parameters(NAMED[name])))
            steps = [row[1] for row in cursor.fetchall()]
        assert len(scans) <= steps.count("FkIfZero")
    else:
        assert [] == scans


@pytest.mark.parametrize("name", [*_LISTS, *_AUDIT])
def test_list_comes_in_the_order_of_its_index(bench: Bench, name: str) -> None:
    """No list sorts: a page reads its own rows and stops."""
    assert not [step for step in _plan(bench, NAMED[name]) if "TEMP B-TREE" in step]


def test_list_by_type_owner_and_prefix_is_a_range_of_an_index_in_its_order(bench: Bench) -> None:
    """However conditions are combined, nothing is walked or sorted; few are looked at each."""
    flags = ("expiring", "waiting", "deleted", "paged", "typed", "owned", "prefixed")
    for bits in itertools.product((False, True), repeat=7):
        asked = dict(zip(flags, bits, strict=True))
        for current in (True, False):
            if not current and (asked["expiring"] or asked["waiting"] or asked["deleted"]):
                continue
            statement = statements.list_entries(current=current, **asked)
            plan = _plan(bench, statement)
            assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step]
            assert {None} >= set(_parameters(statement).values())


@pytest.mark.parametrize("size", [0, 300])
def test_list_by_type_or_owner_reads_those_alone(bench: Bench, size: int) -> None:
    """Of many entries with a handful of another type or owner, only that handful is read."""
    for number in range(size):
        bench.add_certificate(f"c{number}", bench.pki.other[0])
    bench.execute("ANALYZE")
    for asked, index in (
        ({"typed": True}, "entries_type (keystore_id=? AND view=? AND type=?"),
        ({"owned": True}, "entries_owner (keystore_id=? AND view=? AND owner=?"),
    ):
        for prefixed in (False, True):
            statement = statements.list_entries(
                current=True,
                expiring=False,
                waiting=False,
                deleted=False,
                paged=True,
                prefixed=prefixed,
                **asked,
            )
            assert index in _plan(bench, statement)[0]


@pytest.mark.parametrize("name", NAMED)
def test_statement_has_no_value_of_its_own(name: str) -> None:
    """The driver gets the parameters as they are, so no statement may bring one with a value."""
    assert {None} >= set(_parameters(NAMED[name]).values())


@pytest.mark.parametrize("size", [10, 2000])
def test_lists_use_the_index_that_fits_whatever_the_size(bench: Bench, size: int) -> None:
    """The planner does not change its mind as the keystore grows, with or without statistics."""
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        for number in range(size):
            writing.audit(Action.RENAME, None, None, number)
    bench.add()
    bench.execute("ANALYZE")
    by_alias, by_date, waiting, deleted = (
        statements.list_entries(current=True, expiring=e, waiting=w, deleted=d, paged=True)
        for e, w, d in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    found = {
        step.split("INDEX ")[1].split(" ")[0]
        for statement in (by_alias, by_date, waiting, deleted)
        for step in _plan(bench, statement)
        if "entries" in step
    }
    assert {"entries_alias", "entries_not_after", "entries_waiting", "entries_deleted"} == found


@pytest.mark.parametrize("size", [10, 2000])
def test_audit_log_is_read_by_the_index_that_fits_whatever_the_size(
    bench: Bench, size: int
) -> None:
    """Rows come in their order without sorting, and bounds in time never walk the whole log."""
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        for number in range(size):
            writing.audit(Action.RENAME, f"a{number % 3}", number % 7, number)
    for analyzed in (False, True):
        if analyzed:
            bench.execute("ANALYZE")
        for name, index in _AUDIT_INDEXES.items():
            (step,) = _plan(bench, _AUDIT[name])
            assert f" {index} " in step
        for statement in (audit_statements.FIRST_SINCE, audit_statements.LAST_UNTIL):
            plan = " ".join(_plan(bench, statement))
            assert "USING COVERING INDEX audit_at (keystore_id=? AND at" in plan
        (step, *_) = _plan(bench, audit_statements.ENTRIES_OF_ALIAS)
        assert "INDEX audit_alias (keystore_id=? AND alias=?)" in step
