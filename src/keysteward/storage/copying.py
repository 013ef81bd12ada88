"""An installation moves to another database, of whatever engine; ADR 28 tells why in this way.

One transaction fills the new database: rows, numbers, the engine's own index. Then both are read
once more and compared, row by row. The sealing keys stay where they are, and open both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, zip_longest

from sqlalchemy import URL, Connection

from keysteward.entries import Action
from keysteward.problems import (
    DatabaseUnusable,
    InstallationInUse,
    KeystoreExists,
    SettingInvalid,
)
from keysteward.sealing import sealer
from keysteward.sealing.sealer import Sealer, WrappedKey
from keysteward.settings import Settings
from keysteward.storage import (
    audit,
    lifecycle,
    migrations,
    portable,
    readiness,
    recovery,
    statements,
)
from keysteward.storage.audit import AuditEvent
from keysteward.storage.database import Database, parse_url
from keysteward.storage.engines.contract import StorageEngine
from keysteward.storage.links import Link
from keysteward.storage.recovery import Contents, Progress

_DAMAGED = (
    "The database does not pass its engine's checks, so nothing of it was copied. Bring it back "
    "from the last good backup."
)
_TARGET = "URL of the new database"


@dataclass(frozen=True, slots=True)
class Copied:
    """What is in the new database, and where both are."""

    contents: Contents
    source: str
    """As a person knows it, without a password."""
    target: str
    """Its URL, without a password."""


def copy(
    settings: Settings,
    target: str,
    actor: str,
    at: datetime,
    progress: Progress = lambda done, total: None,
) -> Copied:
    """Copy one moment's state into the database of a URL, where nothing is yet, and compare it.

    It is there wholly or not at all; if this fails or the process is killed it can be run again.
    The source stays as it is. ``progress`` counts every row twice: written, and compared.

    Raises as ``lifecycle.open_store`` does, and KeystoreExists, KeystoreBusy, SettingInvalid for
    the URL, ExtraMissing, DatabaseUnusable for damage or a row that did not arrive as it was, and
    InstallationInUse if others are connected to the source or changed something meanwhile.
    """
    engine, url = _target(target)
    source = lifecycle.open_database(settings)
    try:
        with _explained(source):
            opened, ids = _keys(source, settings)
            _require_unused(source)
            audit.link_all(source, opened)
            with source.reading_one_state() as link:
                survey = recovery.survey(link, opened, ids)
                filling = _Filling(source, link, opened, survey, progress)
                contents = _fill(filling, engine, url, actor, at)
    finally:
        source.close()
    return Copied(contents, lifecycle.place(settings), lifecycle.shown(url))


def _target(text: str) -> tuple[StorageEngine, URL]:
    try:
        engine, url = parse_url(text)
        engine.open(url).dispose()
    except SettingInvalid as problem:
        raise SettingInvalid(_TARGET, problem.reason) from problem
    return engine, url


@contextmanager
def _explained(database: Database) -> Iterator[None]:
    """Say what the driver's errors mean, also those of what the engine does itself."""
    try:
        yield
    except database.engine.errors as error:
        raise database.problem(error) from error


def _keys(source: Database, settings: Settings) -> tuple[Sealer, list[str]]:
    """Return the opened data keys, and the ids of the sealing keys that they needed."""
    with source.reading() as link:
        wrapped = [WrappedKey(*row) for row in link.all(statements.LIST_DATA_KEYS)]
    ids = sorted({key.sealing_key_id for key in wrapped})
    return sealer.open_sealer(settings.keyring, wrapped), ids


def _require_unused(source: Database) -> None:
    with source.reading() as link:
        others = source.engine.other_connections(link.connection)
    if others:
        raise InstallationInUse(
            f"{others} other connection{'s' if others > 1 else ''} of Keysteward to the database "
            "would go on changing it. Stop every server, and a pooler that keeps their connections."
        )


def _fill(
    filling: "_Filling", engine: StorageEngine, url: URL, actor: str, at: datetime
) -> Contents:
    with engine.building(url) as place:
        target = Database(engine, engine.open(place))
        try:
            with _explained(target), target.schema_change() as connection:
                return filling.run(target, connection, actor, at)
        finally:
            target.close()


