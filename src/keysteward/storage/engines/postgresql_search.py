"""PostgreSQL's index of substrings: pg_trgm's trigrams, if the server has that extension.

Without it every search walks along the entries; what is found is the same.
"""

from sqlalchemy import Integer, column, text
from sqlalchemy.engine.interfaces import DBAPIConnection

_DOCUMENT = r"(alias_folded || E'\x1F' || subject_folded || E'\x1F' || issuer_folded)"

CREATE = (
    "DO $$ BEGIN"
    " IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN"
    " CREATE EXTENSION IF NOT EXISTS pg_trgm;"
    f" CREATE INDEX entry_search ON entries USING gin ({_DOCUMENT} gin_trgm_ops);"
    " END IF; END $$",
)
"""What makes the index, which the server keeps true from then on."""

FOUND = text(
    f"SELECT id FROM entries WHERE {_DOCUMENT} LIKE :term ESCAPE '\\'"  # noqa: S608  # a text of ours
).columns(column("id", Integer))


def term(connection: DBAPIConnection, keystore_id: int, wanted: str) -> str | None:
    """Return the pattern that finds the entries, of any keystore, with a folded text."""
    return None
