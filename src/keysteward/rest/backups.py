"""Backups: made, looked into, compared, restored, deleted."""

from functools import partial

from keysteward.keystore import backups, readings
from keysteward.keystore.intake import Mode
from keysteward.problems import RequestInvalid
from keysteward.rest import models, representations
from keysteward.rest.entries import EDIT, READ
from keysteward.rest.imports import expected
from keysteward.rest.routing import KEYSTORE, Answer, Call, Routes
from keysteward.rest.wishes import NewBackup, Planning, Restoring

BACKUPS = f"{KEYSTORE}/backups"
BACKUP = f"{BACKUPS}/{{name}}"

routes = Routes("Backups", "Named snapshots of the tenant's entries, and the way back to them.")


@routes.on("GET", BACKUPS, READ)
def list_backups(call: Call[None, None]) -> Answer[models.Page[models.Backup]]:
    """The backups of a keystore, the newest one first."""
    found = call.steward.store.list_backups(call.steward.keystore_id)
    return Answer(models.Page(items=tuple(map(representations.backup, found))))


def _newest(call: Call[None, NewBackup]) -> Answer[models.Backup]:
    found = call.steward.store.get_backup(call.steward.keystore_id, call.body.name)
    return Answer(representations.backup(found))


@routes.on("POST", BACKUPS, EDIT, status=201, again=_newest)
def create_backup(call: Call[None, NewBackup]) -> Answer[models.Backup]:
    """Make a snapshot of the tenant's entries."""
    made = backups.create_backup(call.steward, call.caller, call.body.name)
    return Answer(representations.backup(made))


@routes.on("GET", BACKUP, READ)
def show_backup(call: Call[None, None]) -> Answer[models.BackupContents]:
    """A backup with its entries as they were. That it is read is written to the audit log."""
    backup, entries = readings.backup(call.steward, call.caller, call.path["name"])
    shown = representations.backup(backup)
    return Answer(
        models.BackupContents(
            name=shown.name,
            size=shown.size,
            created_at=shown.created_at,
            created_by=shown.created_by,
            entries=tuple(map(representations.listed, entries)),
        )
    )


@routes.on("DELETE", BACKUP, EDIT)
def delete_backup(call: Call[None, None]) -> Answer[models.Destroyed]:
    """Delete a backup; the entries stay as they are.

    Private keys of purged entries that it was the last to hold are destroyed.
    """
    destroyed = backups.delete_backup(call.steward, call.caller, call.path["name"])
    return Answer(models.Destroyed(keys_destroyed=destroyed))


@routes.on("GET", f"{BACKUP}/comparison", READ)
def compare_backup(call: Call[None, None]) -> Answer[models.Comparison]:
    """What is not now as a backup holds it. That it is read is written to the audit log."""
    found = readings.comparison(call.steward, call.caller, call.path["name"])
    return Answer(representations.comparison(found))


def _require_right_mode(wanted: Restoring) -> None:
    if wanted.aliases is not None and wanted.mode is Mode.REPLACE:
        raise RequestInvalid("The mode 'replace' is for all entries; leave the aliases out.")


def _again(call: Call[Planning, Restoring]) -> Answer[models.Prospect]:
    wanted = (call.path["name"], call.body.aliases, call.body.mode)
    plan = backups.plan_restore(call.steward, call.caller, *wanted)
    return Answer(representations.prospect(plan, committed=True))


@routes.on("POST", f"{BACKUP}/restore", EDIT, slow=True, again=_again)
def restore_backup(call: Call[Planning, Restoring]) -> Answer[models.Prospect]:
    """Bring entries back as a backup holds them, each as a new version.

    With `dry_run` nothing is stored; name the plan's digest to carry out exactly what you have
    seen.
    """
    _require_right_mode(call.body)
    wanted = (call.path["name"], call.body.aliases, call.body.mode)
    if call.query.dry_run:
        plan = backups.plan_restore(call.steward, call.caller, *wanted)
        return Answer(representations.prospect(plan, committed=False))
    accept = partial(expected, call.query.digest, "backup")
    plan = backups.restore(call.steward, call.caller, *wanted, accept=accept)
    return Answer(representations.prospect(plan, committed=True))
