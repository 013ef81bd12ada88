"""Backups: named snapshots of the tenant administrator's entries, and the way back to them.

A backup is a list of version numbers. Making one copies no content; restoring makes new versions
with the content of those in the list, so nothing that was current before is lost.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from keysteward.entries import Action, Caller, Entry, ListedEntry, Owner, Reason, Version
from keysteward.keystore import intake, names
from keysteward.keystore.intake import Arrival, Intake, Mode, PendingKey
from keysteward.keystore.steward import Steward
from keysteward.pki.certificates import Certificate
from keysteward.problems import (
    AliasNotFound,
    BackupNotFound,
    BackupOwnedByTenant,
    NameTaken,
)
from keysteward.storage.records import Backup, Base, EntryState
from keysteward.storage.transaction import Transaction
from keysteward.values import Alias


class Part(StrEnum):
    """What of an entry can differ."""

    TYPE = "type"
    """A key pair instead of a certificate, or the reverse; nothing else is said then."""
    CHAIN = "chain"
    KEY = "key"
    USAGE = "usage"
    TRUST = "trust"
    PENDING = "pending"


class Since(StrEnum):
    """What happened to an alias since the backup."""

    NEW = "new"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """An alias that is not now as the backup holds it."""

    alias: Alias
    since: Since
    parts: tuple[Part, ...] = ()
    """What of a changed entry differs."""
    renamed: Alias | None = None
    """Of a new one its alias in the backup, of a removed one its alias now, if that is another."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A backup beside the tenant's current entries; the differences are in the aliases' order."""

    backup: Backup
    differences: tuple[Difference, ...]
    unchanged: int


def create_backup(
    steward: Steward, caller: Caller, name: str | None = None, *, replace_same: bool = False
) -> Backup:
    """Make a snapshot of the tenant's entries, and delete the oldest ones beyond the setting.

    Without a name it is called after the time, in UTC. ``replace_same`` deletes the backup that has
    the name already, in the same transaction. Raises NameInvalid, NameTaken, BackupOwnedByTenant.
    """
    with steward.recording_refusals(caller, Action.CREATE_BACKUP, None):
        _require_tenant(caller)
        if name is not None:
            names.require_name(name)
        with steward.writing(caller) as writing:
            chosen = _free_name(writing, steward.clock()) if name is None else name
            same = writing.find_backup(chosen)
            if same is not None and not replace_same:
                raise NameTaken("backup", chosen)
            # Nobody else writes now, so what is committed is all that there is.
            older = [b for b in steward.store.list_backups(steward.keystore_id) if b != same]
            if same is not None:
                _delete(writing, same, {"superseded_by": chosen})
            backup = writing.create_backup(chosen)
            detail = {"backup": chosen, "entries": backup.size}
            writing.audit(Action.CREATE_BACKUP, None, None, None, detail)
            kept = steward.settings.backups_kept
            for superseded in older[kept - 1 :] if kept is not None else ():
                _delete(writing, superseded, {"superseded_by": chosen})
    return backup


def each_surplus(steward: Steward, caller: Caller) -> Iterator[str]:
    """Delete the oldest backups beyond the setting, and yield their names.

    For a setting that was lowered: who makes a backup deletes them at once. Each goes in a
    transaction of its own.
    """
    kept = steward.settings.backups_kept
    if kept is None:
        return
    while len(steward.store.list_backups(steward.keystore_id)) > kept:
        with steward.writing(caller) as writing:
            # Nobody else writes now; somebody else may have deleted them.
            surplus = steward.store.list_backups(steward.keystore_id)[kept:]
            if surplus:
                _delete(writing, surplus[-1], {"kept": kept})
        if surplus:
            yield surplus[-1].name


def delete_backup(steward: Steward, caller: Caller, name: str) -> int:
    """Delete a snapshot; the entries stay as they are.

    Entries that were purged meanwhile and kept for this backup alone are destroyed now. Returns the
    number of private keys destroyed with them. Raises BackupNotFound, BackupOwnedByTenant.
    """
    with steward.recording_refusals(caller, Action.DELETE_BACKUP, None):
        _require_tenant(caller)
        with steward.writing(caller) as writing:
            backup = writing.find_backup(name)
            if backup is None:
                raise BackupNotFound(name)
            return _delete(writing, backup, {})


