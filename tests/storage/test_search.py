"""The texts that are searched, and the index of their parts beside what it is made of."""

import random
import re
from collections.abc import Callable
from contextlib import closing

import pysqlite3.dbapi2 as pysqlite3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keysteward.entries import Entry, EntryType, Owner, Reason, View
from keysteward.pki.usages import Usage
from keysteward.storage import search
from keysteward.storage.engines import sqlite_search
from keysteward.storage.pages import Wanted
from keysteward.storage.records import Activation, Base, NewEntry, NewVersion
from keysteward.values import Alias
from tests.storage.conftest import NOW, Bench

_ALIASES = tuple("abcdefgh")
_STEPS = 120


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("Gro\u0308ße", "GRÖSSE"),
        ("CN=A", "cn=a"),
        ("a\0b", "a\ufffdb"),
        ("\ud800", "\udfff"),
    ],
)
def test_folded_texts_are_equal_without_case(one: str, other: str) -> None:
    """Full case folding, composed; what no database takes is replaced."""
    assert search.folded(one) == search.folded(other)


@given(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="ascii")))
def test_part_of_a_text_stays_one(text: str, more: str) -> None:
    """Nothing is found by more, or less, than what stands there."""
    assert search.folded(text) + search.folded(more) == search.folded(text + more)


@given(st.text(alphabet="a%_\\*'"), st.text(alphabet="a%_\\*'", max_size=3))
def test_pattern_means_itself_alone(text: str, part: str) -> None:
    """SQL's own wildcards stand for nothing else."""
    words = re.findall(r"\\.|.", search.pattern(part)[1:-1])
    assert part == "".join(word[-1] for word in words)
    assert not [word for word in words if word in ("%", "_")]
    assert (part in text) == (search.pattern(part)[1:-1] in search.pattern(text)[1:-1])


@pytest.mark.sqlite_alone
def test_update_with_the_same_names_writes_nothing_there(bench: Bench) -> None:
    """A renewed certificate costs the index nothing; another subject costs one document."""
    bench.add()
    bench.upload(0)
    before = _index(bench)
    bench.upload(1)
    assert before == _index(bench)
    other = NewVersion(Reason.UPLOADED, bench.pki.other, bench.entry().version.private_key_id)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.replace_chain(bench.base(), other)
    assert before != _index(bench)
    assert ["a"] == _found(bench, "CN=other")
    assert [] == _found(bench, "CN=client")


@pytest.mark.sqlite_alone
def test_search_stays_in_its_keystore(bench: Bench) -> None:
    """Entries of another keystore are no candidates, however many have the text."""
    second = bench.store.create_keystore("second", "tester", NOW)
    bench.add_certificate("mine", bench.pki.other[0])
    with bench.store._database.reading() as link:
        for keystore_id, expected in ((bench.keystore_id, 1), (second, 0)):
            for text in ("min", "mine", "mi", "m"):
                term = sqlite_search.term(link.connection, keystore_id, text)
                query = "SELECT count(*) FROM entry_search WHERE entry_search MATCH ?"
                assert [(expected,)] == bench.execute(query, term)


@pytest.mark.sqlite_alone
def test_short_text_with_many_trigrams_is_left_to_walking(bench: Bench) -> None:
    """What begins more trigrams than are worth asking for is no search."""
    letters = "".join(f"z{chr(0x4E00 + n)}" for n in range(110))
    for alias in (letters, letters.replace("z", "zq")):
        bench.add_certificate(alias, bench.pki.other[0])
    with bench.store._database.reading() as link:
        assert sqlite_search.term(link.connection, bench.keystore_id, "z") is None
        assert sqlite_search.term(link.connection, bench.keystore_id, "zq") is not None
    assert sorted([letters, letters.replace("z", "zq")]) == _found(bench, "Z")


# ---- a random walk


