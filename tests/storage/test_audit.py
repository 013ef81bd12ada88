import hashlib
import json

import pytest

from keysteward.entries import Action
from keysteward.problems import AliasNotFound, DatabaseUnusable
from keysteward.storage import tables
from keysteward.storage.audit import AuditReport
from tests.storage.conftest import NOW, Bench

COLUMNS = (
    "sequence",
    "keystore_id",
    "at",
    "actor",
    "action",
    "outcome",
    "alias",
    "entry_id",
    "version",
    "detail",
    "digest",
    "sealing_key_id",
    "mac",
    "receipt",
)

# What is left out is no part of what a row says: by the receipt a transaction is found again.
PROTECTED = COLUMNS[1:-1]


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Return a keystore with eight audit rows."""
    for name in "abcdefg":
        bench.add(name)
    bench.link_audit()
    return bench


def test_log_is_clean_when_nobody_touched_it(filled: Bench) -> None:
    """Every row is counted, from the one that made the keystore on."""
    report = filled.store.verify_audit()
    assert (True, 8, None) == (report.clean, report.rows, report.expected_found)
    assert report.head.startswith("8:")


def test_columns_are_all_named_here(bench: Bench) -> None:
    """A column that is added later must be protected, too."""
    assert list(COLUMNS) == [column.name for column in tables.audit.columns]
    bench.execute(f"SELECT {', '.join(COLUMNS)} FROM audit")  # noqa: S608


@pytest.mark.parametrize("column", PROTECTED)
def test_altered_row_is_found_whatever_was_altered(filled: Bench, column: str) -> None:
    """Each column of each row is covered; the altered row alone is named."""
    of_type = {int: 4711, str: "another", bytes: b"another"}
    _alter(filled, column, of_type[tables.audit.c[column].type.python_type])


@pytest.mark.parametrize("column", [c for c in PROTECTED if tables.audit.c[c].nullable])
def test_altered_row_is_found_when_something_was_taken_out(filled: Bench, column: str) -> None:
    """Null where it may be, but was not, is another content."""
    _alter(filled, column, None)


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("column", PROTECTED)
@pytest.mark.parametrize("value", [4711, "another", b"another"])
def test_altered_row_is_found_when_a_value_has_another_type(
    filled: Bench, column: str, value: object
) -> None:
    """SQLite's columns take values of any type."""
    _alter(filled, column, value)


def _alter(filled: Bench, column: str, value: object) -> None:
    statement = f"UPDATE audit SET {column} = ? WHERE sequence = 4"  # noqa: S608
    filled.execute(statement, value)
    report = filled.store.verify_audit()
    assert not report.clean
    assert (4,) == report.broken + report.not_linked


def test_altered_sequence_is_found(filled: Bench) -> None:
    """A row that was moved is missing where it was and broken where it is."""
    filled.execute("UPDATE audit SET sequence = 400 WHERE sequence = 4")
    report = filled.store.verify_audit()
    assert (((4, 4), (9, 399)), 392, (400,)) == (
        report.missing,
        report.missing_count,
        report.broken,
    )


def test_altered_row_is_found_when_its_digest_was_made_to_fit(filled: Bench) -> None:
    """Without the sealing key a digest can be computed anew, the chain cannot."""
    digest = "(SELECT digest FROM audit WHERE sequence = 5)"
    filled.execute(f"UPDATE audit SET digest = {digest}, alias = 'd' WHERE sequence = 4")  # noqa: S608
    assert (4,) == filled.store.verify_audit().broken


def test_exchanged_rows_are_found(filled: Bench) -> None:
    """The order is part of what is protected."""
    filled.execute("UPDATE audit SET sequence = -4 WHERE sequence = 4")
    filled.execute("UPDATE audit SET sequence = 4 WHERE sequence = 5")
    filled.execute("UPDATE audit SET sequence = 5 WHERE sequence = -4")
    assert {4, 5} <= set(filled.store.verify_audit().broken)


def test_missing_rows_are_found(filled: Bench) -> None:
    """A gap is reported as a range, at the start as well."""
    filled.execute("DELETE FROM audit WHERE sequence IN (1, 4, 5)")
    report = filled.store.verify_audit()
    assert (((1, 1), (4, 5)), 3, ()) == (report.missing, report.missing_count, report.broken)


def test_empty_log_is_not_clean(filled: Bench) -> None:
    """Making the keystore wrote a row, so an empty log was emptied."""
    filled.execute("DELETE FROM audit")
    assert not filled.store.verify_audit().clean


def test_cut_tail_is_found_with_an_earlier_head(filled: Bench) -> None:
    """Who kept the head sees that rows after it, or with it, are gone."""
    head = filled.store.verify_audit().head
    filled.add("h")
    assert filled.store.verify_audit(f" {head.upper()}\n").clean
    filled.execute("DELETE FROM audit WHERE sequence >= 8")
    assert filled.store.verify_audit().clean
    report = filled.store.verify_audit(head)
    assert (False, False) == (report.clean, report.expected_found)


