"""SQLite's index of substrings: FTS5 with trigrams.

New rows of ``entries`` are written to it with them; triggers follow what becomes of them.

Each entry, deleted or not, has one document: a mark of its keystore, then alias, subject and
issuer, folded, each with two fillers behind it. The index holds no text and no positions, only
which documents a trigram is in, so that an entry costs some hundred bytes; whoever searches
compares the texts of what is found.

A text of one or two characters is looked for by all trigrams that begin with it: the fillers see to
it that one does at the end of a text, too.
"""

from collections.abc import Iterable
from contextlib import closing

from sqlalchemy import Integer, column, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from keysteward.storage.search import SHORT

_FILLER = 0x1F
"""Separates units of a text (ASCII), and is in none of them as a rule."""
_MARKS = 0xF0000
"""The first character of a private use plane: keystores are marked by the characters from here."""
_MOST_KEYSTORES = 0xFFFD
"""Characters of that plane; keystores beyond share a mark with others."""
_MOST_TRIGRAMS = 32
"""Of a long text: each more would rule out hardly anything."""
_MOST_TERMS = 200
"""Trigrams that begin with a short text: beyond, they cost more than looking at entries."""
_LAST = "\U0010ffff"


def _document(row: str) -> str:
    fillers = f"char({_FILLER}, {_FILLER})"
    mark = f"char({_MARKS} + {row}keystore_id % {_MOST_KEYSTORES})"
    texts = (mark, *(f"{row}{name}_folded" for name in ("alias", "subject", "issuer")))
    return " || ".join(f"{one} || {fillers}" for one in texts)


_COLUMNS = "entry_search(entry_search, rowid, document)"
_DELETE = f"INSERT INTO {_COLUMNS} VALUES ('delete', old.id, {_document('old.')})"  # noqa: S608  # texts of ours, as below
_INSERT = f"INSERT INTO {_COLUMNS} VALUES (NULL, new.id, {_document('new.')})"  # noqa: S608
_UPDATED = (
    "AFTER UPDATE OF alias_folded, subject_folded, issuer_folded ON entries "
    f"WHEN {_document('old.')} <> {_document('new.')}"
)
_DOCUMENTS = f"SELECT id, {_document('')} AS document FROM entries"  # noqa: S608
_OPTIONS = (
    "content='entry_search_documents', content_rowid='id', "
    "tokenize='trigram case_sensitive 1', detail=none, columnsize=0"
)

CREATE = (
    f"CREATE VIEW entry_search_documents AS {_DOCUMENTS}",
    f"CREATE VIRTUAL TABLE entry_search USING fts5(document, {_OPTIONS})",
    "CREATE VIRTUAL TABLE entry_search_terms USING fts5vocab('entry_search', 'row')",
    f"CREATE TRIGGER entry_search_deleted AFTER DELETE ON entries BEGIN {_DELETE}; END",
    f"CREATE TRIGGER entry_search_updated {_UPDATED} BEGIN {_DELETE}; {_INSERT}; END",
    "INSERT INTO entry_search(entry_search) VALUES ('rebuild')",
)
"""What makes the index and fills it from the rows that are there."""

FILL = text(
    "INSERT INTO entry_search(rowid, document) SELECT id, document FROM entry_search_documents"
    " WHERE id BETWEEN :first AND :last"
)
"""For new rows, many in one statement. A trigger would end FTS5's batch at each: ten times slower.
"""

FOUND = text("SELECT rowid AS id FROM entry_search WHERE entry_search MATCH :term").columns(
    column("id", Integer)
)

_TERMS = "SELECT term FROM entry_search_terms WHERE term >= :first AND term < :last LIMIT :most"


def term(connection: DBAPIConnection, keystore_id: int, wanted: str) -> str | None:
    """Return the expression that finds the documents of a keystore with a folded text.

    None if a short text begins too many trigrams. That it is rare is known before: FTS5 counts a
    trigram's documents before it tells the trigram.
    """
    mark = _quoted(chr(_MARKS + keystore_id % _MOST_KEYSTORES) + 2 * chr(_FILLER))
    if len(wanted) >= SHORT:
        trigrams = dict.fromkeys(wanted[n : n + SHORT] for n in range(len(wanted) - SHORT + 1))
        return " AND ".join([mark, *map(_quoted, list(trigrams)[:_MOST_TRIGRAMS])])
    with closing(connection.cursor()) as cursor:
        cursor.execute(_TERMS, {"first": wanted, "last": wanted + _LAST, "most": _MOST_TERMS + 1})
        terms = [str(row[0]) for row in cursor.fetchall()]
    if len(terms) > _MOST_TERMS:
        return None
    return f"{mark} AND ({_any(terms)})"


def _any(terms: Iterable[str]) -> str:
    # Without terms there is nothing to be found: no document has three fillers in a row.
    return " OR ".join(map(_quoted, terms)) or _quoted(SHORT * chr(_FILLER))


def _quoted(one: str) -> str:
    return '"' + one.replace('"', '""') + '"'
