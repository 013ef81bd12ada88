"""The catalogue: lists of entries for programs that filter and sort them as they like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from keysteward.entries import ChainState, EntryType, ListedEntry, Owner, View
from keysteward.pki.public_keys import KeyKind
from keysteward.pki.usages import Usage
from keysteward.storage import catalogue_sql, conditions, entry_lists, rows, view_statements
from keysteward.storage.conditions import Condition, Kind, Order
from keysteward.storage.database import Database
from keysteward.storage.entry_lists import EntryFilter, Position
from keysteward.storage.links import Row
from keysteward.storage.records import Activation, Backup, WaitingKey
from keysteward.values import Alias

Source = View | Backup
"""What is listed: a view of a keystore, or a backup with its entries as they were."""

SOON = timedelta(days=30)
"""How long before its end a certificate is counted as ending."""

_PAGE = 500
_MOST_KEPT = 2_048
"""Rows whose entries stay in memory: some pages that are asked for again and again."""

_FIRST = -(1 << 63)
"""Before every time that a database holds."""


class CatalogueEntry(msgspec.Struct, frozen=True, eq=False):
    """All that a list shows of an entry, without reading a certificate.

    The same rows give the same object as long as it is kept, so that what is made of an entry can
    be kept by the entry itself.

    A struct, because lists make many of them: a frozen dataclass takes several times as long.

    In a backup it is as it was; when and by whom it was modified is what made that version.
    """

    id: int
    alias: Alias
    type: EntryType
    owner: Owner
    usage: Usage
    trusted: bool
    version: int
    pending: int | None
    waiting_since: datetime | None
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    subject: str
    """RFC 4514, as ``Certificate.subject``; so is the issuer."""
    issuer: str
    serial_number: str
    """Lower-case hexadecimal digits."""
    not_before: datetime
    not_after: datetime
    key: KeyKind
    signature_algorithm: str
    sha1: bytes
    """Over the DER, as the other two."""
    sha256: bytes
    sha512: bytes
    x509_version: int
    chain_state: ChainState | None
    """None of a lone certificate."""
    deleted_at: datetime | None
    activation: Activation | None
    """What the history says; None but in the view ``history``."""


@dataclass(frozen=True, slots=True)
class EntryCounts:
    """How many current entries of a keystore are in which state."""

    by_type_and_owner: Mapping[tuple[EntryType, Owner], int]
    """Without those that there are none of."""
    waiting: int
    """For a signing response."""
    pending: int
    """With a new key that waits for its response."""
    ended: int
    """Whose certificate is not valid any longer."""
    ending: int
    """Whose certificate is valid now, and ends within SOON."""


class Catalogue:
    """Lists and counts of entries; the store has one. Every call reads one consistent state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self,
        keystore_id: int,
        source: Source,
        *,
        limit: int,
        condition: Condition | None = None,
        order: tuple[Order, ...] = (),
        after: str | None = None,
        skip: int = 0,
    ) -> tuple[CatalogueEntry, ...]:
        """Return one page, ``limit`` entries at most.

        Without an order it is by alias, by code point, and costs the same however many entries
        there are; with one, equal ones are by alias and all that fit are sorted. ``after`` is the
        alias of the last entry of the page before, and for pages without an order alone. What is
        skipped is walked over, and so is what a condition leaves out; the caller bounds ``skip``.
        Raises RequestInvalid for an expression that ``conditions.check`` refuses.
        """
        if order and after is not None:
            raise ValueError("A page of a sorted list is found by skipping.")
        fields = fields_of(source)
        if condition is not None:
            conditions.check_condition(condition, fields)
        for key in order:
            conditions.check(key.expression, fields)
        parameters = _parameters(keystore_id, source) | {"row_limit": limit, "skipped": skip}
        if after is not None:
            parameters["after_alias"] = after
        kind = catalogue_sql.kind_of(source)
        statement = catalogue_sql.list_page(kind, paged=after is not None)
        with self._database.reading() as link:
            if condition is None and not order:
                found = link.all(statement, **parameters)
            else:
                statement = catalogue_sql.narrowed(kind, statement, condition, order)
                found = link.all_once(statement, **parameters)
        return tuple(map(entry_of, found))

    def list_lines(
        self,
        keystore_id: int,
        wanted: EntryFilter,
        *,
        limit: int,
        after: ListedEntry | Position | None = None,
    ) -> tuple[ListedEntry, ...]:
        """Return one page of what a filter lets through, ``limit`` lines at most.

        The order is that of the aliases, by code point; entries that expire before a time come by
        their end date instead, unless deleted ones are asked for. ``after`` is where the page
        before ended, read with the same filter. Of the views other than ``current``, type, owner
        and prefix can be asked for, and nothing else.
        """
        statement, parameters = entry_lists.page(keystore_id, wanted, limit, after)
        with self._database.reading() as link:
            return tuple(map(rows.listed, link.all(statement, **parameters)))

    def count(self, keystore_id: int, source: Source, condition: Condition | None = None) -> int:
        """Return how many entries there are, or fit; walks over all of them."""
        kind = catalogue_sql.kind_of(source)
        parameters = _parameters(keystore_id, source)
        with self._database.reading() as link:
            if condition is None:
                row = link.one(catalogue_sql.COUNTS[kind], **parameters)
            else:
                conditions.check_condition(condition, fields_of(source))
                (row,) = link.all_once(catalogue_sql.count_of(kind, condition), **parameters)
        return 0 if row is None else int(row[0])

    def find(self, keystore_id: int, source: Source, alias: str) -> CatalogueEntry | None:
        """Return one entry, or None."""
        statement = catalogue_sql.FIND[catalogue_sql.kind_of(source)]
        with self._database.reading() as link:
            row = link.one(statement, **_parameters(keystore_id, source), alias=alias)
        return None if row is None else entry_of(row)

    def count_by_state(self, keystore_id: int, now: datetime) -> EntryCounts:
        """Count the current entries; walks over an index of all of them, and of few others."""
        at, soon = rows.to_microseconds(now), rows.to_microseconds(now + SOON)
        mine = {"keystore": keystore_id}
        with self._database.reading_one_state() as link:
            types = dict(map(tuple, link.all(catalogue_sql.COUNT_BY_TYPE, **mine)))
            provider = dict(map(tuple, link.all(catalogue_sql.COUNT_OF_PROVIDER, **mine)))
            ((waiting,),) = link.all(catalogue_sql.COUNT_WAITING, **mine)
            ((pending,),) = link.all(catalogue_sql.COUNT_PENDING, **mine)
            ending = catalogue_sql.COUNT_ENDING
            ((ended,),) = link.all(ending, **mine, since=_FIRST, before=at)
            ((soon_ended,),) = link.all(ending, **mine, since=at, before=soon)
        counts = {(EntryType(type_), Owner.PROVIDER): n for type_, n in provider.items()}
        for type_, number in types.items():
            if number > provider.get(type_, 0):
                counts[EntryType(type_), Owner.TENANT] = number - provider.get(type_, 0)
        return EntryCounts(counts, waiting=waiting, pending=pending, ended=ended, ending=soon_ended)

    def iterate_validity(self, keystore_id: int) -> Iterator[tuple[Alias, datetime]]:
        """Yield alias and end of the certificate of all current entries, what ends first first.

        A page at a time is in memory, and each is the state of its own moment.
        """
        after, after_id = _FIRST, 0
        while True:
            with self._database.reading() as link:
                page = link.all(
                    catalogue_sql.LIST_VALIDITY,
                    keystore=keystore_id,
                    after_not_after=after,
                    after_id=after_id,
                    row_limit=_PAGE,
                )
            for _, alias, not_after in page:
                yield Alias(alias), rows.to_time(not_after)
            if len(page) < _PAGE:
                return
            after_id, _, after = page[-1]

    def list_waiting_keys(self, keystore_id: int) -> tuple[WaitingKey, ...]:
        """Return what is known of the keys in the view ``new`` besides their entries."""
        with self._database.reading() as link:
            found = link.all(view_statements.LIST_WAITING_KEYS, keystore=keystore_id)
        return tuple(
            WaitingKey(
                row[0], rows.to_time(row[1]), row[2] is not None, rows.to_optional_time(row[3])
            )
            for row in found
        )


