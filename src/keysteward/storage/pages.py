"""Pages of entries as people look through them: filtered, sorted, one after the other, counted.

How a page is found:

1. Without a condition it is a range of the index of its order.
2. A condition that an index answers by itself, a part of a text among them, may lead to few: those
   are looked at and sorted.
3. If each condition leads to many, so that they are close to each other in any order, the index of
   the order is walked along until the page is full.

Nothing else depends on the size of the keystore. What 3 costs if the many lie together, far behind
the page's beginning, stands in ADR 24.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.sql import Executable

from keysteward.entries import EntryType, Owner, View
from keysteward.problems import RequestInvalid
from keysteward.storage import page_sql, portable, rows, search
from keysteward.storage.catalogue import SOON, CatalogueEntry, entry_of
from keysteward.storage.database import Database
from keysteward.storage.links import Link
from keysteward.storage.page_sql import Narrow, Sort, Source
from keysteward.storage.records import Backup

MOST_COUNTED = 10_000
"""Beyond, there are just more."""

_FEW = 2_000
"""Entries of a condition that are sorted; walking to the next page takes as long at 100,000."""
_SAMPLE, _COMMON = 1_000, 10
"""A short text is common if so many of the first entries have it."""
_ALWAYS, _NEVER = -(1 << 63), (1 << 63) - 1
"""Before and after every time that a database holds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries, in which order; the conditions are combined."""

    view: View = View.CURRENT
    deleted: bool = False
    """The deleted entries of the view instead of those that are there."""
    text: str = ""
    """A part of the alias, the subject or the issuer, without regard to case."""
    type: EntryType | None = None
    owner: Owner | None = None
    waiting: bool = False
    pending: bool = False
    ending_before: datetime | None = None
    """Aware; those that have ended are among them."""
    sort: Sort = Sort.ALIAS
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended, in its order; a cursor can carry it."""

    key: str | int
    """What the order is by, as the database has it."""
    alias: str
    id: int

    @classmethod
    def of(cls, line: CatalogueEntry, sort: Sort) -> "Position":
        """Return the position of a line."""
        return cls(_key(line, sort), line.alias, line.id)


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and where the next page goes on: None if there is none."""

    lines: tuple[CatalogueEntry, ...]
    next: Position | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: ``number``, or at least so many if there may be ``more``."""

    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a keystore's current entries, for its tile."""

    entries: Count
    ending: Count
    """Valid, and ending within SOON."""
    ended: Count
    waiting: Count


