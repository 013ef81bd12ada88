from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from keysteward.entries import EntryType, Owner, View
from keysteward.problems import RequestInvalid
from keysteward.storage import catalogue, catalogue_sql, conditions, links
from keysteward.storage.catalogue import CatalogueEntry
from keysteward.storage.conditions import Call, Comparison, Field, Literal, Not, Order
from keysteward.storage.engines import sqlite
from keysteward.storage.entry_lists import EntryFilter, Position
from tests.fresh import Fresh
from tests.storage import library
from tests.storage.conftest import NOW, Bench, Pki
from tests.storage.library import Library


@pytest.fixture(scope="module")
def filled(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory, pki: Pki) -> Iterator[Library]:
    """Return a keystore of odd entries that the tests of this module only read."""
    with library.made(fresh, tmp_path_factory.mktemp("library"), pki) as made:
        yield made


def test_entry_is_what_reading_it_whole_gives(filled: Library) -> None:
    """A list says of an entry exactly what its row and the DER of its certificate say."""
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    compared = 0
    for view in View:
        activations = {a.entry_id: a for a in store.list_activations(keystore_id)}
        for found in filled.all(view):
            entry = store.get_entry(keystore_id, found.alias, view)
            certificate = entry.version.certificate
            for name in ("id", "alias", "type", "owner", "usage", "trusted", "waiting_since"):
                assert getattr(entry, name) == getattr(found, name)
            for name in ("created_at", "created_by", "modified_at", "modified_by"):
                assert getattr(entry, name) == getattr(found, name)
            for name in ("subject", "issuer", "not_before", "not_after", "key"):
                assert getattr(certificate, name) == getattr(found, name)
            assert (
                entry.version.number,
                entry.pending and entry.pending.number,
                certificate.serial_number,
                certificate.signature_algorithm,
                (certificate.fingerprint_sha1, certificate.fingerprint),
                certificate.version,
                activations.get(entry.id),
            ) == (
                found.version,
                found.pending,
                int(found.serial_number, 16),
                found.signature_algorithm,
                (found.sha1.hex(), found.sha256.hex()),
                found.x509_version,
                found.activation,
            )
            compared += 1
    assert 19 == compared


def test_backup_shows_entries_as_they_were(filled: Library) -> None:
    """Renamed, replaced and deleted ones are still as the backup has them, with its version."""
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    states = store.list_backup_states(filled.backup)
    found = filled.all(filled.backup)
    assert [
        (s.entry_id, s.alias, s.type, s.owner, s.usage, s.trusted, s.version, s.pending)
        for s in states
    ] == [(f.id, f.alias, f.type, f.owner, f.usage, f.trusted, f.version, f.pending) for f in found]
    assert [s.content.chain[0] for s in states] == [f.sha256.hex() for f in found]
    before = {str(entry.alias): entry for entry in found}
    assert {"_", "%", "**"} <= set(before)
    assert before["b a"].version == 1
    now = store.catalogue.find(keystore_id, View.CURRENT, "b a")
    assert now is not None
    assert ("later", "user 0") == (now.modified_by, before["b a"].modified_by)


def test_pages_join_to_the_whole_list(filled: Library) -> None:
    """By alias or by skipping, with or without condition: nothing is missed or told twice."""
    some = Not(Call("substringof", (Literal("a"), Field("Alias"))))
    for source in filled.sources:
        for condition in (None, some):
            whole = _list(filled, source, limit=1000, condition=condition)
            assert sorted(e.alias for e in whole) == [e.alias for e in whole]
            pages: list[CatalogueEntry] = []
            while page := _list(
                filled,
                source,
                limit=3,
                condition=condition,
                after=pages[-1].alias if pages else None,
            ):
                pages += page
            skipped = [
                _list(filled, source, limit=1, condition=condition, skip=number)[0]
                for number in range(len(whole))
            ]
            assert whole == tuple(pages) == tuple(skipped)
            assert len(whole) == _count(filled, source, condition)


