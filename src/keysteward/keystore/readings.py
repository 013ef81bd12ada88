"""What many contents are read with: each question is told in the audit log before its answer.

That is for whole keystores, backups, stored signing requests and the audit log itself; who looks at
single entries or lists of them is not recorded. A row names what was read, and holds nothing of it.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import fields
from datetime import datetime

from keysteward.entries import Action, Caller, Entry, ListedEntry, SigningRequest
from keysteward.keystore import backups, chronicle, downloads
from keysteward.keystore.backups import Comparison
from keysteward.keystore.chronicle import Answer
from keysteward.keystore.downloads import Download, KeystoreForm
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.storage.records import AuditFilter, AuditRow, Backup

_PAGE = 500

_FOLLOWED_SECONDS = 60.0
"""Between two looks at a log to which nothing comes; what comes is told at once."""

_LONGEST_TEXT = 250
"""Characters of a filter that a row keeps; no alias is longer."""


def record(
    steward: Steward,
    caller: Caller,
    action: Action,
    what: Mapping[str, object],
    entry: Entry | None = None,
) -> None:
    """Write the row of something that is about to be read, in a transaction of its own.

    Who answers in pages calls this for the first one: a question has one row. ``what`` must be
    writable as JSON.
    """
    alias, entry_id = (None, None) if entry is None else (entry.alias, entry.id)
    with steward.store.writing(steward.keystore_id, caller.name, steward.clock()) as writing:
        writing.audit(action, alias, entry_id, None, what)


def signing_requests(steward: Steward, caller: Caller, entry: Entry) -> tuple[SigningRequest, ...]:
    """Return all stored signing requests of an entry, the first one first."""
    found = steward.store.list_requests(entry.id)
    record(steward, caller, Action.READ_SIGNING_REQUESTS, {"requests": len(found)}, entry)
    return found


def keystore(steward: Steward, caller: Caller, form: KeystoreForm) -> Download:
    """Return the certificates of all current entries as a truststore without a password."""
    found = downloads.public_keystore(_current(steward), form, steward.clock())
    record(steward, caller, Action.READ_KEYSTORE, {"form": form})
    return found


def backup_keystore(
    steward: Steward, caller: Caller, name: str | None, form: KeystoreForm
) -> Download:
    """Return the certificates of a backup, as ``keystore`` does; None means the newest one.

    Raises BackupNotFound.
    """
    with steward.recording_refusals(caller, Action.READ_BACKUP, None):
        chosen = steward.store.get_backup(steward.keystore_id, name)
        entries = backups.public_content(steward, chosen.name)
    found = downloads.public_keystore(entries, form, steward.clock(), of_backup=True)
    record(steward, caller, Action.READ_BACKUP, {"backup": chosen.name, "form": form})
    return found


def backup(
    steward: Steward, caller: Caller, name: str | None
) -> tuple[Backup, tuple[ListedEntry, ...]]:
    """Return a backup with its entries as they were, by alias; None means the newest one.

    Raises BackupNotFound.
    """
    with steward.recording_refusals(caller, Action.READ_BACKUP, None):
        chosen = steward.store.get_backup(steward.keystore_id, name)
    found = backups.look_into(steward, chosen)
    record(steward, caller, Action.READ_BACKUP, {"backup": chosen.name, "form": "list"})
    return chosen, found


def comparison(steward: Steward, caller: Caller, name: str | None) -> Comparison:
    """Return what is not now as a backup holds it; None means the newest one.

    Raises BackupNotFound.
    """
    with steward.recording_refusals(caller, Action.READ_BACKUP, None):
        chosen = steward.store.get_backup(steward.keystore_id, name)
    found = backups.compare(steward, chosen)
    record(steward, caller, Action.READ_BACKUP, {"backup": chosen.name, "form": "comparison"})
    return found


def audit_rows(
    steward: Steward, caller: Caller, wanted: AuditFilter, *, last: int | None = None
) -> Iterator[AuditRow]:
    """Return the rows that a filter lets through, oldest first; the ``last`` ones if a number.

    The row of this question is not among them.
    """
    found = steward.store.audit_log.read(steward.keystore_id, wanted, last=last)
    record_audit_question(steward, caller, wanted, last=last)
    return found


def follow_audit(
    steward: Steward, caller: Caller, wanted: AuditFilter, *, last: int | None = None
) -> Iterator[AuditRow]:
    """Yield what ``audit_rows`` does, and then every row that comes, without end."""
    with closing(steward.store.sharing.watch()) as watch:
        seen = watch.wait(0, 0)
        record_audit_question(steward, caller, wanted, last=last)
        log = steward.store.audit_log
        yield from log.read(steward.keystore_id, wanted, last=last, before=seen + 1)
        while True:
            now = watch.wait(seen, _FOLLOWED_SECONDS)
            yield from log.read(steward.keystore_id, wanted, after=seen, before=now + 1)
            seen = now


def record_audit_question(
    steward: Steward, caller: Caller, wanted: AuditFilter, *, last: int | None = None
) -> None:
    """Write the row of a question to the audit log that is answered in pages."""
    filters = {
        field.name: _shown(value)
        for field in fields(wanted)
        if (value := getattr(wanted, field.name)) is not None
    }
    limit = {} if last is None else {"last": last}
    record(steward, caller, Action.READ_AUDIT_LOG, {**filters, **limit})


def active_at(steward: Steward, caller: Caller, alias: str, at: datetime) -> Answer:
    """Tell which certificate was active under an alias at a time; see ``chronicle.active_at``.

    Raises AliasNotFound if no entry ever had the alias.
    """
    with steward.recording_refusals(caller, Action.READ_AUDIT_LOG, alias):
        found = chronicle.active_at(steward, alias, at)
    record(steward, caller, Action.READ_AUDIT_LOG, {"alias": alias, "at": _shown(at)})
    return found


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _current(steward: Steward) -> Iterator[tuple[str, tuple[Certificate, ...]]]:
    after = None
    while page := steward.store.list_entries(steward.keystore_id, limit=_PAGE, after=after):
        for listed in page:
            entry = steward.store.find_entry(steward.keystore_id, listed.alias)
            if entry is not None:
                yield entry.alias, entry.version.chain
        after = page[-1]