def look_into(steward: Steward, backup: Backup) -> tuple[ListedEntry, ...]:
    """Return the entries of a backup as they were, by alias; ``modified_at`` is their version's."""
    states = steward.store.list_backup_states(backup)
    return tuple(
        _listed(state, steward.store.get_version(state.base, state.version)) for state in states
    )


def get_entry(steward: Steward, backup: Backup, alias: str) -> Entry:
    """Return one entry of a backup as it was; ``modified_at`` is its version's.

    Raises AliasNotFound.
    """
    found = steward.store.catalogue.find(steward.keystore_id, backup, alias)
    if found is None:
        raise AliasNotFound(alias, steward.settings.keystore, backup=backup.name)
    base = Base(found.alias, found.id, found.version, found.pending)
    version = steward.store.get_version(base, found.version)
    return Entry(
        id=found.id,
        keystore_id=steward.keystore_id,
        alias=found.alias,
        type=found.type,
        owner=found.owner,
        usage=found.usage,
        trusted=found.trusted,
        version=version,
        pending=None if base.pending is None else steward.store.get_version(base, base.pending),
        waiting_since=None,
        created_at=found.created_at,
        created_by=found.created_by,
        modified_at=version.created_at,
        modified_by=version.created_by,
    )


def public_content(
    steward: Steward, name: str | None
) -> list[tuple[Alias, tuple[Certificate, ...]]]:
    """Return alias and chain of each entry of a backup; None means the newest.

    Raises BackupNotFound.
    """
    backup = steward.store.get_backup(steward.keystore_id, name)
    return [
        (state.alias, steward.store.get_version(state.base, state.version).chain)
        for state in steward.store.list_backup_states(backup)
    ]


def compare(steward: Steward, backup: Backup) -> Comparison:
    """Return what of the tenant's entries is not now as the backup holds it."""
    then = {state.alias: state for state in steward.store.list_backup_states(backup)}
    now = {
        state.alias: state
        for state in steward.store.list_states(steward.keystore_id)
        if state.owner is Owner.TENANT
    }
    then_by_id = {state.entry_id: alias for alias, state in then.items()}
    now_by_id = {state.entry_id: alias for alias, state in now.items()}
    found = []
    for alias in sorted(then.keys() | now.keys()):
        before, after = then.get(alias), now.get(alias)
        if before is None and after is not None:
            renamed = then_by_id.get(after.entry_id)
            found.append(Difference(alias, Since.NEW, renamed=renamed))
        elif after is None and before is not None:
            renamed = now_by_id.get(before.entry_id)
            found.append(Difference(alias, Since.REMOVED, renamed=renamed))
        elif before is not None and after is not None:
            parts = tuple(_parts(before, after))
            if parts:
                found.append(Difference(alias, Since.CHANGED, parts))
    gone = sum(difference.since is Since.REMOVED for difference in found)
    changed = sum(difference.since is Since.CHANGED for difference in found)
    return Comparison(backup, tuple(found), len(then) - gone - changed)


def plan_restore(
    steward: Steward,
    caller: Caller,
    name: str | None,
    aliases: Sequence[str] | None,
    mode: Mode,
) -> Intake:
    """Return what a restore would do; nothing is stored.

    Args:
        steward: where.
        caller: who; only the tenant administrator has backups.
        name: of the backup; None means the newest.
        aliases: which of its entries; None means all.
        mode: what happens to entries that are there. ``REPLACE`` speaks of all of them and cannot
            be had for some aliases (ValueError).

    Raises BackupNotFound, BackupOwnedByTenant, AliasNotFound for what the backup does not hold.
    """
    return _plan(steward, caller, name, aliases, mode)[1]


def restore(
    steward: Steward,
    caller: Caller,
    name: str | None,
    aliases: Sequence[str] | None,
    mode: Mode,
    *,
    accept: Callable[[Intake], None] = lambda plan: None,
) -> Intake:
    """Bring entries back as a backup holds them: everything that the plan says, or nothing.

    No private key is opened. The plan is made outside any transaction and handed to ``accept``,
    which may raise to refuse it. Raises what ``plan_restore`` does, and EntryChanged or AliasExists
    if another writer was faster.
    """
    with steward.recording_refusals(caller, Action.RESTORED, None):
        backup, plan = _plan(steward, caller, name, aliases, mode)
        accept(plan)
        if plan.changes_anything:
            with steward.writing(caller) as writing:
                # It is what keeps the sealed keys of purged entries.
                if writing.find_backup(backup.name) != backup:
                    raise BackupNotFound(backup.name)
                detail = {"backup": backup.name}
                intake.carry_out(steward, writing, plan, Reason.RESTORED, detail, note=backup.name)
    return plan


