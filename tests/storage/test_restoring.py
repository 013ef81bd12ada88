import fcntl
import io
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from keysteward.accounts import clients, sign_in
from keysteward.keystore.steward import Steward
from keysteward.problems import (
    DataFolderUnusable,
    KeystoreBusy,
    KeystoreExists,
    Problem,
    RecoveryUnreadable,
    SealingKeyExposed,
)
from keysteward.settings import Settings
from keysteward.storage import (
    account_tables,
    lifecycle,
    migrations,
    portable,
    recovery,
    restoring,
    tables,
)
from keysteward.storage.database import Database, parse_url
from tests import installations
from tests import steward as steward_
from tests.pki_maker import issue
from tests.steward import Clock
from tests.storage.conftest import NOW

Lines = list[Any]
"""The lines of a dump as values."""


@pytest.fixture(scope="module")
def furnished(keystore_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return an installation with something of everything."""
    folder = tmp_path_factory.mktemp("furnished")
    settings = steward_.copy_template(keystore_template, folder / "data")
    with steward_.opened(settings, Clock()) as steward:
        installations.furnish(steward)
    return settings


@pytest.fixture(scope="module")
def dumped(furnished: Settings) -> bytes:
    """Return its dump."""
    file = io.BytesIO()
    recovery.dump(furnished, file.write, NOW)
    return file.getvalue()


@pytest.fixture
def target(tmp_path: Path) -> Settings:
    """Return the settings of a folder that does not exist."""
    return steward_.settings_for(tmp_path / "there" / "data")


def _restore(settings: Settings, dump: bytes) -> recovery.Contents:
    return restoring.restore(settings, io.BytesIO(dump), "tester", NOW)


@pytest.fixture
def reopened(target: Settings, dumped: bytes) -> Iterator[Steward]:
    """Return the restored installation, opened."""
    _restore(target, dumped)
    with steward_.opened(target, Clock()) as steward:
        yield steward


def test_every_row_comes_back(furnished: Settings, target: Settings, dumped: bytes) -> None:
    """All tables are equal, SQLite's own numbers included; the audit log got one row a keystore.

    What is soon over stays behind: who had signed in signs in again.
    """
    contents = _restore(target, dumped)
    before, after = (
        steward_.rows(one, without=("audit", *tables.PASSING)) for one in (furnished, target)
    )
    assert before == after
    empty = [name for name in before if not before[name] and name in contents.rows]
    assert [] == empty
    passing = (steward_.rows(furnished)["tokens"], steward_.rows(furnished)["sessions"])
    assert [1, 1] == [len(rows) for rows in passing]
    assert not any(steward_.rows(target)[name] for name in tables.PASSING)
    log, longer = (steward_.rows(one, without=())["audit"] for one in (furnished, target))
    assert set(log) < set(longer)
    assert 2 == len(longer) - len(log)
    found = steward_.rows(target, without=())
    assert {name: len(found.get(name, ())) for name in contents.rows} == dict(contents.rows)
    assert {t.name for t in _tables()} == contents.rows.keys()


def _tables() -> list[Any]:
    return [table for table in tables.metadata.sorted_tables if table.name not in tables.PASSING]


def test_users_and_clients_sign_in_to_the_restored_installation(reopened: Steward) -> None:
    """With the password and the secrets that they had, to the keystores that they may see."""
    found = sign_in.sign_in(reopened, "ann", installations.PASSWORD, "192.0.2.1")
    assert ("ann", None) == (found.name, found.keystores)
    (client,) = clients.list_clients(reopened)
    assert ("pipeline", 1) == (client.account.name, len(client.secrets))
    assert frozenset({installations.SECOND}) == client.account.keystores


def test_dump_with_what_stays_behind_is_refused(target: Settings, dumped: bytes) -> None:
    """Nobody brings a token of their own along."""
    lines = dumped.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith(b'{"last_ids"'))
    shape = portable.shape_of(account_tables.tokens)
    heading = {"table": shape.name, "columns": shape.columns, "binary": shape.binary}
    lines.insert(at, portable.line(heading))
    with pytest.raises(RecoveryUnreadable):
        _restore(target, b"".join(lines))
    assert not target.data.exists()


def test_audit_log_goes_on(furnished: Settings, dumped: bytes, target: Settings) -> None:
    """The old head is in the new log, whose head is the one that was told."""
    contents = _restore(target, dumped)
    with steward_.opened(furnished, Clock()) as steward:
        old = steward.store.verify_audit().head
    with steward_.opened(target, Clock()) as steward:
        report = steward.store.verify_audit(old)
        assert ("recovery-restore", "done", None) == steward_.audited(steward)[-1]
    assert report.clean
    assert contents.head == report.head
    assert contents.clean


def test_files_are_private_and_nothing_else_is_left(target: Settings, dumped: bytes) -> None:
    """Database and sealing key have mode 0600; what they were built in is gone."""
    before = os.umask(0)
    try:
        _restore(target, dumped)
    finally:
        os.umask(before)
    found = {p.relative_to(target.data): p.stat() for p in target.data.rglob("*")}
    (key,) = target.keyring.iterdir()
    modes = {str(path): stat.st_mode & 0o777 for path, stat in found.items()}
    assert {"keysteward.db": 0o600, "sealing": 0o700, f"sealing/{key.name}": 0o600} == modes
    assert 0o700 == target.data.stat().st_mode & 0o777
    assert {1} == {stat.st_nlink for path, stat in found.items() if path.suffix}


def test_ids_of_destroyed_keys_are_not_given_again(furnished: Settings, reopened: Steward) -> None:
    """A new entry's id is the one that it would have got before."""
    with closing(steward_.connect(furnished)) as connection:
        last = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
        (highest,) = connection.execute("SELECT max(id) FROM entries").fetchone()
    assert last["entries"] > highest
    added = steward_.add(reopened, "new", issue("new"))
    assert last["entries"] + 1 == added.id
    assert last["private_keys"] + 1 == added.version.private_key_id


def test_database_and_keyring_may_lie_elsewhere(
    furnished: Settings, dumped: bytes, tmp_path: Path
) -> None:
    """Each comes to the place that the settings name."""
    settings = Settings(
        data=tmp_path / "data",
        keyring=tmp_path / "keys" / "ring",
        database=f"sqlite:///{tmp_path}/db/else where.db",
    )
    _restore(settings, dumped)
    assert (tmp_path / "db" / "else where.db").is_file()
    names = [file.name for file in furnished.keyring.iterdir()]
    assert names == [file.name for file in settings.keyring.iterdir()]
    lifecycle.open_store(settings).close()


def test_dump_of_the_restored_is_the_same(target: Settings, dumped: bytes) -> None:
    """Restored and dumped again, only the audit log has grown."""
    _restore(target, dumped)
    file = io.BytesIO()
    recovery.dump(target, file.write, NOW)
    again, before = file.getvalue().splitlines(), dumped.splitlines()
    new = [line for line in again if line not in before]
    assert 2 + 2 == len(new)  # first line, two rows of the log, end
    assert 2 == len([line for line in before if line not in again])


def _values(dump: bytes) -> Lines:
    return [json.loads(line) for line in dump.splitlines()]


def _dump(lines: Lines) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _at(lines: Lines, table: str) -> int:
    return next(
        n for n, one in enumerate(lines) if isinstance(one, dict) and one.get("table") == table
    )


def _first_row(lines: Lines, table: str) -> list[Any]:
    row: list[Any] = lines[_at(lines, table) + 1]
    assert isinstance(row, list)
    return row


def _older(lines: Lines, shapes: dict[str, portable.Shape], schema: str) -> Lines:
    """Return the dump that an older version would have written of the same entries."""
    found: Lines = []
    counts: dict[str, int] = {}
    kept: list[int] = []
    known = True
    for line in lines:
        if isinstance(line, list):
            if known:
                found.append([line[n] for n in kept])
            continue
        known = True
        if "schema" in line:
            found.append({**line, "schema": schema})
        elif "table" in line:
            known = line["table"] in shapes
            if known:
                shape = shapes[line["table"]]
                kept = [line["columns"].index(name) for name in shape.columns]
                counts[shape.name] = lines[-1]["end"]["rows"][shape.name]
                found.append(
                    {"table": shape.name, "columns": shape.columns, "binary": shape.binary}
                )
        elif "last_ids" in line:
            found.append({"last_ids": {n: v for n, v in line["last_ids"].items() if n in shapes}})
        elif "end" in line:
            found.append({"end": {**line["end"], "rows": counts}})
        else:
            found.append(line)
    return found


def _shapes_of(schema: str, folder: Path) -> dict[str, portable.Shape]:
    engine, url = parse_url(f"sqlite:///{folder}/schema.db")
    engine.prepare(url)
    database = Database(engine, engine.open(url))
    with database.schema_change() as connection:
        migrations.upgrade(connection, schema)
        shapes = portable.shapes_in(connection)
    database.close()
    return shapes


@pytest.mark.parametrize("schema", migrations.REVISIONS[:-1])
def test_dump_of_an_older_version_is_upgraded(
    keystore_template: Path, target: Settings, tmp_path: Path, schema: str
) -> None:
    """It is loaded into the tables of its time, and they are then brought to today's."""
    settings = steward_.copy_template(keystore_template, tmp_path / "old")
    with steward_.opened(settings, Clock()) as steward:
        chain = installations.CLIENT, installations.CA, installations.ROOT
        expected = steward_.add(steward, "client", *chain)
    file = io.BytesIO()
    recovery.dump(settings, file.write, NOW)
    older = _older(_values(file.getvalue()), _shapes_of(schema, tmp_path), schema)
    assert migrations.HEAD == _restore(target, _dump(older)).schema
    with steward_.opened(target, Clock()) as restored:
        assert expected == restored.store.get_entry(restored.keystore_id, "client")
        assert restored.store.verify_audit().clean


def _set_first(table: str, column: str, value: object) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        names = lines[_at(lines, table)]["columns"]
        _first_row(lines, table)[names.index(column)] = value

    return change


def _without_row(table: str, *, counted: bool) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        del lines[_at(lines, table) + 1]
        lines[-1]["end"]["rows"][table] -= counted

    return change


def _put(at: int, line: object) -> Callable[[Lines], None]:
    return lambda lines: lines.insert(at, line)


def _with(at: int, **members: object) -> Callable[[Lines], None]:
    return lambda lines: lines[at].update(members)


def _end(**members: object) -> Callable[[Lines], None]:
    return lambda lines: lines[-1]["end"].update(members)


def _again(lines: Lines) -> None:
    """Give the first row of a table twice."""
    lines.insert(_at(lines, "keystores") + 1, _first_row(lines, "keystores"))


def _without_table(lines: Lines) -> None:
    at = _at(lines, "trust_confirmations")
    end = next(n for n in range(at + 1, len(lines)) if isinstance(lines[n], dict))
    del lines[at:end]


def _other_column(lines: Lines) -> None:
    lines[_at(lines, "entries")]["columns"][2] = "alibi"


def _table_twice(lines: Lines) -> None:
    lines.insert(_at(lines, "keystores"), dict(lines[_at(lines, "keystores")]))


_KEY = portable.encoded(bytes(32))
_OTHER = {"sealing_key": "0123456789abcdef", "content": _KEY}

ALTERATIONS: dict[str, Callable[[Lines], None]] = {
    "other kind": _with(0, kind="a diary"),
    "newer": _with(0, schema="0099"),
    "schema is no text": _with(0, schema=["0002"]),
    "rows are no number": _with(0, rows="many"),
    "first line missing": lambda lines: lines.pop(0),
    "first line a row": _put(0, [1]),
    "sealing key missing": lambda lines: lines.pop(1),
    "sealing key another": _with(1, content=_KEY),
    "sealing key short": _with(1, content="AAAA"),
    "sealing key no base64": _with(1, content="!"),
    "sealing key no text": _with(1, content=5),
    "sealing key no id": _with(1, sealing_key="../../etc/passwd"),
    "sealing key too many": _put(1, _OTHER),
    "table unknown": lambda lines: lines[_at(lines, "backups")].update(table="alembic_version"),
    "table no text": lambda lines: lines[_at(lines, "backups")].update(table=[]),
    "table missing": _without_table,
    "table twice": _table_twice,
    "columns others": _other_column,
    "columns missing": lambda lines: lines[_at(lines, "backups")].pop("columns"),
    "binary others": lambda lines: lines[_at(lines, "backups")].update(binary=["name"]),
    "row missing": _without_row("trust_confirmations", counted=False),
    "row missing, counted": _without_row("audit", counted=True),
    "row of a foreign key missing": _without_row("certificates", counted=True),
    "row twice": _again,
    "row too short": lambda lines: _first_row(lines, "entries").pop(),
    "value of another type": _set_first("entries", "alias", 5),
    "value not null": _set_first("entries", "alias", None),
    "value no base64": _set_first("certificates", "der", "?"),
    "data key altered": _set_first("data_keys", "wrapped", _KEY),
    "data key of another": _set_first("data_keys", "sealing_key_id", "0123456789abcdef"),
    "audit row altered": _set_first("audit", "actor", "somebody else"),
    "last ids no numbers": lambda lines: lines[-2]["last_ids"].update(entries="5"),
    "last ids too large": lambda lines: lines[-2]["last_ids"].update(entries=2**63),
    "last ids negative": lambda lines: lines[-2]["last_ids"].update(entries=-1),
    "last ids unknown": lambda lines: lines[-2]["last_ids"].update(sqlite_schema=5),
    "last ids missing": lambda lines: lines.pop(-2),
    "head another": _end(head="5:" + "0" * 64),
    "head no text": _end(head=5),
    "clean not": _end(clean=False),
    "rows not counted": _end(rows={}),
    "end missing": lambda lines: lines.pop(),
    "end a row": lambda lines: lines.insert(-1, []),
    "something after": lambda lines: lines.append({}),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_altered_dump_leaves_nothing(dumped: bytes, target: Settings, alteration: str) -> None:
    """Whatever does not hold together is refused: no database, no sealing key, no folder."""
    lines = _values(dumped)
    ALTERATIONS[alteration](lines)
    assert lines != _values(dumped)
    with pytest.raises(RecoveryUnreadable):
        _restore(target, _dump(lines))
    assert not target.data.parent.exists()


def test_newer_dump_is_named(dumped: bytes, target: Settings) -> None:
    """Which version is needed is more than that it cannot be read."""
    lines = _values(dumped)
    lines[0]["schema"] = "0099"
    with pytest.raises(RecoveryUnreadable, match=r"newer version .* '0099'"):
        _restore(target, _dump(lines))


def test_dump_that_is_cut_anywhere_is_refused(dumped: bytes, target: Settings) -> None:
    """At the end of every seventh line, and within the last one."""
    ends = [n for n, byte in enumerate(dumped, start=1) if byte == 10][:-1]
    for end in (*ends[::7], ends[-1], len(dumped) - 1):
        with pytest.raises(RecoveryUnreadable):
            _restore(target, dumped[:end])
    assert not target.data.parent.exists()


def test_folder_that_was_there_stays_empty(dumped: bytes, target: Settings) -> None:
    """A mount point, say: the folder was not ours to remove."""
    target.data.mkdir(parents=True)
    with pytest.raises(RecoveryUnreadable):
        _restore(target, dumped[:-1])
    assert [] == list(target.data.iterdir())
    _restore(target, dumped)
    lifecycle.open_store(target).close()


def test_broken_audit_log_travels_as_it_is(
    furnished: Settings, target: Settings, tmp_path: Path
) -> None:
    """A log that was tampered with is evidence, and no reason to lose the keys."""
    shutil.copytree(furnished.data, tmp_path / "broken")
    broken = steward_.settings_for(tmp_path / "broken")
    with closing(steward_.connect(broken, writing=True)) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 3")
    file = io.BytesIO()
    assert not recovery.dump(broken, file.write, NOW).clean
    assert not _restore(target, file.getvalue()).clean
    with steward_.opened(target, Clock()) as steward:
        assert (3,) == steward.store.verify_audit().broken


# ---- what is there already


def test_keystore_that_is_there_stays_as_it_is(target: Settings, dumped: bytes) -> None:
    """Neither its database nor its keyring changes."""
    lifecycle.create(target, "earlier", NOW)
    before = {p: p.read_bytes() for p in target.data.rglob("*") if p.is_file()}
    with pytest.raises(KeystoreExists):
        _restore(target, dumped)
    assert before == {p: p.read_bytes() for p in target.data.rglob("*") if p.is_file()}


def test_keystore_that_is_made_meanwhile_wins(target: Settings, dumped: bytes) -> None:
    """Another process that was faster is not overwritten."""

    def init(done: int, total: int) -> None:
        if done == total:
            lifecycle.create(target, "faster", NOW)

    with pytest.raises(KeystoreExists):
        restoring.restore(target, io.BytesIO(dumped), "tester", NOW, init)
    with steward_.opened(target, Clock()) as steward:
        assert ["keystore-created"] == [row[0] for row in steward_.audited(steward)]
    assert 1 == len(list(target.keyring.iterdir()))
    assert not (target.data / ".restoring").exists()


def test_second_restore_at_the_same_time_is_refused(target: Settings, dumped: bytes) -> None:
    """One process builds in a folder."""
    target.data.mkdir(parents=True)
    descriptor = os.open(target.data, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(KeystoreBusy):
            _restore(target, dumped)
    finally:
        os.close(descriptor)
    _restore(target, dumped)


def test_sealing_key_that_survived_is_used(
    furnished: Settings, target: Settings, dumped: bytes
) -> None:
    """A keyring that was not lost stays as it is, also when the restore fails."""
    shutil.copytree(furnished.keyring, target.keyring)
    (key,) = target.keyring.iterdir()
    before = key.stat()
    with pytest.raises(RecoveryUnreadable):
        _restore(target, dumped[:-1])
    _restore(target, dumped)
    assert [key] == list(target.keyring.iterdir())
    assert before.st_ino == key.stat().st_ino


def _another(key: Path) -> None:
    key.write_bytes(bytes(32))
    key.chmod(0o600)


def _exposed(key: Path) -> None:
    key.chmod(0o644)


@pytest.mark.parametrize(
    ("change", "problem"), [(_another, DataFolderUnusable), (_exposed, SealingKeyExposed)]
)
def test_other_sealing_key_in_the_way_is_left(
    furnished: Settings,
    target: Settings,
    dumped: bytes,
    change: Callable[[Path], None],
    problem: type[Problem],
) -> None:
    """A file under the key's name that is not the key, or open to others, stops the restore."""
    shutil.copytree(furnished.keyring, target.keyring)
    (key,) = target.keyring.iterdir()
    change(key)
    before = key.read_bytes()
    with pytest.raises(problem):
        _restore(target, dumped)
    assert [target.keyring] == list(target.data.iterdir())
    assert [(key, before)] == [(file, file.read_bytes()) for file in target.keyring.iterdir()]


def test_restore_that_fails_at_its_end_leaves_nothing(
    target: Settings, dumped: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the sealing key is in its place and the database cannot follow, both are gone."""
    link = os.link

    def failing(source: Path, new: Path) -> None:
        if new.suffix == ".db":
            assert [".key"] == [file.suffix for file in target.keyring.iterdir()]
            raise OSError(28, "No space left on device")
        link(source, new)

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", failing)
        with pytest.raises(OSError, match="No space"):
            _restore(target, dumped)
    assert not target.data.parent.exists()
    _restore(target, dumped)


def test_what_a_killed_restore_left_is_removed(target: Settings, dumped: bytes) -> None:
    """A half-built database and a half-written key are no obstacle."""
    staging = target.data / ".restoring"
    staging.mkdir(parents=True)
    (staging / "keysteward.db").write_bytes(b"half")
    target.keyring.mkdir()
    key_id = _values(dumped)[1]["sealing_key"]
    (target.keyring / f"{key_id}.new").write_bytes(b"half")
    _restore(target, dumped)
    assert {"keysteward.db", "sealing"} == {p.name for p in target.data.iterdir()}
    assert [f"{key_id}.key"] == [file.name for file in target.keyring.iterdir()]
    lifecycle.open_store(target).close()


MOST_BYTES = 8 << 20


def test_memory_does_not_grow_with_the_installation(
    keystore_template: Path, target: Settings, tmp_path: Path
) -> None:
    """30 MB of rows are dumped and restored in a fraction of that."""
    settings = steward_.copy_template(keystore_template, tmp_path / "large")
    with closing(steward_.connect(settings, writing=True)) as connection, connection:
        connection.executemany(
            "INSERT INTO trust_confirmations VALUES (1, ?, 0, ?)",
            ((n.to_bytes(32, "big"), "x" * 10_000) for n in range(3_000)),
        )
    file = tmp_path / "lines"
    tracemalloc.start()
    try:
        with file.open("wb") as written:
            recovery.dump(settings, written.write, NOW)
        assert file.stat().st_size > 30_000_000
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
        with file.open("rb") as read:
            restoring.restore(target, read, "tester", NOW)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    assert 3_000 == len(steward_.rows(target)["trust_confirmations"])
