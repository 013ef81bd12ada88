import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from keysteward.accounts import sign_in
from keysteward.keystore import key_pairs
from keysteward.pki import private_keys
from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    InstallationInUse,
    KeystoreExists,
    KeystoreNotInitialised,
    SealingKeyMissing,
    SettingInvalid,
)
from keysteward.settings import Settings
from keysteward.storage import copying, lifecycle, portable, tables
from tests import beside, commands, installations, many_entries, postgresql
from tests import steward as steward_
from tests.fresh import Fresh
from tests.pki_maker import issue
from tests.steward import TENANT, Clock
from tests.storage.conftest import NOW

ENTRIES = 1800
Rows = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """A database that is not there yet, or empty."""

    url: str
    folder: Path

    def settings(self, source: Settings) -> Settings:
        """Return those of the copy: the sealing keys are the source's."""
        if self.url.startswith("sqlite"):
            return replace(source, data=self.folder, database=None)
        return replace(source, database=self.url)


@contextmanager
def _target(engine: str, folder: Path, server: postgresql.Server | None) -> Iterator[Target]:
    if server is None or engine == "sqlite":
        yield Target(f"sqlite:///{folder}/keysteward.db", folder)
        return
    name = server.create()
    try:
        yield Target(server.url(name), folder)
    finally:
        server.drop(name)


def _server(engine: str, request: pytest.FixtureRequest) -> postgresql.Server | None:
    return request.getfixturevalue("postgresql_server") if engine == "postgresql" else None


@pytest.fixture(params=("sqlite", "postgresql"))
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """Return a place on either engine."""
    server = _server(request.param, request)
    with _target(request.param, tmp_path / "copied", server) as found:
        yield found