def test_every_property_finds_exactly_what_shows_its_value(filled: Library) -> None:
    """For each value that the OData face shows, a filter by it gives all rows that show it."""
    for source in filled.sources:
        rows = filled.shown(source)
        for name in catalogue.fields_of(source):
            for value in {row[name] for row in rows}:
                condition = Comparison("eq", Field(name), Literal(value))
                expected = [row["Alias"] for row in rows if row[name] == value]
                found = [e.alias for e in _list(filled, source, limit=1000, condition=condition)]
                assert (name, expected) == (name, found)


@pytest.mark.parametrize("descending", [False, True])
def test_every_property_sorts_by_what_it_shows(filled: Library, *, descending: bool) -> None:
    """The order is that of the shown values, nothing before everything, equal ones by alias."""
    for source in filled.sources:
        rows = filled.shown(source)
        for name in catalogue.fields_of(source):
            values = {row[name] for row in rows} - {None}
            ranks = {value: at for at, value in enumerate(sorted(values), 1)}  # type: ignore[type-var]  # one type each
            expected = sorted(rows, key=lambda row: row["Alias"])  # type: ignore[arg-type,return-value]  # never null
            expected.sort(key=lambda row: ranks.get(row[name], 0), reverse=descending)
            found = _list(filled, source, limit=1000, order=(Order(Field(name), descending),))
            assert [row["Alias"] for row in expected] == [entry.alias for entry in found]


def test_find_gives_one_entry_or_none(filled: Library) -> None:
    """An alias is looked for in its list alone, letter by letter."""
    catalogue_, keystore_id = filled.bench.store.catalogue, filled.bench.keystore_id
    for source in filled.sources:
        for entry in filled.all(source):
            assert entry == catalogue_.find(keystore_id, source, entry.alias)
            assert catalogue_.find(keystore_id, source, entry.alias + " ") is None
    assert catalogue_.find(keystore_id, View.CURRENT, "%") is None
    assert catalogue_.find(keystore_id + 1, View.CURRENT, "A") is None


def test_other_keystore_sees_nothing(filled: Library) -> None:
    """No list, nor a backup of another keystore, shows what belongs to this one."""
    for source in filled.sources:
        assert () == filled.bench.store.catalogue.list(99, source, limit=9)
        assert 0 == filled.bench.store.catalogue.count(99, source)


@pytest.mark.parametrize("source", ["condition", "order", "count"])
def test_refused_expression_reaches_no_database(filled: Library, source: str) -> None:
    """What does not make sense is a problem of the request, wherever it is given."""
    bad = Comparison("eq", Field("ActivatedBy"), Literal("x"))
    ask: dict[str, Callable[[], object]] = {
        "condition": lambda: _list(filled, View.CURRENT, limit=9, condition=bad),
        "order": lambda: _list(filled, View.CURRENT, limit=9, order=(Order(bad),)),
        "count": lambda: _count(filled, View.CURRENT, bad),
    }
    with pytest.raises(RequestInvalid, match="'ActivatedBy'"):
        ask[source]()


def test_sorted_list_has_no_pages_by_alias(filled: Library) -> None:
    """A caller that mixes both is wrong, instead of getting wrong pages."""
    with pytest.raises(ValueError, match="skipping"):
        _list(filled, View.CURRENT, limit=9, order=(Order(Field("Type")),), after="a")


def test_filters_leave_nothing_behind(filled: Library) -> None:
    """However many different filters come, none is kept: memory does not grow with them."""
    database = filled.bench.store._database
    before = len(database.connector._texts)
    for number in range(300):
        parts = tuple(Literal(text) for text in ("x",) * (number % 7 + 1))
        nested = Call("length", (parts[0],))
        for part in parts:
            nested = Call("add", (nested, Call("length", (part,))))
        _list(filled, View.CURRENT, limit=1, condition=Comparison("eq", nested, Literal(number)))
    assert before == len(database.connector._texts)


# ---- figures


