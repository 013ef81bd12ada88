"""An installation out of the lines that ``recovery.dump`` wrote, wholly or not at all."""

from datetime import datetime
from typing import BinaryIO, TypeVar

from sqlalchemy import Connection

from keysteward.entries import Action
from keysteward.problems import RecoveryUnreadable, SealedKeyDamaged
from keysteward.sealing import folders, keyring, sealer
from keysteward.sealing.sealer import Sealer, WrappedKey
from keysteward.settings import Settings
from keysteward.storage import audit, lifecycle, migrations, portable, statements
from keysteward.storage.audit import AuditEvent
from keysteward.storage.database import Database, parse_url
from keysteward.storage.portable import Shape
from keysteward.storage.recovery import KIND, Contents, Progress, count
from keysteward.values import Secret

_BATCH_ROWS = 200
_BATCH_BYTES = 1 << 22

T = TypeVar("T")


def restore(
    settings: Settings,
    content: BinaryIO,
    actor: str,
    at: datetime,
    progress: Progress = lambda done, total: None,
) -> Contents:
    """Make the installation that the lines describe, where there is none yet.

    Nothing of it is there before all of it was read to the end and checked: the numbers of rows,
    foreign keys, every data key, the audit log. Then the sealing keys come first and the database
    last, at once. If it fails or the process is killed it can be run again.

    Raises RecoveryUnreadable, KeystoreExists, KeystoreBusy, DatabaseUnusable, DataFolderUnusable.
    """
    engine, url = parse_url(lifecycle.database_url(settings))
    with (
        folders.making(settings.data),
        keyring.adding(settings.keyring) as add_key,
        engine.building(url) as place,
    ):
        database = Database(engine, engine.open(place))
        try:
            with database.schema_change() as connection:
                restoring = _Restoring(database, connection, content, progress)
                contents = restoring.run(actor, at)
                for key_id, key in restoring.keys.items():
                    add_key(key_id, key)
        finally:
            database.close()
    return contents


