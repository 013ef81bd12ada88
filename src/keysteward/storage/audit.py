"""The audit log: every row has its own digest, and a MAC over that and the MAC of the row before.

The digest is SHA-256 over the row's canonical content. The MAC is HMAC-SHA256 under a key derived
from the sealing key, so whoever can write to the database alone cannot make a chain that verifies.
Sequence numbers start at 1 and have no gaps.
"""

import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from keysteward.entries import Action
from keysteward.problems import (
    DatabaseUnavailable,
    DatabaseUnusable,
    KeystoreBusy,
    OutcomeUnknown,
    SealingKeyMissing,
)
from keysteward.sealing.sealer import Sealer
from keysteward.storage import changes, rows, statements, tables
from keysteward.storage.database import Database
from keysteward.storage.engines.contract import AUDIT_LINKING
from keysteward.storage.links import Link, Row
from keysteward.storage.statements import MANY, padded

DONE, REFUSED = "done", "refused"

NAMED = 100
"""How many bad rows of a kind a report names; the rest is counted."""

_BATCH = 500
_MOST_BATCHES = 100
_JSON = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
_BEFORE_FIRST = bytes(32)
_WAITING = b"waiting"
_ALTERED = bytes(32)
"""Digest of no row."""
_CONTENT_COLUMNS = 10
_NAMES = tuple(column.name for column in tables.audit.columns)[:_CONTENT_COLUMNS]


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What an audit row says; ``detail`` must be writable as JSON and hold no secret."""

    action: Action
    outcome: str
    alias: str | None
    entry_id: int | None
    version: int | None
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What ``verify`` found. Rows are named by sequence, gaps as (first, last)."""

    rows: int
    head: str
    """``<sequence>:<MAC in hexadecimal>`` of the last linked row; ``0:`` of an empty log."""
    broken: tuple[int, ...]
    broken_count: int
    missing: tuple[tuple[int, int], ...]
    missing_count: int
    not_linked: tuple[int, ...]
    not_linked_count: int
    expected_found: bool | None
    """Whether the expected head is in the chain; None if none was given."""

    @property
    def clean(self) -> bool:
        """Whether nothing is broken, missing, unlinked or cut off."""
        wrong = self.broken_count or self.missing_count or self.not_linked_count
        return not wrong and self.expected_found is not False


def append(
    link: Link,
    sealer: Sealer,
    keystore_id: int | None,
    actor: str,
    at: datetime,
    *events: AuditEvent,
) -> None:
    """Write rows; must run inside a write transaction.

    Each is linked to the one before, unless transactions run beside each other: then that would
    make every writer wait for every other one, and the rows wait for ``link_waiting``.
    """
    contents = [
        (
            keystore_id,
            rows.to_microseconds(at),
            _storable(actor),
            event.action.value,
            event.outcome,
            None if event.alias is None else _storable(event.alias),
            event.entry_id,
            event.version,
            _JSON.encode(event.detail),
        )
        for event in events
    ]
    if link.receipt is None:
        _link(link, sealer, [(content, None) for content in contents])
        return
    key = _key(sealer)
    waiting = [
        {
            **_named(content),
            "digest": _mac_of_waiting(key, link.receipt, content),
            "receipt": link.receipt,
        }
        for content in contents
    ]
    link.write(changes.INSERT_WAITING_AUDIT, *waiting)
    link.receipted = True


def link_waiting(database: Database, sealer: Sealer) -> bool:
    """Link some rows that wait, the oldest first; return whether more may be waiting.

    Whoever calls this at the same time waits, and finds nothing left. Tells all who listen.
    """
    with database.reading() as link:
        if link.one(statements.ANY_WAITING_AUDIT) is None:
            return False
    with database.writing(AUDIT_LINKING) as link:
        return link_some(link, sealer)


def link_all(database: Database, sealer: Sealer) -> bool:
    """Link the rows that wait, so that they can be read; return False if nothing can be written.

    Others may write faster than this links, so it does not wait for the last one of them.
    """
    with contextlib.suppress(KeystoreBusy, DatabaseUnavailable, DatabaseUnusable, OutcomeUnknown):
        for _ in range(_MOST_BATCHES):
            if not link_waiting(database, sealer):
                break
        return True
    return False


