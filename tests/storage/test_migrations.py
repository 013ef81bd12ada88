from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from keysteward.storage import migrations, tables
from keysteward.storage.engines.sqlite import ENGINE
from tests.storage.conftest import Bench


def test_migrations_make_what_the_tables_say(bench: Bench) -> None:
    """Alembic finds no difference between a migrated database and the code's tables."""
    url = make_url(f"sqlite:///{bench.settings.data}/keysteward.db")
    with ENGINE.open(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert [] == compare_metadata(context, tables.metadata)


def test_migrations_make_the_same_statements_as_the_tables(bench: Bench, tmp_path: Path) -> None:
    """What Alembic does not compare is equal, too: row ids, AUTOINCREMENT, partial indexes."""
    fresh = ENGINE.open(make_url(f"sqlite:///{tmp_path}/fresh.db"))
    tables.metadata.create_all(fresh)
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


def _words(sql: str) -> list[str]:
    """Return the clauses of a statement without regard to their order and spacing."""
    clauses = sql.replace(" WITHOUT ROWID", ", WITHOUT ROWID").split(",")
    return sorted(" ".join(clause.split()).strip("() ") for clause in clauses)