@pytest.mark.parametrize("head", ["", "8", "8:", "8:00", "nonsense", "9:" + "00" * 32])
def test_head_of_another_log_is_not_found(filled: Bench, head: str) -> None:
    """Anything but a head of this chain counts as cut."""
    assert not filled.store.verify_audit(head).clean


@pytest.mark.sqlite_alone
def test_text_that_is_none_ends_in_a_problem(filled: Bench) -> None:
    """Bytes that are no UTF-8 in a text column are damage, not a traceback."""
    filled.execute("UPDATE audit SET alias = CAST(X'FF' AS TEXT) WHERE sequence = 4")
    with pytest.raises(DatabaseUnusable):
        filled.store.verify_audit()


def test_long_log_is_walked_in_pieces(bench: Bench) -> None:
    """More rows than one batch are one chain, and only the first bad ones are named."""
    with bench.store.writing(bench.keystore_id, "tester", NOW) as writing:
        for number in range(1499):
            writing.audit(Action.RENAME, "a", number, None, {"n": number})
    assert (True, 1500) == _rows(bench.store.verify_audit())
    bench.execute("UPDATE audit SET actor = 'x' WHERE sequence > 700")
    report = bench.store.verify_audit()
    assert (800, 100) == (report.broken_count, len(report.broken))


def test_refusal_is_written_in_a_transaction_of_its_own(bench: Bench) -> None:
    """What was refused is in the log with its reason, although nothing else was written."""
    problem = AliasNotFound("nobody", "default")
    bench.store.record_refusal(
        bench.keystore_id, "tester", NOW, action=Action.DELETE, alias="nobody", problem=problem
    )
    row = next(iter(bench.store.audit_log.read(bench.keystore_id, last=1)))
    assert ("delete", "refused", "nobody", NOW) == (row.action, row.outcome, row.alias, row.at)
    assert {"problem": "alias-not-found", "detail": problem.detail} == row.detail
    assert bench.store.verify_audit().clean


def test_last_rows_come_newest_last_and_of_one_keystore(filled: Bench) -> None:
    """A tenant sees its own rows, in the order in which they happened."""
    found = tuple(filled.store.audit_log.read(filled.keystore_id, last=3))
    assert ["e", "f", "g"] == [row.alias for row in found]
    assert () == tuple(filled.store.audit_log.read(filled.keystore_id + 1, last=3))


def test_upload_writes_what_was_accepted_and_why(bench: Bench) -> None:
    """The row of an upload names the chain, the file's digest and what was overridden."""
    bench.add()
    bench.upload(0)
    row = next(iter(bench.store.audit_log.read(bench.keystore_id, last=1)))
    assert ("signing-response", "done", "a", 2) == (
        row.action,
        row.outcome,
        row.alias,
        row.version,
    )
    assert [c.fingerprint for c in bench.pki.chains[0]] == row.detail["chain"]
    assert ("5a" * 32, []) == (row.detail["file_sha256"], row.detail["overridden"])


def _rows(report: AuditReport) -> tuple[bool, int]:
    return report.clean, report.rows


@pytest.mark.parametrize("alias", ["a\0b", "\0", "a\x01b"])
def test_refused_name_that_no_name_can_be_leaves_the_log_clean(bench: Bench, alias: str) -> None:
    """Not every engine keeps what a client asked for as it is; the chain holds all the same."""
    problem = AliasNotFound("nobody", "default")
    bench.store.record_refusal(
        bench.keystore_id, alias, NOW, action=Action.DELETE, alias=alias, problem=problem
    )
    assert (True, 2) == _rows(bench.store.verify_audit())
    row = next(iter(bench.store.audit_log.read(bench.keystore_id, last=1)))
    shown = alias.replace("\0", "␀")
    assert (shown, shown) == (row.alias, row.actor)


@pytest.mark.parametrize("receipt", [None, b"r" * 16])
def test_row_that_somebody_else_put_among_those_that_wait_is_broken(
    bench: Bench, receipt: bytes | None
) -> None:
    """Whoever can write to the database alone cannot have rows of theirs linked as right ones."""
    content = [None, 0, "forger", "delete", "done", "a", None, None, "{}"]
    plain = json.dumps([0, *content], separators=(",", ":"), sort_keys=True).encode()
    bench.execute(
        "INSERT INTO audit_waiting (keystore_id, at, actor, action, outcome, alias, entry_id,"
        " version, detail, digest, receipt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *content,
        hashlib.sha256(plain).digest(),
        receipt,
    )
    report = bench.store.verify_audit()
    assert ((2,), 1) == (report.broken, report.broken_count)


@pytest.mark.parametrize("column", ["actor", "alias", "detail", "receipt", "digest"])
def test_row_that_was_altered_while_it_waited_is_broken(bench: Bench, column: str) -> None:
    """Each column that says something is covered before the row is linked, too."""
    bench.add()
    value = b"another" if column in ("receipt", "digest") else "another"
    bench.execute(f"UPDATE audit_waiting SET {column} = ?", value)  # noqa: S608
    waited = () if bench.store._database.serial else (2,)
    assert waited == bench.store.verify_audit().broken