class _Restoring:
    """One run along the lines, in the order in which they must come."""

    def __init__(
        self, database: Database, connection: Connection, content: BinaryIO, progress: Progress
    ) -> None:
        self.keys: dict[str, Secret] = {}
        self._database = database
        self._connection = connection
        self._link = database.link(connection)
        self._lines = portable.Lines(content)
        self._progress = progress
        self._shapes: dict[str, Shape] = {}
        self._total = 0
        self._done = 0

    def run(self, actor: str, at: datetime) -> Contents:
        """Fill the database and check it; the caller commits."""
        schema = self._start()
        line = self._keys()
        line = self._tables(line)
        self._last_ids(line)
        head, clean = self._end()
        if schema >= migrations.SEARCH:
            self._link.index_entries(0, portable.MOST)
        if schema != migrations.HEAD:
            migrations.upgrade(self._connection)
        opened = self._checked(head, clean=clean)
        return self._record(opened, head, actor, at, clean=clean)

    def _start(self) -> str:
        """Make the tables as they were when the lines were written."""
        start = self._next_object()
        if start.get("kind") != KIND:
            raise RecoveryUnreadable("The content is no installation of Keysteward.")
        schema = _member(start, "schema", str)
        if schema not in migrations.REVISIONS:
            raise RecoveryUnreadable(
                f"A newer version of Keysteward wrote the file: it has the schema {schema!r}, and "
                f"this version knows those up to {migrations.HEAD}. Take that version."
            )
        self._total = _member(start, "rows", int)
        migrations.upgrade(self._connection, schema)
        self._shapes = portable.shapes_in(self._connection)
        return schema

    def _keys(self) -> dict[str, object]:
        """Keep the sealing keys in memory; return the line after them."""
        while "sealing_key" in (line := self._next_object()):
            key_id = _member(line, "sealing_key", str)
            try:
                content = portable.decoded(line.get("content"))
            except ValueError as error:
                raise _malformed() from error
            if not keyring.is_key_id(key_id) or len(content) != keyring.KEY_BYTES:
                raise _malformed()
            self.keys[key_id] = Secret(content)
        return line

    def _tables(self, line: dict[str, object]) -> dict[str, object]:
        """Write every table's rows; return the line after them."""
        missing = dict(self._shapes)
        while "table" in line:
            shape = missing.pop(_member(line, "table", str), None)
            columns, binary = _member(line, "columns", list), _member(line, "binary", list)
            if shape is None or (columns, binary) != (list(shape.columns), shape.binary):
                raise _malformed()
            line = self._rows(shape)
        if missing:
            raise RecoveryUnreadable(f"The table {min(missing)!r} is missing.")
        return line

    def _rows(self, shape: Shape) -> dict[str, object]:
        statement = shape.insert()
        while True:
            rows: list[dict[str, object]] = []
            start = self._lines.bytes_read
            line = self._lines.next()
            while isinstance(line, list):
                rows.append(shape.read(line))
                if len(rows) == _BATCH_ROWS or self._lines.bytes_read - start > _BATCH_BYTES:
                    break
                line = self._lines.next()
            try:
                self._link.change_many(statement, rows)
            except self._database.engine.errors as error:
                raise RecoveryUnreadable(
                    f"The database refuses a row of the table {shape.name!r}."
                ) from error
            self._done += len(rows)
            self._progress(self._done, self._total)
            if isinstance(line, dict):
                return line

    def _last_ids(self, line: dict[str, object]) -> None:
        last = _member(line, "last_ids", dict)
        if not all(
            n in self._shapes and portable.is_integer(v) and v >= 0 for n, v in last.items()
        ):
            raise _malformed()
        self._database.engine.raise_ids(self._link.connection, last)

    def _end(self) -> tuple[str, bool]:
        """Compare the numbers of rows with the last line's; return the audit log's head."""
        end = _member(self._next_object(), "end", dict)
        found = {name: count(self._link, shape) for name, shape in self._shapes.items()}
        if found != end.get("rows"):
            raise RecoveryUnreadable("There are not as many rows as were written.")
        self._lines.end()
        return _member(end, "head", str), _member(end, "clean", bool)

    def _checked(self, head: str, *, clean: bool) -> Sealer:
        """Return the opened data keys when all that was written holds together."""
        if not self._database.engine.is_sound(self._link.connection):
            raise RecoveryUnreadable("The database that was made of it does not pass the checks.")
        wrapped = [WrappedKey(*row) for row in self._link.all(statements.LIST_DATA_KEYS)]
        if not wrapped or {key.sealing_key_id for key in wrapped} != self.keys.keys():
            raise RecoveryUnreadable("Its sealing keys are not those of its data keys.")
        try:
            opened = sealer.open_with(self.keys, wrapped)
        except SealedKeyDamaged as error:
            raise RecoveryUnreadable("Its sealing keys do not open its data keys.") from error
        report = audit.verify_state(self._link, opened)
        if (report.head, report.clean) != (head, clean):
            raise RecoveryUnreadable("Its audit log is not the one that was written.")
        return opened

    def _record(
        self, opened: Sealer, head: str, actor: str, at: datetime, *, clean: bool
    ) -> Contents:
        """Say in every keystore's audit log where it came from; return what came back."""
        keystores = self._link.all(statements.LIST_KEYSTORES)
        event = AuditEvent(Action.RECOVERY_RESTORE, audit.DONE, None, None, None, {"head": head})
        for _, keystore_id in keystores:
            audit.append(self._link, opened, keystore_id, actor, at, event)
        last = self._link.one(statements.LAST_AUDIT) or (0, b"")
        shapes = portable.shapes_in(self._connection)
        return Contents(
            schema=migrations.HEAD,
            keystores=tuple(name for name, _ in keystores),
            sealing_keys=tuple(self.keys),
            rows={name: count(self._link, shape) for name, shape in shapes.items()},
            head=f"{last[0]}:{last[1].hex()}",
            clean=clean,
        )

    def _next_object(self) -> dict[str, object]:
        line = self._lines.next()
        if not isinstance(line, dict):
            raise _malformed()
        return line


def _member(line: dict[str, object], name: str, type_: type[T]) -> T:
    value = line.get(name)
    if not isinstance(value, type_):
        raise _malformed()
    return value


def _malformed() -> RecoveryUnreadable:
    return RecoveryUnreadable("Its content has not the form that this version writes.")
