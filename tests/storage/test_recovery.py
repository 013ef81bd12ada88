import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from keysteward.problems import DatabaseUnusable, KeystoreNotInitialised, SealingKeyMissing
from keysteward.settings import Settings
from keysteward.storage import migrations, portable, recovery
from tests import beside
from tests import steward as steward_
from tests.storage.conftest import NOW, Bench


def _lines(settings: Settings, take: Callable[[], None] = lambda: None) -> list[bytes]:
    written = bytearray()

    def taking(block: bytes) -> None:
        written.extend(block)
        take()

    recovery.dump(settings, taking, NOW)
    return bytes(written).splitlines()


def test_dump_can_be_read_without_the_product(bench: Bench) -> None:
    """Every line is JSON, rows follow their table's line, and bytes are base64 where it says so."""
    bench.add()
    bench.upload()
    lines = [json.loads(line) for line in _lines(bench.settings)]
    start, end = lines[0], lines[-1]["end"]
    assert ("keysteward installation", migrations.HEAD) == (start["kind"], start["schema"])
    assert start["rows"] == sum(end["rows"].values())
    (key,) = [line for line in lines if "sealing_key" in line]
    (file,) = bench.settings.keyring.iterdir()
    assert file.stem == key["sealing_key"]
    assert portable.encoded(file.read_bytes()) == key["content"]
    at = next(n for n, line in enumerate(lines) if "table" in line and line["table"] == "audit")
    assert {"digest", "mac", "receipt"} == set(lines[at]["binary"])
    rows = lines[at + 1 : at + 1 + end["rows"]["audit"]]
    stored = bench.execute("SELECT * FROM audit ORDER BY sequence")
    plain = [[portable.encoded(v) if isinstance(v, bytes) else v for v in row] for row in stored]
    assert plain == rows
    assert bench.store.verify_audit().head == end["head"]


def test_dump_holds_one_state_while_others_write(bench: Bench) -> None:
    """What is committed while the dump runs is in none of its tables."""
    for number in range(portable.PAGE_ROWS // 40):
        bench.add(f"before {number}")
    expected = _lines(bench.settings)
    added: list[int] = []

    def write() -> None:
        added.append(bench.add(f"meanwhile {len(added)}"))

    assert expected == _lines(bench.settings, write)
    assert added


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_table_is_read_whole_in_pages(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """However many rows there are for pages of two, each comes once."""
    monkeypatch.setattr(portable, "PAGE_ROWS", 2)
    for number in range(count):
        bench.add(f"{number}")
    lines = [json.loads(line) for line in _lines(bench.settings)]
    found = [line for line in lines if isinstance(line, list)]
    assert sum(lines[-1]["end"]["rows"].values()) == len(found)
    tables = {line["table"]: n for n, line in enumerate(lines) if "table" in line}
    start = tables["versions"] + 1
    stored = bench.execute("SELECT entry_id, number FROM versions ORDER BY entry_id, number")
    assert stored == [tuple(row[:2]) for row in lines[start : start + count]]


def _alter(settings: Settings, statement: str) -> None:
    """Change something that the engine's own checks would not let pass."""
    with closing(steward_.connect(settings, writing=True)) as connection:
        if beside.on_postgresql(settings):
            connection.execute("SET session_replication_role = replica")
        connection.execute(statement)
        connection.commit()


def test_dump_of_a_damaged_database_is_refused(bench: Bench) -> None:
    """What could not be restored is not written: an entry whose keystore is gone."""
    bench.add()
    _alter(bench.settings, "DELETE FROM keystores")
    with pytest.raises(DatabaseUnusable, match="checks"):
        _lines(bench.settings)


@pytest.mark.sqlite_alone
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET alias = x'00'",
        "UPDATE certificates SET der = 'text'",
        "UPDATE entries SET created_at = 1.5",
        "UPDATE entries SET trusted = 2",
    ],
)
def test_dump_of_what_was_never_written_is_refused(bench: Bench, statement: str) -> None:
    """A value of another type than its column's was put there by somebody else."""
    bench.add()
    _alter(bench.settings, statement)
    with pytest.raises(DatabaseUnusable, match="never wrote"):
        _lines(bench.settings)


def test_dump_of_a_row_that_no_reader_takes_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row beyond the limit of a line is found when it is written, not when it is needed."""
    monkeypatch.setattr(portable, "MOST_LINE_BYTES", 5_000)
    bench.add(pkcs8=b"k" * 5_000)
    with pytest.raises(DatabaseUnusable, match="more than Keysteward ever writes"):
        _lines(bench.settings)


def test_dump_needs_keystore_and_sealing_key(bench: Bench, tmp_path: Path) -> None:
    """Without either there is nothing that could be restored."""
    with pytest.raises(KeystoreNotInitialised):
        _lines(steward_.settings_for(tmp_path / "nothing"))
    for file in bench.settings.keyring.iterdir():
        file.unlink()
    with pytest.raises(SealingKeyMissing):
        _lines(bench.settings)


def test_dump_says_how_far_it_is(bench: Bench) -> None:
    """The last word is all of all."""
    bench.add()
    told: list[tuple[int, int]] = []
    contents = recovery.dump(bench.settings, lambda _: None, NOW, lambda *n: told.append(n))
    total = sum(contents.rows.values())
    assert (total, total) == told[-1]
