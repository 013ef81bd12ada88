import itertools
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url

from keysteward.entries import ChainState, ListedEntry, Reason
from keysteward.settings import Settings
from keysteward.storage import lifecycle, migrations, tables
from keysteward.storage.engines.contract import SEARCH_PREFIX
from keysteward.storage.engines.sqlite import ENGINE
from keysteward.storage.page_sql import Sort
from keysteward.storage.pages import Wanted
from keysteward.storage.records import Base, NewVersion
from tests.storage.conftest import NOW, Bench

pytestmark = pytest.mark.sqlite_alone


def test_migrations_make_what_the_tables_say(bench: Bench) -> None:
    """Alembic finds no difference between a migrated database and the code's tables."""
    url = make_url(f"sqlite:///{bench.settings.data}/keysteward.db")
    with ENGINE.open(url).connect() as connection:
        opts = {
            "compare_server_default": True,
            "include_name": lambda name, *_: not str(name).startswith(SEARCH_PREFIX),
        }
        context = MigrationContext.configure(connection, opts=opts)
        assert [] == compare_metadata(context, tables.metadata)


def test_migrations_make_the_same_statements_as_the_tables(bench: Bench, tmp_path: Path) -> None:
    """What Alembic does not compare is equal, too: row ids, AUTOINCREMENT, partial indexes."""
    fresh = ENGINE.open(make_url(f"sqlite:///{tmp_path}/fresh.db"))
    tables.metadata.create_all(fresh)
    with fresh.begin() as connection:
        for statement in ENGINE.search_index:
            connection.exec_driver_sql(statement)
    query = "SELECT name, sql FROM sqlite_schema WHERE name != 'alembic_version' AND sql NOT NULL"
    with fresh.connect() as connection:
        expected = {row[0]: _words(row[1]) for row in connection.exec_driver_sql(query)}
    found = {str(name): _words(str(sql)) for name, sql in bench.execute(query)}
    assert expected == found


def test_head_is_the_last_revision() -> None:
    """The revisions that the code names are those that lie in the folder, in order."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    found = [revision.revision for revision in script.walk_revisions()]
    assert list(migrations.REVISIONS) == found[::-1]
    assert script.get_current_head() == migrations.HEAD


def test_upgrade_of_a_filled_database_loses_nothing(bench: Bench) -> None:
    """Lists, states, requests and the audit log are as before; no id is used twice; purge works."""
    for alias in ("b", "a", "deleted"):
        bench.add(alias)
    bench.add_certificate("root", bench.pki.chains[0][-1], trusted=True)
    bench.add("purged")
    bench.upload(0, "b")
    bench.request("a")
    current = bench.entry("a").version
    pending = NewVersion(Reason.RENEWAL, bench.pki.other, current.private_key_id)
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        writing.set_pending(bench.base("a"), pending)
        writing.delete(bench.base("deleted"))
        writing.purge(bench.base("purged"))
    before, entries, last = _lists(bench), _entries(bench), bench.store.verify_audit()
    found = _found(bench)
    assert {("a", "self-signed"), ("b", "complete")} == set(found["LIE", False])
    bench.store.close()
    _make_older(bench.settings)

    assert lifecycle.upgrade(bench.settings) is True
    upgraded = Bench(bench.settings, bench.pki)
    try:
        assert (before, entries, last) == (
            *(_lists(upgraded), _entries(upgraded)),
            upgraded.store.verify_audit(),
        )
        assert found == _found(upgraded)
        upgraded.execute(
            "INSERT INTO entry_search(entry_search, rank) VALUES ('integrity-check', 1)"
        )
        assert [("ok",)] == upgraded.execute("PRAGMA integrity_check")
        assert [] == upgraded.execute("PRAGMA foreign_key_check")
        assert 6 == upgraded.add("new", upgraded.pki.other)
        with upgraded.store.writing(upgraded.keystore_id, "tester", NOW) as writing:
            deleted = upgraded.store.find_deleted(upgraded.keystore_id, "deleted")
            assert deleted is not None
            writing.purge(Base.of(deleted))
        assert upgraded.store.find_by_id(deleted.id) is None
    finally:
        upgraded.store.close()


def _lists(bench: Bench) -> list[tuple[ListedEntry, ...]]:
    listed = partial(bench.store.list_entries, bench.keystore_id, limit=100)
    later = NOW + timedelta(days=100_000)
    return [listed(), listed(deleted=True), listed(waiting=True), listed(expiring_before=later)]


def _found(bench: Bench) -> dict[tuple[str, bool], list[tuple[str, ChainState | None]]]:
    """Return what texts find, and how far the chains go, by subject."""
    found: dict[tuple[str, bool], list[tuple[str, ChainState | None]]] = {}
    for text, deleted in itertools.product(("LIE", "t", "root", "zzz"), (False, True)):
        wanted = Wanted(text=text, deleted=deleted, sort=Sort.SUBJECT)
        page = bench.store.pages.list_page(bench.keystore_id, wanted, limit=50)
        found[text, deleted] = [(line.alias, line.chain_state) for line in page.lines]
    return found


def _entries(bench: Bench) -> list[object]:
    found = [bench.entry(alias) for alias in ("a", "b", "root")]
    return [
        *((e, bench.store.list_versions(e), bench.store.list_requests(e.id)) for e in found),
        bench.store.all_trusted(bench.keystore_id),
    ]


def _make_older(settings: Settings) -> None:
    """Put the rows of a closed database into one of the first schema, in its place."""
    path = settings.data / lifecycle.FILE_NAME
    newer = path.rename(path.with_suffix(".newer"))
    with ENGINE.open(make_url(f"sqlite:///{path}")).connect() as connection:
        migrations.upgrade(connection, "0001")
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(f"ATTACH '{newer}' AS newer")
        for name in ("sqlite_sequence", *inspect(connection).get_table_names()):
            _copy(connection, name)
        connection.commit()


def _copy(connection: Connection, name: str) -> None:
    if name == "alembic_version":
        return
    columns = [row[1] for row in connection.exec_driver_sql(f"PRAGMA main.table_info({name})")]
    names = ", ".join(columns)
    connection.exec_driver_sql(
        f"INSERT INTO main.{name} ({names}) SELECT {names} FROM newer.{name}"  # noqa: S608
    )


def _words(sql: str) -> list[str]:
    """Return the clauses of a statement without regard to their order and spacing."""
    clauses = sql.replace(" WITHOUT ROWID", ", WITHOUT ROWID").split(",")
    return sorted(" ".join(clause.split()).strip("() ") for clause in clauses)
