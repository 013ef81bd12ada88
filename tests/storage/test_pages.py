"""Pages against a plain filter and sort in Python, over a few thousand entries of a real file."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from keysteward.entries import ChainState, EntryType, Owner, Reason, View
from keysteward.problems import RequestInvalid
from keysteward.storage import page_sql, pages, search
from keysteward.storage.catalogue import CatalogueEntry
from keysteward.storage.engines import sqlite
from keysteward.storage.page_sql import Narrow, Sort
from keysteward.storage.pages import Count, Page, Position, Wanted
from keysteward.storage.records import Backup, NewEntry, NewVersion
from keysteward.values import Alias
from tests.fresh import Fresh
from tests.storage import library
from tests.storage.conftest import NOW, Bench, Pki
from tests.storage.library import Library

_DAY = timedelta(days=1)
_MANY = 4_000
_ODD = (
    *("50%", "a_b", "a*b", 'say "yes"', "it's", "-minus", "a OR b", "NEAR(a)", "^x", "back\\slash"),
    *("Größe", "GRÖSSE", "Gro\u0308ße", "İstanbul", "ΟΔΟΣ", "株式会社", "株", "😀😀", "z", "zq"),
    *("\u200fabc\u200e", "pay\u200epal", "\u202etxt.exe", "<b>bold</b>", "a:b", "(a)", "{a}", "+a"),
)
_TEXTS = ("zq", "z", "q", "株", "ß", "ss", "%", "_", "*", '"', "-", "'", "\\", "\u200f", "\u200e")


class Filled:
    """A keystore of odd and of many plain entries, and what is in it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.pages = bench.store.pages
        self.lines = {
            (view, deleted): self._lines(view, deleted=deleted)
            for view in View
            for deleted in (False, True)
        }

    def _lines(self, view: View, *, deleted: bool) -> tuple[CatalogueEntry, ...]:
        wanted = Wanted(view=view, deleted=deleted)
        return self.pages.list_page(self.bench.keystore_id, wanted, limit=10 * _MANY).lines

    def expected(self, wanted: Wanted) -> list[CatalogueEntry]:
        """Return all that a wish finds, in order."""
        found = [e for e in self.lines[wanted.view, wanted.deleted] if _fits(e, wanted)]
        return sorted(found, key=_ORDERS[wanted.sort], reverse=wanted.descending)

    def page(self, wanted: Wanted, limit: int, after: Position | None = None) -> Page:
        """Return one page."""
        return self.pages.list_page(self.bench.keystore_id, wanted, limit=limit, after=after)

    def count(self, wanted: Wanted) -> Count:
        """Return how many a wish finds."""
        return self.pages.count(self.bench.keystore_id, wanted)


def _fits(entry: CatalogueEntry, wanted: Wanted) -> bool:
    text = search.folded(wanted.text)
    texts = (entry.alias, entry.subject, entry.issuer)
    return all(
        (
            any(text in search.folded(one) for one in texts),
            wanted.type in (None, entry.type),
            wanted.owner in (None, entry.owner),
            not wanted.waiting or entry.waiting_since is not None,
            not wanted.pending or entry.pending is not None,
            wanted.ending_before is None or entry.not_after < wanted.ending_before,
        )
    )


_ORDERS: dict[Sort, Callable[[CatalogueEntry], Any]] = {
    Sort.ALIAS: lambda e: (e.alias, e.id),
    Sort.TYPE: lambda e: (e.type.value, e.alias, e.id),
    Sort.VALID_UNTIL: lambda e: (e.not_after, e.id),
    Sort.MODIFIED: lambda e: (e.modified_at, e.id),
    Sort.SUBJECT: lambda e: (search.folded(e.subject), e.id),
    Sort.ISSUER: lambda e: (search.folded(e.issuer), e.id),
}


@pytest.fixture(scope="module")
def small(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory, pki: Pki) -> Iterator[Library]:
    """Return the library with entries in every view, to which odd aliases are added."""
    with library.made(fresh, tmp_path_factory.mktemp("library"), pki) as made:
        for number, alias in enumerate(_ODD):
            name = f"{alias} {number}" if number % 2 else f"{alias}."
            made.bench.add_certificate(name, pki.other[0])
        yield made