def fields_of(source: Source) -> Mapping[str, tuple[Kind, int]]:
    """Return the properties that entries of a source are filtered and sorted by."""
    return conditions.HISTORY_FIELDS if source is View.HISTORY else conditions.ENTRY_FIELDS


def _parameters(keystore_id: int, source: Source) -> dict[str, object]:
    if isinstance(source, Backup):
        return {"keystore": keystore_id, "backup": source.id}
    return {"keystore": keystore_id, "view": source.value}


_TYPES = {each.value: each for each in EntryType}
_OWNERS = {each.value: each for each in Owner}
_USAGES = {each.value: each for each in Usage}
_CHAIN_STATES = {each.value: each for each in ChainState}
_key_kind = lru_cache(maxsize=256)(KeyKind)


@lru_cache(maxsize=_MOST_KEPT)
def entry_of(row: Row) -> CatalogueEntry:
    """Return an entry from a row with the columns that ``catalogue_sql`` has for its list."""
    to_time = rows.to_time
    return CatalogueEntry(
        row[0],
        row[1],
        _TYPES[row[2]],
        _OWNERS[row[3]],
        _USAGES[row[4]],
        bool(row[5]),
        row[6],
        row[7],
        rows.to_optional_time(row[8]),
        to_time(row[9]),
        row[10],
        to_time(row[11]),
        row[12],
        row[13],
        row[14],
        row[15],
        to_time(row[16]),
        to_time(row[17]),
        _key_kind(row[18], row[19], row[20]),
        row[21],
        row[22],
        row[23],
        row[24],
        row[25],
        None if row[26] is None else _CHAIN_STATES[row[26]],
        rows.to_optional_time(row[27]),
        rows.activation((row[0], *row[28:])) if len(row) > 28 and row[28] else None,
    )