def link_some(link: Link, sealer: Sealer) -> bool:
    """Do so in an open transaction that has the end of the chain to itself."""
    found = link.all(statements.LIST_WAITING_AUDIT, row_limit=_BATCH)
    waiting = [(row[1:_CONTENT_COLUMNS], row[_CONTENT_COLUMNS + 1]) for row in found]
    key = _key(sealer)
    altered = [
        _mac_of_waiting(key, receipt, content) != row[_CONTENT_COLUMNS]
        for row, (content, receipt) in zip(found, waiting, strict=True)
    ]
    _link(link, sealer, waiting, altered)
    for start in range(0, len(found), MANY):
        part = found[start : start + MANY]
        link.change(changes.DELETE_WAITING_AUDIT, **padded([row[0] for row in part]))
    link.tell_changes()
    return len(found) == _BATCH


def _link(
    link: Link,
    sealer: Sealer,
    contents: Sequence[tuple[Row, bytes | None]],
    altered: Sequence[bool] = (),
) -> None:
    """Write rows at the end of the chain, each with its receipt.

    A row that was altered while it waited gets a digest that tells so for ever.
    """
    sequence, previous = link.one(statements.LAST_AUDIT) or (0, None)
    key = _key(sealer)
    written: list[dict[str, object]] = []
    mac: bytes = previous or _BEFORE_FIRST
    for number, (content, receipt) in enumerate(contents, start=sequence + 1):
        digest = _digest((number, *content))
        if altered and altered[number - sequence - 1]:
            digest = _ALTERED
        mac = _mac(key, mac, digest)
        written.append(
            {
                "sequence": number,
                **_named(content),
                "digest": digest,
                "sealing_key_id": sealer.sealing_key_id,
                "mac": mac,
                "receipt": receipt,
            }
        )
    link.change_many(changes.INSERT_AUDIT, written)


def _key(sealer: Sealer) -> bytes:
    key = sealer.find_audit_key(sealer.sealing_key_id)
    if key is None:
        raise SealingKeyMissing(sealer.sealing_key_id)
    return key.reveal()


def _storable(text: str) -> str:
    """Return a text as every engine keeps it: clients also name what no name can be."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def _named(content: Row) -> dict[str, object]:
    return dict(zip(_NAMES[1:], content, strict=True))


def verify(database: Database, sealer: Sealer, expect: str | None = None) -> AuditReport:
    """Walk the whole log and report what does not hold; needs no more memory for a longer one.

    Args:
        database: the database whose log is read.
        sealer: the keys of the chain.
        expect: a head that was printed earlier; a log cut after it, or rewritten, lacks it.
    """
    linked = link_all(database, sealer)

    def read(after: int) -> list[Row]:
        with database.reading() as link:
            return _batch(link, after)

    report = _walked(read, sealer, expect)
    # If rows can be linked, those that wait now have come since.
    return report if linked else _with_waiting(database, report)


def _with_waiting(database: Database, report: AuditReport) -> AuditReport:
    """Add the rows that wait, by the numbers that they would get."""
    with database.reading() as link:
        ((waiting,),) = link.all(statements.COUNT_WAITING_AUDIT)
    first = report.rows + report.missing_count + 1
    named = (*report.not_linked, *range(first, first + waiting))[:NAMED]
    count = report.not_linked_count + waiting
    return replace(report, not_linked=named, not_linked_count=count)


def verify_state(link: Link, sealer: Sealer) -> AuditReport:
    """Walk the log as the link's open transaction sees it; see ``verify``."""
    return _walked(partial(_batch, link), sealer, None)


T = TypeVar("T")


class _Findings(Generic[T]):
    """Bad rows of one kind: the first ones by name, the rest as a number."""

    def __init__(self) -> None:
        self.named: list[T] = []
        self.count = 0

    def add(self, what: T, count: int = 1) -> None:
        self.count += count
        if len(self.named) < NAMED:
            self.named.append(what)


