"""A whole installation as lines, and lines as an installation; ADR 12 describes them.

The lines hold the sealing keys in clear: they go nowhere but into a recovery file's encryption.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keysteward.problems import DatabaseUnusable
from keysteward.sealing import keyring, sealer
from keysteward.sealing.sealer import Sealer, WrappedKey
from keysteward.settings import Settings
from keysteward.storage import (
    audit,
    lifecycle,
    migrations,
    portable,
    statements,
    tables,
)
from keysteward.storage.database import Database
from keysteward.storage.links import Link
from keysteward.values import Secret

KIND = "keysteward installation"
"""What the first line says that the lines are."""

Progress = Callable[[int, int], None]
"""Is told how many rows are done, and how many there are in all."""

_BLOCK_BYTES = 1 << 16
SHAPES = tuple(
    (table, portable.shape_of(table))
    for table in tables.metadata.sorted_tables
    if table.name not in tables.PASSING
)
"""The tables that move with an installation; those that others point at come first."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a recovery file holds, or what came back from one."""

    schema: str
    keystores: tuple[str, ...]
    sealing_keys: tuple[str, ...]
    """Their ids."""
    rows: Mapping[str, int]
    """How many, by table."""
    head: str
    """Of the audit log, as ``audit verify`` prints it."""
    clean: bool
    """Whether the audit log verified; one that was broken before travels as it is."""


def dump(
    settings: Settings,
    take: Callable[[bytes], object],
    at: datetime,
    progress: Progress = lambda done, total: None,
) -> Contents:
    """Hand out one moment's state of an installation while others use it, in blocks of lines.

    Raises DatabaseUnusable if the engine finds damage: what cannot be restored is not written.
    """
    database = lifecycle.open_database(settings)
    try:
        _link_waiting(database, settings.keyring)
        with database.reading_one_state() as link:
            if not database.engine.is_sound(link.connection):
                raise DatabaseUnusable(
                    "The database does not pass its engine's checks, so nothing of it was written. "
                    "Keep the last good backup, and every recovery file."
                )
            wrapped = [WrappedKey(*row) for row in link.all(statements.LIST_DATA_KEYS)]
            ids = sorted({key.sealing_key_id for key in wrapped})
            keys = {key_id: keyring.load_key(settings.keyring, key_id) for key_id in ids}
            contents = survey(link, sealer.open_with(keys, wrapped), ids)
            last_ids = database.engine.last_ids(link.connection)
            _Dumping(link, take, progress).write(contents, keys, last_ids, at)
    finally:
        database.close()
    return contents


def _link_waiting(database: Database, folder: Path) -> None:
    """Have the head that is told be that of all rows."""
    with database.reading() as link:
        wrapped = [WrappedKey(*row) for row in link.all(statements.LIST_DATA_KEYS)]
    audit.link_all(database, sealer.open_sealer(folder, wrapped))


def survey(link: Link, opened: Sealer, sealing_keys: Sequence[str]) -> Contents:
    """Return what a database holds, as the link's open transaction sees it."""
    report = audit.verify_state(link, opened)
    return Contents(
        schema=migrations.HEAD,
        keystores=tuple(row[0] for row in link.all(statements.LIST_KEYSTORES)),
        sealing_keys=tuple(sealing_keys),
        rows={shape.name: count(link, shape) for _, shape in SHAPES},
        head=report.head,
        clean=report.clean,
    )


def count(link: Link, shape: portable.Shape) -> int:
    """Return how many rows a table has."""
    row = link.one(shape.count())
    return 0 if row is None else int(row[0])


class _Dumping:
    def __init__(self, link: Link, take: Callable[[bytes], object], progress: Progress) -> None:
        self._link = link
        self._take = take
        self._progress = progress
        self._held = bytearray()
        self._done = 0

    def write(
        self,
        contents: Contents,
        keys: Mapping[str, Secret],
        last_ids: Mapping[str, int],
        at: datetime,
    ) -> None:
        total = sum(contents.rows.values())
        self._put(
            {
                "kind": KIND,
                "schema": contents.schema,
                "written_at": at.isoformat(),
                "rows": total,
            }
        )
        for key_id, key in keys.items():
            self._put({"sealing_key": key_id, "content": portable.encoded(key.reveal())})
        for table, shape in SHAPES:
            self._put({"table": shape.name, "columns": shape.columns, "binary": shape.binary})
            for row in portable.rows_of(self._link, table):
                self._put(shape.write(row))
                self._done += 1
                if not self._done % portable.PAGE_ROWS:
                    self._progress(self._done, total)
        self._put({"last_ids": last_ids})
        end = {"rows": contents.rows, "head": contents.head, "clean": contents.clean}
        self._put({"end": end})
        self._take(bytes(self._held))
        self._progress(total, total)

    def _put(self, value: Mapping[str, object] | list[object]) -> None:
        self._held += portable.line(value)
        if len(self._held) >= _BLOCK_BYTES:
            self._take(bytes(self._held))
            self._held.clear()