def _plan(
    steward: Steward,
    caller: Caller,
    name: str | None,
    aliases: Sequence[str] | None,
    mode: Mode,
) -> tuple[Backup, Intake]:
    if aliases is not None and mode is Mode.REPLACE:
        raise ValueError("some aliases cannot replace all entries")
    _require_tenant(caller)
    backup = steward.store.get_backup(steward.keystore_id, name)
    states = steward.store.list_backup_states(backup)
    if aliases is not None:
        by_alias: dict[str, EntryState] = {state.alias: state for state in states}
        for alias in aliases:
            if alias not in by_alias:
                raise AliasNotFound(alias, steward.settings.keystore, backup=backup.name)
        states = tuple(by_alias[alias] for alias in dict.fromkeys(aliases))
    living = {state.entry_id for state in steward.store.list_states(steward.keystore_id)}
    arrivals = [_arrival(steward, state, living) for state in states]
    return backup, intake.plan(steward, caller, arrivals, mode)


def _arrival(steward: Steward, state: EntryState, living: set[int]) -> Arrival:
    version = steward.store.get_version(state.base, state.version)
    return Arrival(
        alias=state.alias,
        chain=version.chain,
        type=state.type,
        usage=state.usage,
        trusted=state.trusted,
        private_key_id=version.private_key_id,
        pending=_pending(steward, state),
        revives=None if state.entry_id in living else _hidden(steward, state),
    )


def _hidden(steward: Steward, state: EntryState) -> Base | None:
    """Return the deleted or purged entry that a backup took its state from, under its alias."""
    entry = steward.store.find_by_id(state.entry_id)
    if entry is None or entry.deleted_at is None:
        return None
    return replace(Base.of(entry), alias=state.alias)


def _pending(steward: Steward, state: EntryState) -> PendingKey | None:
    if state.pending is None:
        return None
    version = steward.store.get_version(state.base, state.pending)
    if version.private_key_id is None:
        raise TypeError("a pending version without a private key")
    return PendingKey(version.chain, version.private_key_id)


def _listed(state: EntryState, version: Version) -> ListedEntry:
    certificate = version.certificate
    return ListedEntry(
        id=state.entry_id,
        alias=state.alias,
        type=state.type,
        owner=state.owner,
        usage=state.usage,
        trusted=state.trusted,
        version=state.version,
        pending=state.pending,
        waiting_since=None,
        modified_at=version.created_at,
        deleted_at=None,
        subject=certificate.subject,
        issuer=certificate.issuer,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        key=certificate.key,
        signature_algorithm=certificate.signature_algorithm,
        fingerprint=certificate.fingerprint,
        self_signed=certificate.self_signed,
    )


def _parts(before: EntryState, after: EntryState) -> Iterator[Part]:
    if before.type is not after.type:
        # Nothing else can be compared then.
        yield Part.TYPE
        return
    if before.content.chain != after.content.chain:
        yield Part.CHAIN
    if before.content.public_key_sha256 != after.content.public_key_sha256:
        yield Part.KEY
    if before.usage is not after.usage:
        yield Part.USAGE
    if before.trusted != after.trusted:
        yield Part.TRUST
    if before.pending_content != after.pending_content:
        yield Part.PENDING


def _delete(writing: Transaction, backup: Backup, detail: dict[str, object]) -> int:
    destroyed = len(writing.delete_backup(backup))
    told = {"backup": backup.name, **detail, "keys_destroyed": destroyed}
    writing.audit(Action.DELETE_BACKUP, None, None, None, told)
    return destroyed


def _require_tenant(caller: Caller) -> None:
    if caller.owner is not Owner.TENANT:
        raise BackupOwnedByTenant


def _free_name(writing: Transaction, at: datetime) -> str:
    wanted = name = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    number = 1
    while writing.find_backup(name) is not None:
        number += 1
        name = f"{wanted}-{number}"
    return name