class _Walk:
    """The state between two rows of a walk along the log."""

    def __init__(self, sealer: Sealer, expect: str | None) -> None:
        self._sealer = sealer
        self._expect = None if expect is None else expect.strip().lower()
        self._expected_found = False
        self._rows = 0
        self._sequence = 0
        self._head = "0:"
        # What the next row may be linked to. An altered row is reported once: the row after it
        # may follow the MAC that stands there, or the one that should.
        self._previous: tuple[bytes, ...] = (_BEFORE_FIRST,)
        self._broken = _Findings[int]()
        self._missing = _Findings[tuple[int, int]]()
        self._not_linked = _Findings[int]()

    def take(self, row: Row) -> None:
        """Look at the next row."""
        sequence = row[0]
        if sequence > self._sequence + 1:
            self._missing.add((self._sequence + 1, sequence - 1), sequence - 1 - self._sequence)
            # Nothing to compare the link with; the gap itself is reported.
            self._previous = ()
        self._sequence = sequence
        self._rows += 1
        digest, key_id, mac = row[_CONTENT_COLUMNS : _CONTENT_COLUMNS + 3]
        key = self._sealer.find_audit_key(key_id) if isinstance(key_id, str) else None
        if key is None or _try_digest(row[:_CONTENT_COLUMNS]) != digest:
            self._broken.add(sequence)
            self._previous = (mac,) if isinstance(mac, bytes) else ()
        else:
            self._follow(sequence, [_mac(key.reveal(), p, digest) for p in self._previous], mac)
        if isinstance(mac, bytes):
            self._head = f"{sequence}:{mac.hex()}"
            self._expected_found = self._expected_found or self._head == self._expect

    def _follow(self, sequence: int, right: list[bytes], mac: object) -> None:
        if mac is None:
            self._not_linked.add(sequence)
            self._previous = tuple(right[:1])
        elif not isinstance(mac, bytes):
            self._broken.add(sequence)
            self._previous = tuple(right[:1])
        elif right and mac not in right:
            self._broken.add(sequence)
            self._previous = (right[0], mac)
        else:
            self._previous = (mac,)

    def report(self) -> AuditReport:
        """Return what was found."""
        if self._rows == 0:
            # Making the keystore wrote the first row.
            self._missing.add((1, 1))
        return AuditReport(
            rows=self._rows,
            head=self._head,
            broken=tuple(self._broken.named),
            broken_count=self._broken.count,
            missing=tuple(self._missing.named),
            missing_count=self._missing.count,
            not_linked=tuple(self._not_linked.named),
            not_linked_count=self._not_linked.count,
            expected_found=None if self._expect is None else self._expected_found,
        )


def _walked(read: Callable[[int], list[Row]], sealer: Sealer, expect: str | None) -> AuditReport:
    """Walk along batches of rows; ``read`` returns the one after a sequence number."""
    walk = _Walk(sealer, expect)
    after = 0
    while True:
        batch = read(after)
        for row in batch:
            walk.take(row)
        if len(batch) < _BATCH:
            return walk.report()
        after = batch[-1][0]


def _batch(link: Link, after: int) -> list[Row]:
    return link.all(statements.LIST_AUDIT, after_sequence=after, row_limit=_BATCH)


def _digest(content: Row) -> bytes:
    return hashlib.sha256(_JSON.encode(content).encode()).digest()


def _try_digest(content: Row) -> bytes | None:
    """Return the digest of a stored row, or None if a column holds what was never written."""
    try:
        return _digest(content)
    except TypeError:
        return None


def _mac_of_waiting(key: bytes, receipt: bytes | None, content: Row) -> bytes | None:
    """Return what proves who wrote a row that waits; None for one that was never written so."""
    digest = _try_digest((0, *content))
    if digest is None or receipt is None:
        return None
    return hmac.digest(key, _WAITING + receipt + digest, "sha256")


def _mac(key: bytes, previous: bytes, digest: bytes) -> bytes:
    return hmac.digest(key, previous + digest, "sha256")