class Pages:
    """Pages and counts; the store has one. Every call reads one consistent state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_page(
        self, keystore_id: int, wanted: Wanted, *, limit: int, after: Position | None = None
    ) -> Page:
        """Return one page, ``limit`` lines at most.

        ``after`` is where the page before ended, read with the same wish. Raises RequestInvalid for
        a position that no page of this order has.
        """
        parameters = _parameters(keystore_id, wanted) | {"row_limit": limit + 1}
        if after is not None:
            parameters |= _after(after, wanted.sort)
        with self._database.reading_one_state() as link:
            statement = page_sql.page(
                self._few(link, wanted, parameters),
                wanted.sort,
                self._database.engine.one_of,
                history=wanted.view is View.HISTORY,
                deleted=wanted.deleted,
                descending=wanted.descending,
                paged=after is not None,
            )
            found = link.all(statement, **parameters)
        return _page([entry_of(row) for row in found], wanted.sort, limit)

    def count(self, keystore_id: int, wanted: Wanted) -> Count:
        """Return how many entries a wish finds; looks at MOST_COUNTED of them."""
        parameters = _parameters(keystore_id, wanted) | {"most": MOST_COUNTED + 1}
        with self._database.reading_one_state() as link:
            return self._count(link, wanted, parameters)

    def overview(self, keystore_id: int, now: datetime) -> Overview:
        """Return the figures of the current entries."""
        mine = {"keystore": keystore_id, "view": View.CURRENT.value, "most": MOST_COUNTED + 1}
        at, soon = rows.to_microseconds(now), rows.to_microseconds(now + SOON)

        def count(source: Narrow | None, since: int = _ALWAYS, before: int = _NEVER) -> Count:
            statement = page_sql.count_source(source, deleted=False)
            (number,) = _numbers(link, statement, mine | {"since": since, "before": before})
            return _counted(number)

        with self._database.reading_one_state() as link:
            return Overview(
                entries=count(None),
                ending=count(Narrow.ENDING, at, soon),
                ended=count(Narrow.ENDING, before=at),
                waiting=count(Narrow.WAITING),
            )

    def list_backup(
        self,
        keystore_id: int,
        backup: Backup,
        text: str = "",
        *,
        limit: int,
        after: Position | None = None,
    ) -> Page:
        """Return one page of the entries of a backup, by alias; walks along them for a text."""
        with self._database.reading() as link:
            found = link.all(
                page_sql.BACKUP_PAGE,
                **_of_backup(keystore_id, backup, text),
                after_alias="" if after is None else after.alias,
                row_limit=limit + 1,
            )
        return _page([entry_of(row) for row in found], Sort.ALIAS, limit)

    def count_backup(self, keystore_id: int, backup: Backup, text: str = "") -> Count:
        """Return how many entries of a backup have a text; walks along them."""
        parameters = _of_backup(keystore_id, backup, text)
        with self._database.reading() as link:
            row = link.one(page_sql.BACKUP_COUNT, **parameters, most=MOST_COUNTED + 1)
        return _counted(0 if row is None else int(row[0]))

    def _few(self, link: Link, wanted: Wanted, parameters: dict[str, object]) -> Source | None:
        """Return what leads to few entries, all that fit among them; None if nothing does."""
        parameters["most"] = _FEW + 1
        for source in self._sources(link, wanted, parameters):
            if source is Narrow.ENDING and wanted.sort is Sort.VALID_UNTIL:
                continue  # a range of the order itself
            if _size(link, source, wanted, parameters) <= _FEW:
                return source
        return None

    def _count(self, link: Link, wanted: Wanted, parameters: dict[str, object]) -> Count:
        sources = self._sources(link, wanted, parameters) or [None]
        sizes = [_size(link, source, wanted, parameters) for source in sources]
        size, source = min(zip(sizes, sources, strict=True), key=lambda pair: pair[0])
        asked = _asked(wanted)
        if not asked or (asked == 1 and isinstance(source, Narrow)):
            return _counted(size)
        statement = page_sql.count_fitting(
            source, self._database.engine.one_of, deleted=wanted.deleted
        )
        seen, fitting = _numbers(link, statement, parameters)
        return _counted(fitting, more=seen > MOST_COUNTED)

    def _sources(
        self, link: Link, wanted: Wanted, parameters: dict[str, object]
    ) -> list[Source | None]:
        """Return what the conditions can be answered by; sets the parameter of a search."""
        found: list[Source | None] = []
        text = search.folded(wanted.text)
        if text and not self._is_common(link, text, wanted, parameters):
            term = link.search_term(_keystore(parameters), text)
            if term is not None:
                parameters["term"] = term
                found.append(self._database.engine.found_by_text)
        return [*found, *_narrows(wanted)]

    def _is_common(
        self, link: Link, text: str, wanted: Wanted, parameters: dict[str, object]
    ) -> bool:
        if len(text) >= search.SHORT:
            return False
        statement = page_sql.count_sample(deleted=wanted.deleted)
        (found,) = _numbers(link, statement, parameters | {"most": _SAMPLE})
        return found >= _COMMON


def _narrows(wanted: Wanted) -> list[Narrow]:
    """Return the conditions that an index answers; most indexes have the current entries alone."""
    if wanted.deleted:
        return []
    current = wanted.view is View.CURRENT
    asked = {
        Narrow.PENDING: wanted.pending and current,
        Narrow.WAITING: wanted.waiting and current,
        Narrow.OWNER: wanted.owner is not None,
        Narrow.TYPE: wanted.type is not None,
        Narrow.ENDING: wanted.ending_before is not None,
    }
    return [narrow for narrow, is_asked in asked.items() if is_asked]


def _asked(wanted: Wanted) -> int:
    """Return how many conditions there are."""
    given = (wanted.type, wanted.owner, wanted.ending_before)
    return sum(map(bool, (wanted.text, wanted.waiting, wanted.pending))) + sum(
        one is not None for one in given
    )


def _parameters(keystore_id: int, wanted: Wanted) -> dict[str, object]:
    before = wanted.ending_before
    text = search.folded(wanted.text)
    return {
        "keystore": keystore_id,
        "view": wanted.view.value,
        "pattern": search.pattern(text) if text else None,
        "type": wanted.type,
        "owner": wanted.owner,
        "waiting": int(wanted.waiting),
        "pending": int(wanted.pending),
        "since": _ALWAYS,
        "before": _NEVER if before is None else rows.to_microseconds(before),
    }


def _keystore(parameters: dict[str, object]) -> int:
    keystore_id = parameters["keystore"]
    if not isinstance(keystore_id, int):
        raise TypeError(keystore_id)
    return keystore_id


def _of_backup(keystore_id: int, backup: Backup, text: str) -> dict[str, object]:
    folded = search.folded(text)
    return {
        "keystore": keystore_id,
        "backup": backup.id,
        "pattern": search.pattern(folded) if folded else None,
    }


def _after(position: Position, sort: Sort) -> dict[str, object]:
    """Return the parameters of a position. Raises RequestInvalid."""
    numbers = [position.id]
    if sort in (Sort.VALID_UNTIL, Sort.MODIFIED):
        numbers.append(position.key)  # type: ignore[arg-type]  # looked at below
    elif not isinstance(position.key, str):
        raise _no_position()
    if not all(portable.is_integer(number) for number in numbers):
        raise _no_position()
    return {
        "after_key": position.key,
        "after_alias": position.alias,
        "after_id": position.id,
    }


def _no_position() -> RequestInvalid:
    return RequestInvalid("No page of this list ends where the next one is to begin.")


def _key(line: CatalogueEntry, sort: Sort) -> str | int:
    if sort is Sort.ALIAS:
        return line.alias
    if sort is Sort.TYPE:
        return line.type.value
    if sort is Sort.SUBJECT:
        return search.folded(line.subject)
    if sort is Sort.ISSUER:
        return search.folded(line.issuer)
    return rows.to_microseconds(line.not_after if sort is Sort.VALID_UNTIL else line.modified_at)


def _page(found: list[CatalogueEntry], sort: Sort, limit: int) -> Page:
    lines = tuple(found[:limit])
    return Page(lines, Position.of(lines[-1], sort) if len(found) > limit else None)


def _size(link: Link, source: Source | None, wanted: Wanted, parameters: dict[str, object]) -> int:
    """Return how many entries a source leads to, up to what is asked for."""
    return _numbers(link, page_sql.count_source(source, deleted=wanted.deleted), parameters)[0]


def _numbers(link: Link, statement: Executable, parameters: dict[str, object]) -> tuple[int, ...]:
    return tuple(map(int, link.all(statement, **parameters)[0]))


def _counted(number: int, *, more: bool = False) -> Count:
    return Count(min(number, MOST_COUNTED), more or number > MOST_COUNTED)