class _Filling:
    """One moment's state of a database on its way into another one."""

    def __init__(
        self,
        source: Database,
        link: Link,
        opened: Sealer,
        survey: Contents,
        progress: Progress,
    ) -> None:
        self._source = source
        self._link = link
        self._opened = opened
        self._survey = survey
        self._progress = progress
        self._total = 2 * sum(survey.rows.values())
        self._done = 0

    def run(self, target: Database, connection: Connection, actor: str, at: datetime) -> Contents:
        """Fill an empty database and compare; the caller commits."""
        if readiness.revision_of(connection) is not None:
            raise KeystoreExists  # Another process was faster.
        if not self._source.engine.is_sound(self._link.connection):
            raise DatabaseUnusable(_DAMAGED)
        migrations.upgrade(connection)
        link = target.link(connection)
        self._write(target, link)
        self._compare(target, link)
        self._require_unchanged()
        contents = self._record(link, actor, at)
        self._progress(self._total, self._total)
        return contents

    def _write(self, target: Database, link: Link) -> None:
        for table, shape in recovery.SHAPES:
            statement = shape.insert()
            found = portable.rows_of(self._link, table)
            while page := [shape.carried(row) for row in islice(found, portable.PAGE_ROWS)]:
                try:
                    link.change_many(statement, page)
                except target.engine.errors as error:
                    raise DatabaseUnusable(
                        f"The new database refuses a row of the table {shape.name!r}."
                    ) from error
                self._advance(len(page))
        last = self._source.engine.last_ids(self._link.connection)
        target.engine.raise_ids(link.connection, last)
        link.index_entries(0, portable.MOST)

    def _compare(self, target: Database, link: Link) -> None:
        """Raise DatabaseUnusable unless all of it arrived as it is in the source."""
        for table, shape in recovery.SHAPES:
            pairs = zip_longest(portable.rows_of(self._link, table), portable.rows_of(link, table))
            for number, (before, after) in enumerate(pairs, start=1):
                # Every value has the type of its column, or would not have been written.
                if before != after:
                    raise _different(f"row {number:,} of the table {shape.name!r} differs")
                if not number % portable.PAGE_ROWS:
                    self._advance(portable.PAGE_ROWS)
            self._advance(self._survey.rows[shape.name] % portable.PAGE_ROWS)
        if not target.engine.is_sound(link.connection):
            raise _different("it does not pass its engine's checks")
        wanted = self._source.engine.last_ids(self._link.connection)
        found = target.engine.last_ids(link.connection)
        if any(found.get(name, 0) < last for name, last in wanted.items()):
            raise _different("ids would be given again")
        if recovery.survey(link, self._opened, self._survey.sealing_keys) != self._survey:
            raise _different("the audit log does not verify as it did")

    def _require_unchanged(self) -> None:
        """Every change leaves a row in the audit log, linked or waiting."""
        with self._source.reading() as now:
            if _mark(now) != _mark(self._link):
                raise InstallationInUse(
                    "It was changed while it was copied, and the copy would lack that. Stop "
                    "whatever works with it."
                )

    def _record(self, link: Link, actor: str, at: datetime) -> Contents:
        """Say in every keystore's audit log where it came from; return what is there now."""
        detail = {"from": self._source.engine.scheme, "head": self._survey.head}
        event = AuditEvent(Action.DATABASE_COPIED, audit.DONE, None, None, None, detail)
        keystores = link.all(statements.LIST_KEYSTORES)
        for _, keystore_id in keystores:
            audit.append(link, self._opened, keystore_id, actor, at, event)
        sequence, mac = link.one(statements.LAST_AUDIT) or (0, b"")
        rows = {**self._survey.rows}
        rows["audit"] += len(keystores)
        return replace(self._survey, rows=rows, head=f"{sequence}:{mac.hex()}")

    def _advance(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, self._total)


def _mark(link: Link) -> tuple[object, ...]:
    return (link.one(statements.LAST_AUDIT), link.one(statements.COUNT_WAITING_AUDIT))


def _different(what: str) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The copy is not what was copied: {what}. It was given up, and the database that was "
        "copied is as it was."
    )