@pytest.fixture(scope="module")
def filled(small: Library, pki: Pki) -> Filled:
    """Return the library with some thousand entries more, so that some conditions find many."""
    bench, chooses = small.bench, random.Random(5)
    certificates = (*pki.placeholder, *(chain[0] for chain in pki.chains), *pki.other)
    for part in range(4):
        new = [
            (
                NewEntry(
                    Alias(f"{chooses.choice('abcdef')}-{number:05}-{chooses.choice(_ODD)}"),
                    chooses.choice(list(EntryType)),
                    chooses.choice([Owner.TENANT] * 200 + [Owner.PROVIDER]),
                    bench.entry("A").usage,
                ),
                NewVersion(Reason.IMPORTED, (chooses.choice(certificates),), None),
            )
            for number in range(part * _MANY // 4, (part + 1) * _MANY // 4)
        ]
        at = NOW + chooses.randrange(9) * _DAY
        with bench.store.writing(bench.keystore_id, f"user {part}", at) as writing:
            writing.create_entries(new)
    for line in bench.store.pages.list_page(bench.keystore_id, Wanted(text="c-00"), limit=40).lines:
        with bench.store.writing(bench.keystore_id, "ann", NOW) as writing:
            writing.delete(bench.base(line.alias))
    return Filled(bench)


_wishes = st.builds(
    Wanted,
    view=st.sampled_from([View.CURRENT] * 5 + list(View)),
    deleted=st.sampled_from([False] * 4 + [True]),
    text=st.sampled_from((*[""] * 10, *_TEXTS, *_ODD, "cli", "client", "CN=", "a-0000", "-0012"))
    | st.text(max_size=4),
    type=st.none() | st.sampled_from(EntryType),
    owner=st.none() | st.sampled_from(Owner),
    waiting=st.sampled_from([False] * 5 + [True]),
    pending=st.sampled_from([False] * 5 + [True]),
    ending_before=st.none() | st.integers(-60, 60).map(lambda n: NOW + n * _DAY),
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
)


@given(_wishes, st.integers(1, 60))
@example(Wanted(text="strasse"), 5)
@example(Wanted(text="ΟΔΟσ", sort=Sort.SUBJECT), 5)
@example(Wanted(text="\ud800"), 5)
@example(Wanted(text="a\0b"), 5)
@example(Wanted(text="\x1f"), 5)
@example(Wanted(text="\x1f\x1f"), 5)
@example(Wanted(text="x" * 5_000), 5)
@with_settings(max_examples=150, deadline=None)
def test_pages_are_what_filtering_and_sorting_gives(
    filled: Filled, wanted: Wanted, limit: int
) -> None:
    """Whatever is asked for, in either direction: the first pages are those of a plain list."""
    expected = filled.expected(wanted)
    found: list[CatalogueEntry] = []
    after: Position | None = None
    for _ in range(4):
        page = filled.page(wanted, limit, after)
        found += page.lines
        after = page.next
        if after is None:
            break
    assert [e.id for e in expected[: len(found)]] == [e.id for e in found]
    assert (after is None) == (len(found) == len(expected))


@given(_wishes)
@with_settings(max_examples=80, deadline=None)
def test_count_is_that_of_a_plain_list(filled: Filled, wanted: Wanted) -> None:
    """Below the limit the number is exact."""
    assert Count(len(filled.expected(wanted)), more=False) == filled.count(wanted)


def test_every_entry_is_on_one_page_of_all(filled: Filled) -> None:
    """Page after page, in every order, each entry comes once."""
    for sort, descending in itertools.product(Sort, (False, True)):
        wanted = Wanted(sort=sort, descending=descending)
        found, after = [], None
        while True:
            page = filled.page(wanted, 700, after)
            found += [line.id for line in page.lines]
            after = page.next
            if after is None:
                break
        assert [line.id for line in filled.expected(wanted)] == found


def test_count_beyond_the_limit_says_more(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is looked at than the limit: of what lies beyond, only that there may be more."""
    monkeypatch.setattr(pages, "MOST_COUNTED", 100)
    assert Count(100, more=True) == filled.count(Wanted())
    for wanted in (Wanted(text="-0"), Wanted(text="-0", type=EntryType.KEY_PAIR), Wanted(text="e")):
        found = filled.count(wanted)
        assert found.more
        assert 0 < found.number <= 100
    assert Count(0, more=False) == filled.count(Wanted(waiting=True, pending=True))


def test_overview_counts_what_ends_and_waits(filled: Filled) -> None:
    """The tile's figures are those of the plain list."""
    found = filled.pages.overview(filled.bench.keystore_id, NOW)
    of = filled.lines[View.CURRENT, False]
    expected = (
        len(of),
        sum(NOW <= e.not_after < NOW + 30 * _DAY for e in of),
        sum(e.not_after < NOW for e in of),
        sum(e.waiting_since is not None for e in of),
    )
    assert expected == tuple(
        count.number for count in (found.entries, found.ending, found.ended, found.waiting)
    )
    assert not any(c.more for c in (found.entries, found.ending, found.ended, found.waiting))


def test_line_shows_what_the_catalogue_shows(small: Library) -> None:
    """Of every view, deleted entries aside; the history with who activated what."""
    store, keystore_id = small.bench.store, small.bench.keystore_id
    for view in View:
        found = store.pages.list_page(keystore_id, Wanted(view=view), limit=10_000).lines
        listed = store.catalogue.list(keystore_id, view, limit=10_000)
        assert [_values(e) for e in listed] == [_values(e) for e in found]
    assert all(line.activation for line in found)


def test_deleted_line_says_when(small: Library) -> None:
    """A deleted entry comes in its own list alone, with the time."""
    found = small.bench.store.pages.list_page(
        small.bench.keystore_id, Wanted(text="0x1", deleted=True), limit=5
    )
    assert [("0x1", NOW + 2 * _DAY)] == [(e.alias, e.deleted_at) for e in found.lines]


@pytest.mark.parametrize("text", ["", "firm", "z", "%", "STRASSE", "renamed"])
def test_backup_is_searched_as_it_was(small: Library, text: str) -> None:
    """Pages of a backup by alias, with a text; the number of all of them is exact."""
    store, keystore_id = small.bench.store, small.bench.keystore_id
    every = [e for e in small.all(small.backup) if _fits(e, Wanted(text=text))]
    found: list[CatalogueEntry] = []
    after: Position | None = None
    while True:
        page = store.pages.list_backup(keystore_id, small.backup, text, limit=3, after=after)
        found += page.lines
        after = page.next
        if after is None:
            break
    assert [_values(e) for e in every] == [_values(e) for e in found]
    assert Count(len(every), more=False) == store.pages.count_backup(
        keystore_id, small.backup, text
    )


def test_backup_of_another_keystore_is_empty(small: Library) -> None:
    """A backup is looked into with its own keystore alone."""
    backup: Backup = small.backup
    assert () == small.bench.store.pages.list_backup(99, backup, limit=3).lines


@pytest.mark.parametrize(
    ("sort", "position"),
    [
        (Sort.ALIAS, Position(5, "a", 1)),
        (Sort.MODIFIED, Position("a", "a", 1)),
        (Sort.VALID_UNTIL, Position(1 << 70, "a", 1)),
        (Sort.SUBJECT, Position("a", "a", 1 << 63)),
    ],
)
def test_position_of_another_order_is_refused(
    small: Library, sort: Sort, position: Position
) -> None:
    """A cursor that somebody made up is no failure of ours."""
    with pytest.raises(RequestInvalid):
        small.bench.store.pages.list_page(
            small.bench.keystore_id, Wanted(sort=sort), limit=3, after=position
        )


def test_chain_state_follows_the_current_version(bench: Bench) -> None:
    """From the placeholder to a whole chain, to parts of it, and back."""
    assert ChainState.SELF_SIGNED is _state(bench, bench.add())
    entry_id = bench.entry().id
    bench.upload()
    assert ChainState.COMPLETE is _state(bench, entry_id)
    for length, expected in ((2, ChainState.ROOT_MISSING), (1, ChainState.INCOMPLETE)):
        entry = bench.entry()
        shorter = entry.version.chain[:length]
        version = NewVersion(Reason.CHAIN_REPAIRED, shorter, entry.version.private_key_id)
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            writing.replace_chain(bench.base(), version)
        assert expected is _state(bench, entry_id)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.rename(bench.base(), Alias("b"))
    assert ChainState.INCOMPLETE is _state(bench, entry_id)
    assert None is _state(bench, bench.add_certificate("c", bench.pki.other[0]))


def _state(bench: Bench, entry_id: int) -> ChainState | None:
    found = bench.store.pages.list_page(bench.keystore_id, Wanted(), limit=9).lines
    return next(line.chain_state for line in found if line.id == entry_id)


def _values(entry: CatalogueEntry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in CatalogueEntry.__struct_fields__)


# ---- plans


_FLAGS: tuple[tuple[bool, ...], ...] = ((False, True),) * 3


def _plan(bench: Bench, statement: Executable) -> list[str]:
    text = bench.store._database.text(statement)
    names = dict.fromkeys(_parameters(statement))
    with bench.store._database.reading() as link:
        cursor = link.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {text}", names)
        return [str(row[3]) for row in cursor.fetchall()]


def _parameters(statement: Executable) -> dict[str, object]:
    assert isinstance(statement, ClauseElement)
    return dict(statement.compile().params)


def _scans(plan: list[str]) -> list[str]:
    """Return the steps that walk a table; not those over a page or a search's own results."""
    own = ("SCAN page", "SCAN anon_", "SCAN entry_search VIRTUAL TABLE INDEX 0:M")
    return [step for step in plan if "SCAN" in step and not step.startswith(own)]


@pytest.mark.sqlite_alone  # its plans
def test_page_is_a_range_of_the_index_of_its_order(bench: Bench) -> None:
    """First and following pages, forwards and backwards: no walk, and one sort, of the page."""
    indexes = {
        Sort.ALIAS: "entries_alias",
        Sort.TYPE: "entries_type",
        Sort.VALID_UNTIL: "entries_not_after",
        Sort.MODIFIED: "entries_modified",
        Sort.SUBJECT: "entries_subject",
        Sort.ISSUER: "entries_issuer",
    }
    assert set(Sort) == indexes.keys()
    for sort, (descending, paged, history) in itertools.product(Sort, itertools.product(*_FLAGS)):
        statement = page_sql.page(
            None,
            sort,
            sqlite.ENGINE.one_of,
            history=history,
            deleted=False,
            descending=descending,
            paged=paged,
        )
        plan = _plan(bench, statement)
        assert [] == _scans(plan)
        (walked,) = [step for step in plan if "keystore_id=?" in step]
        assert f" {indexes[sort]} (keystore_id=? AND view=?" in walked
        beyond = ("<?", "<(?") if descending else (">?", ">(?")
        assert paged <= any(mark in walked for mark in beyond)
        assert 1 == sum("TEMP B-TREE" in step for step in plan)


@pytest.mark.sqlite_alone  # its plans
def test_page_out_of_few_reads_those_alone(bench: Bench) -> None:
    """A source is read by its own index, and its entries by their ids."""
    search_ = bench.store._database.engine.found_by_text
    for source, sort, paged in itertools.product((*Narrow, search_), Sort, (False, True)):
        statement = page_sql.page(
            source,
            sort,
            sqlite.ENGINE.one_of,
            history=False,
            deleted=False,
            descending=False,
            paged=paged,
        )
        plan = _plan(bench, statement)
        assert [] == _scans(plan)
        by_index = [step for step in plan if "keystore_id=?" in step]
        assert len(by_index) == isinstance(source, Narrow)
        for statement in (
            page_sql.count_source(source, deleted=False),
            page_sql.count_fitting(source, sqlite.ENGINE.one_of, deleted=False),
        ):
            plan = _plan(bench, statement)
            assert [] == _scans(plan)
            assert not [step for step in plan if "TEMP B-TREE" in step]
            by_index += [step for step in plan if "keystore_id=?" in step]
        if isinstance(source, Narrow):
            assert all(f" {source.value} (" in step for step in by_index)


@pytest.mark.sqlite_alone  # its plans
def test_deleted_entries_are_a_range_of_their_index(bench: Bench) -> None:
    """What is deleted is found without what is not."""
    for sort, paged in itertools.product(Sort, (False, True)):
        statement = page_sql.page(
            None,
            sort,
            sqlite.ENGINE.one_of,
            history=False,
            deleted=True,
            descending=False,
            paged=paged,
        )
        plan = _plan(bench, statement)
        assert [] == _scans(plan)
        assert [step for step in plan if "USING INDEX entries_deleted (keystore_id=?" in step]


def test_statement_has_no_value_of_its_own(bench: Bench) -> None:
    """The driver gets the parameters as they are, so no statement may bring one with a value."""
    search_ = bench.store._database.engine.found_by_text
    for source in (None, search_, *Narrow):
        for statement in (
            page_sql.page(
                source,
                Sort.TYPE,
                sqlite.ENGINE.one_of,
                history=True,
                deleted=False,
                descending=True,
                paged=True,
            ),
            page_sql.count_source(source, deleted=False),
            page_sql.count_fitting(source, sqlite.ENGINE.one_of, deleted=True),
            page_sql.count_sample(deleted=False),
            page_sql.BACKUP_PAGE,
            page_sql.BACKUP_COUNT,
        ):
            assert {None} >= set(_parameters(statement).values())


def test_wish_of_a_page_can_be_changed(filled: Filled) -> None:
    """A position belongs to an order, not to a wish: a text may be added."""
    page = filled.page(Wanted(), 30)
    narrowed = replace(Wanted(), text="-000")
    found = filled.page(narrowed, 30, page.next).lines
    rest = [e for e in filled.expected(narrowed) if e.alias > page.lines[-1].alias]
    assert [e.id for e in rest[:30]] == [e.id for e in found]
