"""PostgreSQL's index of substrings: pg_trgm's trigrams, if the server has that extension.

Without it every search walks along the entries; what is found is the same.

The index has the entries of all keystores. What it costs is to go through a trigram's rows, so it
is asked for the rarest part of a text, and not at all for what many entries have: how many of them,
the server's own sample of the texts tells, which it takes for its planner.
"""

import re

from sqlalchemy import Integer, column, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from keysteward.storage.search import SHORT, pattern

_DOCUMENT = r"(alias_folded || E'\x1F' || subject_folded || E'\x1F' || issuer_folded)"

_PENDING_KILOBYTES = 256
"""Of changed rows that are not in the index's order yet: every search goes through all of them."""

CREATE = (
    (
        "DO $$ BEGIN"
        " IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN"
        " CREATE EXTENSION IF NOT EXISTS pg_trgm;"
        f" CREATE INDEX entry_search ON entries USING gin ({_DOCUMENT} gin_trgm_ops)"
        f" WITH (gin_pending_list_limit = {_PENDING_KILOBYTES});"
        " END IF; END $$"
    ),
)
"""What makes the index, which the server keeps true from then on."""

# Materialized, so that a limit on what is found does not make the planner hope for walking along.
# The second comparison is of the whole text; as a sum it is none for the index.
FOUND = text(
    "WITH with_text AS MATERIALIZED"  # noqa: S608  # a text of ours
    f" (SELECT id FROM entries WHERE {_DOCUMENT} LIKE :term ESCAPE '\\'"
    f" AND {_DOCUMENT} || '' LIKE :pattern ESCAPE '\\' AND keystore_id + 0 = :keystore)"
    " SELECT id FROM with_text"
).columns(column("id", Integer))

_SAMPLE = (
    "SELECT CAST(CAST(histogram_bounds AS text) AS text[]),"
    " CAST(CAST(most_common_vals AS text) AS text[])"
    " FROM pg_class LEFT JOIN pg_stats ON schemaname = current_schema() AND tablename = relname"
    " WHERE relname = 'entry_search' AND relnamespace = CAST(current_schema() AS regnamespace)"
)
_COMMON = 3
"""A text that so many of the sample's hundred have is one of many entries."""
_ALIKE = 3
"""Trigrams whose numbers in the sample differ by no more are as rare as each other."""

# Others are in no trigram: they separate words.
_WORDS = re.compile(rf"[^\W_]{{{SHORT},}}")


def term(connection: DBAPIConnection, wanted: str) -> str | None:
    """Return a pattern of the rarest part of a folded text.

    None if many have the text, if it has no trigram, or without an index.
    """
    words = _WORDS.findall(wanted)
    if not words:
        return None
    cursor = connection.cursor()
    cursor.execute(_SAMPLE)
    row = cursor.fetchone()
    if row is None:
        return None
    sample = [*(row[0] or ()), *(row[1] or ())]
    if sum(wanted in one for one in sample) >= _COMMON:
        return None
    return pattern(rarest(words, sample))


def rarest(words: list[str], sample: list[str]) -> str:
    """Return the longest part of a word whose trigrams are the rarest of all."""
    found = [
        [
            sum(word[start : start + SHORT] in one for one in sample)
            for start in range(len(word) - SHORT + 1)
        ]
        for word in words
    ]
    most = min(map(min, found)) + _ALIKE
    return max(
        (
            part
            for word, numbers in zip(words, found, strict=True)
            for part in _parts(word, numbers, most)
        ),
        key=len,
    )


def _parts(word: str, numbers: list[int], most: int) -> list[str]:
    """Return the parts of a word that have only trigrams of no more than this number."""
    parts, start = [], None
    for position, number in enumerate([*numbers, most + 1]):
        if number <= most:
            start = position if start is None else start
        elif start is not None:
            parts.append(word[start : position + SHORT - 1])
            start = None
    return parts