@pytest.fixture(scope="module")
def furnished(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Return an installation with something of everything, much of it, and a pending renewal."""
    folder = tmp_path_factory.mktemp("furnished") / "data"
    with fresh.keystore(folder) as settings:
        with steward_.opened(settings, Clock()) as steward:
            installations.furnish(steward)
            many_entries.fill(steward, ENTRIES)
            chain = (installations.CLIENT, installations.CA, installations.ROOT)
            steward_.add(steward, "renewed", *chain)
            key_pairs.renew_key_pair(steward, TENANT, "renewed")
            steward_.ask(steward, "renewed")
        yield settings


@pytest.fixture
def small(fresh: Fresh, tmp_path: Path) -> Iterator[Settings]:
    """Return an installation with nothing but its keystore, to be altered."""
    with fresh.keystore(tmp_path / "small") as settings:
        yield settings


def _copy(source: Settings, target: Target) -> copying.Copied:
    return copying.copy(source, target.url, "tester", NOW)


def _rows(settings: Settings) -> Rows:
    """Return every row of every table that moves, as both engines would give it."""
    found: Rows = {}
    with closing(beside.connect(settings)) as connection:
        for table in tables.metadata.sorted_tables:
            if table.name not in tables.PASSING:
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                read = connection.execute(f'SELECT {columns} FROM "{table.name}"')  # noqa: S608
                found[table.name] = sorted(
                    ([int(v) if isinstance(v, bool) else v for v in row] for row in read),
                    key=repr,
                )
    return found


def _change(settings: Settings, statement: str, *parameters: object) -> None:
    with closing(beside.connect(settings, writing=True)) as connection:
        connection.execute(statement, parameters)
        connection.commit()


def test_every_row_arrives(furnished: Settings, target: Target) -> None:
    """Between all engines, with deleted and purged entries, backups, history and accounts."""
    told: list[tuple[int, int]] = []
    with steward_.opened(furnished, Clock()) as steward:
        head = steward.store.verify_audit().head
    copied = copying.copy(furnished, target.url, "tester", NOW, lambda *n: told.append(n))
    before, after = _rows(furnished), _rows(target.settings(furnished))
    assert [] == after["audit_waiting"]
    log, longer = (rows.pop("audit") for rows in (before, after))
    assert before == after
    assert ENTRIES < len(after["entries"])
    assert {2} == {len(longer) - len(log)}
    assert {name: len(rows) for name, rows in after.items()} | {"audit": len(longer)} == dict(
        copied.contents.rows
    )
    assert told == sorted(told)
    assert {told[-1][1]} == {told[-1][0], 2 * (sum(copied.contents.rows.values()) - 2)}
    with steward_.opened(target.settings(furnished), Clock()) as steward:
        report = steward.store.verify_audit(head)
        assert (True, copied.contents.head) == (report.clean, report.head)


def test_audit_log_tells_of_the_copy(furnished: Settings, target: Target) -> None:
    """In every keystore's log: from which engine, with the head that the log had."""
    with steward_.opened(furnished, Clock()) as steward:
        head = steward.store.verify_audit().head
    _copy(furnished, target)
    scheme = make_url(lifecycle.database_url(furnished)).drivername
    with steward_.opened(target.settings(furnished), Clock()) as steward:
        for _, keystore_id in steward.store.list_keystores():
            (row,) = steward.store.audit_log.read(keystore_id, last=1)
            assert ("database-copied", "tester") == (row.action, row.actor)
            assert {"from": scheme, "head": head} == row.detail


def test_what_is_soon_over_stays_behind(furnished: Settings, target: Target) -> None:
    """Who was signed in signs in again, with the password of before."""
    _copy(furnished, target)
    settings = target.settings(furnished)
    passing = [f"SELECT 1 FROM {name}" for name in sorted(tables.PASSING)]  # noqa: S608
    assert any(beside.query(furnished, statement) for statement in passing)
    assert not any(beside.query(settings, statement) for statement in passing)
    with steward_.opened(settings, Clock()) as steward:
        found = sign_in.sign_in(steward, "ann", installations.PASSWORD, "192.0.2.1")
    assert "ann" == found.name


def test_main_job_goes_on_in_the_copy(furnished: Settings, target: Target) -> None:
    """A renewal that waited for its answer gets it there; new ids were never given before."""
    _copy(furnished, target)
    with steward_.opened(furnished, Clock()) as steward:
        expected = steward.store.list_entries(steward.keystore_id, limit=5000)
    with steward_.opened(target.settings(furnished), Clock()) as steward:
        assert expected == steward.store.list_entries(steward.keystore_id, limit=5000)
        entry = steward.store.get_entry(steward.keystore_id, "renewed")
        assert entry.pending is not None
        key = private_keys.from_pkcs8(key_pairs.unseal_private_key(steward, entry.pending))
        answer = issue("client", key, installations.CA, eku=("clientAuth",))
        steward_.upload(steward, "renewed", answer, installations.CA, installations.ROOT)
        after = steward.store.get_entry(steward.keystore_id, "renewed")
        assert answer.der == after.version.certificate.der
        assert (None, entry.id) == (after.pending, after.id)
        added = steward_.add(steward, "new", issue("new"))
        assert steward.store.verify_audit().clean
    highest = beside.query(furnished, "SELECT max(id) FROM entries")[0][0]
    assert added.id > highest


def test_copy_of_a_copy_is_the_same(
    furnished: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """There and back again, over the other engine: only the audit log has grown."""
    other = "sqlite" if beside.on_postgresql(furnished) else "postgresql"
    here = "sqlite" if other == "postgresql" else "postgresql"
    with (
        _target(other, tmp_path / "there", _server(other, request)) as there,
        _target(here, tmp_path / "back", _server(here, request)) as back,
    ):
        _copy(furnished, there)
        _copy(there.settings(furnished), back)
        before, after = _rows(furnished), _rows(back.settings(furnished))
    assert 4 == len(after.pop("audit")) - len(before.pop("audit"))
    assert before == after


_TEXTS = (
    "",
    " ",
    "\x01\x1f\x7f",
    "\\N \\. \t\r\n",
    "'\"%s:name$1",
    "\uffff",
    *(chr(plane * 0x10000 + 0x41) for plane in range(1, 17)),
    "\U0010ffff",
    "e\u0301 \u00e9",
    "\u202e\ufeff",
)
_NUMBERS = (0, -1, -(2**63), 2**63 - 1)


def test_odd_values_arrive(
    small: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every plane of Unicode, nulls, nothing at all, and the limits of numbers.

    Pages of two rows are found by keys of every kind: numbers, texts, and bytes.
    """
    monkeypatch.setattr(portable, "PAGE_ROWS", 2)
    with steward_.opened(small, Clock()) as steward:
        steward_.add_anchor(steward, "root", installations.ROOT)
        ((entry,),) = beside.query(small, "SELECT id FROM entries")
    for number, text in enumerate(_TEXTS):
        at = _NUMBERS[number % len(_NUMBERS)]
        null = None if number % 2 else text
        _change(
            small,
            "INSERT INTO accounts (kind, name, password_hash, must_change_password, roles,"
            " keystores, created_at, created_by, modified_at, modified_by, disabled_at)"
            " VALUES ('user', ?, ?, ?, '', NULL, ?, '', 0, ?, ?)",
            *(text, null, bool(number % 2), at, text, None if number % 3 else at),
        )
        _change(
            small,
            "INSERT INTO trust_confirmations VALUES (1, ?, ?, ?)",
            *(bytes([number]) * number, at, text),
        )
    _change(small, "INSERT INTO backups VALUES (7, 1, 'b', 0, 0, '')")
    for text in _TEXTS:
        _change(
            small,
            "INSERT INTO backup_entries VALUES (7, ?, 1, ?, 1, NULL, 'certificate', '', ?)",
            *(text, entry, True),
        )
    copying.copy(small, target.url, "tester", NOW)
    before, after = _rows(small), _rows(target.settings(small))
    del before["audit"], after["audit"]
    assert before == after
    assert len(_TEXTS) == len(before["backup_entries"]) == len(before["accounts"])


def test_ids_of_what_was_destroyed_are_not_given_again(small: Settings, target: Target) -> None:
    """Also when nothing is left of the highest one."""
    with steward_.opened(small, Clock()) as steward:
        steward_.add_anchor(steward, "gone", installations.ROOT)
        gone = steward.store.get_entry(steward.keystore_id, "gone").id
    for table in ("version_certificates", "versions", "entries"):
        _change(small, f"DELETE FROM {table}")  # noqa: S608
    _copy(small, target)
    with steward_.opened(target.settings(small), Clock()) as steward:
        assert gone < steward_.add_anchor(steward, "new", installations.ROOT).id


def test_rows_that_wait_to_be_linked_are_linked_first(small: Settings, target: Target) -> None:
    """Whatever the engine of the source does later, the copy's log is whole."""
    with steward_.opened(small, Clock()) as steward:
        steward_.add_anchor(steward, "root", installations.ROOT)
    copied = _copy(small, target)
    with steward_.opened(target.settings(small), Clock()) as steward:
        report = steward.store.verify_audit()
        assert ((), True) == (report.not_linked, report.clean)
    assert copied.contents.rows["audit_waiting"] == 0


def test_broken_audit_log_travels_as_it_is(small: Settings, target: Target) -> None:
    """A log that was tampered with is evidence; the copy is as broken, and says so."""
    with steward_.opened(small, Clock()) as steward:
        assert steward.store.verify_audit().clean
    _change(small, "UPDATE audit SET actor = 'nobody' WHERE sequence = 1")
    assert not _copy(small, target).contents.clean
    with steward_.opened(target.settings(small), Clock()) as steward:
        assert (1,) == steward.store.verify_audit().broken


def test_target_that_is_not_empty_is_left_alone(small: Settings, target: Target) -> None:
    """An installation of before, or the source itself."""
    _copy(small, target)
    before = _rows(target.settings(small))
    with pytest.raises(KeystoreExists):
        _copy(small, target)
    with pytest.raises(KeystoreExists):
        copying.copy(small, lifecycle.database_url(small), "tester", NOW)
    assert before == _rows(target.settings(small))


def test_change_made_meanwhile_gives_the_copy_up(small: Settings, target: Target) -> None:
    """It would be missing; nothing is there, and the next attempt has it."""
    told: list[int] = []

    def meanwhile(done: int, _total: int) -> None:
        if not told:
            with steward_.opened(small, Clock()) as steward:
                steward_.add_anchor(steward, "late", installations.ROOT)
        told.append(done)

    with pytest.raises(InstallationInUse, match="changed while it was copied"):
        copying.copy(small, target.url, "tester", NOW, meanwhile)
    assert told
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(target.settings(small))
    _copy(small, target)
    with steward_.opened(target.settings(small), Clock()) as steward:
        assert "late" == steward.store.get_entry(steward.keystore_id, "late").alias


def test_row_that_arrives_otherwise_is_found(
    small: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value is compared: a disk or a driver that alters one leaves no copy."""
    with steward_.opened(small, Clock()) as steward:
        steward_.add_anchor(steward, "root", installations.ROOT)
    carried = portable.Shape.carried

    def altered(shape: portable.Shape, row: Any) -> dict[str, object]:  # noqa: ANN401
        values = carried(shape, row)
        return {**values, "subject": "CN=another"} if shape.name == "certificates" else values

    monkeypatch.setattr(portable.Shape, "carried", altered)
    with pytest.raises(DatabaseUnusable, match="row 1 of the table 'certificates' differs"):
        _copy(small, target)
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(target.settings(small))


def test_damaged_source_is_not_copied(small: Settings, target: Target) -> None:
    """An entry whose keystore is gone: somebody went around the engine."""
    with steward_.opened(small, Clock()) as steward:
        steward_.add_anchor(steward, "root", installations.ROOT)
    with closing(beside.connect(small, writing=True)) as connection:
        if beside.on_postgresql(small):
            connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM certificates")
        connection.commit()
    with pytest.raises(DatabaseUnusable, match="engine's checks"):
        _copy(small, target)
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(target.settings(small))


def test_refusals_leave_nothing(small: Settings, tmp_path: Path, target: Target) -> None:
    """No source, no sealing key, a URL that is none, a server that is not there."""
    nothing = steward_.settings_for(tmp_path / "nothing")
    with pytest.raises(KeystoreNotInitialised):
        _copy(nothing, target)
    for url in ("nonsense", "mysql://host/name", "sqlite://", "postgresql+psycopg://host/d?a=b"):
        with pytest.raises(SettingInvalid, match="new database"):
            copying.copy(small, url, "tester", NOW)
    away = f"postgresql+psycopg://user:secret@/d?host={tmp_path}"
    with pytest.raises(DatabaseUnavailable) as refused:
        copying.copy(small, away, "tester", NOW)
    assert "secret" not in str(refused.value.detail)
    (key,) = small.keyring.iterdir()
    key.unlink()
    with pytest.raises(SealingKeyMissing):
        _copy(small, target)
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(target.settings(small))


def test_places_are_told_without_passwords() -> None:
    """Neither the user's nor one among the parameters."""
    url = "postgresql+psycopg://ann:one@host/db?password=two&sslpassword=three&sslmode=require"
    expected = "postgresql+psycopg://ann:***@host/db?sslmode=require"
    assert expected == lifecycle.shown(make_url(url))


_COPYING = """
import sys
from pathlib import Path
from keysteward import settings
from keysteward.storage import copying
from tests.storage.conftest import NOW

def told(done, total):
    print(done / total, flush=True)
    sys.stdin.readline()

source = settings.from_environment({}, data=Path(sys.argv[1]), database=sys.argv[2] or None)
copying.copy(source, sys.argv[3], "tester", NOW, told)
"""


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_copy_that_is_killed_leaves_nothing(
    furnished: Settings, target: Target, share: float
) -> None:
    """While rows are written, while they are compared, and just before the end."""
    with subprocess.Popen(
        (sys.executable, "-c", _COPYING, furnished.data, furnished.database or "", target.url),
        env=commands.environment(None),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        while float(process.stdout.readline()) < share:
            process.stdin.write("\n")
            process.stdin.flush()
        process.kill()
        assert -signal.SIGKILL == process.wait(60)
    with pytest.raises(KeystoreNotInitialised):
        lifecycle.open_store(target.settings(furnished))
    _copy(furnished, target)
    lifecycle.open_store(target.settings(furnished)).close()