class _Walk:
    """Does one thing after the other to a few entries, whatever is possible at the time."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.chooses = random.Random(seed)
        self.numbers = 0

    def step(self) -> None:
        """Do something that a store can do."""
        self.chooses.choice(
            [self._create] * 3
            + [self._replace] * 4
            + [self._rename, self._delete, self._undelete, self._revive, self._purge]
            + [
                self._discard,
                self._pending,
                self._request,
                self._back_up,
                self._unback,
                self._retire,
            ]
        )()

    def _create(self) -> None:
        free = self._free()
        if free:
            chain = self.chooses.choice([*self.bench.pki.chains, self.bench.pki.other])
            self.bench.add(free, chain, public_key=self.bench.pki.other[0].public_key_sha256)

    def _replace(self) -> None:
        entry = self._living()
        if entry is not None:
            chain = self.chooses.choice(
                [self.bench.pki.placeholder, self.bench.pki.other, *self.bench.pki.chains]
            )
            version = NewVersion(Reason.RESTORED, chain, entry.version.private_key_id)
            self._write(lambda w: w.replace_chain(Base.of(entry), version))

    def _rename(self) -> None:
        entry, free = self._living(), self._free()
        if entry is not None and free:
            self._write(lambda w: w.rename(Base.of(entry), free))

    def _delete(self) -> None:
        entry = self._living()
        if entry is not None:
            self._write(lambda w: w.delete(Base.of(entry)))

    def _undelete(self) -> None:
        entry = self._deleted()
        if entry is not None and self._is_free(entry.alias):
            self._write(lambda w: w.undelete(entry.id))

    def _revive(self) -> None:
        entry, free = self._deleted(), self._free()
        if entry is not None and free:
            base = Base(free, entry.id, entry.version.number, None)
            self._write(lambda w: w.revive(base))

    def _purge(self) -> None:
        entry = self.chooses.choice([self._living(), self._deleted()])
        if entry is not None:
            self._write(lambda w: w.purge(Base.of(entry)))

    def _discard(self) -> None:
        entry = self._living()
        if entry is not None:
            self._write(lambda w: w.discard(Base.of(entry)))

    def _pending(self) -> None:
        entry = self._living()
        if entry is not None:
            version = NewVersion(Reason.RENEWAL, self.bench.pki.other, entry.version.private_key_id)
            self._write(lambda w: w.set_pending(Base.of(entry), version))

    def _request(self) -> None:
        entry = self._living()
        if entry is not None:
            self.bench.request(entry.alias)

    def _back_up(self) -> None:
        self.numbers += 1
        self._write(lambda w: w.create_backup(f"backup {self.numbers}"))

    def _unback(self) -> None:
        found = self.bench.store.list_backups(self.bench.keystore_id)
        if found:
            self._write(lambda w: w.delete_backup(self.chooses.choice(found)))

    def _retire(self) -> None:
        self.numbers += 1
        alias, chain = Alias(f"[{self.numbers}]_sap"), self.bench.pki.other
        new = NewEntry(
            alias, EntryType.KEY_PAIR, Owner.PROVIDER, Usage.TLS_CLIENT, view=View.HISTORY
        )
        with self.bench.store.writing(self.bench.keystore_id, "tester", NOW) as writing:
            entry_id = writing.create_entry(new, NewVersion(Reason.ACTIVATED, chain, None))
            sequence = writing.next_activation(Alias("sap"))
            writing.add_activation(Activation(entry_id, Alias("sap"), sequence, NOW, "a", NOW, "b"))

    def _write(self, change: Callable[..., object]) -> None:
        with self.bench.store.writing(self.bench.keystore_id, "tester", NOW) as writing:
            change(writing)

    def _living(self) -> Entry | None:
        return self.bench.store.find_entry(self.bench.keystore_id, self.chooses.choice(_ALIASES))

    def _deleted(self) -> Entry | None:
        return self.bench.store.find_deleted(self.bench.keystore_id, self.chooses.choice(_ALIASES))

    def _free(self) -> Alias | None:
        alias = Alias(self.chooses.choice(_ALIASES))
        return alias if self._is_free(alias) else None

    def _is_free(self, alias: str) -> bool:
        return self.bench.store.find_entry(self.bench.keystore_id, alias) is None


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("seed", range(4))
def test_index_is_true_whatever_was_done(bench: Bench, seed: int) -> None:
    """After any changes each entry has the document of its texts, and there is no other one.

    FTS5 compares its index with what it is made of by itself; that this is made of the current
    certificate is compared here, with the certificates' own rows.
    """
    walk = _Walk(bench, seed)
    for _ in range(_STEPS):
        walk.step()
    bench.execute("INSERT INTO entry_search(entry_search, rank) VALUES ('integrity-check', 1)")
    rows = bench.execute(
        "SELECT e.alias, c.subject, c.issuer, e.alias_folded, e.subject_folded, e.issuer_folded"
        " FROM entries e JOIN certificates c ON c.id = e.certificate_id"
    )
    assert len(rows) > 5
    for row in rows:
        assert [search.folded(str(text)) for text in row[:3]] == list(row[3:])
    states = bench.execute(
        "SELECT count(*) FROM versions WHERE (chain_state IS NULL) <> (private_key_id IS NULL)"
    )
    assert [(0,)] == states
    for alias in _ALIASES:
        present = bench.store.find_entry(bench.keystore_id, alias) is not None
        assert present == (alias in _found(bench, alias))


@pytest.mark.sqlite_alone
def test_copy_of_the_database_is_searched_as_it_is(bench: Bench) -> None:
    """The index travels with the file, and the engine's check of the copy looks at it, too."""
    entry_id = bench.add()
    copy = bench.settings.data / "copy.db"
    bench.store.backup(copy)
    with closing(pysqlite3.connect(str(copy))) as connection:
        found = connection.execute("SELECT rowid FROM entry_search WHERE entry_search MATCH 'lie'")
        assert [(entry_id,)] == found.fetchall()


def _index(bench: Bench) -> list[tuple[object, ...]]:
    return bench.execute("SELECT id, block FROM entry_search_data ORDER BY id")


def _found(bench: Bench, text: str) -> list[str]:
    page = bench.store.pages.list_page(bench.keystore_id, Wanted(text=text), limit=50)
    return [line.alias for line in page.lines]
