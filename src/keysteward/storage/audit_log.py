"""The audit log as it is asked about: by filters, by entry; in pages, without verifying it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy.sql import Executable

from keysteward.pki.certificates import Certificate, read_certificate
from keysteward.sealing.sealer import Sealer
from keysteward.storage import audit, audit_statements, rows, statements
from keysteward.storage.database import Database
from keysteward.storage.links import Link, Row
from keysteward.storage.records import AuditFilter, AuditRow
from keysteward.values import Fingerprint

EVERYTHING = AuditFilter()

_PAGE = 500


class AuditLog:
    """Questions about what was; the store has one. Nothing is verified, see ``audit.verify``."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def read(
        self,
        keystore_id: int | None,
        wanted: AuditFilter = EVERYTHING,
        *,
        last: int | None = None,
        after: int = 0,
        before: int | None = None,
    ) -> Iterator[AuditRow]:
        """Yield the rows that a filter lets through, oldest first; the ``last`` ones if a number.

        None instead of a keystore: the installation's rows, about accounts. ``after`` is a sequence
        number: rows up to it are left out; so are those from ``before`` on. A page at a time is in
        memory. Rows that are written meanwhile are not among them.
        """
        parameters: dict[str, object] = {
            "keystore": keystore_id,
            "actor": wanted.actor,
            "action": wanted.action,
            "outcome": wanted.outcome,
            "since": None if wanted.since is None else rows.to_microseconds(wanted.since),
            "until": None if wanted.until is None else rows.to_microseconds(wanted.until),
        }
        audit.link_all(self._database, self._sealer)
        of_alias = wanted.alias is not None
        if of_alias:
            parameters["alias"] = wanted.alias
        with self._database.reading() as link:
            first, final = _bounds(link, parameters)
            first = max(first, after)
            parameters["last_sequence"] = final if before is None else min(final, before - 1)
            if last is not None:
                # The row before those that are wanted, if there are so many.
                statement = audit_statements.find_from_end(of_alias=of_alias)
                found = link.one(statement, **parameters, after_sequence=first, skipped=last)
                first = first if found is None else found[0]
        return self._walk(audit_statements.list_wanted(of_alias=of_alias), parameters, first)

    def read_of_entry(self, keystore_id: int, entry_id: int) -> Iterator[AuditRow]:
        """Yield every row about an entry, also a purged one, whatever it was called."""
        audit.link_all(self._database, self._sealer)
        parameters: dict[str, object] = {"keystore": keystore_id, "entry": entry_id}
        return self._walk(audit_statements.LIST_OF_ENTRY, parameters, 0)

    def list_entries_of_alias(self, keystore_id: int, alias: str) -> tuple[int, ...]:
        """Return the ids of all entries that rows name with an alias, purged ones too.

        An entry that got the alias by a rename is among them as soon as anything else happened.
        """
        audit.link_all(self._database, self._sealer)
        with self._database.reading() as link:
            found = link.all(audit_statements.ENTRIES_OF_ALIAS, keystore=keystore_id, alias=alias)
        return tuple(row[0] for row in found)

    def find_confirmation(
        self, keystore_id: int, fingerprint: Fingerprint
    ) -> tuple[datetime, str] | None:
        """Return when and by whom a topmost certificate was confirmed for a keystore first."""
        with self._database.reading() as link:
            row = link.one(
                statements.FIND_CONFIRMATION,
                keystore=keystore_id,
                fingerprint=rows.to_digest(fingerprint),
            )
        return None if row is None else (rows.to_time(row[0]), row[1])

    def find_certificates(self, fingerprints: Sequence[Fingerprint]) -> tuple[Certificate, ...]:
        """Return those of the certificates that this installation ever stored, in no order."""
        digests = [rows.to_digest(fingerprint) for fingerprint in fingerprints]
        with self._database.reading() as link:
            found = link.among(audit_statements.CERTIFICATES, digests)
        return tuple(dict.fromkeys(read_certificate(row[0]) for row in found))

    def _walk(
        self, statement: Executable, parameters: Mapping[str, object], after: int
    ) -> Iterator[AuditRow]:
        while True:
            with self._database.reading() as link:
                page = link.all(statement, **parameters, after_sequence=after, row_limit=_PAGE)
            yield from map(_row, page)
            if len(page) < _PAGE:
                return
            after = page[-1][0]


def _bounds(link: Link, parameters: Mapping[str, object]) -> tuple[int, int]:
    """Return the sequence number before the first row in time, and that of the last one.

    Times follow the sequence but for clocks that were set and writers that waited, so that the rows
    between are looked at each.
    """
    keystore, since, until = (parameters[name] for name in ("keystore", "since", "until"))
    first: Row | None = (1,)
    if since is not None:
        first = link.one(audit_statements.FIRST_SINCE, keystore=keystore, since=since)
    if until is None:
        last = link.one(audit_statements.LAST, keystore=keystore)
    else:
        last = link.one(audit_statements.LAST_UNTIL, keystore=keystore, until=until)
    if first is None or last is None or first[0] is None or last[0] is None:
        return 0, 0
    return first[0] - 1, last[0]


def _row(row: Row) -> AuditRow:
    return AuditRow(
        sequence=row[0],
        keystore_id=row[1],
        at=rows.to_time(row[2]),
        actor=row[3],
        action=row[4],
        outcome=row[5],
        alias=row[6],
        entry_id=row[7],
        version=row[8],
        detail=json.loads(row[9]),
    )
