"""Searching and pages on a PostgreSQL server that has pg_trgm, which the tests' own one has not."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.sql import Executable

from bench import servers
from keysteward import app
from keysteward.keystore.steward import Steward
from keysteward.storage import page_sql, pages
from keysteward.storage.engines import postgresql_search
from keysteward.storage.page_sql import Narrow, Sort, Source
from keysteward.storage.pages import Wanted
from tests import many_entries
from tests import steward as steward_

_SIZE = 5_000
_POSITION = {"after_alias": many_entries.alias(2_500), "after_id": 2_500}
_KEYS: dict[Sort, object] = {
    Sort.ALIAS: many_entries.alias(2_500),
    Sort.TYPE: "certificate",
    Sort.VALID_UNTIL: 0,
    Sort.MODIFIED: 0,
    Sort.SUBJECT: "c",
    Sort.ISSUER: "c",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A keystore with many entries, and a connection beside it."""

    steward: Steward
    connection: psycopg.Connection[tuple[object, ...]]

    def find(self, text: str) -> list[str]:
        """Return the aliases of the first page of what has a text."""
        page = self.steward.store.pages.list_page(
            self.steward.keystore_id, Wanted(text=text), limit=100
        )
        return [line.alias for line in page.lines]

    def term(self, text: str) -> str | None:
        """Return what the index is asked for."""
        with self.steward.store._database.reading() as link:
            return link.search_term(self.steward.keystore_id, text)

    def plan(self, statement: Executable, **parameters: object) -> str:
        """Return how the server would run a statement with these values."""
        text = self.steward.store._database.connector.text(statement)
        rows = self.connection.execute(f"EXPLAIN {text}".encode(), parameters).fetchall()
        return "\n".join(str(row[0]) for row in rows)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Fill a keystore on a server of Debian's."""
    folder: Path = tmp_path_factory.mktemp("searched") / "data"
    with servers.running() as server:
        if server is None:
            pytest.skip("needs PostgreSQL (Debian package postgresql)")
        name = server.name()
        settings = steward_.settings_for(folder, server.url(name))
        app.create(settings)
        with app.opened(settings) as steward, server.connect(name) as connection:
            if connection.execute("SELECT to_regclass('entry_search')").fetchone() == (None,):
                pytest.skip("needs pg_trgm (Debian package postgresql)")
            many_entries.fill(steward, _SIZE)
            connection.execute("VACUUM ANALYZE")
            yield Filled(steward, connection)


def test_index_is_asked_for_the_rarest_part() -> None:
    """Trigrams that every text has would only be gone through in vain."""
    sample = [f"partner-{number}" for number in range(1000, 1100)]
    assert "xyz123" == postgresql_search.rarest(["partner", "xyz123"], sample)
    assert "erxyz" == postgresql_search.rarest(["partnerxyz"], sample)
    assert "partner" == postgresql_search.rarest(["partner"], sample)


def test_text_of_many_entries_is_not_looked_up(filled: Filled) -> None:
    """Nor one without a trigram: the entries are walked along instead."""
    assert filled.term("partner-0") is None
    assert filled.term("ne") is None
    assert filled.term("-0-") is None
    assert "%04321%" == filled.term("partner-04321")


def test_search_finds_the_same_with_and_without_index(filled: Filled) -> None:
    """Rare, common, short, with what LIKE and trigrams take for something else, and none."""
    texts = ("04321", "partner-0432", "PARTNER", "firm 07", "%", "_", "9", "nowhere", "r-00", "\\")
    found = {text: filled.find(text) for text in texts}
    assert [many_entries.alias(4321)] == found["04321"]
    assert [many_entries.alias(number) for number in range(4320, 4330)] == found["partner-0432"]
    assert [] == found["%"] == found["nowhere"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgresql_search, "term", lambda *_: None)
        assert found == {text: filled.find(text) for text in texts}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", list(Sort))
def test_page_reads_what_it_shows(filled: Filled, sort: Sort, *, descending: bool) -> None:
    """First and following pages, of all entries or of a source: by indexes, none is walked."""
    engine = filled.steward.store._database.engine
    few = (Narrow.PENDING, Narrow.WAITING, engine.found_by_text)
    sources: tuple[Source | None, ...] = (None, *few)
    for source, paged in itertools.product(sources, (False, True)):
        statement = page_sql.page(
            source,
            sort,
            engine.one_of,
            history=False,
            deleted=False,
            descending=descending,
            paged=paged,
        )
        wanted = Wanted(text="04321") if source is engine.found_by_text else Wanted()
        parameters = pages._parameters(filled.steward.keystore_id, wanted) | {
            "term": "%04321%",
            "row_limit": 51,
            "after_key": _KEYS[sort],
            **_POSITION,
        }
        plan = filled.plan(statement, **parameters)
        assert "Seq Scan on entries" not in plan
        assert "Seq Scan on versions" not in plan