def test_counts_are_those_of_the_list(filled: Library) -> None:
    """Each current entry is counted once, with its states."""
    entries = filled.all(View.CURRENT)
    found = filled.bench.store.catalogue.count_by_state(filled.bench.keystore_id, NOW)
    expected = {
        (type_, owner): sum((e.type, e.owner) == (type_, owner) for e in entries)
        for type_ in EntryType
        for owner in Owner
    }
    assert {key: number for key, number in expected.items() if number} == found.by_type_and_owner
    ends = [entry.not_after for entry in entries]
    assert (
        sum(entry.waiting_since is not None for entry in entries),
        sum(entry.pending is not None for entry in entries),
        sum(end < NOW for end in ends),
        sum(NOW <= end < NOW + timedelta(days=30) for end in ends),
    ) == (found.waiting, found.pending, found.ended, found.ending)
    assert 0 not in (found.waiting, found.pending, found.ended, found.ending)


def test_counts_of_an_empty_keystore_are_nothing(bench: Bench) -> None:
    """There is no type and no owner, and nothing in any state."""
    found = bench.store.catalogue.count_by_state(bench.keystore_id, NOW)
    assert catalogue.EntryCounts({}, waiting=0, pending=0, ended=0, ending=0) == found


@pytest.mark.parametrize("page", [1, 2, 500])
def test_validity_comes_of_all_entries_once(
    filled: Library, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages join, also where several certificates end at the same time; what ends first first."""
    monkeypatch.setattr(catalogue, "_PAGE", page)
    found = list(filled.bench.store.catalogue.iterate_validity(filled.bench.keystore_id))
    entries = filled.all(View.CURRENT)
    assert sorted(e.not_after for e in entries) == [end for _, end in found]
    assert {e.alias: e.not_after for e in entries} == dict(found)


def test_ping_is_answered(bench: Bench) -> None:
    """A database that is there answers, with a keystore or without."""
    bench.store.ping()
    bench.execute("DELETE FROM audit")
    bench.execute("DELETE FROM keystores")
    bench.store.ping()


# ---- lines


def test_lines_are_what_a_filter_lets_through(filled: Library) -> None:
    """Type, owner and prefix are combined with each other and with what expires or waits."""
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    later = NOW + timedelta(days=10)
    for before, type_, owner, prefix in (
        (before, type_, owner, prefix)
        for before in (None, later)
        for type_ in (None, *EntryType)
        for owner in (None, *Owner)
        for prefix in ("", "a", "sap_", "\U0001f600", "z%")
    ):
        wanted = EntryFilter(expiring_before=before, type=type_, owner=owner, prefix=prefix)
        lines = store.list_entries(keystore_id, limit=1000, expiring_before=before)
        expected = [
            line
            for line in lines
            if type_ in (None, line.type)
            and owner in (None, line.owner)
            and line.alias.startswith(prefix)
        ]
        found = list(store.catalogue.list_lines(keystore_id, wanted, limit=2))
        while page := store.catalogue.list_lines(
            keystore_id, wanted, limit=2, after=Position.of(found[-1]) if found else None
        ):
            found += page
        assert expected == found


def test_waiting_and_deleted_lines_are_narrowed_too(filled: Library) -> None:
    """The few that wait or are deleted are looked at one by one."""
    of = filled.bench.store.catalogue.list_lines
    keystore_id = filled.bench.keystore_id
    for wanted, aliases in (
        (EntryFilter(waiting=True), ["A"]),
        (EntryFilter(waiting=True, prefix="b"), []),
        (EntryFilter(waiting=True, owner=Owner.PROVIDER), []),
        (EntryFilter(deleted=True), ["%", "0x1"]),
        (EntryFilter(deleted=True, prefix="0"), ["0x1"]),
        (EntryFilter(deleted=True, type=EntryType.KEY_PAIR), ["%"]),
        (EntryFilter(View.NEW, prefix="sap_1"), ["sap_1"]),
        (EntryFilter(View.NEW, type=EntryType.KEY_PAIR), ["sap_4"]),
    ):
        assert aliases == [line.alias for line in of(keystore_id, wanted, limit=9)]


# ---- plans


@pytest.mark.sqlite_alone  # its plans
@pytest.mark.parametrize("size", [0, 600])
def test_default_list_is_a_range_of_an_index(bench: Bench, size: int) -> None:
    """A page finds its first row by the index of the aliases, and all others by primary keys."""
    for number in range(size // 20):
        bench.add_certificate(f"c{number}", bench.pki.chains[number % 8][0])
    if size:
        with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
            for number in range(size):
                writing.create_backup(f"b{number}")
        bench.execute("ANALYZE")
    for kind in catalogue_sql.Kind:
        for statement in (
            catalogue_sql.list_page(kind, paged=False),
            catalogue_sql.list_page(kind, paged=True),
            catalogue_sql.FIND[kind],
        ):
            first, *others = _plan(bench, bench.store._database.text(statement))
            index = "PRIMARY KEY (backup_id=?" if kind.value == "backup" else "entries_alias"
            assert index in first
            assert all("PRIMARY KEY" in step and step.startswith("SEARCH") for step in others)
        (count,) = _plan(bench, bench.store._database.text(catalogue_sql.COUNTS[kind]))
        assert count.startswith("SEARCH")
    for figure, index in (
        (catalogue_sql.COUNT_BY_TYPE, "entries_type (keystore_id=? AND view=?)"),
        (catalogue_sql.COUNT_OF_PROVIDER, "entries_owner (keystore_id=? AND view=? AND owner=?)"),
        (catalogue_sql.COUNT_WAITING, "entries_waiting"),
        (catalogue_sql.COUNT_PENDING, "entries_pending"),
        (catalogue_sql.COUNT_ENDING, "entries_not_after (keystore_id=? AND view=? AND not_after>?"),
    ):
        assert index in " ".join(_plan(bench, bench.store._database.text(figure)))
    validity = _plan(bench, bench.store._database.text(catalogue_sql.LIST_VALIDITY))
    assert ["entries_not_after" in step for step in validity] == [True]


def _plan(bench: Bench, text: str) -> list[str]:
    with bench.store._database.reading() as link:
        names = ("keystore", "view", "backup", "after_alias", "alias", "row_limit", "skipped")
        more = ("after_not_after", "after_id", "since", "before")
        cursor = link.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys((*names, *more)))
        return [str(row[3]) for row in cursor.fetchall()]


def _list(filled: Library, source: catalogue.Source, **asked: object) -> tuple[CatalogueEntry, ...]:
    return filled.bench.store.catalogue.list(filled.bench.keystore_id, source, **asked)  # type: ignore[arg-type]  # passed on


def _count(
    filled: Library, source: catalogue.Source, condition: conditions.Condition | None
) -> int:
    return filled.bench.store.catalogue.count(filled.bench.keystore_id, source, condition)


def test_search_that_takes_too_long_is_ended(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody holds a thread with conditions for longer; the connection goes on to serve."""
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    # Long enough for the shortest time that a server can be told, a millisecond.
    long = Call("concat", (Field("Alias"), Literal("É" * 20_000)))
    wanted = Comparison("ne", Call("tolower", (long,)), Literal("x"))
    everything = store.catalogue.list(keystore_id, View.CURRENT, limit=100, condition=wanted)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "_STEPS", 1)
        patch.setattr(links, "SEARCH_SECONDS", 0)
        with pytest.raises(RequestInvalid, match="longer than 0 s"):
            store.catalogue.list(keystore_id, View.CURRENT, limit=100, condition=wanted)
        with pytest.raises(RequestInvalid, match="longer than 0 s"):
            store.catalogue.count(keystore_id, View.CURRENT, wanted)
        assert everything == store.catalogue.list(keystore_id, View.CURRENT, limit=100)
    assert everything == store.catalogue.list(
        keystore_id, View.CURRENT, limit=100, condition=wanted
    )


def test_text_that_no_database_holds_finds_nothing(filled: Library) -> None:
    """A caller may ask for any name; one with NUL is none, and comes where a control sign does."""
    store, keystore_id = filled.bench.store, filled.bench.keystore_id
    assert store.find_entry(keystore_id, "A\0") is None
    assert store.catalogue.find(keystore_id, View.CURRENT, "A\0") is None
    everything = filled.all(View.CURRENT)
    behind = store.catalogue.list(keystore_id, View.CURRENT, limit=100, after="A\0")
    assert [one for one in everything if one.alias > "A"] == list(behind)
